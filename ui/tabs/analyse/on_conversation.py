"""Events of the conversation: asking in every way, watching the answer, the list of all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from slava.domain import ConversationId, MicrographId, Turn
from slava.errors import BadInput
from ui.chat import position_of
from ui.services import Services
from ui.tabs.analyse import incoming
from ui.tabs.analyse.showing import Showing, Shown

POLL_S = 0.05
"""How often a page looks whether the answer has grown: twenty times a second."""


class OnConversation:
    """Handlers that take the ids of what is open and what the event says."""

    def __init__(self, services: Services, show: Showing) -> None:
        self._services, self._show = services, show

    # ------------------------------------------------------------------ asking
    def ask(
        self,
        question: str,
        micrograph_id: MicrographId | None,
        conversation_id: ConversationId | None,
    ) -> Shown:
        """Keep the question that was typed and begin to answer it."""
        live = self._services.ask(incoming.opened(micrograph_id), conversation_id, question)
        return self._show.asked(micrograph_id, live.conversation_id, clear=True)

    def suggest(
        self,
        micrograph_id: MicrographId | None,
        conversation_id: ConversationId | None,
        event: gr.EventData,
    ) -> Shown:
        """Ask a suggested question."""
        question = incoming.text(event, "question")
        live = self._services.ask(incoming.opened(micrograph_id), conversation_id, question)
        return self._show.asked(micrograph_id, live.conversation_id)

    def edit(
        self,
        micrograph_id: MicrographId | None,
        conversation_id: ConversationId | None,
        event: gr.EditData,
    ) -> Shown:
        """Ask an edited question in the place of the old one and of all that followed."""
        turn = self._turn(conversation_id, event.index)
        live = self._services.ask(
            incoming.opened(micrograph_id),
            conversation_id,
            incoming.content(event.value),
            replacing=turn.position,
        )
        return self._show.asked(micrograph_id, live.conversation_id)

    def retry(
        self,
        micrograph_id: MicrographId | None,
        conversation_id: ConversationId | None,
        event: gr.RetryData,
    ) -> Shown:
        """Answer a question anew."""
        live = self._services.ask_again(self._turn(conversation_id, event.index))
        return self._show.asked(micrograph_id, live.conversation_id)

    def _turn(self, conversation_id: ConversationId | None, index: Any) -> Turn:
        """The turn that a message of the chat belongs to."""
        turns = self._services.turns(conversation_id)
        place = position_of(turns, incoming.index(index))
        if place is None:
            raise BadInput("that message is no longer there. Reload the page.")
        return turns[place]

    # ------------------------------------------------------------------ watching
    def stream(
        self, micrograph_id: MicrographId | None, conversation_id: ConversationId | None
    ) -> Iterator[Shown]:
        """Show the answer under way as it grows, and at last what was kept of it."""
        live = self._services.answers.live_in(conversation_id)
        shown = ""
        while live is not None and not live.finished.wait(POLL_S):
            now = live.news
            if now != shown:
                yield self._show.chat(conversation_id), gr.skip(), gr.skip(), gr.skip()
            else:
                yield gr.skip(), gr.skip(), gr.skip(), gr.skip()
            shown = now
        yield (
            self._show.chat(conversation_id),
            self._show.head(micrograph_id, conversation_id),
            self._show.model(),
            self._show.question(conversation_id),
        )

    def stop(self, conversation_id: ConversationId | None) -> None:
        """Ask the answer under way to end."""
        self._services.answers.stop(conversation_id)

    # ------------------------------------------------------------------ the list of all
    def begin(self, micrograph_id: MicrographId | None) -> Shown:
        """A new conversation about the open micrograph; it is kept with its first question."""
        self._services.begin_conversation()
        return None, [], self._show.head(micrograph_id, None), self._show.question(None)

    def choose(self, event: gr.EventData) -> Shown:
        """Open a conversation with its micrograph."""
        conversation = self._services.open_conversation(ConversationId(incoming.text(event, "id")))
        micrograph = self._services.open_micrograph(conversation.micrograph_id)
        opened = self._show.opened(micrograph.id, conversation.id)
        return (*opened, self._show.library(micrograph.id))

    def rename(
        self,
        micrograph_id: MicrographId | None,
        conversation_id: ConversationId | None,
        event: gr.EventData,
    ) -> Any:
        """Give a conversation another title."""
        self._services.store.conversations.rename_conversation(
            ConversationId(incoming.text(event, "id")), incoming.text(event, "title")
        )
        return self._show.head(micrograph_id, conversation_id)

    def delete(
        self,
        micrograph_id: MicrographId | None,
        conversation_id: ConversationId | None,
        event: gr.EventData,
    ) -> Shown:
        """Delete a conversation."""
        gone = ConversationId(incoming.text(event, "id"))
        self._services.remove_conversation(gone)
        left = None if gone == conversation_id else conversation_id
        return left, self._show.chat(left), self._show.head(micrograph_id, left)

    def choose_level(self, micrograph_id: MicrographId | None, event: gr.EventData) -> Any:
        """Choose how much the model is told."""
        self._services.choose_level(incoming.text(event, "level"))
        return self._show.askbar(self._show.known(micrograph_id))
