"""Which event of the Classify tab calls which handler. The only place of this tab with listeners.

Every event has an ``api_name``, so that the wiring can be tested without a browser.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ui.guard import guarded
from ui.services import Services
from ui.tabs.analyse import Analyse
from ui.tabs.classify.layout import Classify
from ui.tabs.classify.on_library import OnLibrary
from ui.tabs.classify.on_query import OnQuery
from ui.tabs.classify.opening import wire_opening
from ui.tabs.classify.showing import Showing


def wire(tab: Classify, analyse: Analyse, services: Services, base: str) -> None:
    """Connect every event of the tab. Nothing is asked before the tab is seen.

    ``analyse`` is the tab in which a query is opened.
    """
    wire_opening(tab, analyse, services, base)
    show = Showing(services, base)
    query, library = OnQuery(services, show), OnLibrary(services, show)
    panel = tab.panel
    _on(tab, tab.tab.select, query.look, "select")
    _on(tab, panel.news, query.look, "look", queue=False)
    _on(tab, panel.chosen, query.choose, "choose")
    _on(tab, panel.wished, query.wish, "wish")
    _on(tab, panel.pinned, query.pin, "pin")
    _on(tab, panel.put_aside, query.put_aside, "put_aside")
    _on(tab, panel.swapped, query.swap, "swap")
    _on(tab, panel.reset_wanted, query.reset, "reset")
    _on(tab, panel.weighing_wanted, query.weigh, "weigh")
    _on(tab, panel.weighing_ended, query.stop_weighing, "stop_weighing")
    _on(tab, panel.compared, query.compare, "compare")
    _on(tab, panel.comparing_ended, query.stop_comparing, "stop_comparing")
    _on(tab, panel.folder_wanted, library.add_labelled, "add_labelled")
    _on(tab, panel.drawings_wanted, library.add_drawings, "add_drawings")
    _on(tab, panel.cancelled, library.cancel, "cancel")
    _on(tab, panel.dismissed, library.dismiss, "dismiss")
    _on(tab, panel.embed_wanted, library.embed, "embed")
    _on(tab, panel.batch_wanted, library.begin_batch, "begin_batch")
    _on(tab, panel.batch_paused, library.pause_batch, "pause_batch")
    _on(tab, panel.batch_resumed, library.resume_batch, "resume_batch")
    _on(tab, panel.batch_cancelled, library.cancel_batch, "cancel_batch")
    _on(tab, panel.batch_dismissed, library.dismiss_batch, "dismiss_batch")
    _on(tab, panel.labelling_wanted, library.begin, "begin_labelling")
    _on(tab, panel.labelling_ended, library.end, "end_labelling")
    _on(tab, panel.skipped, library.skip, "skip")
    _on(tab, panel.labelled, library.label, "label")
    _on(tab, panel.undone, library.undo, "undo_label")


def _on(
    tab: Classify,
    listener: Callable[..., Any],
    handler: Callable[..., Any],
    name: str,
    *,
    queue: bool = True,
) -> None:
    """Every event of this tab takes the page and changes page and panel."""
    listener(
        guarded(handler),
        [tab.page],
        [tab.page, tab.panel],
        api_name=f"classify_{name}",
        queue=queue,
        concurrency_limit=None,
        show_progress="hidden",
    )
