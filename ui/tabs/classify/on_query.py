"""Events about one query: which it is, how it is classified, which demonstrations count."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import gradio as gr

from slava.domain import MicrographId
from slava.errors import NotFound
from ui.services import Services
from ui.services.classifying import Wish
from ui.tabs.classify import incoming
from ui.tabs.classify.showing import Page, Showing

Shown = tuple[Page, Any]


class OnQuery:
    """Handlers that take the page and what the event says; each returns page and panel."""

    def __init__(self, services: Services, show: Showing) -> None:
        self._services, self._show = services, show

    def look(self, page: Page) -> Shown:
        """Show what is true now; the micrograph that was opened meanwhile becomes the query."""
        news = self._services.news.version
        opened = str(self._services.store.settings.get_setting("open_micrograph") or "")
        if opened != page.opened:
            page = replace(page, opened=opened)
            if opened and not page.labelling:
                with suppress(NotFound):
                    page = self._about(page, MicrographId(opened))
        page = replace(page, wish=self._show.wish(page))
        return page, self._show.panel(page, news)

    def choose(self, page: Page, event: gr.EventData) -> Shown:
        """Classify another micrograph."""
        return self._shown(self._about(page, incoming.micrograph_id(event)))

    def wish(self, page: Page, event: gr.EventData) -> Shown:
        """K, strategy, metric, encoder, whether the model is asked."""
        return self._wished(page, incoming.changed(self._show.wish(page), event))

    def pin(self, page: Page, event: gr.EventData) -> Shown:
        """Show a demonstration whatever the strategy says, or no longer."""
        wish, at = self._show.wish(page), incoming.text(event, "id")
        pinned = [p for p in wish.pinned if p != at]
        if at not in wish.pinned:
            pinned.append(at)
        put_aside = tuple(p for p in wish.put_aside if p != at)
        return self._wished(page, replace(wish, pinned=tuple(pinned), put_aside=put_aside))

    def put_aside(self, page: Page, event: gr.EventData) -> Shown:
        """Leave a demonstration out; the next one takes its place."""
        wish, at = self._show.wish(page), incoming.text(event, "id")
        pinned = tuple(p for p in wish.pinned if p != at)
        put_aside = tuple(dict.fromkeys([*wish.put_aside, at]))
        return self._wished(page, replace(wish, pinned=pinned, put_aside=put_aside))

    def swap(self, page: Page, event: gr.EventData) -> Shown:
        """Another micrograph of its class in its place."""
        if page.query is None:
            return self._shown(page)
        wish = self._show.wish(page)
        at = incoming.text(event, "id")
        return self._wished(page, self._services.classifying.swap(page.query, wish, at))

    def reset(self, page: Page) -> Shown:
        """Forget what was pinned and left out; draw other random ones."""
        wish = self._show.wish(page)
        return self._wished(page, replace(wish.of_library(), seed=wish.seed + 1))

    def weigh(self, page: Page) -> Shown:
        """Find out what the model's vote is worth in this library."""
        self._services.classifying.weigh_model(self._show.wish(page))
        return self._shown(page)

    def stop_weighing(self, page: Page) -> Shown:
        """Leave the model as it was."""
        self._services.classifying.weighing.cancel()
        return self._shown(page)

    def compare(self, page: Page, event: gr.EventData) -> Shown:
        """Ask about the query and what is shown with it."""
        question = incoming.text(event, "question")
        if page.query is not None:
            self._services.classifying.compare(page.query, self._show.wish(page), question)
        return self._shown(page)

    def stop_comparing(self, page: Page) -> Shown:
        """End the answer, or close one that has ended."""
        comparing = self._services.classifying.comparing
        comparing.stop()
        comparing.dismiss()
        return self._shown(page)

    # ------------------------------------------------------------------ plumbing
    def _about(self, page: Page, micrograph_id: MicrographId) -> Page:
        self._services.store.micrographs.get_micrograph(micrograph_id)
        wish = self._show.wish(page)
        if micrograph_id != page.query:
            wish = wish.of_library()
        return replace(page, query=micrograph_id, wish=wish)

    def _wished(self, page: Page, wish: Wish) -> Shown:
        self._show.keep(wish)
        return self._shown(replace(page, wish=wish))

    def _shown(self, page: Page) -> Shown:
        return page, self._show.panel(page)
