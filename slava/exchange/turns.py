"""Turns of a conversation as text with ``<image>`` where a picture stands, and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from slava.domain import QAPair

IMAGE = "<image>"
IN_DETAIL = "Answer in detail."
"""Follows the question, on a line of its own, where the detailed answer is wanted."""

_NOT_A_PICTURE = "< image>"
"""How the word is written where it stands in a text and means no picture."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and its answer as they stand in a file."""

    question: str
    answer: str
    extra: tuple[dict[str, Any], dict[str, Any]] = field(default_factory=lambda: ({}, {}))
    """Fields of the two messages that sLAVA has no name for."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a file, whichever names its format has for things."""

    role: str
    text: str
    extra: dict[str, Any]
    """Its fields that the format has no name for."""


@dataclass(frozen=True, slots=True)
class Roles:
    """What a format calls those who speak."""

    asks: tuple[str, ...]
    answers: tuple[str, ...]
    instructs: tuple[str, ...]


def turns_from(messages: Iterable[Message], roles: Roles) -> tuple[str | None, tuple[Turn, ...]]:
    """The instruction before the first question, where there is one, and the turns.

    Raises
    ------
    ValueError
        When somebody speaks out of turn, or the last question has no answer.
    """
    instruction: str | None = None
    asked: Message | None = None
    turns: list[Turn] = []
    for number, message in enumerate(messages, start=1):
        if message.role in roles.instructs and number == 1:
            instruction = message.text
        elif message.role in roles.asks and asked is None:
            asked = message
        elif message.role in roles.answers and asked is not None:
            turns.append(Turn(asked.text, message.text, (asked.extra, message.extra)))
            asked = None
        else:
            raise ValueError(f"message {number} is from {message.role!r}, out of turn")
    if asked is not None:
        raise ValueError("its last question has no answer")
    return instruction, tuple(turns)


def turns_of(pairs: Sequence[QAPair], *, detailed: bool) -> tuple[Turn, ...]:
    """What is written for the pairs of one conversation; the pictures go before the first.

    Where the detailed answers are wanted, a pair without one gives its concise answer.
    """
    turns = []
    for place, pair in enumerate(pairs):
        long = detailed and bool(pair.detailed)
        asked = f"{pair.question}\n{IN_DETAIL}" if long else pair.question
        shown = f"{IMAGE}\n" * len(pair.micrograph_ids) if place == 0 else ""
        answer = pair.detailed if long else pair.answer
        turns.append(Turn(shown + _plain(asked), _plain(answer), _extra(pair)))
    return tuple(turns)


def count_pictures(turns: Sequence[Turn]) -> int:
    """How many pictures the texts stand for."""
    return sum(turn.question.count(IMAGE) + turn.answer.count(IMAGE) for turn in turns)


def without_pictures(text: str) -> str:
    """The words alone."""
    return text.replace(IMAGE, "").strip()


def asks_for_detail(question: str) -> bool:
    """Whether the question was written for the detailed answer."""
    return question.endswith(f"\n{IN_DETAIL}")


def _plain(text: str) -> str:
    return text.replace(IMAGE, _NOT_A_PICTURE)


def _extra(pair: QAPair) -> tuple[dict[str, Any], dict[str, Any]]:
    """What an import has kept of the two messages."""
    kept = pair.extra.get("conversations")
    if isinstance(kept, (list, tuple)) and len(kept) == 2:
        asked, answered = kept
        if isinstance(asked, dict) and isinstance(answered, dict):
            return dict(asked), dict(answered)
    return {}, {}
