"""Particles: touching ones split, each measured, and what they are together.

Sizes are those of whole particles: one cut by the picture's border is counted, because it is seen,
but not measured. This module must not know how the foreground was found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slava.domain import Fact
from slava.imaging.measure.facts import Ruler, length_fact
from slava.imaging.measure.foreground import (
    SPECK,
    SPLIT_DEPTH,
    Foreground,
    Labels,
    Mask,
    drop_specks,
    least_area,
    split,
)

METHOD = "Otsu threshold, holes filled, touching particles split by watershed"


@dataclass(frozen=True, slots=True, eq=False)
class Particles:
    """The particles of a view; arrays have one value per particle, in view pixels."""

    labels: Labels
    diameter: NDArray[np.float64]
    """Of the circle of equal area."""
    aspect_ratio: NDArray[np.float64]
    """>= 1, long over short axis of the ellipse of equal second moments."""
    circularity: NDArray[np.float64]
    """0..1, 4 pi area / perimeter squared."""
    whole: Mask
    """Whether it is clear of the picture's border."""

    def __len__(self) -> int:
        return len(self.diameter)

    @property
    def sized(self) -> Mask:
        """Those whose sizes count: the whole ones, or all if none is whole."""
        return self.whole if self.whole.any() else np.ones(len(self), bool)


def find_particles(mask: Mask) -> Particles:
    """Split the objects of a (height, width) mask and measure each."""
    return describe_particles(drop_specks(split(mask), least_area(mask.shape)))


def describe_particles(labels: Labels) -> Particles:
    """Measure the objects 1..n of a label image.

    Notes
    -----
    The perimeter is the one of Crofton's formula in four directions, which a disc's circularity
    reaches 1 with. Source: G. Lehmann, D. Legland, The Insight Journal (2012).
    """
    from skimage.measure import regionprops_table

    wanted = ("bbox", "area", "axis_major_length", "axis_minor_length", "perimeter_crofton")
    table = regionprops_table(labels, properties=wanted)
    area = np.asarray(table["area"], float)
    perimeter = np.maximum(np.asarray(table["perimeter_crofton"], float), 1e-9)
    # an axis of the second moments of one pixel is zero: a pixel's own width is added to both
    ratio = (table["axis_major_length"] + 1) / (table["axis_minor_length"] + 1)
    return Particles(
        labels,
        np.sqrt(4 * area / np.pi),
        np.asarray(ratio, float),
        np.minimum(1.0, 4 * np.pi * area / perimeter**2),
        _whole(table, labels.shape),
    )


def particle_facts(particles: Particles, foreground: Foreground, ruler: Ruler) -> list[Fact]:
    """Count, sizes and shapes, in this order; no sizes when there are no particles."""
    parameters = _parameters(particles, foreground, ruler)
    count = Fact(
        "particle_count",
        "Particles",
        len(particles),
        method=f"{METHOD}; those cut by the border are counted",
        parameters=parameters,
    )
    if not len(particles):
        return [count]
    return [count, *_size_facts(particles, ruler, parameters), *_shape_facts(particles)]


def _whole(table: dict[str, NDArray[np.float64]], shape: tuple[int, int]) -> Mask:
    top, left, bottom, right = (table[f"bbox-{i}"] for i in range(4))
    return (top > 0) & (left > 0) & (bottom < shape[0]) & (right < shape[1])


def _parameters(
    particles: Particles, foreground: Foreground, ruler: Ruler
) -> dict[str, float | int | str]:
    return {
        "threshold": round(foreground.threshold, 4),
        "objects": "bright" if foreground.bright else "dark",
        "split_depth": SPLIT_DEPTH,
        "speck_share": SPECK,
        "touching_border": int((~particles.whole).sum()),
        "measured": int(particles.sized.sum()),
        "reduced_by": ruler.step,
    }


def _size_facts(
    particles: Particles, ruler: Ruler, parameters: dict[str, float | int | str]
) -> list[Fact]:
    diameters = particles.diameter[particles.sized] * ruler.step
    spread = float(diameters.std(ddof=1)) if len(diameters) > 1 else None
    error = None if spread is None else spread / len(diameters) ** 0.5
    how = f"{METHOD}; circle of equal area, particles cut by the border left out"

    def fact(
        name: str, label: str, value: float, plus: float | None = None, note: str = ""
    ) -> Fact:
        return length_fact(
            f"particle_diameter_{name}",
            label,
            value,
            ruler.nm_per_px,
            uncertainty_px=plus,
            method=how + note,
            parameters=parameters,
        )

    mean = fact("mean", "Mean diameter", diameters.mean(), error, "; ± standard error of the mean")
    if spread is None:
        return [mean]
    d10, d50, d90 = np.percentile(diameters, [10, 50, 90])
    return [
        mean,
        fact("std", "Spread of diameters", spread, None, "; standard deviation"),
        fact("median", "Median diameter", d50),
        fact("d10", "D10, 10 % are smaller", d10, None, "; by number"),
        fact("d90", "D90, 90 % are smaller", d90, None, "; by number"),
    ]


def _shape_facts(particles: Particles) -> list[Fact]:
    shapes = (
        (
            "particle_aspect_ratio",
            "Aspect ratio",
            particles.aspect_ratio,
            "ellipse of equal moments",
        ),
        ("particle_circularity", "Circularity", particles.circularity, "4π area / perimeter²"),
    )
    return [
        _mean_fact(name, label, values[particles.sized], method)
        for name, label, values, method in shapes
    ]


def _mean_fact(name: str, label: str, values: NDArray[np.float64], method: str) -> Fact:
    error = float(values.std(ddof=1) / len(values) ** 0.5) if len(values) > 1 else None
    note = "; mean ± standard error" if error is not None else ""
    return Fact(name, label, float(values.mean()), "", error, method + note)
