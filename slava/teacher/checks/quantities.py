"""Quantities in running text: numbers with their units, ranges, ± and "less than".

Every quantity is an interval: a plain value has ``low == high``, "below 5 nm" is 0 to 5 nm.
It must not know of what a quantity is claimed.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from slava.teacher.checks.numbers import Number, numbers_in
from slava.teacher.checks.units import Dimension, Unit, unit_at

NO_UNIT = Unit("number")
_RANGE = re.compile(r"\s*(?:-|–|—|−|to|through|up to)\s*", re.IGNORECASE)
_AND = re.compile(r"\s*and\s*", re.IGNORECASE)
_BETWEEN = re.compile(r"\b(?:between|from)\s+(?:\w+\s+)?$", re.IGNORECASE)
_PLUS = re.compile(r"\s*(?:±|\+/-|\+/−|\+-|plus or minus)\s*", re.IGNORECASE)
_TIMES = re.compile(r"\s*(?:×|x|by)\s*", re.IGNORECASE)
_LIST = re.compile(r"\s*(?:,|,? and|,? or)\s*")
_BEFORE_X = re.compile(r"(?:^|[\s(])[×xX]\s?$")
_BELOW = re.compile(
    r"(?:\b(?:less|smaller|fewer|lower|shorter|thinner|narrower|finer|no more|not more|no larger|"
    r"not larger) than|\bsub-?|\b(?:below|under|beneath|at most|up to|no greater than)|<|≤)\s*$",
    re.IGNORECASE,
)
_ABOVE = re.compile(
    r"(?:\b(?:more|greater|larger|bigger|longer|wider|higher|thicker|no less|not less|"
    r"no fewer) than|"
    r"\b(?:above|over|at least|exceed(?:s|ing)?|beyond)|>|≥)\s*$",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"(?:\b(?:about|approximately|approx\.|roughly|around|nearly|almost|some|circa|ca\.|close to|"
    r"(?:on|of|in) the order of|estimated (?:at|to be))|~|≈|∼)\s*(?:an?\s+)?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """``text[start:end]`` as an interval in the base unit of its dimension."""

    start: int
    end: int
    low: float
    high: float
    dimension: Dimension
    rounding: float
    """Half of the last written digit."""
    plus: float | None = None
    """What stands after ±."""
    approximate: bool = False

    @property
    def exact(self) -> bool:
        """Whether it is one value rather than a range."""
        return self.low == self.high


def quantities_in(text: str) -> list[Quantity]:
    """The quantities of ``text`` in order. Any text is taken; it never raises."""
    numbers = numbers_in(text)
    found: list[Quantity] = []
    k = 0
    while k < len(numbers):
        quantity, used = _quantity(text, numbers, k)
        if quantity is not None and math.isfinite(quantity.low):
            found.append(_related(text, quantity))
        k += used
    return found


def _quantity(text: str, numbers: list[Number], k: int) -> tuple[Quantity | None, int]:
    """The quantity that begins with number ``k``, and how many numbers it takes."""
    first = numbers[k]
    unit, end = _unit_of(text, first)
    plus, used = None, 1
    following = numbers[k + 1] if k + 1 < len(numbers) else None
    if following is not None:
        between = text[end : following.start]
        other, other_end = _unit_of(text, following)
        if _PLUS.fullmatch(between):
            of_plus = unit if other is NO_UNIT else other
            unit, end, used = (other if unit is NO_UNIT else unit), other_end, 2
            plus = following.high * of_plus.factor
        elif _is_range(text, first, between) and _joins(unit, other):
            return _range(first, following, unit, other, other_end), 2
        elif _LIST.fullmatch(between) and first.form == following.form == "digits":
            unit = other if unit is NO_UNIT else unit
        elif _TIMES.fullmatch(between) and unit is NO_UNIT and other is not NO_UNIT:
            unit = other
    if unit.dimension == "pixels" and text[first.start : first.end].lower() == "one":
        return None, used
    if first.form == "vague" and unit.dimension not in ("length", "pixels"):
        return None, 1
    if unit is NO_UNIT and _BEFORE_X.search(text[: first.start]) and first.form == "digits":
        unit = Unit("magnification")
    step = first.step * unit.factor / 2
    scaled = (first.low * unit.factor, first.high * unit.factor)
    vague = first.form == "vague"
    return Quantity(first.start, end, *scaled, unit.dimension, step, plus, vague), used


def _unit_of(text: str, number: Number) -> tuple[Unit, int]:
    return unit_at(text, number.end, metres=number.form == "power") or (NO_UNIT, number.end)


def _is_range(text: str, first: Number, between: str) -> bool:
    if _RANGE.fullmatch(between):
        return True
    return bool(_AND.fullmatch(between) and _BETWEEN.search(text[: first.start]))


def _joins(unit: Unit, other: Unit) -> bool:
    return unit is NO_UNIT or other is NO_UNIT or unit.dimension == other.dimension


def _range(first: Number, last: Number, unit: Unit, other: Unit, end: int) -> Quantity:
    """``100 to 200 nm``: a missing unit is the other's."""
    of_first = other if unit is NO_UNIT else unit
    of_last = unit if other is NO_UNIT else other
    ends = sorted((first.low * of_first.factor, last.high * of_last.factor))
    step = max(first.step * of_first.factor, last.step * of_last.factor) / 2
    return Quantity(first.start, end, ends[0], ends[1], of_last.dimension, step)


def _related(text: str, quantity: Quantity) -> Quantity:
    """The quantity with what stands before it: about, less than, more than."""
    before = text[max(0, quantity.start - 40) : quantity.start]
    if _BELOW.search(before):
        return replace(quantity, low=0.0)
    if _ABOVE.search(before):
        return replace(quantity, high=math.inf)
    if _ABOUT.search(before):
        return replace(quantity, approximate=True)
    return quantity
