"""The view that counts, freezes, takes in and gives out pairs: one panel with routes of its own.

Its one Gradio event tells it where the routes are, and that it is seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from ui.assets import asset
from ui.services import Services
from ui.tabs.curate.dataset_routes import routes

__all__ = ["Dataset", "build", "routes", "wire"]

SCRIPTS = ("draft_talk", "dataset_snapshots", "dataset_exchange", "dataset")


@dataclass(frozen=True)
class Dataset:
    """Every component that an event of this view reads or changes."""

    panel: gr.HTML


def build() -> Dataset:
    """Make the view inside its tab."""
    panel = gr.HTML(
        value=None,
        html_template=asset("curate/dataset.html"),
        css_template=asset("curate/draft_parts.css") + asset("curate/dataset.css"),
        js_on_load="\n".join(
            asset(f"{name}.js") for name in ("dom", *(f"curate/{part}" for part in SCRIPTS))
        ),
        apply_default_css=False,
        elem_id="curate-dataset",
        elem_classes=["slava-panel"],
    )
    return Dataset(panel)


def wire(view: Dataset, tabs: tuple[gr.Tab, gr.Tab], _services: Services, base: str) -> None:
    """Connect its events; ``tabs`` are those in which it stands."""

    def on_seen() -> dict[str, str]:
        return {"base": f"{base}/curate/dataset", "news": f"{base}/news"}

    for tab, name in zip(tabs, ("curate", "dataset"), strict=True):
        tab.select(
            on_seen,
            [],
            [view.panel],
            api_name=f"dataset_seen_in_{name}",
            queue=False,
            show_progress="hidden",
        )
