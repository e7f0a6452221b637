"""How a measured number becomes a fact: its unit, its rounding-free value, its words.

The only place where pixels become nanometres. This module must not know how anything is measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from slava.domain import Fact

NM_PER_UM = 1000.0


@dataclass(frozen=True, slots=True)
class Ruler:
    """Turns lengths in view pixels into file pixels and, only when calibrated, nanometres."""

    step: int
    """File pixels per view pixel."""
    nm_per_px: float | None
    """Of the file's pixels; ``None`` is uncalibrated."""

    def px(self, length: float) -> float:
        """In file pixels."""
        return float(length) * self.step

    def nm(self, length: float) -> float | None:
        """In nm, or ``None`` when uncalibrated."""
        return None if self.nm_per_px is None else self.px(length) * self.nm_per_px


def length_fact(
    name: str,
    label: str,
    length_px: float,
    nm_per_px: float | None,
    *,
    uncertainty_px: float | None = None,
    method: str = "",
    parameters: Mapping[str, float | int | str] | None = None,
) -> Fact:
    """A length in nm below 1 µm, in µm above, in px when uncalibrated.

    Parameters
    ----------
    length_px, uncertainty_px : float
        In pixels of the file.
    """
    factor, unit = 1.0, "px"
    if nm_per_px is not None:
        factor, unit = nm_per_px, "nm"
        if length_px * nm_per_px >= NM_PER_UM:
            factor, unit = nm_per_px / NM_PER_UM, "µm"
    uncertainty = None if uncertainty_px is None else float(uncertainty_px * factor)
    value = float(length_px * factor)
    return Fact(name, label, value, unit, uncertainty, method, dict(parameters or {}))
