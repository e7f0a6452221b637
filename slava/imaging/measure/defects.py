"""Candidates for defects on an otherwise even surface: cracks, scratches, holes, debris.

A candidate is a place that differs from what lies around it, no more: whether it is a defect,
people decide. Pictures full of structure have no candidates, because there nothing stands out.
This module must not know of kinds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slava.domain import DefectCandidate, Fact
from slava.domain.fact import DefectKind
from slava.domain.micrograph import Box
from slava.imaging.measure.prepared import Prepared
from slava.imaging.measure.regions import numbered
from slava.imaging.measure.shapes import Shapes, describe
from slava.imaging.measure.view import Grey, reduce_to

SIDE_PX = 768
"""Candidates are sought on a copy of at most this long side."""

AROUND = 0.04
"""What lies around is the mean within this share of the side (sigma of a Gaussian)."""

SURE, BARELY = 6.0, 3.5
"""A candidate reaches the first, and extends to the second; in standard deviations of the
surface, estimated from its median deviation."""

LEAST_SPREAD = 0.008
"""Of the stretched grey; a surface without noise is taken for no evener than this."""

LEAST_SHARE = 1e-4
"""Smaller candidates, in shares of the picture, are texture."""

FULL = 0.12
"""If more than this share of the picture stands out, it is no even surface."""

MOST = 20
"""No more candidates than this are told, the strongest first."""

LONG, STRAIGHT = 5.0, 0.12
"""A line is so many times longer than wide; a straight one fits a strip of this share of it."""

LARGEST_BOX = 0.6
"""A candidate does not span more than this share of the picture, unless it is a line."""

Reals = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    """Places on one side of the surface: darker or brighter."""

    shapes: Shapes
    strength: Reals
    """Mean deviation of each place, in standard deviations."""
    dark: bool


def find_defects(prepared: Prepared) -> tuple[DefectCandidate, ...]:
    """The candidates, strongest first, with their boxes in the file."""
    small, step = reduce_to(prepared.view.smooth, SIDE_PX)
    deviation = _deviation(small)
    if float((np.abs(deviation) > BARELY).mean()) > FULL:
        return ()
    scale = step * prepared.view.step
    found = [
        candidate
        for dark in (True, False)
        for candidate in _candidates(_layer(deviation, dark), prepared.box, scale)
    ]
    return tuple(sorted(found, key=lambda one: -one.strength)[:MOST])


def defect_facts(candidates: tuple[DefectCandidate, ...]) -> list[Fact]:
    """How many candidates of each kind there are; nothing where there is none."""
    method = f"places over {SURE:g} standard deviations from their surroundings; candidates only"
    kinds: tuple[tuple[DefectKind, str], ...] = (
        ("crack", "Candidates for cracks"),
        ("scratch", "Candidates for scratches"),
        ("hole", "Candidates for holes"),
        ("debris", "Candidates for debris"),
    )
    counts = {kind: sum(one.kind == kind for one in candidates) for kind, _ in kinds}
    return [
        Fact(f"defect_{kind}_candidates", label, counts[kind], method=method)
        for kind, label in kinds
        if counts[kind]
    ]


def _deviation(grey: Grey) -> Reals:
    """How far each pixel is from its surroundings, in robust standard deviations.

    What stands out is left out of the surroundings, and the deviation computed once more.
    """
    from scipy import ndimage as ndi

    sigma = AROUND * max(grey.shape)
    even = np.ones(grey.shape, np.float32)
    deviation = np.zeros(grey.shape)
    for _ in range(2):
        weight = np.maximum(ndi.gaussian_filter(even, sigma), 1e-3)
        flat = grey - ndi.gaussian_filter(grey * even, sigma) / weight
        middle = float(np.median(flat))
        spread = float(np.median(np.abs(flat - middle))) / 0.6745
        deviation = (flat - middle) / max(spread, LEAST_SPREAD)
        even = (np.abs(deviation) < SURE).astype(np.float32)
    return deviation


def _layer(deviation: Reals, dark: bool) -> _Layer:
    from skimage.filters import apply_hysteresis_threshold
    from skimage.measure import label

    signed = -deviation if dark else deviation
    places = label(apply_hysteresis_threshold(signed, BARELY, SURE), connectivity=2)
    areas = np.bincount(places.ravel())
    kept = areas >= max(12, LEAST_SHARE * places.size)
    kept[0] = False
    labels = numbered(np.where(kept[places], places, 0))
    shapes = describe(labels, signed)
    return _Layer(shapes, shapes.mean_grey, dark)


def _candidates(layer: _Layer, corner: Box, scale: int) -> list[DefectCandidate]:
    shapes, found = layer.shapes, []
    width = 2 * shapes.area / np.maximum(shapes.perimeter, 1e-9)
    length = shapes.perimeter / 2
    for i in range(len(shapes)):
        line = length[i] / width[i] > LONG**2 / 2 or shapes.aspect_ratio[i] > LONG
        left, top, right, bottom = (int(v) * scale for v in shapes.box[i])
        if line:
            straight = shapes.feret_min[i] < STRAIGHT * shapes.feret[i]
            kind: DefectKind = "scratch" if straight or not layer.dark else "crack"
        else:
            kind = "hole" if layer.dark else "debris"
            if max(right - left, bottom - top) > LARGEST_BOX * min(
                corner.width_px, corner.height_px
            ):
                continue
        box = Box(left + corner.left, top + corner.top, right + corner.left, bottom + corner.top)
        found.append(DefectCandidate(kind, box, float(layer.strength[i])))
    return found
