"""A conversation about a micrograph, turn by turn, with everything an answer depended on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NewType

from slava.domain.micrograph import MicrographId

ConversationId = NewType("ConversationId", str)
TurnId = NewType("TurnId", str)

ContextLevel = Literal["none", "basic", "moderate", "high"]
"""How much of what is known of the micrograph the model is told (GlassLLaVA, context levels)."""

Quantization = Literal["none", "int8", "nf4"]

TurnStatus = Literal["streaming", "done", "stopped", "failed", "interrupted"]
"""``interrupted``: the app ended while the answer was being written; what was kept is shown."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """Turns about one micrograph under a title."""

    id: ConversationId
    micrograph_id: MicrographId
    title: str
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and its answer, with what the answer depended on."""

    id: TurnId
    conversation_id: ConversationId
    position: int
    """0, 1, 2 ... within the conversation."""
    question: str
    answer: str = ""
    status: TurnStatus = "streaming"
    model: str = ""
    adapter: str = ""
    quantization: Quantization = "none"
    settings: Mapping[str, float | int | str | None] = field(default_factory=dict)
    context_level: ContextLevel = "none"
    context: str = ""
    """The exact text the model was given about the micrograph."""
    seen: str = ""
    """What it saw: size, crop and tokens of the picture."""
    seconds: float | None = None
    first_token_seconds: float | None = None
    tokens: int | None = None
    warnings: tuple[str, ...] = ()
    error: str = ""
    created_at: str = ""
