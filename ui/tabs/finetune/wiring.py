"""The one event of the Fine-tune tab: once it is seen, its panel is told where its routes are.

A run changes several times a second; so the panel asks its routes for what is new instead of being
sent everything anew. That Analyse answers with another model, its own panel finds out.
"""

from __future__ import annotations

import gradio as gr

from ui.tabs.finetune.layout import Finetune


def wire(tab: Finetune, base: str) -> None:
    """Connect the tab; nothing is asked before it is seen."""

    def on_select() -> gr.HTML:
        return gr.HTML(value={"base": base})

    tab.tab.select(
        on_select,
        [],
        [tab.panel],
        api_name="finetune_select",
        queue=False,
        show_progress="hidden",
    )
