"""Questions about a query and its demonstrations together, answered by the model and kept.

A model that takes many pictures sees them one after the other, another sees them on one sheet;
the built-in one looks at single micrographs and is not asked. What was asked is a conversation
about the query in the store, with the set in its turns' settings: it can be reopened and gone on
with. It must not know how the set was chosen, nor Gradio.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slava.domain import (
    ConversationId,
    MicrographId,
    Neighbour,
    Turn,
)
from slava.errors import BadInput, Cancelled, ModelError, NotFound
from store import Store
from ui.services.job import Job, Progress
from ui.services.models import Models
from ui.services.news import News

if TYPE_CHECKING:
    from slava.vlm.backbone import Backbone, Message, View

TOKENS = 384
TELL_EVERY_S = 0.3
LONGEST = 2000
TITLE_LENGTH = 60
ALONE = (
    "the built-in model looks at one micrograph at a time and cannot compare. "
    "Choose a larger model in Analyse."
)

ViewOf = Callable[[str], "View | None"]


SET = "compared_with"
"""Setting of a turn: the ids of the micrographs that were shown with the query."""


@dataclass(frozen=True, slots=True)
class Compared(Progress):
    """A question about a set, its answer as far as it has come; how it was shown is its note."""

    query: MicrographId
    question: str
    conversation_id: ConversationId
    text: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A conversation about a set, as it was kept."""

    id: ConversationId
    title: str
    shown: tuple[str, ...]
    """Ids of the micrographs that its last question was about, the query aside."""
    turns: tuple[Turn, ...]


class Comparing:
    """Asks one question at a time; safe to use from any thread."""

    def __init__(self, store: Store, models: Models, news: News, view_of: ViewOf) -> None:
        self._store, self._models, self._view_of = store, models, view_of
        self.job = Job[Compared](
            "comparing", news, "another question is being answered. Stop it, or wait."
        )

    def kept(self, query: MicrographId) -> list[Kept]:
        """Every conversation about a set with this query, last used first."""
        found = (self.reopen(c.id) for c in self._store.conversations.list_conversations(query))
        return [kept for kept in found if kept is not None]

    def reopen(self, conversation_id: ConversationId) -> Kept | None:
        """A kept one; ``None`` where it is gone or was not about a set.

        Turns that were added to it in Analyse are about the query alone and left out here.
        """
        conversations = self._store.conversations
        try:
            conversation = conversations.get_conversation(conversation_id)
            turns = [t for t in conversations.list_turns(conversation_id) if SET in t.settings]
        except NotFound:
            return None
        if not turns:
            return None
        shown = str(turns[-1].settings[SET]).split()
        return Kept(conversation_id, conversation.title, tuple(shown), tuple(turns))

    def ask(
        self,
        question: str,
        query: MicrographId,
        shown: Sequence[Neighbour],
        conversation_id: ConversationId | None = None,
    ) -> ConversationId:
        """Begin to answer a question about the query and what is shown with it.

        Parameters
        ----------
        conversation_id
            What is gone on with; its earlier questions are told to the model. ``None`` begins
            another.

        Raises
        ------
        BadInput
            If there is no question or nothing is shown.
        ModelError
            If another question is being answered.
        """
        asked = " ".join(question.split())
        if not asked or len(asked) > LONGEST:
            raise BadInput(f"a question of {len(asked)} characters: ask in 1 to {LONGEST}.")
        if not shown:
            raise BadInput("no demonstration is shown. Choose a K above 0.")
        if self.job.busy:
            raise ModelError("another question is being answered. Stop it, or wait.")
        earlier = self.reopen(conversation_id) if conversation_id else None
        at = (
            earlier.id
            if earlier
            else self._store.conversations.add_conversation(query, asked[:TITLE_LENGTH]).id
        )
        history = [t for t in (earlier.turns if earlier else ()) if t.answer]
        turn = self._add_turn(at, asked, shown)
        self.job.begin(
            Compared(query, asked, at), lambda: self._run(turn, query, tuple(shown), history)
        )
        return at

    def _add_turn(self, at: ConversationId, asked: str, shown: Sequence[Neighbour]) -> Turn:
        wanted = self._models.state.wanted
        return self._store.conversations.add_turn(
            at,
            asked,
            model=wanted.reference,
            quantization=wanted.quantization,
            settings={
                "max_new_tokens": TOKENS,
                SET: " ".join(n.demonstration.micrograph_id for n in shown),
            },
        )

    # ------------------------------------------------------------------ the work
    def _run(
        self,
        turn: Turn,
        query: MicrographId,
        shown: Sequence[Neighbour],
        history: Sequence[Turn],
    ) -> None:
        began, failure = time.monotonic(), None
        try:
            with self._models.using(self.job.stop) as backbone:
                self._answer(backbone, turn, query, shown, history)
        except Exception as error:
            failure = error
            raise
        finally:
            self._keep(turn, time.monotonic() - began, failure)

    def _keep(self, turn: Turn, seconds: float, failure: Exception | None) -> None:
        now = self.job.now
        stopped = self.job.stop.is_set() if failure is None else isinstance(failure, Cancelled)
        self._store.conversations.finish_turn(
            turn.id,
            now.text if now else "",
            "stopped" if stopped else "failed" if failure else "done",
            seconds=seconds,
            error="" if stopped or failure is None else str(failure),
        )

    def _answer(
        self,
        backbone: Backbone,
        turn: Turn,
        query: MicrographId,
        shown: Sequence[Neighbour],
        history: Sequence[Turn],
    ) -> None:
        from slava.vlm.backbone import GenerationSettings

        report = backbone.report()
        if report.kind == "builtin":
            raise ModelError(ALONE)
        views, labels = self._views(shown)
        own = self._view_of(query)
        if own is None or not views:
            raise BadInput("the micrographs cannot be read any more. Look at the library.")
        many = report.max_micrographs is None or report.max_micrographs > len(views)
        messages, pictures = _asked(turn.question, own, views, labels, history, one_by_one=many)
        how = "one after the other" if many else "on one sheet, with their labels"
        note = f"The model saw the query and {len(views)} others {how}."
        self.job.change(note=note)
        self._store.conversations.record_seen(turn.id, context=messages[-1].text, seen=note)
        text, told = "", time.monotonic()
        settings = GenerationSettings(max_new_tokens=TOKENS)
        for chunk in backbone.stream(messages, pictures, settings, self.job.stop):
            text += chunk.text
            if time.monotonic() - told > TELL_EVERY_S:
                self.job.change(text=text)
                self._store.conversations.record_partial(turn.id, text)
                told = time.monotonic()
        self.job.change(text=text.strip())

    def _views(self, shown: Sequence[Neighbour]) -> tuple[list[View], list[str]]:
        views, labels = [], []
        for neighbour in shown:
            view = self._view_of(neighbour.demonstration.micrograph_id)
            if view is not None:
                views.append(view)
                labels.append(neighbour.demonstration.label)
        return views, labels


def _asked(
    question: str,
    own: View,
    views: Sequence[View],
    labels: Sequence[str],
    history: Sequence[Turn],
    *,
    one_by_one: bool,
) -> tuple[list[Message], list[View]]:
    """The messages and the pictures that they refer to."""
    from slava.retrieval.showing import SYSTEM, contact_sheet, title_of
    from slava.vlm.backbone import Message

    names = ", ".join(f"{n} ({title_of(label)})" for n, label in enumerate(labels, start=2))
    if one_by_one:
        told = f"Picture 1 is the micrograph in question; the others are labelled: {names}."
        pictures = [own, *views]
    else:
        told = "The sheet shows labelled micrographs and, in a frame, the one in question."
        pictures = [contact_sheet(views, labels, own)]
    earlier: list[Message] = []
    for turn in history:
        earlier += [Message("user", turn.question), Message("assistant", turn.answer)]
    asked = Message("user", f"{told} {question}", tuple(range(len(pictures))))
    return [Message("system", SYSTEM), *earlier, asked], pictures
