"""What measuring one kind has found, before it becomes a ``Measurement``.

Also the facts that all kinds of objects share: their number, the distribution of their sizes.
This module must not know how objects are found.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from slava.domain import Fact, MeasuredObject, MeasureSettings, Sizes
from slava.domain.micrograph import Box
from slava.imaging.measure.facts import Ruler, length_fact
from slava.imaging.measure.foreground import Foreground, Labels
from slava.imaging.measure.prepared import Prepared
from slava.imaging.measure.regions import numbered
from slava.imaging.measure.shapes import Reals, Shapes

Parameters = dict[str, float | int | str]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Of one kind; lengths in view pixels unless named otherwise."""

    method: str
    used: MeasureSettings
    facts: tuple[Fact, ...] = ()
    count: int | None = None
    mean_size_px: float | None = None
    """In pixels of the file."""
    labels: Labels | None = None
    """(height, width) of the view."""
    shapes: Shapes | None = None
    sizes: Reals = field(default_factory=lambda: np.zeros(0))
    """One per shape: what its size is, in view pixels."""
    distribution: Sizes | None = None
    """Of what is averaged, in pixels of the file."""
    warnings: tuple[str, ...] = ()


def resolved(
    settings: MeasureSettings, prepared: Prepared, foreground: Foreground, least: float
) -> MeasureSettings:
    """The settings with what was chosen filled in."""
    return replace(
        settings,
        threshold=prepared.view.unstretched(foreground.threshold),
        polarity="bright" if foreground.bright else "dark",
        min_size_px=least * prepared.view.step,
        region=prepared.box,
    )


def without(labels: Labels, prepared: Prepared, points: tuple[tuple[float, float], ...]) -> Labels:
    """Leave out what ``points`` of the file lie in, and what is mostly a burnt-in mark."""
    gone = np.zeros(int(labels.max(initial=0)) + 1, bool)
    for x, y in points:
        row = int(y - prepared.box.top) // prepared.view.step
        column = int(x - prepared.box.left) // prepared.view.step
        if 0 <= row < labels.shape[0] and 0 <= column < labels.shape[1]:
            gone[labels[row, column]] = True
    if prepared.marks is not None:
        areas = np.bincount(labels.ravel())
        hidden = np.bincount(labels[prepared.hidden], minlength=len(areas))
        gone |= hidden > areas / 2
    gone[0] = False
    return numbered(np.where(gone[labels], 0, labels)) if gone.any() else labels


def sizes_of(sizes: Reals, shapes: Shapes, ruler: Ruler) -> Sizes | None:
    """The distribution over the whole objects; ``None`` without objects."""
    if not len(shapes):
        return None
    counted = sizes[shapes.sized] * ruler.step
    d10, d50, d90 = (float(v) for v in np.percentile(counted, [10, 50, 90]))
    spread = float(counted.std(ddof=1)) if len(counted) > 1 else 0.0
    return Sizes(len(counted), float(counted.mean()), spread, d10, d50, d90)


def size_facts(
    sizes: Sizes, what: tuple[str, str], nm_per_px: float | None, method: str, used: Parameters
) -> list[Fact]:
    """Mean, spread and percentiles of the diameters.

    Parameters
    ----------
    what : (str, str)
        Start of the facts' names, and the noun that stands before "diameter", or nothing.
    """
    name, noun = what
    several = sizes.measured > 1
    error = sizes.std_px / sizes.measured**0.5 if several else None
    note = "; ± standard error of the mean" if several else ""
    rows = [("mean", f"Mean {noun}diameter", sizes.mean_px, error, note)]
    if several:
        rows += [
            ("std", f"Spread of {noun}diameters", sizes.std_px, None, "; standard deviation"),
            ("median", f"Median {noun}diameter", sizes.d50_px, None, ""),
            ("d10", "D10, 10 % are smaller", sizes.d10_px, None, "; by number"),
            ("d90", "D90, 90 % are smaller", sizes.d90_px, None, "; by number"),
        ]
    return [
        length_fact(
            f"{name}_diameter_{key}",
            label,
            value,
            nm_per_px,
            uncertainty_px=plus,
            method=method + add,
            parameters=used,
        )
        for key, label, value, plus, add in rows
    ]


def mean_fact(name: str, label: str, values: Reals, method: str) -> Fact:
    """The mean of something without a unit, with its standard error."""
    error = float(values.std(ddof=1) / len(values) ** 0.5) if len(values) > 1 else None
    note = "; mean ± standard error" if error is not None else ""
    return Fact(name, label, float(values.mean()), "", error, method + note)


def objects_of(found: Found, prepared: Prepared) -> tuple[MeasuredObject, ...]:
    """One record per object, in pixels and grey values of the file."""
    shapes, view, corner = found.shapes, prepared.view, prepared.box
    if shapes is None:
        return ()
    step, circularity = view.step, shapes.circularity
    roundness, ratio = shapes.roundness, shapes.aspect_ratio
    boxes = shapes.box * step + np.array([corner.left, corner.top] * 2)
    return tuple(
        MeasuredObject(
            id=i + 1,
            size_px=float(found.sizes[i] * step),
            area_px=float(shapes.area[i] * step**2),
            perimeter_px=float(shapes.perimeter[i] * step),
            circularity=float(circularity[i]),
            feret_px=float(shapes.feret[i] * step),
            feret_min_px=float(shapes.feret_min[i] * step),
            aspect_ratio=float(ratio[i]),
            roundness=float(roundness[i]),
            solidity=float(shapes.solidity[i]),
            angle_deg=float(shapes.angle_deg[i]),
            mean_grey=view.unstretched(float(shapes.mean_grey[i])),
            box=Box(*(int(v) for v in boxes[i])),
            whole=bool(shapes.whole[i]),
        )
        for i in range(len(shapes))
    )
