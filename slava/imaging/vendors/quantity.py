"""Numbers and lengths as instruments write them."""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import Any

_NM = {"pm": 1e-3, "a": 0.1, "å": 0.1, "nm": 1.0, "um": 1e3, "mm": 1e6, "cm": 1e7, "m": 1e9}
_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
_QUANTITY = re.compile(rf"\s*({_NUMBER})\s*(.*?)\s*")


def number(value: Any) -> float | None:
    """A finite number of a number or a text that begins with one: ``"15000 Volt"`` is 15000."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, float)):
        return float(value) if math.isfinite(value) else None
    found = re.match(rf"\s*({_NUMBER})", str(value))
    return number(float(found[1])) if found else None


def positive(value: Any, factor: float = 1.0) -> float | None:
    """``factor`` times the number to twelve digits, ``None`` unless it is above zero."""
    read = number(value)
    return float(f"{read * factor:.12g}") if read is not None and read > 0 else None


def unit_in_nm(unit: str) -> float | None:
    """How many nanometres one of a unit of length is; ``None`` for anything else (``1/nm``)."""
    plain = unit.strip().replace("µ", "u").replace("μ", "u").lower()
    plain = {"micron": "um", "microns": "um", "micrometer": "um", "nanometer": "nm"}.get(
        plain, plain
    )
    return _NM.get(plain)


def length_nm(text: str) -> float | None:
    """A length with its unit in nm: ``"100um"`` is 100000."""
    found = _QUANTITY.fullmatch(text)
    if not found:
        return None
    unit = unit_in_nm(found[2])
    return float(found[1]) * unit if unit else None


def size(text: Any) -> tuple[int, int] | None:
    """Width and height of ``"1280x960"``, ``"1024 * 768"`` or ``"1280 960"``."""
    found = re.match(r"\s*(\d{1,6})\s*[x*×, ]\s*(\d{1,6})\b", str(text))
    if not found:
        return None
    width, height = int(found[1]), int(found[2])
    return (width, height) if width and height else None


def moment(text: str, *patterns: str) -> str | None:
    """ISO 8601 of a date in the first pattern that fits; ``None`` when none does."""
    for pattern in patterns:
        try:
            return datetime.strptime(text.strip(), pattern).isoformat()
        except ValueError:
            continue
    return None


def words(value: Any) -> str | None:
    """A text without its edges, ``None`` when nothing is left; never longer than 200 letters."""
    if value is None or isinstance(value, bool):
        return None
    text = " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())
    return text[:200] or None
