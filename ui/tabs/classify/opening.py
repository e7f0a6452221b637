"""Opening the query in the Analyse tab: the one event of this tab that changes another."""

from __future__ import annotations

from typing import Any

import gradio as gr

from ui.guard import guarded
from ui.services import Services
from ui.tabs.analyse import Analyse
from ui.tabs.analyse.showing import Showing
from ui.tabs.classify import incoming
from ui.tabs.classify.layout import Classify


def wire_opening(tab: Classify, analyse: Analyse, services: Services, base: str) -> None:
    """Connect "Open in Analyse"; the page itself changes the tab."""
    show = Showing(services, base)

    def open_query(event: gr.EventData) -> tuple[Any, ...]:
        micrograph = services.open_micrograph(incoming.micrograph_id(event))
        conversation = services.newest_conversation(micrograph.id)
        opened = show.opened(micrograph.id, conversation.id if conversation else None)
        return (*opened, show.library(micrograph.id))

    a = analyse
    outputs = [a.micrograph_id, a.conversation_id, a.viewer, a.facts, a.askbar, a.head, a.chat]
    tab.panel.open_wanted(
        guarded(open_query),
        [],
        [*outputs, a.question, a.seen, a.library],
        api_name="classify_open",
        concurrency_limit=None,
        show_progress="hidden",
    )
