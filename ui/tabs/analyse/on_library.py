"""Events of the library and of the page as a whole: opening, adding, removing, ticking."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from slava.domain import ConversationId, MicrographId
from ui.services import Services
from ui.services.ingesting import Upload
from ui.tabs.analyse import incoming
from ui.tabs.analyse.showing import LOOK_AGAIN, Showing, Shown

OPENED = 9
"""How many outputs :meth:`Showing.opened` fills."""


class OnLibrary:
    """Handlers that open, add and remove."""

    def __init__(self, services: Services, show: Showing) -> None:
        self._services, self._show = services, show

    def load(self) -> Shown:
        """Show what was open last; every reload begins here."""
        micrograph = self._services.last_micrograph()
        micrograph_id = micrograph.id if micrograph else None
        conversation = self._services.last_conversation(micrograph.id) if micrograph else None
        opened = self._show.opened(micrograph_id, conversation.id if conversation else None)
        return (*opened, self._show.library(micrograph_id), self._show.model())

    def choose(self, event: gr.EventData) -> Shown:
        """Open a micrograph with the conversation last held about it."""
        return self._open(MicrographId(incoming.text(event, "id")))

    def _open(self, micrograph_id: MicrographId) -> Shown:
        micrograph = self._services.open_micrograph(micrograph_id)
        conversation = self._services.newest_conversation(micrograph.id)
        return self._show.opened(micrograph.id, conversation.id if conversation else None)

    def drop(self, event: gr.EventData) -> str:
        """Add files that the browser has uploaded."""
        files = getattr(event, "files", None) or []
        refused = [f"{f['name']}: {f['reason']}" for f in getattr(event, "refused", None) or []]
        uploads = [Upload(Path(str(f["at"])), str(f["name"])) for f in files]
        self._services.adding.add_uploads(uploads, refused)
        return LOOK_AGAIN

    def add_folder(self, event: gr.EventData) -> str:
        """Add a folder of this machine."""
        self._services.adding.add_folder(Path(incoming.text(event, "folder")))
        return LOOK_AGAIN

    def add_samples(self) -> str:
        """Add the micrographs that the project draws."""
        self._services.adding.add_samples()
        return LOOK_AGAIN

    def cancel(self) -> str:
        """End adding after the file at hand."""
        self._services.adding.cancel()
        return LOOK_AGAIN

    def dismiss(self, micrograph_id: MicrographId | None) -> Any:
        """Close the list of what was added and what could not be read."""
        self._services.adding.dismiss()
        return self._show.library(micrograph_id)

    def remove(self, micrograph_id: MicrographId | None, event: gr.EventData) -> Shown:
        """Remove a micrograph; when it is the open one, nothing is open then."""
        gone = MicrographId(incoming.text(event, "id"))
        self._services.remove_micrograph(gone)
        if gone != micrograph_id:
            return (*_unchanged(OPENED), self._show.library(micrograph_id))
        return (*self._show.opened(None, None), self._show.library(None))

    def tick(
        self,
        micrograph_id: MicrographId | None,
        conversation_id: ConversationId | None,
        seen: str,
    ) -> Shown:
        """Show what has changed behind the window, if anything has."""
        first = self._services.adding.take_first(anything_open=micrograph_id is not None)
        if first:
            return (*self._open(first), self._show.library(first), self._show.model())
        now = self._now(micrograph_id)
        if now == seen:
            return _unchanged(OPENED + 2)
        known = self._show.known(micrograph_id)
        return (
            *_unchanged(2),
            self._show.viewer(known),
            self._show.facts(known),
            self._show.askbar(known),
            self._show.head(micrograph_id, conversation_id),
            *_unchanged(2),
            now,
            self._show.library(micrograph_id),
            self._show.model(),
        )

    def _now(self, micrograph_id: MicrographId | None) -> str:
        """Everything that a tick would show, as a text that changes when it does."""
        known = self._show.known(micrograph_id)
        about = (known.state, known.error, known.micrograph, known.facts) if known else ()
        return repr((about, self._services.adding.job, self._services.models.state))


def _unchanged(number: int) -> Shown:
    return tuple(gr.skip() for _ in range(number))
