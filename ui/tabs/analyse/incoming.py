"""What a page sent, checked: it is never trusted to be what our scripts send."""

from __future__ import annotations

from typing import Any

import gradio as gr

from slava.domain import MicrographId
from slava.errors import BadInput


def opened(micrograph_id: MicrographId | None) -> MicrographId:
    """The open micrograph.

    Raises
    ------
    BadInput
        If there is none.
    """
    if micrograph_id is None:
        raise BadInput("no micrograph is open. Choose one in the library, or drop a file.")
    return micrograph_id


def text(event: gr.EventData, name: str) -> str:
    """A text of an event."""
    value = getattr(event, name, None)
    if not isinstance(value, str):
        raise BadInput(f"the page sent no {name}. Reload it.")
    return value


def number(event: gr.EventData, name: str) -> float:
    """A number that the user typed, with a point or a comma."""
    typed = str(getattr(event, name, "")).strip().replace(",", ".")
    try:
        return float(typed)
    except ValueError:
        raise BadInput(f"{name.replace('_', ' ')}: {typed[:40]!r} is no number.") from None


def point(event: gr.EventData, name: str) -> tuple[float, float]:
    """A point of the micrograph, (x, y) in px."""
    value: Any = getattr(event, name, None)
    try:
        x, y = value
        return float(x), float(y)
    except (TypeError, ValueError):
        raise BadInput("the page sent no line. Draw it again.") from None


def index(value: Any) -> int:
    """The index of a chat message, which Gradio gives as a number or a pair."""
    return int(value[0] if isinstance(value, (list, tuple)) else value)


def content(value: Any) -> str:
    """The text of a chat message, which Gradio gives as text or as a list of parts."""
    if isinstance(value, list):
        return "\n".join(content(part) for part in value)
    return str(value.get("text", "")) if isinstance(value, dict) else str(value)
