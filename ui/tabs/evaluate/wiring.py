"""The one event of the Evaluate tab: once it is seen, its panel is told where its routes are.

An evaluation changes several times a second; so the panel asks its routes for what is new instead
of being sent everything anew.
"""

from __future__ import annotations

import gradio as gr

from ui.tabs.evaluate.layout import Evaluate


def wire(tab: Evaluate, base: str) -> None:
    """Connect the tab; nothing is asked before it is seen."""

    def on_select() -> gr.HTML:
        return gr.HTML(value={"base": base})

    tab.tab.select(
        on_select,
        [],
        [tab.panel],
        api_name="evaluate_select",
        queue=False,
        show_progress="hidden",
    )
