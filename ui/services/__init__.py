"""What the tabs may ask for: the one object between the window and everything behind it.

Handlers call its verbs and show what comes back. It holds the store, the loaded model, the
opened pictures and the threads; it knows nothing of Gradio.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from slava.domain import (
    Conversation,
    ConversationId,
    MeasureSettings,
    Micrograph,
    MicrographId,
    ScaleBar,
    Turn,
)
from slava.domain.conversation import ContextLevel
from slava.domain.fact import Kind
from slava.errors import BadSetting, NotFound
from slava.settings import Settings
from slava.vlm.ask import check_question
from slava.vlm.backbone import GenerationSettings
from slava.vlm.context import Context, build_context, level_of
from slava.vlm.load import open_backbone, quantization_of
from store import Store
from ui.services import calibrating
from ui.services.adapters import AdapterShelf
from ui.services.answering import Answers, Known, Live
from ui.services.classifying import Classifying
from ui.services.datasets import Datasets
from ui.services.drafting import Drafting
from ui.services.embedding import OpenEncoder, open_any
from ui.services.evaluating import Evaluating
from ui.services.exporting import Exports
from ui.services.hub import HubDownloads
from ui.services.ingesting import Adding
from ui.services.measuring import Measure, Measuring, Wish, measure
from ui.services.models import Models, OpenBackbone, Wanted
from ui.services.news import News
from ui.services.pictures import Pictures
from ui.services.reading import Reading
from ui.services.reviewing import Reviewing
from ui.services.training import Training

if TYPE_CHECKING:
    from slava.teacher.checks import Embed

T = TypeVar("T")
TITLE_LENGTH = 60
STOP_WAIT_S = 10
REFUSED_BARS = "refused_scale_bars"


class Services:
    """Everything behind the window; safe to use from any thread."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        *,
        opener: OpenBackbone = open_backbone,
        measure_with: Measure = measure,
        encoder_opener: OpenEncoder = open_any,
        embed: Embed | None = None,
    ) -> None:
        self.store, self.settings = store, settings
        self.uploads = settings.workspace / "uploads"
        self.uploads.mkdir(parents=True, exist_ok=True)
        self.news = News()
        self.pictures = Pictures(store)
        self.measuring = Measuring(store, self.pictures, self.news, measure_with)
        self.adding = Adding(store, self.uploads, self.news)
        self.reading = Reading(store, self.news)
        self.models = Models(opener, HubDownloads(), self.news, self._stored_model())
        self.training = Training(store, self.news, self.models)
        self.adapters = AdapterShelf(store, self.models, self.news)
        self.evaluating = Evaluating(store, settings, self.models, self.news, opener)
        self.exports = Exports(store, self.pictures, self.measuring)
        self.answers = Answers(store, self.models, self._know)
        self.classifying = Classifying(
            store, self.pictures, self.models, self.news, self.uploads, encoder_opener
        )
        self.drafting = Drafting(store, settings, self.news, embed)
        self.datasets = Datasets(store, self.news, self.uploads, embed)
        self.reviewing = Reviewing(store, self.pictures, self.measuring, self.news)

    # ------------------------------------------------------------------ micrographs
    def open_micrograph(self, micrograph_id: MicrographId) -> Micrograph:
        """The micrograph, remembered as the one that was open last."""
        micrograph = self.store.micrographs.get_micrograph(micrograph_id)
        self.store.settings.set_setting("open_micrograph", micrograph_id)
        self.reading.begin(micrograph)
        return micrograph

    def last_micrograph(self) -> Micrograph | None:
        """The one that was open last, if it is still there."""
        found = _found(
            self.store.micrographs.get_micrograph,
            self.store.settings.get_setting("open_micrograph"),
        )
        if found:
            self.reading.begin(found)
        return found

    def measure_as(
        self,
        micrograph_id: MicrographId,
        kind: str,
        settings: MeasureSettings | None = None,
    ) -> None:
        """Measure once more, as ``kind``; empty leaves the choice to the pixels.

        Raises
        ------
        BadSetting
            If there is no such kind.
        """
        self.store.micrographs.get_micrograph(micrograph_id)
        chosen: Kind | None = next((k for k in get_args(Kind) if k == kind), None)
        if kind and chosen is None:
            raise BadSetting(f"measure as {kind!r}: there is no such kind.")
        self.measuring.want(micrograph_id, Wish(chosen, settings or MeasureSettings()))

    def exclude(self, micrograph_id: MicrographId, point: tuple[float, float]) -> None:
        """Leave out the object at a point (x, y in px of the file) and measure once more."""
        self.store.micrographs.get_micrograph(micrograph_id)
        wish = self.measuring.wish_of(micrograph_id)
        excluded = (*wish.settings.excluded, point)
        settings = replace(wish.settings, excluded=excluded)
        self.measuring.want(micrograph_id, replace(wish, settings=settings))

    def outlines(self, micrograph_id: MicrographId) -> list[dict[str, Any]]:
        """Outlines of the measured objects, in pixels of the file."""
        return self.measuring.outlines(self.store.micrographs.get_micrograph(micrograph_id))

    def remove_micrograph(self, micrograph_id: MicrographId) -> None:
        """Take it out of the workspace with all its conversations."""
        self.store.micrographs.remove_micrograph(micrograph_id)
        self.pictures.forget(micrograph_id)
        self.news.tell_library()

    def calibrate(self, micrograph_id: MicrographId, line: calibrating.Line) -> Micrograph:
        """Calibrate by a line of known length."""
        calibration = calibrating.from_line(line)
        calibrated = self.store.micrographs.set_calibration(micrograph_id, calibration)
        self.news.tell_library()
        return calibrated

    def undo_calibration(self, micrograph_id: MicrographId) -> Micrograph:
        """Go back to what the file says."""
        history = self.store.micrographs.list_calibrations(micrograph_id)
        calibration = calibrating.of_file(history)
        undone = self.store.micrographs.set_calibration(micrograph_id, calibration, "file")
        self.news.tell_library()
        return undone

    def confirm_bar(self, micrograph_id: MicrographId) -> Micrograph:
        """Calibrate by the scale bar that was read: the user has looked at it."""
        confirmed = self.store.micrographs.confirm_proposal(micrograph_id)
        self.news.tell_library()
        return confirmed

    def refuse_bar(self, micrograph_id: MicrographId) -> None:
        """The scale bar was read wrongly: do not offer it again."""
        refused = self.store.settings.get_setting(REFUSED_BARS, [])
        self.store.settings.set_setting(REFUSED_BARS, [*refused, micrograph_id])
        self.news.tell()

    def offered_bar(self, micrograph: Micrograph) -> ScaleBar | None:
        """The scale bar that waits for the user's yes."""
        if micrograph.proposal is None:
            return None
        refused = micrograph.id in self.store.settings.get_setting(REFUSED_BARS, [])
        return None if refused else micrograph.scale_bar

    def note(self, micrograph_id: MicrographId, notes: str) -> None:
        """Keep the user's notes about a sample."""
        self.store.micrographs.set_notes(micrograph_id, notes)
        self.news.tell_library()

    def context_of(self, micrograph_id: MicrographId) -> Context:
        """What the model would be told now."""
        known = self.measuring.known(micrograph_id)
        return build_context(known.micrograph, known.facts, self.level)

    # ------------------------------------------------------------------ conversations
    def newest_conversation(self, micrograph_id: MicrographId) -> Conversation | None:
        """The one last used about a micrograph, remembered as the open one."""
        found = self.store.conversations.list_conversations(micrograph_id)
        self.store.settings.set_setting("open_conversation", found[0].id if found else None)
        return found[0] if found else None

    def open_conversation(self, conversation_id: ConversationId) -> Conversation:
        """The conversation, remembered as the open one."""
        conversation = self.store.conversations.get_conversation(conversation_id)
        self.store.settings.set_setting("open_conversation", conversation_id)
        return conversation

    def begin_conversation(self) -> None:
        """The next question begins a new conversation."""
        self.store.settings.set_setting("open_conversation", None)

    def last_conversation(self, micrograph_id: MicrographId) -> Conversation | None:
        """The one that was open last, if it is about this micrograph."""
        found = _found(
            self.store.conversations.get_conversation,
            self.store.settings.get_setting("open_conversation"),
        )
        return found if found and found.micrograph_id == micrograph_id else None

    def turns(self, conversation_id: ConversationId | None) -> list[Turn]:
        """The turns that show; none for no conversation, or one that is gone."""
        if conversation_id is None:
            return []
        try:
            return self.store.conversations.list_turns(conversation_id)
        except NotFound:
            return []

    def ask(
        self,
        micrograph_id: MicrographId,
        conversation_id: ConversationId | None,
        question: str,
        replacing: int | None = None,
    ) -> Live:
        """Keep the question, in a new conversation if there is none, and begin to answer it."""
        check_question(question)
        if conversation_id is None:
            title = " ".join(question.split())[:TITLE_LENGTH]
            conversation_id = self.store.conversations.add_conversation(micrograph_id, title).id
            self.store.settings.set_setting("open_conversation", conversation_id)
        return self.answers.ask(
            conversation_id, question, self.level, self.generation, replacing=replacing
        )

    def ask_again(self, turn: Turn) -> Live:
        """Answer the question of ``turn`` anew; what followed it is hidden, not deleted."""
        return self.answers.ask(
            turn.conversation_id, turn.question, self.level, self.generation, turn.position
        )

    def remove_conversation(self, conversation_id: ConversationId) -> None:
        """Delete it; an answer being written for it is stopped first."""
        live = self.answers.live_in(conversation_id)
        if live:
            live.stop.set()
            live.finished.wait(STOP_WAIT_S)
        self.store.conversations.remove_conversation(conversation_id)

    # ------------------------------------------------------------------ choices
    @property
    def level(self) -> ContextLevel:
        """The context level that the user chose."""
        return level_of(self.store.settings.get_setting("context_level", "high"))

    def choose_level(self, level: str) -> None:
        """Keep a context level."""
        self.store.settings.set_setting("context_level", level_of(level))

    @property
    def generation(self) -> GenerationSettings:
        """How answers are generated."""
        kept = self.store.settings.get_setting("generation", {})
        return GenerationSettings(**kept)

    def choose_model(
        self, reference: str, quantization: str, max_new_tokens: int, temperature: float
    ) -> None:
        """Keep the choice and load the model in the background.

        Raises
        ------
        BadSetting
            If a value is out of its range.
        """
        if not 1 <= max_new_tokens <= 4096:
            raise BadSetting(f"longest answer {max_new_tokens} is not in 1..4096 tokens.")
        if not 0 <= temperature <= 2:
            raise BadSetting(f"temperature {temperature} is not in 0..2.")
        if not reference.strip():
            raise BadSetting("no model is named. Give a folder, OWNER/NAME or a URL.")
        wanted = Wanted(reference.strip(), quantization_of(quantization))
        kept = {"max_new_tokens": max_new_tokens, "temperature": temperature}
        self.store.settings.set_setting("generation", kept)
        self.models.choose(wanted)
        self.store.settings.set_setting("model", [wanted.reference, wanted.quantization])

    def recommended(self) -> list[dict[str, Any]]:
        """Models that sLAVA recommends, as records."""
        from slava.vlm.catalogue import list_models

        return [entry.to_record() for entry in list_models()]

    # ------------------------------------------------------------------ plumbing
    def close(self) -> None:
        """End what goes on in the background; the store may be closed after."""
        self.adding.job.cancel()
        self.drafting.cancel()
        self.datasets.cancel()
        live = self.answers.live
        if live:
            live.stop.set()
            live.finished.wait(STOP_WAIT_S)
        self.adding.job.wait(STOP_WAIT_S)
        self.measuring.close(STOP_WAIT_S)
        self.reading.close(STOP_WAIT_S)
        self.classifying.close(STOP_WAIT_S)
        self.training.close(STOP_WAIT_S)
        self.evaluating.close(STOP_WAIT_S)
        self.drafting.close(STOP_WAIT_S)
        self.datasets.close(STOP_WAIT_S)
        self.reviewing.close(STOP_WAIT_S)

    def logs(self) -> Path:
        """Where unexpected errors are written."""
        return self.store.layout.root / "logs"

    def _stored_model(self) -> Wanted:
        kept = self.store.settings.get_setting("model")
        if not kept:
            return Wanted()
        adapter = kept[2] if len(kept) > 2 and Path(kept[2]).is_dir() else ""
        return Wanted(kept[0], quantization_of(kept[1]), adapter)

    def _know(self, micrograph_id: MicrographId, live: Live) -> Known:
        """What an answer stands on; waits for the measurement where the level needs it."""
        if self.level == "none":
            micrograph = self.store.micrographs.get_micrograph(micrograph_id)
            return Known(micrograph, self.pictures.get(micrograph_id).grey, ())
        live.say("measuring the micrograph")
        known = self.measuring.wait(micrograph_id, live.stop)
        return Known(known.micrograph, self.pictures.get(micrograph_id).grey, known.facts)


def _found(get: Callable[[Any], T], key: Any) -> T | None:
    if not key:
        return None
    try:
        return get(key)
    except NotFound:
        return None
