"""The viewer: a micrograph on a canvas, with zoom, ruler, region, contrast and outlines.

The browser fetches raw tiles and applies the contrast itself, so 16 bits stay 16 bits and the
value under the cursor is the real one. Events: ``calibrated``, ``calibration_undone`` and
``samples_wanted``.
"""

from __future__ import annotations

import gradio as gr

from ui.assets import asset
from ui.panels import VIEWER_SCRIPTS


def viewer(elem_id: str = "viewer") -> gr.HTML:
    """A viewer; its value is what :func:`ui.present.viewer` makes, or ``None``."""
    return gr.HTML(
        value=None,
        html_template=asset("viewer/viewer.html"),
        css_template=asset("viewer/viewer.css"),
        js_on_load="\n".join(asset(f"viewer/{name}.js") for name in VIEWER_SCRIPTS),
        apply_default_css=False,
        elem_id=elem_id,
        elem_classes=["slava-panel"],
    )
