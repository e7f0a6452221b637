"""Units as people write them, and what they mean. It must not know numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Dimension = Literal[
    "length",
    "pixels",
    "pixel_size",
    "area",
    "percent",
    "composition",
    "voltage",
    "magnification",
    "angle",
    "number",
    "other",
]
"""``length`` and ``pixel_size`` in nm, ``voltage`` in kV; ``composition`` are at% and wt%;
``number`` is without a unit."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What a number is multiplied by, and what it then is."""

    dimension: Dimension
    factor: float = 1.0


_NM, _UM = r"(?:nm|(?i:nano-?met(?:re|er)s?))", r"(?:[µμu]m|(?i:micro-?met(?:re|er)s?|microns?))"
_A = r"(?:[ÅÅ]|(?i:[åa]ngstr[öo]ms?))"
_PM, _MM = r"(?:pm|(?i:picomet(?:re|er)s?))", r"(?:mm|(?i:millimet(?:re|er)s?))"
_PER_PIXEL = r"\s?(?:/|(?i:per|a))\s?(?i:px|pixels?)"
_SQUARED = r"(?:²|2|\^2)"

_UNITS: tuple[tuple[str, Unit], ...] = (
    (_NM + _PER_PIXEL, Unit("pixel_size")),
    (_UM + _PER_PIXEL, Unit("pixel_size", 1e3)),
    (_PM + _PER_PIXEL, Unit("pixel_size", 1e-3)),
    (_A + _PER_PIXEL, Unit("pixel_size", 0.1)),
    (
        rf"(?:{_NM}|{_UM}|{_MM}){_SQUARED}|(?i:square (?:nano|micro|milli)met(?:re|er)s?)",
        Unit("area"),
    ),
    (_NM, Unit("length")),
    (_UM, Unit("length", 1e3)),
    (_PM, Unit("length", 1e-3)),
    (_A, Unit("length", 0.1)),
    (_MM, Unit("length", 1e6)),
    (r"cm|(?i:centimet(?:re|er)s?)", Unit("length", 1e7)),
    (r"(?i:px|pixels?)", Unit("pixels")),
    (
        r"(?i:at|wt|mol)\.?\s?%|(?i:atomic|weight|mass|molar)[- ](?:%|(?i:per ?cent(?:age)?))",
        Unit("composition"),
    ),
    (r"%|(?i:per ?cent)", Unit("percent")),
    (r"(?i:kV|keV|kilo-?volts?)", Unit("voltage")),
    (r"°\s?[CF]|(?i:degrees? (?:celsius|c\b|fahrenheit))|K\b(?!\s?[xX×])", Unit("other")),
    (r"°|(?i:degrees?|deg)", Unit("angle")),
    (r"[kK]\s?[xX×](?!\s?[0-9])", Unit("magnification", 1e3)),
    (r"[xX×](?!\s?[0-9])", Unit("magnification")),
    (r"(?:ms|s|min|h|Hz|MPa|GPa|Pa|mbar|Torr|eV|V|pA|nA|mA|A|g|kg|mg|ml|M|mM)", Unit("other")),
)

_ANY = re.compile(
    r"\)?[\s\u00a0\u202f\u2009-]?\s?(?:"
    + "|".join(f"(?P<u{k}>{pattern})" for k, (pattern, _) in enumerate(_UNITS))
    + r")(?![A-Za-zµμ0-9²])"
)
_METRES = re.compile(r"\)?[\s\u00a0\u202f]?m(?![A-Za-zµμ0-9²])")
METRE = Unit("length", 1e9)


def unit_at(text: str, position: int, *, metres: bool = False) -> tuple[Unit, int] | None:
    """The unit that stands at ``position`` and where it ends; ``metres`` lets a bare m be one."""
    match = _ANY.match(text, position)
    if match is not None and match.lastgroup is not None:
        return _UNITS[int(match.lastgroup[1:])][1], match.end()
    plain = _METRES.match(text, position) if metres else None
    return (METRE, plain.end()) if plain is not None else None
