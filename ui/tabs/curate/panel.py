"""A view of the Curate tab that is one panel and talks to routes of its own.

Its one Gradio event tells it where the routes are, and that it is seen.
"""

from __future__ import annotations

import gradio as gr

from ui.assets import asset


def build_panel(name: str, scripts: tuple[str, ...]) -> gr.HTML:
    """The panel of ``curate/NAME.html``, made of these scripts in this order."""
    return gr.HTML(
        value=None,
        html_template=asset(f"curate/{name}.html"),
        css_template=asset("curate/draft_parts.css") + asset(f"curate/{name}.css"),
        js_on_load="\n".join(asset(f"{script}.js") for script in ("dom", *scripts)),
        apply_default_css=False,
        elem_id=f"curate-{name}",
        elem_classes=["slava-panel"],
    )


def wire_panel(panel: gr.HTML, name: str, tabs: tuple[gr.Tab, gr.Tab], base: str) -> None:
    """Tell it that it is seen; ``tabs`` are the whole one and its own."""

    def on_seen() -> dict[str, str]:
        return {"base": f"{base}/curate/{name}", "news": f"{base}/news"}

    for tab, which in zip(tabs, ("curate", name), strict=True):
        tab.select(
            on_seen,
            [],
            [panel],
            api_name=f"{name}_seen_in_{which}",
            queue=False,
            show_progress="hidden",
        )
