"""What each panel of the Analyse tab shows now: services asked, presenters applied.

Handlers put these values into the outputs that the wiring names; a group of outputs that is always
changed together (:meth:`Showing.opened`) is made here too, so that its order stands in one place.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import gradio as gr

from slava.domain import ConversationId, MicrographId
from slava.packs import load_pack
from slava.vlm.context import build_context
from ui import chat, present
from ui.services import Services
from ui.services.measuring import Known

Shown = tuple[Any, ...]


class Seen(NamedTuple):
    """What a page shows, as texts that change when it does."""

    known: str = ""
    model: str = ""


LOOK_AGAIN = Seen()
"""What was seen last is forgotten, so that the next look shows what there is."""


class Showing:
    """Values for the panels, each made anew from what is true at the moment."""

    def __init__(self, services: Services, base: str) -> None:
        self._services, self._base = services, base
        self._pack = load_pack()
        self._names: dict[MicrographId, str] = {}  # a micrograph keeps its name

    # ------------------------------------------------------------------ groups of outputs
    def opened(
        self, micrograph_id: MicrographId | None, conversation_id: ConversationId | None
    ) -> Shown:
        """Ids, viewer, facts, askbar, head, chat, question box, seen."""
        known = self.known(micrograph_id)
        return (
            micrograph_id,
            conversation_id,
            self.viewer(known),
            self.facts(known),
            self.askbar(known),
            self.head(micrograph_id, conversation_id),
            self.chat(conversation_id),
            self.question(conversation_id),
            LOOK_AGAIN,
        )

    def asked(
        self,
        micrograph_id: MicrographId | None,
        conversation_id: ConversationId,
        *,
        clear: bool = False,
    ) -> Shown:
        """Conversation id, chat, head, question box, seen."""
        return (
            conversation_id,
            self.chat(conversation_id),
            self.head(micrograph_id, conversation_id),
            self.question(conversation_id, clear=clear),
            LOOK_AGAIN,
        )

    def measured(self, micrograph_id: MicrographId) -> Shown:
        """Viewer, facts, askbar, library, seen."""
        known = self.known(micrograph_id)
        return (
            self.viewer(known),
            self.facts(known),
            self.askbar(known),
            self.library(micrograph_id),
            LOOK_AGAIN,
        )

    # ------------------------------------------------------------------ single panels
    def library(self, selected: MicrographId | None, seen: int | None = None) -> Any:
        """The library; ``seen`` is the news that the other panels show with it."""
        services = self._services
        return present.library(
            selected, services.adding.job.now, self._base, services.news.library, seen
        )

    def known(self, micrograph_id: MicrographId | None) -> Known | None:
        """What is known of the open micrograph, ``None`` when none is open."""
        return self._services.measuring.known(micrograph_id) if micrograph_id else None

    def viewer(self, known: Known | None) -> Any:
        """The picture with its calibration."""
        if known is None:
            return None
        picture = self._services.pictures.get(known.micrograph.id)
        micrograph = known.micrograph
        return present.viewer(
            micrograph,
            picture,
            known,
            self._base,
            bar=self._services.offered_bar(micrograph),
            reading=self._services.reading.is_busy(micrograph.id),
        )

    def facts(self, known: Known | None) -> Any:
        """The table of facts."""
        if known is None:
            return None
        picture = self._services.pictures.get(known.micrograph.id)
        wish = self._services.measuring.wish_of(known.micrograph.id)
        grey = (picture.smallest, picture.largest)
        return present.facts(known, wish, grey, self._base)

    def askbar(self, known: Known | None) -> Any:
        """Suggestions, and the context at the chosen level."""
        level = self._services.level
        context = build_context(known.micrograph, known.facts, level).text if known else ""
        return present.askbar(level, context, self._pack)

    def head(
        self, micrograph_id: MicrographId | None, conversation_id: ConversationId | None
    ) -> Any:
        """The conversation's title and the list of all."""
        store = self._services.store
        conversations = store.conversations.list_conversations()
        current = next((c for c in conversations if c.id == conversation_id), None)
        for conversation in conversations:
            about = conversation.micrograph_id
            if about not in self._names:
                self._names[about] = store.micrographs.get_micrograph(about).name
        return present.head(
            conversations,
            current,
            self._names,
            self._base,
            micrograph_open=micrograph_id is not None,
        )

    def model(self) -> Any:
        """The model that answers."""
        services = self._services
        return present.model(services.models.state, services.generation, services.recommended())

    def chat(self, conversation_id: ConversationId | None) -> Any:
        """The messages of a conversation, as far as they have come."""
        live = self._services.answers.live_in(conversation_id)
        return chat.messages(self._services.turns(conversation_id), live)

    def question(self, conversation_id: ConversationId | None, *, clear: bool = False) -> Any:
        """The question box: it sends, or while an answer is written here it stops."""
        writing = self._services.answers.live_in(conversation_id) is not None
        changes: dict[str, Any] = {"submit_btn": not writing, "stop_btn": writing}
        return gr.Textbox(value="", **changes) if clear else gr.Textbox(**changes)
