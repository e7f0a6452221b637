"""Events about one query: which it is, how it is classified, which demonstrations count."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import gradio as gr

from slava.domain import ConversationId, MicrographId
from slava.errors import NotFound
from ui.services import Services
from ui.services.classifying import Wish
from ui.tabs.classify import incoming
from ui.tabs.classify.showing import Page, Showing


class OnQuery:
    """Handlers that take the page and what the event says; each returns the page as it is then."""

    def __init__(self, services: Services, show: Showing) -> None:
        self._services, self._show = services, show

    def look(self, page: Page) -> Page:
        """Show what is true now; the micrograph that was opened meanwhile becomes the query."""
        opened = str(self._services.store.settings.get_setting("open_micrograph") or "")
        if opened != page.opened:
            page = replace(page, opened=opened)
            if opened and not page.labelling:
                with suppress(NotFound):
                    page = self._about(page, MicrographId(opened))
        return replace(page, wish=self._show.wish(page))

    def choose(self, page: Page, event: gr.EventData) -> Page:
        """Classify another micrograph."""
        return self._about(page, incoming.micrograph_id(event))

    def wish(self, page: Page, event: gr.EventData) -> Page:
        """K, strategy, metric, encoder, whether the model is asked."""
        return self._wished(page, incoming.changed(self._show.wish(page), event))

    def pin(self, page: Page, event: gr.EventData) -> Page:
        """Show a demonstration whatever the strategy says, or no longer."""
        wish, at = self._show.wish(page), incoming.text(event, "id")
        pinned = [p for p in wish.pinned if p != at]
        if at not in wish.pinned:
            pinned.append(at)
        put_aside = tuple(p for p in wish.put_aside if p != at)
        return self._wished(page, replace(wish, pinned=tuple(pinned), put_aside=put_aside))

    def put_aside(self, page: Page, event: gr.EventData) -> Page:
        """Leave a demonstration out; the next one takes its place."""
        wish, at = self._show.wish(page), incoming.text(event, "id")
        pinned = tuple(p for p in wish.pinned if p != at)
        put_aside = tuple(dict.fromkeys([*wish.put_aside, at]))
        return self._wished(page, replace(wish, pinned=pinned, put_aside=put_aside))

    def swap(self, page: Page, event: gr.EventData) -> Page:
        """Another micrograph of its class in its place."""
        if page.query is None:
            return page
        wish = self._show.wish(page)
        at = incoming.text(event, "id")
        return self._wished(page, self._services.classifying.swap(page.query, wish, at))

    def reset(self, page: Page) -> Page:
        """Forget what was pinned and left out; draw other random ones."""
        wish = self._show.wish(page)
        return self._wished(page, replace(wish.of_library(), seed=wish.seed + 1))

    def weigh(self, page: Page) -> Page:
        """Find out what the model's vote is worth in this library."""
        self._services.classifying.weigh_model(self._show.wish(page))
        return page

    def stop_weighing(self, page: Page) -> Page:
        """Leave the model as it was."""
        self._services.classifying.weighing.job.cancel()
        return page

    def compare(self, page: Page, event: gr.EventData) -> Page:
        """Ask about the query and what is shown with it."""
        question = incoming.text(event, "question")
        if page.query is None:
            return page
        at = self._services.classifying.compare(
            page.query, self._show.wish(page), question, page.compared
        )
        return replace(page, compared=at)

    def reopen(self, page: Page, event: gr.EventData) -> Page:
        """Show a conversation about a set again, and the set as it was."""
        at = ConversationId(incoming.text(event, "id"))
        kept = self._services.classifying.comparing.reopen(at)
        if kept is None or page.query is None:
            return page
        k = min(len(kept.shown), incoming.MOST_K)
        wish = replace(self._show.wish(page).of_library(), k=k, pinned=kept.shown)
        return replace(page, compared=at, wish=wish)

    def stop_comparing(self, page: Page) -> Page:
        """End the answer under way, or close what is shown; it stays in the store."""
        job = self._services.classifying.comparing.job
        if job.busy:
            job.cancel()
            return page
        job.dismiss()
        return replace(page, compared=None)

    # ------------------------------------------------------------------ plumbing
    def _about(self, page: Page, micrograph_id: MicrographId) -> Page:
        self._services.store.micrographs.get_micrograph(micrograph_id)
        wish = self._show.wish(page)
        if micrograph_id == page.query:
            return replace(page, wish=wish)
        return replace(page, query=micrograph_id, wish=wish.of_library(), compared=None)

    def _wished(self, page: Page, wish: Wish) -> Page:
        self._show.keep(wish)
        return replace(page, wish=wish)
