"""Calibration by hand: from a line on the micrograph and the length it has in reality."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from slava.domain import Calibration
from slava.errors import BadInput
from store import CalibrationRecord

NM_PER_UNIT = {"nm": 1.0, "µm": 1e3, "mm": 1e6}
SHORTEST_LINE_PX = 5.0
"""A shorter line cannot be drawn to better than 20 %."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line between two points of the micrograph (x, y in px) and its real length."""

    start: tuple[float, float]
    end: tuple[float, float]
    length: str
    """As the user typed it."""
    unit: str

    @property
    def length_px(self) -> float:
        return math.dist(self.start, self.end)


def from_line(line: Line) -> Calibration:
    """The calibration that makes the line as long as the user says.

    Raises
    ------
    BadInput
        If the length is no positive number, the line too short, or the pixel size absurd.
    """
    if line.unit not in NM_PER_UNIT:
        raise BadInput(f"the unit {line.unit!r} is none of {', '.join(NM_PER_UNIT)}.")
    length = _number(line.length)
    if line.length_px < SHORTEST_LINE_PX:
        raise BadInput(
            f"the line is {line.length_px:.1f} px long; "
            f"draw one of {SHORTEST_LINE_PX:.0f} px or more."
        )
    (x0, y0), (x1, y1) = line.start, line.end
    detail = (
        f"line from ({x0:.1f}, {y0:.1f}) to ({x1:.1f}, {y1:.1f}), "
        f"{line.length_px:.1f} px = {length:g} {line.unit}"
    )
    try:
        return Calibration(length * NM_PER_UNIT[line.unit] / line.length_px, "manual", detail)
    except ValueError as error:
        raise BadInput(f"{length:g} {line.unit} on this line: {error}.") from None


def of_file(history: Sequence[CalibrationRecord]) -> Calibration | None:
    """The last calibration of a history that was found in the file or beside it."""
    return next((r.calibration for r in reversed(history) if r.set_by == "file"), None)


def _number(text: str) -> float:
    """A length as people type it, with a point or a comma."""
    try:
        length = float(text.strip().replace(",", "."))
    except ValueError:
        length = math.nan
    if not (math.isfinite(length) and length > 0):
        raise BadInput(f"the length {text[:40]!r} is no positive number. Type for instance 2.5.")
    return length
