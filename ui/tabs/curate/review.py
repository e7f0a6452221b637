"""The view in which pairs are reviewed: one panel, which talks to its own routes.

A Gradio event takes longer than reading a short pair; so the panel is told only where its routes
are, and which micrograph is opened in Analyse goes through the one event of this view.
"""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from ui.services import Services
from ui.tabs.analyse import Analyse


@dataclass(frozen=True)
class Review:
    """Every component that an event of this view reads or changes."""

    panel: gr.HTML


def build() -> Review:
    """Make the view inside its tab."""
    panel = gr.HTML(
        value=None,
        html_template='<div class="cu-none"><h3>Review</h3></div>',
        apply_default_css=False,
        elem_id="curate-review",
        elem_classes=["slava-panel"],
    )
    return Review(panel)


def wire(
    view: Review, tabs: tuple[gr.Tab, gr.Tab], analyse: Analyse, services: Services, base: str
) -> None:
    """Connect its events; ``tabs`` are those in which it stands."""
