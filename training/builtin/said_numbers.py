"""Whether numbers in an answer are those that were given, and never in units that nobody knows."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from slava.domain import Fact

_NUMBER = re.compile(r"\d+(?:[.,]\d+)?(?:e[+-]?\d+)?")
_JUDGED = re.compile(r"\d+ %|(?:about|guess about|estimate .{0,40}?about) [\d.e+]+ (?:px|nm|µm)")


def random_facts(rng: random.Random) -> tuple[Fact, ...]:
    """Measured facts with numbers by lot, under the names that measuring uses."""
    size = round(rng.uniform(2, 900), rng.randrange(3))
    return (
        Fact("particle_diameter_mean", "Mean diameter", size, "nm", round(size / 9, 1)),
        Fact("fibre_diameter_mean", "Fibre diameter", round(size * 1.7, 1), "nm"),
        Fact("particle_count", "Particles", rng.randrange(1, 4000)),
        Fact("fibre_count", "Fibres", rng.randrange(1, 90)),
        Fact("coverage", "Area covered", round(rng.uniform(1, 99), 1), "%"),
        Fact("orientation", "Mean direction", round(rng.uniform(0, 180)), "°"),
        Fact("field_width", "Field width", round(rng.uniform(0.3, 400), 2), "µm"),
        Fact("accelerating_voltage", "Accelerating voltage", rng.randrange(1, 31), "kV"),
        Fact("magnification", "Magnification", rng.randrange(50, 300_000)),
    )


def foreign_numbers(text: str, known: Sequence[str] | set[str]) -> list[str]:
    """Numbers in ``text`` that stand neither in ``known`` nor in the model's own judgement."""
    rest = text
    for told in sorted(known, key=len, reverse=True):
        rest = rest.replace(told, "")
    return _NUMBER.findall(_JUDGED.sub("", rest))


def has_physical_unit(text: str) -> bool:
    """Whether a number with a length in a physical unit stands in ``text``."""
    return bool(re.search(r"\d\s*(?:nm|µm|μm|um|mm|pm|Å|nanomet|micromet)\b", text))
