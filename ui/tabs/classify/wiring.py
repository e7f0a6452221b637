"""Which event of the Classify tab calls which handler. The only place of this tab with listeners.

Every event has an ``api_name``, so that the wiring can be tested without a browser.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import gradio as gr

from ui.guard import guarded
from ui.services import Services
from ui.tabs.analyse import Analyse
from ui.tabs.classify.layout import Classify
from ui.tabs.classify.on_library import OnLibrary
from ui.tabs.classify.on_query import OnQuery
from ui.tabs.classify.on_work import OnWork
from ui.tabs.classify.opening import wire_opening
from ui.tabs.classify.showing import KeptPage, Page, Showing


def wire(tab: Classify, analyse: Analyse, services: Services, base: str) -> None:
    """Connect every event of the tab. Nothing is asked before the tab is seen.

    ``analyse`` is the tab in which a query is opened.
    """
    wire_opening(tab, analyse, services, base)
    show = Showing(services, base)
    query, library, work = (
        OnQuery(services, show),
        OnLibrary(services, show),
        OnWork(services, show),
    )
    panel, on = tab.panel, partial(_on, tab, show)
    on(tab.tab.select, query.look, "select")
    on(panel.news, query.look, "look", queue=False)
    on(panel.chosen, query.choose, "choose")
    on(panel.wished, query.wish, "wish")
    on(panel.pinned, query.pin, "pin")
    on(panel.put_aside, query.put_aside, "put_aside")
    on(panel.swapped, query.swap, "swap")
    on(panel.reset_wanted, query.reset, "reset")
    on(panel.weighing_wanted, query.weigh, "weigh")
    on(panel.weighing_ended, query.stop_weighing, "stop_weighing")
    on(panel.compared, query.compare, "compare")
    on(panel.comparing_reopened, query.reopen, "reopen_comparison")
    on(panel.comparing_ended, query.stop_comparing, "stop_comparing")
    on(panel.folder_wanted, library.add_labelled, "add_labelled")
    on(panel.drawings_wanted, library.add_drawings, "add_drawings")
    on(panel.cancelled, library.cancel, "cancel")
    on(panel.dismissed, library.dismiss, "dismiss")
    on(panel.embed_wanted, library.embed, "embed")
    on(panel.work_paused, work.pause, "pause_work")
    on(panel.work_resumed, work.resume, "resume_work")
    on(panel.work_cancelled, work.cancel, "cancel_work")
    on(panel.work_dismissed, work.dismiss, "dismiss_work")
    on(panel.batch_wanted, work.begin_batch, "begin_batch")
    on(panel.selected_wanted, work.begin_selected, "begin_selected")
    on(panel.duplicates_wanted, work.find_duplicates, "find_duplicates")
    on(panel.left_out, work.leave_out, "leave_out_duplicate")
    on(panel.kept, work.keep, "keep_duplicates")
    on(panel.training_wanted, work.train, "train_encoder")
    on(panel.labelling_wanted, library.begin, "begin_labelling")
    on(panel.labelling_ended, library.end, "end_labelling")
    on(panel.skipped, library.skip, "skip")
    on(panel.labelled, library.label, "label")
    on(panel.selected_labelled, library.label_selected, "label_selected")
    on(panel.undone, library.undo, "undo_label")


def _on(
    tab: Classify,
    show: Showing,
    listener: Callable[..., Any],
    handler: Callable[..., Page],
    name: str,
    *,
    queue: bool = True,
) -> None:
    """Every event of this tab changes the page, and then the panel shows what is true."""
    listener(
        guarded(_with_event(show, handler) if _takes_event(handler) else _plain(show, handler)),
        [tab.page],
        [tab.panel],
        api_name=f"classify_{name}",
        queue=queue,
        concurrency_limit=None,
        show_progress="hidden",
    )


def _takes_event(handler: Callable[..., Page]) -> bool:
    return len(inspect.signature(handler).parameters) > 1


def _plain(show: Showing, handler: Callable[[Page], Page]) -> Callable[..., Any]:
    def on_event(kept: KeptPage) -> Any:
        return show.shown(kept, handler)

    return on_event


def _with_event(show: Showing, handler: Callable[[Page, gr.EventData], Page]) -> Callable[..., Any]:
    def on_event(kept: KeptPage, event: gr.EventData) -> Any:
        return show.shown(kept, lambda page: handler(page, event))

    return on_event
