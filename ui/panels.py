"""The window's own panels: an HTML file that never changes, a script, and a value from Python.

Factories, because a subclass of a Gradio component writes a ``.pyi`` beside its source. The
templates are static: Gradio evaluates what stands in double braces and inserts ``${value}`` as
markup, so no text from a file, a user or a model may pass through them.
"""

from __future__ import annotations

from typing import Any

import gradio as gr

from ui.assets import asset

STYLES = ("shell.css", "parts.css", "library.css", "facts.css", "chat.css", "model.css")
PARTS = {"library": ("rows.js", "news.js")}
"""Scripts that a panel uses besides ``dom.js``, which all use."""
VIEWER_SCRIPTS = (
    "state",
    "contrast",
    "tiles",
    "draw",
    "overlay",
    "histogram",
    "view",
    "pointer",
    "calibrate",
    "scalebar",
    "keys",
    "load",
)


def styles() -> str:
    """The style sheet of the window."""
    return "\n".join(asset(name) for name in STYLES)


def panel(name: str, value: Any = None) -> gr.HTML:
    """The panel ``name``: its template, its script, and a value that the script shows.

    The events of a panel are those that its script triggers by a quoted name.
    """
    scripts = ("dom.js", *PARTS.get(name, ()), f"{name}.js")
    return gr.HTML(
        value=value,
        html_template=asset(f"{name}.html"),
        js_on_load="\n".join(map(asset, scripts)),
        apply_default_css=False,
        elem_id=name,
        elem_classes=["slava-panel"],
    )
