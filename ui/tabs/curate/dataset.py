"""The view that freezes accepted pairs."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr
from starlette.routing import BaseRoute

from ui.services import Services


@dataclass(frozen=True)
class Dataset:
    """Every component that an event of this view reads or changes."""

    panel: gr.HTML


def build() -> Dataset:
    """Make the view inside its tab."""
    panel = gr.HTML(
        '<div class="cu-none"><h3>Not in the window yet</h3>'
        "<p>Data sets are frozen by the command <code>slava snapshot</code>.</p></div>",
        apply_default_css=False,
        elem_id="curate-dataset",
        elem_classes=["slava-panel"],
    )
    return Dataset(panel)


def wire(view: Dataset, tabs: tuple[gr.Tab, gr.Tab], services: Services, base: str) -> None:
    """Connect its events; ``tabs`` are those in which it stands."""


def routes(_services: Services, _base: str) -> list[BaseRoute]:
    """Its routes below ``base/curate/dataset``."""
    return []
