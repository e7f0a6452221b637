"""Events of the library: taking in, embedding, labelling by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import gradio as gr

from slava.domain import MicrographId
from ui.services import Services
from ui.tabs.classify import incoming
from ui.tabs.classify.showing import Page, Showing


class OnLibrary:
    """Handlers that take the page and what the event says; each returns the page as it is then."""

    def __init__(self, services: Services, show: Showing) -> None:
        self._services, self._show = services, show
        self._classifying = services.classifying

    # ------------------------------------------------------------------ taking in
    def add_labelled(self, page: Page, event: gr.EventData) -> Page:
        """Take in a folder whose sub-folders are classes."""
        self._classifying.add_labelled(
            Path(incoming.text(event, "folder")), self._show.wish(page).encoder
        )
        return page

    def add_drawings(self, page: Page) -> Page:
        """Draw a library to try it with."""
        self._classifying.add_drawings(self._show.wish(page).encoder)
        return page

    def cancel(self, page: Page) -> Page:
        """End taking in and embedding after the file at hand."""
        self._classifying.cancel()
        return page

    def dismiss(self, page: Page) -> Page:
        """Close the list of what was taken in."""
        self._classifying.importing.job.dismiss()
        return page

    def embed(self, page: Page) -> Page:
        """Make the vectors that the encoder has not made yet."""
        self._classifying.embed_library(self._show.wish(page).encoder)
        return page

    # ------------------------------------------------------------------ labelling
    def begin(self, page: Page) -> Page:
        """Go through the micrographs that have no label."""
        return self._next(replace(page, labelling=True, skipped=()))

    def end(self, page: Page) -> Page:
        """Stop going through them."""
        return replace(page, labelling=False)

    def skip(self, page: Page) -> Page:
        """Leave this one and go on."""
        skipped = (*page.skipped, page.query) if page.query else page.skipped
        return self._next(replace(page, skipped=skipped))

    def label(self, page: Page, event: gr.EventData) -> Page:
        """Give the query a label and go on; an empty one takes its label away."""
        at, label = incoming.micrograph_id(event), incoming.text(event, "label")
        suggested = bool(getattr(event, "suggested", False))
        self._classifying.labels.give(at, label or None, suggested=suggested)
        return self._next(page) if page.labelling else page

    def label_selected(self, page: Page, event: gr.EventData) -> Page:
        """Give all that were selected on the map the same label; one undo takes it back."""
        self._classifying.labels.give_all(
            incoming.ids(event), incoming.text(event, "label") or None
        )
        return page

    def undo(self, page: Page) -> Page:
        """Take the last label back and show its micrograph."""
        at = self._classifying.labels.undo()
        return page if at is None else self._about(page, at)

    # ------------------------------------------------------------------ plumbing
    def _next(self, page: Page) -> Page:
        at = self._classifying.labels.next_unlabelled(page.skipped)
        return replace(page, labelling=False) if at is None else self._about(page, at)

    def _about(self, page: Page, at: MicrographId) -> Page:
        return replace(page, query=at, wish=self._show.wish(page).of_library(), compared=None)
