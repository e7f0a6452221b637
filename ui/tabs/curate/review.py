"""The view in which pairs are reviewed: one panel, which talks to its own routes.

A Gradio event takes longer than reading a short pair; so the panel is told only where its routes
are, and opening a micrograph in Analyse is the one event of this view.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from typing import Any

import gradio as gr

from slava.domain import MicrographId
from slava.errors import BadInput
from ui.assets import asset
from ui.guard import guarded
from ui.panels import VIEWER_SCRIPTS
from ui.services import Services
from ui.tabs.analyse import Analyse
from ui.tabs.analyse.showing import Showing

SCRIPTS = (
    *("talk", "stage", "diff", "pair", "line", "edit"),
    *("figures", "choose", "list", "picks", "keys", "review"),
)


@dataclass(frozen=True)
class Review:
    """Every component that an event of this view reads or changes."""

    panel: gr.HTML


def build() -> Review:
    """Make the view inside its tab."""
    panel = gr.HTML(
        value=None,
        html_template=asset("curate/review.html"),
        css_template=f"{asset('curate/review.css')}\n.rv-viewer {{ {asset('viewer/viewer.css')} }}",
        js_on_load=_script(),
        apply_default_css=False,
        elem_id="curate-review",
        elem_classes=["slava-panel"],
    )
    return Review(panel)


def wire(
    view: Review, tabs: tuple[gr.Tab, gr.Tab], analyse: Analyse, services: Services, base: str
) -> None:
    """Connect its events; ``tabs`` are those in which it stands."""
    turns = itertools.count(1)
    show = Showing(services, base)

    def look() -> dict[str, Any]:
        return {"base": f"{base}/curate/review", "turn": next(turns)}

    def open_micrograph(event: gr.EventData) -> tuple[Any, ...]:
        at = getattr(event, "id", None)
        if not isinstance(at, str):
            raise BadInput("the page sent no micrograph. Reload it.")
        micrograph = services.open_micrograph(MicrographId(at))
        conversation = services.newest_conversation(micrograph.id)
        opened = show.opened(micrograph.id, conversation.id if conversation else None)
        return (*opened, show.library(micrograph.id))

    for tab, name in zip(tabs, ("seen", "chosen"), strict=True):
        tab.select(
            guarded(look),
            [],
            [view.panel],
            api_name=f"curate_review_{name}",
            queue=False,
            show_progress="hidden",
        )
    a = analyse
    outputs = [a.micrograph_id, a.conversation_id, a.viewer, a.facts, a.askbar, a.head, a.chat]
    view.panel.open_wanted(
        guarded(open_micrograph),
        [],
        [*outputs, a.question, a.seen, a.library],
        api_name="curate_open",
        concurrency_limit=None,
        show_progress="hidden",
    )


def _script() -> str:
    """The viewer as a function, so that one panel may have several, and the parts of the panel."""
    viewer = "\n".join(asset(f"viewer/{name}.js") for name in VIEWER_SCRIPTS)
    return "\n".join(
        (
            asset("dom.js"),
            f"const VIEWER_MARKUP = {json.dumps(asset('viewer/viewer.html'))};",
            f"function mountViewer(element, trigger, props, watch, fetch) {{\n{viewer}\n}}",
            *(asset(f"curate/{name}.js") for name in SCRIPTS),
        )
    )
