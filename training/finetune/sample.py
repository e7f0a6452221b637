"""An answer as the app would get it."""

from __future__ import annotations

from slava.errors import ModelError
from slava.vlm.adapted_builtin import EMPTY_NOTICE
from slava.vlm.backbone import Backbone, GenerationSettings
from training.finetune.examples import Drawn
from training.finetune.learner import Learner

NEW_TOKENS = 96
"""Of a sampled answer."""


def answer_of(
    learner: Learner, backbone: Backbone, drawn: Drawn, new_tokens: int = NEW_TOKENS
) -> str:
    """What ``backbone`` answers; where it cannot, why, in brackets.

    Where an adapter writes nothing and the base answers in its place, that is nothing: it is the
    adapter that is looked at.
    """
    messages, views = learner.asked(drawn)
    settings = GenerationSettings(max_new_tokens=new_tokens)
    try:
        said = ""
        for chunk in backbone.stream(messages, views, settings):
            if chunk.notice == EMPTY_NOTICE:
                return ""
            said += chunk.text
        return said.strip()
    except ModelError as error:
        return f"[{error}]"
