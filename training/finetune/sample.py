"""An answer as the app would get it."""

from __future__ import annotations

from slava.errors import ModelError
from slava.vlm.backbone import Backbone, GenerationSettings
from training.finetune.examples import Drawn
from training.finetune.learner import Learner

NEW_TOKENS = 96
"""Of a sampled answer."""


def answer_of(
    learner: Learner, backbone: Backbone, drawn: Drawn, new_tokens: int = NEW_TOKENS
) -> str:
    """What ``backbone`` answers; where it cannot, why, in brackets."""
    messages, views = learner.asked(drawn)
    settings = GenerationSettings(max_new_tokens=new_tokens)
    try:
        return "".join(c.text for c in backbone.stream(messages, views, settings)).strip()
    except ModelError as error:
        return f"[{error}]"
