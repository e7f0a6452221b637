"""The body of a chat completion, opened: the words, and whether all of them came.

It must not know what was asked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slava.teacher.ledger import RequestState


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a body holds."""

    state: RequestState
    """``answered`` only where the words are whole."""
    words: str = ""
    """As far as they came; the body itself where it is not of the protocol."""
    reason: str = ""
    """What is wrong, in one sentence; empty for ``answered``."""
    tokens: tuple[int, int] | None = None
    """Read and written, as the server counts; None where it does not say."""


def open_envelope(body: str, who: str = "teacher") -> Envelope:
    """Take the words out of a body; any text is taken. ``who`` answers, for what is wrong."""
    try:
        answer = json.loads(body)
        choice = answer["choices"][0]
        message = choice["message"]
        said, refused = message.get("content") or "", message.get("refusal")
        finish = choice.get("finish_reason") or ""
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return Envelope("invalid", body, "the answer is not of the OpenAI protocol.")
    words, tokens = _joined(said), _tokens(answer)
    if refused:
        told = " ".join(str(refused).split())[:200]
        return Envelope("refused", words, f"the {who} refused: {told}", tokens)
    if finish == "content_filter":
        reason = f"a content filter of the {who} stopped it."
        return Envelope("refused", words, reason, tokens)
    if finish == "length":
        return Envelope("truncated", words, "the answer was cut at the token limit.", tokens)
    if not words.strip():
        return Envelope("invalid", words, "the answer is empty.", tokens)
    return Envelope("answered", words, "", tokens)


def _joined(content: Any) -> str:
    """The words of a message; some servers send them in parts."""
    parts = content if isinstance(content, list) else [content]
    texts = [p.get("text") if isinstance(p, dict) else p for p in parts]
    return "".join(t for t in texts if isinstance(t, str))


def _tokens(answer: Mapping[str, Any]) -> tuple[int, int] | None:
    usage = answer.get("usage")
    if not isinstance(usage, dict):
        return None
    read, written = usage.get("prompt_tokens"), usage.get("completion_tokens")
    if isinstance(read, int) and isinstance(written, int) and read >= 0 and written >= 0:
        return read, written
    return None
