"""A measured fact, and a measurement: what was asked for, what was found, how it was got."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from slava.domain.micrograph import Box

Kind = Literal["particles", "fibres", "pores", "pattern", "grains", "other", "unsure"]
"""What a micrograph mostly shows, as far as measuring is concerned."""

Polarity = Literal["auto", "bright", "dark"]
"""Whether the objects are brighter or darker than what lies around them."""

Outline = Literal["auto", "threshold", "network"]
"""What tells objects from the ground: a threshold or edges, or the outline network."""


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


@dataclass(frozen=True, slots=True)
class MeasureSettings:
    """What a person may change; what is left alone is chosen from the pixels."""

    threshold: float | None = None
    """Between objects and background, in grey values of the file."""
    min_size_px: float | None = None
    """Smaller objects are left out; diameter of the circle of equal area, in file pixels."""
    polarity: Polarity = "auto"
    outline: Outline = "auto"
    region: Box | None = None
    """Only this part of the file is measured."""
    excluded: tuple[tuple[float, float], ...] = ()
    """Points (x, y) in file pixels: the objects they lie in are left out."""


@dataclass(frozen=True, slots=True)
class MeasuredObject:
    """One object of a micrograph; lengths in pixels of the file."""

    id: int
    """Its number in the label image, from 1."""
    size_px: float
    """What is averaged: equivalent circle diameter, of a fibre its width."""
    area_px: float
    perimeter_px: float
    """After Crofton's formula in four directions."""
    circularity: float
    """0..1, 4 pi area / perimeter squared."""
    feret_px: float
    """The longest distance between two of its points."""
    feret_min_px: float
    """The narrowest gap between two parallel lines that it fits through."""
    aspect_ratio: float
    """>= 1, long over short axis of the ellipse of equal second moments."""
    roundness: float
    """0..1, 4 area / (pi long axis squared)."""
    solidity: float
    """0..1, area over the area of its convex hull."""
    angle_deg: float
    """0..180, of the long axis, counterclockwise from the horizontal."""
    mean_grey: float
    """In grey values of the file."""
    box: Box
    whole: bool
    """Whether it is clear of the border of what was measured; only whole objects are averaged."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """The distribution of the sizes of the whole objects, by number, in pixels of the file."""

    measured: int
    mean_px: float
    std_px: float
    """Between objects; 0 for a single one."""
    d10_px: float
    d50_px: float
    """The median."""
    d90_px: float


DefectKind = Literal["crack", "scratch", "hole", "debris"]


@dataclass(frozen=True, slots=True)
class DefectCandidate:
    """A place on a surface that may be a defect; people decide."""

    kind: DefectKind
    box: Box
    """In the file."""
    strength: float
    """How far it differs from its surroundings, in standard deviations of the surface."""


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
    """Mean equivalent circle diameter of particles or pores, mean fibre diameter, mean intercept
    of grains or lattice spacing of a pattern; needs a calibration."""
    labels: NDArray[np.int32] | None = None
    """(height_px, width_px) of the whole file; 0 is background, objects count from 1."""
    warnings: tuple[str, ...] = ()
    sizes: Sizes | None = None
    objects: tuple[MeasuredObject, ...] = ()
    defects: tuple[DefectCandidate, ...] = ()
    method: str = ""
    """In a few words, how ``kind`` was measured."""
    used: MeasureSettings = MeasureSettings()
    """The settings with everything that was chosen filled in."""
