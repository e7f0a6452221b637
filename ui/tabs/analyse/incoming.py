"""What a page sent, checked: it is never trusted to be what our scripts send."""

from __future__ import annotations

import math
from typing import Any, get_args

import gradio as gr

from slava.domain import Box, MeasureSettings, MicrographId
from slava.domain.fact import Polarity
from slava.errors import BadInput

MOST_EXCLUDED = 10_000


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


def measure_settings(event: gr.EventData) -> MeasureSettings:
    """How to measure, as the facts panel sends it.

    Raises
    ------
    BadInput
        If it is not what that panel sends.
    """
    sent: Any = getattr(event, "options", None)
    try:
        left, top, width, height = map(int, sent["region"] or (0, 0, 0, 0))
        return MeasureSettings(
            threshold=_finite(sent["threshold"]),
            min_size_px=_finite(sent["min_size_px"]),
            polarity=next(p for p in get_args(Polarity) if p == sent["polarity"]),
            region=Box(left, top, left + width, top + height) if sent["region"] else None,
            excluded=tuple((float(x), float(y)) for x, y in sent["excluded"][:MOST_EXCLUDED]),
        )
    except (KeyError, TypeError, ValueError, StopIteration):
        raise BadInput("the page sent no settings to measure with. Reload it.") from None


def _finite(value: Any) -> float | None:
    if value is None:
        return None
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(number)
    return number


def index(value: Any) -> int:
    """The index of a chat message, which Gradio gives as a number or a pair."""
    return int(value[0] if isinstance(value, (list, tuple)) else value)


def content(value: Any) -> str:
    """The text of a chat message, which Gradio gives as text or as a list of parts."""
    if isinstance(value, list):
        return "\n".join(content(part) for part in value)
    return str(value.get("text", "")) if isinstance(value, dict) else str(value)
