"""The components of the Curate tab: three views. No events here."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from ui.tabs.curate import review
from ui.tabs.curate.panel import build_panel

DRAFT_SCRIPTS = (
    "rows",
    "curate/draft_talk",
    "curate/draft_form",
    "curate/draft_micrographs",
    "curate/draft_consent",
    "curate/draft_work",
    "curate/draft",
)
DATASET_SCRIPTS = (
    "curate/draft_talk",
    "curate/dataset_snapshots",
    "curate/dataset_exchange",
    "curate/dataset",
)


@dataclass(frozen=True)
class Curate:
    """The views, and the tabs in which they stand."""

    tab: gr.Tab
    review_tab: gr.Tab
    review: review.Review
    draft_tab: gr.Tab
    draft: gr.HTML
    dataset_tab: gr.Tab
    dataset: gr.HTML


def build() -> Curate:
    """Make the tab; call it among the others."""
    with (
        gr.Tab("Curate", id="curate", elem_id="tab-curate") as tab,
        gr.Tabs(elem_id="curate-views"),
    ):
        with gr.Tab("Review", id="curate-review", elem_id="view-review") as review_tab:
            reviewed = review.build()
        with gr.Tab("Draft", id="curate-draft", elem_id="view-draft") as draft_tab:
            drafted = build_panel("draft", DRAFT_SCRIPTS)
        with gr.Tab("Dataset", id="curate-dataset", elem_id="view-dataset") as dataset_tab:
            frozen = build_panel("dataset", DATASET_SCRIPTS)
    return Curate(tab, review_tab, reviewed, draft_tab, drafted, dataset_tab, frozen)
