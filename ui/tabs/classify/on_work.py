"""Events of what takes long: a batch, the search for near-duplicates, training an encoder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from slava.errors import BadInput
from ui.services import Services
from ui.services.job import Job
from ui.services.wishes import Wish
from ui.tabs.classify import incoming
from ui.tabs.classify.showing import Page, Showing


class OnWork:
    """Handlers that take the page and what the event says; each returns the page as it is then."""

    def __init__(self, services: Services, show: Showing) -> None:
        self._show, self._classifying = show, services.classifying
        jobs = services.classifying
        self._jobs: dict[str, Job[Any]] = {
            "batch": jobs.batching.job,
            "duplicates": jobs.duplicating.job,
            "training": jobs.learning.job,
        }

    # ------------------------------------------------------------------ any of them
    def pause(self, page: Page, event: gr.EventData) -> Page:
        """Begin no further one."""
        return self._at(page, event, Job.pause)

    def resume(self, page: Page, event: gr.EventData) -> Page:
        """Go on."""
        return self._at(page, event, Job.resume)

    def cancel(self, page: Page, event: gr.EventData) -> Page:
        """End after what is at hand."""
        return self._at(page, event, Job.cancel)

    def dismiss(self, page: Page, event: gr.EventData) -> Page:
        """Close what has ended."""
        return self._at(page, event, Job.dismiss)

    def _at(self, page: Page, event: gr.EventData, verb: Callable[[Job[Any]], None]) -> Page:
        job = self._jobs.get(incoming.text(event, "work"))
        if job is None:
            raise BadInput("the page named no work. Reload it.")
        verb(job)
        return page

    # ------------------------------------------------------------------ beginning
    def begin_batch(self, page: Page, event: gr.EventData) -> Page:
        """Classify every micrograph of a folder."""
        self._classifying.batching.begin(
            Path(incoming.text(event, "folder")), self._batch_wish(page, event)
        )
        return page

    def begin_selected(self, page: Page, event: gr.EventData) -> Page:
        """Classify what was selected on the map, each left out of its own library."""
        self._classifying.batching.begin_selected(
            incoming.ids(event), self._batch_wish(page, event)
        )
        return page

    def find_duplicates(self, page: Page) -> Page:
        """Look for pictures that are nearly the same."""
        self._classifying.duplicating.begin()
        return page

    def leave_out(self, page: Page, event: gr.EventData) -> Page:
        """Take a near-duplicate's label away."""
        self._classifying.duplicating.leave_out(incoming.micrograph_id(event))
        return page

    def keep(self, page: Page, event: gr.EventData) -> Page:
        """Keep a group of near-duplicates as one source."""
        self._classifying.duplicating.keep(incoming.micrograph_id(event))
        return page

    def train(self, page: Page, event: gr.EventData) -> Page:
        """Train an encoder."""
        self._classifying.learning.begin(labels=bool(getattr(event, "labels", True)))
        return page

    def _batch_wish(self, page: Page, event: gr.EventData) -> Wish:
        model = bool(getattr(event, "ask_model", False))
        return replace(self._show.wish(page), ask_model=model)
