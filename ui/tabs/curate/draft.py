"""The view that drafts pairs: one panel, which talks to its own routes.

Its one Gradio event tells it where the routes are, and that it is seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from ui.assets import asset
from ui.services import Services
from ui.tabs.curate.draft_routes import routes

__all__ = ["Draft", "build", "routes", "wire"]

SCRIPTS = ("draft_talk", "draft_form", "draft_micrographs", "draft_consent", "draft_work", "draft")


@dataclass(frozen=True)
class Draft:
    """Every component that an event of this view reads or changes."""

    panel: gr.HTML


def build() -> Draft:
    """Make the view inside its tab."""
    panel = gr.HTML(
        value=None,
        html_template=asset("curate/draft.html"),
        css_template=asset("curate/draft_parts.css") + asset("curate/draft.css"),
        js_on_load="\n".join(
            asset(f"{name}.js") for name in ("dom", "rows", *(f"curate/{part}" for part in SCRIPTS))
        ),
        apply_default_css=False,
        elem_id="curate-draft",
        elem_classes=["slava-panel"],
    )
    return Draft(panel)


def wire(view: Draft, tabs: tuple[gr.Tab, gr.Tab], _services: Services, base: str) -> None:
    """Connect its events; ``tabs`` are those in which it stands."""

    def on_seen() -> dict[str, str]:
        return {"base": f"{base}/curate/draft", "news": f"{base}/news"}

    for tab, name in zip(tabs, ("curate", "draft"), strict=True):
        tab.select(
            on_seen,
            [],
            [view.panel],
            api_name=f"draft_seen_in_{name}",
            queue=False,
            show_progress="hidden",
        )
