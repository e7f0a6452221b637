"""Events of the library and of the page as a whole: opening, adding, removing, looking for news."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from slava.domain import MicrographId
from ui.services import Services
from ui.services.ingesting import Upload
from ui.services.measuring import Known
from ui.tabs.analyse import incoming
from ui.tabs.analyse.showing import LOOK_AGAIN, Seen, Showing, Shown

OPENED = 9
"""How many outputs :meth:`Showing.opened` fills."""


class OnLibrary:
    """Handlers that open, add and remove."""

    def __init__(self, services: Services, show: Showing) -> None:
        self._services, self._show = services, show

    def load(self) -> Shown:
        """Show what was open last; every reload begins here."""
        news = self._services.news.version
        micrograph = self._services.last_micrograph()
        micrograph_id = micrograph.id if micrograph else None
        conversation = self._services.last_conversation(micrograph.id) if micrograph else None
        opened = self._show.opened(micrograph_id, conversation.id if conversation else None)
        return (*opened, self._show.library(micrograph_id, news), self._show.model())

    def choose(self, event: gr.EventData) -> Shown:
        """Open a micrograph with the conversation last held about it."""
        return self._open(MicrographId(incoming.text(event, "id")))

    def _open(self, micrograph_id: MicrographId) -> Shown:
        micrograph = self._services.open_micrograph(micrograph_id)
        conversation = self._services.newest_conversation(micrograph.id)
        return self._show.opened(micrograph.id, conversation.id if conversation else None)

    def drop(self, event: gr.EventData) -> Seen:
        """Add files that the browser has uploaded."""
        files = getattr(event, "files", None) or []
        refused = [f"{f['name']}: {f['reason']}" for f in getattr(event, "refused", None) or []]
        uploads = [Upload(Path(str(f["at"])), str(f["name"])) for f in files]
        self._services.adding.add_uploads(uploads, refused)
        return LOOK_AGAIN

    def add_folder(self, event: gr.EventData) -> Seen:
        """Add a folder of this machine."""
        self._services.adding.add_folder(Path(incoming.text(event, "folder")))
        return LOOK_AGAIN

    def add_samples(self) -> Seen:
        """Add the micrographs that the project draws."""
        self._services.adding.add_samples()
        return LOOK_AGAIN

    def cancel(self) -> Seen:
        """End adding after the file at hand."""
        self._services.adding.job.cancel()
        return LOOK_AGAIN

    def dismiss(self, micrograph_id: MicrographId | None) -> Any:
        """Close the list of what was added and what could not be read."""
        self._services.adding.job.dismiss()
        return self._show.library(micrograph_id)

    def remove(self, micrograph_id: MicrographId | None, event: gr.EventData) -> Shown:
        """Remove a micrograph; when it is the open one, nothing is open then."""
        gone = MicrographId(incoming.text(event, "id"))
        self._services.remove_micrograph(gone)
        if gone != micrograph_id:
            return (*_unchanged(OPENED), self._show.library(micrograph_id))
        return (*self._show.opened(None, None), self._show.library(None))

    def look(self, micrograph_id: MicrographId | None, seen: Seen) -> Shown:
        """There is news: show what of it this page does not show yet."""
        news = self._services.news.version
        first = self._services.adding.take_first(anything_open=micrograph_id is not None)
        if first:
            return (*self._open(first), self._show.library(first, news), self._show.model())
        known = self._show.known(micrograph_id)
        reading = known is not None and self._services.reading.is_busy(known.micrograph.id)
        now = Seen(_of(known) + str(reading), repr(self._services.models.state))
        about: Shown = _unchanged(3)
        if now.known != seen.known:
            about = self._show.viewer(known), self._show.facts(known), self._show.askbar(known)
        return (
            *_unchanged(2),
            *about,
            *_unchanged(3),
            now,
            self._show.library(micrograph_id, news),
            gr.skip() if now.model == seen.model else self._show.model(),
        )


def _of(known: Known | None) -> str:
    """All that is shown of what is known, as a text that changes when it does."""
    return repr((known.state, known.error, known.micrograph, known.facts)) if known else ""


def _unchanged(number: int) -> Shown:
    return tuple(gr.skip() for _ in range(number))
