"""Colours, sizes and fonts: an instrument in daylight and in a dark room. Nothing is fetched."""

from __future__ import annotations

import gradio as gr

ACCENT = "#0f8b8d"
FONTS = ("Inter", "Segoe UI", "system-ui", "sans-serif")
MONOSPACE = ("ui-monospace", "Consolas", "monospace")


def make_theme() -> gr.themes.Base:
    """The theme of the window, light and dark."""
    return gr.themes.Base(
        primary_hue=gr.themes.colors.teal,
        neutral_hue=gr.themes.colors.slate,
        text_size="sm",
        spacing_size="sm",
        radius_size="sm",
        font=list(FONTS),
        font_mono=list(MONOSPACE),
    ).set(
        body_background_fill="#eef1f4",
        body_background_fill_dark="#11161b",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="#1a2027",
        background_fill_secondary="#f1f4f7",
        background_fill_secondary_dark="#27303a",
        block_background_fill="#ffffff",
        block_background_fill_dark="#1a2027",
        block_border_width="0px",
        block_shadow="none",
        border_color_primary="#d5dce3",
        border_color_primary_dark="#323d48",
        body_text_color="#1b2530",
        body_text_color_dark="#e3e9ee",
        body_text_color_subdued="#5c6b7a",
        body_text_color_subdued_dark="#96a4b2",
        color_accent=ACCENT,
        button_primary_background_fill=ACCENT,
        button_primary_background_fill_hover="#0c7476",
        button_primary_background_fill_dark=ACCENT,
        input_background_fill="#ffffff",
        input_background_fill_dark="#151b21",
    )
