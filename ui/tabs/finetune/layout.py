"""The components of the Fine-tune tab: one panel, which talks to its own routes. No events here."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from ui.assets import asset

SCRIPTS = (
    "parts",
    "chart",
    "runs",
    "settings",
    "plan",
    "course",
    "samples",
    "test",
    "about",
    "panel",
)
"""Joined into one function body after ``dom.js``, so that the order of definitions counts."""


@dataclass(frozen=True)
class Finetune:
    """Every component that an event of this tab reads or changes."""

    tab: gr.Tab
    panel: gr.HTML


def build() -> Finetune:
    """Make the tab; call it among the others."""
    with gr.Tab("Fine-tune", id="finetune", elem_id="tab-finetune") as tab:
        panel = gr.HTML(
            value=None,
            html_template=asset("finetune/finetune.html"),
            css_template=asset("finetune/finetune.css"),
            js_on_load="\n".join(
                asset(f"{name}.js") for name in ("dom", *(f"finetune/{one}" for one in SCRIPTS))
            ),
            apply_default_css=False,
            elem_id="finetune",
            elem_classes=["slava-panel"],
        )
    return Finetune(tab, panel)
