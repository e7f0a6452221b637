"""The components of the Analyse tab and where they stand. No events here."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from ui.panels import panel
from ui.tabs.analyse.showing import Seen
from ui.viewer import viewer

PLACEHOLDER = (
    "### Ask about this micrograph\n"
    "Answers stand on the measured facts under the picture. "
    "Choose a suggestion below, or type a question of your own."
)


@dataclass(frozen=True)
class Analyse:
    """Every component that an event of this tab reads or changes."""

    micrograph_id: gr.State
    conversation_id: gr.State
    seen: gr.State
    """What the last look showed, so that the next sends only what is new."""
    library: gr.HTML
    viewer: gr.HTML
    facts: gr.HTML
    head: gr.HTML
    model: gr.HTML
    chat: gr.Chatbot
    askbar: gr.HTML
    question: gr.Textbox


def build() -> Analyse:
    """Make the three panes: library, viewer with facts, conversation."""
    micrograph_id, conversation_id, seen = gr.State(None), gr.State(None), gr.State(Seen())
    with gr.Row(elem_id="analyse", equal_height=False):
        with gr.Column(elem_id="pane-library", min_width=0, scale=0):
            library = panel("library")
        with gr.Column(elem_id="pane-viewer", min_width=0, scale=1):
            picture = viewer()
            facts = panel("facts")
        with gr.Column(elem_id="pane-chat", min_width=0, scale=0):
            head = panel("head")
            model = panel("model")
            chat = _chat()
            askbar = panel("askbar")
            question = _question()
    return Analyse(
        micrograph_id=micrograph_id,
        conversation_id=conversation_id,
        seen=seen,
        library=library,
        viewer=picture,
        facts=facts,
        head=head,
        model=model,
        chat=chat,
        askbar=askbar,
        question=question,
    )


def _chat() -> gr.Chatbot:
    return gr.Chatbot(
        elem_id="chat",
        show_label=False,
        container=False,
        height="100%",
        layout="panel",
        editable="user",
        buttons=["copy", "copy_all"],
        feedback_options=None,
        allow_tags=False,
        sanitize_html=True,
        latex_delimiters=[],
        group_consecutive_messages=False,
        placeholder=PLACEHOLDER,
    )


def _question() -> gr.Textbox:
    return gr.Textbox(
        elem_id="question",
        placeholder="Ask about this micrograph",
        show_label=False,
        container=False,
        lines=1,
        max_lines=6,
        submit_btn=True,
        stop_btn=False,
    )
