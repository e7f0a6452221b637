"""The components of the Classify tab. No events here."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from ui.assets import asset
from ui.tabs.classify.showing import KeptPage

SCRIPTS = (
    "parts",
    "side",
    "toolbar",
    "answer",
    "gallery",
    "compare",
    "batch",
    "twins",
    "training",
    "map",
    "lasso",
    "keys",
    "panel",
)


@dataclass(frozen=True)
class Classify:
    """Every component that an event of this tab reads or changes."""

    tab: gr.Tab
    page: gr.State
    """What this page asks and shows: a :class:`ui.tabs.classify.showing.KeptPage`."""
    panel: gr.HTML


def build() -> Classify:
    """Make the tab; call it among the others."""
    with gr.Tab("Classify", id="classify", elem_id="tab-classify") as tab:
        page = gr.State(KeptPage())
        panel = gr.HTML(
            value=None,
            html_template=asset("classify/classify.html"),
            css_template=asset("classify/classify.css"),
            js_on_load="\n".join(
                asset(f"{name}.js")
                for name in ("dom", "news", *(f"classify/{part}" for part in SCRIPTS))
            ),
            apply_default_css=False,
            elem_id="classify",
            elem_classes=["slava-panel"],
        )
    return Classify(tab, page, panel)
