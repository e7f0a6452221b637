"""Which view of the Curate tab is wired to what."""

from __future__ import annotations

from ui.services import Services
from ui.tabs.analyse import Analyse
from ui.tabs.curate import review
from ui.tabs.curate.layout import Curate
from ui.tabs.curate.panel import wire_panel


def wire(tab: Curate, analyse: Analyse, services: Services, base: str) -> None:
    """Connect every event of the tab. Nothing is asked before a view is seen.

    A view hears of it by the ``select`` of the whole tab and of its own. ``analyse`` is the tab
    in which a pair's micrograph is opened.
    """
    review.wire(tab.review, (tab.tab, tab.review_tab), analyse, services, base)
    wire_panel(tab.draft, "draft", (tab.tab, tab.draft_tab), base)
    wire_panel(tab.dataset, "dataset", (tab.tab, tab.dataset_tab), base)
