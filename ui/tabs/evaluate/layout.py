"""The components of the Evaluate tab: one panel, which talks to its own routes. No events here."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from slava.evaluation.plots import style
from ui.assets import asset

SCRIPTS = (
    "evaluate/parts",
    "evaluate/list",
    "evaluate/sets",
    "evaluate/form",
    "evaluate/judge",
    "evaluate/plan",
    "evaluate/data",
    "evaluate/answer",
    "evaluate/figures",
    "evaluate/plots",
    "evaluate/answers",
    "evaluate/people",
    "evaluate/blind",
    "evaluate/about",
    "evaluate/panel",
)
"""Joined into one function body after ``dom.js``, so that the order of definitions counts."""
STYLES = (
    "curate/draft_parts",
    "evaluate/evaluate",
    "evaluate/results",
    "evaluate/blind",
    "evaluate/judge",
)
"""The dialog looks as that of drafting does."""
DARK = ".dark"
"""Under what the window is dark."""


@dataclass(frozen=True)
class Evaluate:
    """Every component that an event of this tab reads or changes."""

    tab: gr.Tab
    panel: gr.HTML


def build() -> Evaluate:
    """Make the tab; call it among the others."""
    with gr.Tab("Evaluate", id="evaluate", elem_id="tab-evaluate") as tab:
        panel = gr.HTML(
            value=None,
            html_template=asset("evaluate/evaluate.html"),
            css_template="\n".join(asset(f"{name}.css") for name in STYLES),
            js_on_load="\n".join(
                asset(f"{name}.js") for name in ("dom", "rows", "follow", *SCRIPTS)
            ),
            apply_default_css=False,
            elem_id="evaluate",
            elem_classes=["slava-panel"],
        )
    return Evaluate(tab, panel)


def frame() -> str:
    """The style sheet for its place in the frame, and that of the drawings in light and dark."""
    return asset("evaluate/frame.css") + style(DARK)
