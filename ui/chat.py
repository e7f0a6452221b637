"""Turns as the chat shows them, and back: which turn a message of the chat belongs to.

Pure functions. Every turn is shown as the question, a folded note of what the model saw, and the
answer; the note stands before the answer so that the answer is the last message.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from slava.domain import Turn
from ui.services.answering import Live

Message = dict[str, Any]

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~])")
_FENCE = re.compile(r"`{3,}")
ENDINGS = {
    "stopped": "Stopped.",
    "interrupted": "Interrupted: sLAVA ended while this was being written.",
}


def messages(turns: Sequence[Turn], live: Live | None = None) -> list[Message]:
    """The messages of a chat, the answer under way as far as it has come."""
    shown: list[Message] = []
    for turn in turns:
        now = live if live is not None and live.turn_id == turn.id else None
        shown += _turn(turn, now)
    return shown


def position_of(turns: Sequence[Turn], index: int) -> int | None:
    """Which turn (its place in ``turns``) the message ``index`` belongs to."""
    at = -1
    for place, turn in enumerate(turns):
        at += len(_turn(turn, None))
        if index <= at:
            return place
    return None


def _turn(turn: Turn, live: Live | None) -> list[Message]:
    seen = live.seen if live else turn.seen
    context = live.context if live else turn.context
    note = _note(turn, seen, context)
    answer = _live_text(live) if live else _answer(turn)
    return [
        {"role": "user", "content": turn.question},
        {
            "role": "assistant",
            "content": note,
            "metadata": {"title": _title(turn, live), "status": "done"},
        },
        {"role": "assistant", "content": answer},
    ]


def _live_text(live: Live) -> str:
    return live.text or f"*{live.phase} …*"


def _answer(turn: Turn) -> str:
    parts = [turn.answer] if turn.answer else []
    if turn.status == "failed":
        parts.append(f"> **No answer.** {plain(turn.error or 'The model failed.')}")
    elif turn.status in ENDINGS:
        parts.append(f"> {ENDINGS[turn.status]}")
    parts += [f"> {plain(warning)}" for warning in turn.warnings]
    return "\n\n".join(parts) or "*no answer*"


def _title(turn: Turn, live: Live | None) -> str:
    """What the model saw, in a few words: level, tokens, time."""
    parts = ["What the model saw", turn.context_level]
    if live is None:
        if turn.tokens:
            parts.append(f"{turn.tokens} tokens")
        if turn.seconds is not None:
            parts.append(f"{turn.seconds:.1f} s")
    return " · ".join(parts)


def _note(turn: Turn, seen: str, context: str) -> str:
    told = context or "Nothing: the model had the picture alone."
    settings = ", ".join(f"{k} {v}" for k, v in turn.settings.items() if v is not None)
    lines = [
        f"**Picture:** {plain(seen or 'not taken in yet')}",
        "**Text it was told:**",
        fenced(told),
        f"**Model:** {plain(turn.model)}, quantization {plain(turn.quantization)}",
        f"**Settings:** {plain(settings)}",
    ]
    if turn.first_token_seconds is not None:
        lines.append(f"**First token:** after {turn.first_token_seconds:.2f} s")
    return "\n\n".join(lines)


def plain(text: str) -> str:
    """Text that Markdown shows as it stands."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def fenced(text: str) -> str:
    """Text as a block of Markdown that nothing in it can close."""
    longest = max((len(run) for run in _FENCE.findall(text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}text\n{text}\n{fence}"
