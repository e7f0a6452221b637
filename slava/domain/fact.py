"""A measured fact: a number with its unit, its uncertainty, and how it was got."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["particles", "fibres", "other", "unsure"]
"""What a micrograph mostly shows, as far as measuring is concerned."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing known of a micrograph by measuring, or by what its file says.

    ``name`` is the stable key (``particle_diameter_mean``), ``label`` what people read. A value
    in nm or µm exists only for a calibrated micrograph; otherwise it is in px.
    """

    name: str
    label: str
    value: float | int | str
    unit: str = ""
    """``nm``, ``µm``, ``px``, ``%``, ``°`` or nothing."""
    uncertainty: float | None = None
    """One standard deviation or the half-width that ``method`` names, in ``unit``."""
    method: str = ""
    parameters: Mapping[str, float | int | str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Value, uncertainty and unit as people write them: ``452 ± 31 nm``."""
        if isinstance(self.value, str):
            return self.value
        shown = _four_digits(self.value)
        if self.uncertainty is not None:
            shown += f" ± {self.uncertainty:.2g}"
        return f"{shown} {self.unit}".rstrip() if self.unit not in {"%", "°"} else shown + self.unit


def _four_digits(value: float | int) -> str:
    """Four significant digits, counts exactly; large numbers in full (never ``6e+04``)."""
    if isinstance(value, int):
        return str(value)
    rounded = float(f"{value:.4g}")
    return f"{rounded:.0f}" if 1e4 <= abs(rounded) < 1e15 else f"{value:.4g}"


@dataclass(frozen=True, slots=True, eq=False)
class Measurement:
    """Everything measured on one micrograph in one go."""

    kind: Kind
    kind_confidence: float
    """0..1, how sure the chooser of ``kind`` is."""
    facts: tuple[Fact, ...]
    count: int | None = None
    mean_size_px: float | None = None
    mean_size_nm: float | None = None
    """Mean equivalent circle diameter of particles, or mean fibre diameter; needs a calibration."""
    labels: NDArray[np.int32] | None = None
    """(height_px, width_px) of the whole file; 0 is background, objects count from 1."""
    warnings: tuple[str, ...] = ()
