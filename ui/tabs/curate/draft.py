"""The view that drafts pairs."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr
from starlette.routing import BaseRoute

from ui.services import Services


@dataclass(frozen=True)
class Draft:
    """Every component that an event of this view reads or changes."""

    panel: gr.HTML


def build() -> Draft:
    """Make the view inside its tab."""
    panel = gr.HTML(
        '<div class="cu-none"><h3>Not in the window yet</h3>'
        "<p>Pairs are drafted by the command <code>slava draft</code>.</p></div>",
        apply_default_css=False,
        elem_id="curate-draft",
        elem_classes=["slava-panel"],
    )
    return Draft(panel)


def wire(view: Draft, tabs: tuple[gr.Tab, gr.Tab], services: Services, base: str) -> None:
    """Connect its events; ``tabs`` are those in which it stands."""


def routes(_services: Services, _base: str) -> list[BaseRoute]:
    """Its routes below ``base/curate/draft``."""
    return []
