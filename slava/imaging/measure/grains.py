"""Grains of films and polished sections: the boundaries between them, and the mean intercept.

Boundaries are dark or bright lines, or steps of brightness. Test lines through the whole picture
in four directions count how often a boundary is crossed. This module must not know of thresholds
between objects and background: grains leave no background.

Sources: ASTM E112 (mean lineal intercept and grain size number); watershed of the boundaries
(S. Beucher, C. Lantuejoul 1979).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slava.domain import Fact, MeasureSettings, Sizes
from slava.imaging.measure.facts import Ruler, length_fact
from slava.imaging.measure.flooding import flood_rest
from slava.imaging.measure.foreground import Labels, keep_larger, least_area
from slava.imaging.measure.found import Found, Parameters, without
from slava.imaging.measure.prepared import Prepared
from slava.imaging.measure.regions import basins, borders_of, numbered
from slava.imaging.measure.shapes import DIRECTIONS, describe
from slava.imaging.measure.view import View

SIGMA = 1.5
"""Boundaries are sought at this many times the smoothing of the view."""

BRIGHTER = 1.3
"""Boundaries are bright lines if ridges are so many times stronger than valleys."""

DEPTH = 0.05
"""Two pieces are one from the start if their boundary is somewhere weaker than this share of a
strong one."""

WEAK, OVER_NOISE = (0.08, 0.25), 5.0
"""A boundary is one if its mean strength is so many times what is usual inside grains, within
these shares of a strong one."""

FEWEST = 3
"""Fewer grains than this measure nothing."""

METHOD = "watershed of the boundaries; test lines in four directions (ASTM E112)"

Reals = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Intercepts:
    """What test lines meet, in pixels of the label image."""

    mean: float
    """Length of all lines over the number of boundaries crossed."""
    lengths: Reals
    """Of the pieces between two crossings of lines along x and along y."""
    crossings: int


def label_grains(view: View) -> Labels:
    """Pixels to grains: (height, width) int32 of the view, every pixel in a grain, from 1."""
    from scipy import ndimage as ndi

    lines = _boundaries(view)
    strong = float(np.percentile(lines, 95))
    hollow = ndi.gaussian_filter(lines, view.sigma)
    inner = basins(hollow.max() - hollow, None, 0.0, DEPTH * strong)
    least, most = (share * strong for share in WEAK)
    weak = min(max(OVER_NOISE * float(np.median(lines)), least), most)
    inner = _without_weak(inner, lines, weak)
    kept = np.bincount(inner.ravel()) >= least_area(lines.shape)
    kept[0] = False
    seeds = np.where(kept[inner], inner, 0)
    if not seeds.any():
        return np.ones(lines.shape, np.int32)
    return numbered(flood_rest(lines, numbered(seeds)))


def intercepts_of(labels: Labels) -> Intercepts | None:
    """Mean lineal intercept; ``None`` where no boundary is crossed."""
    height, width = labels.shape
    length, crossings = 0.0, 0
    for down, right, spacing in DIRECTIONS:
        here = labels[: height - down, max(0, -right) : width - max(0, right)]
        there = labels[down:, max(0, right) : width + min(0, right)]
        crossings += int((here != there).sum())
        length += here.size / spacing
    if not crossings:
        return None
    pieces = np.concatenate([_pieces(labels), _pieces(labels.T)])
    return Intercepts(length / crossings, pieces, crossings)


def measure_grains(prepared: Prepared, settings: MeasureSettings, ruler: Ruler) -> Found:
    """Mean intercept, its distribution, grain size number; the grains as objects."""
    used = replace(settings, threshold=None, polarity="auto", region=prepared.box)
    labels = label_grains(prepared.view)
    intercepts = intercepts_of(labels)
    nothing = Found(METHOD, used, count=0, warnings=("No grain boundaries were found.",))
    if intercepts is None or int(labels.max()) < FEWEST:
        return nothing
    least = 0.0 if settings.min_size_px is None else settings.min_size_px / ruler.step
    shown = without(keep_larger(labels, least), prepared, settings.excluded)
    shapes = describe(shown, prepared.view.grey)
    mean = ruler.px(intercepts.mean)
    facts = _facts(intercepts, shapes.diameter[shapes.sized], len(shapes), ruler)
    return Found(
        METHOD,
        used,
        tuple(facts),
        len(shapes),
        mean,
        shown,
        shapes,
        shapes.diameter,
        _distribution(intercepts, ruler),
    )


def grain_size_number(intercept_nm: float) -> float:
    """ASTM grain size number of a mean lineal intercept. Source: ASTM E112, table 4 footnote."""
    return -6.643856 * math.log10(intercept_nm * 1e-6) - 3.288


def _distribution(intercepts: Intercepts, ruler: Ruler) -> Sizes | None:
    """Of the intercepts; their mean is the one of all lines, those cut by the border too."""
    if not len(intercepts.lengths):
        return None
    lengths = intercepts.lengths * ruler.step
    d10, d50, d90 = (float(v) for v in np.percentile(lengths, [10, 50, 90]))
    mean = ruler.px(intercepts.mean)
    return Sizes(len(lengths), mean, float(lengths.std()), d10, d50, d90)


def _facts(intercepts: Intercepts, diameters: Reals, count: int, ruler: Ruler) -> list[Fact]:
    parameters: Parameters = {"crossings": intercepts.crossings, "reduced_by": ruler.step}
    mean = ruler.px(intercepts.mean)
    facts = [
        Fact("grain_count", "Grains", count, method=METHOD, parameters=parameters),
        length_fact(
            "grain_intercept_mean",
            "Mean intercept of grains",
            mean,
            ruler.nm_per_px,
            uncertainty_px=mean / intercepts.crossings**0.5,
            method=f"{METHOD}; ± intercept / √crossings",
            parameters=parameters,
        ),
    ]
    if len(diameters):
        facts.append(
            length_fact(
                "grain_diameter_mean",
                "Mean diameter of whole grains",
                ruler.px(float(diameters.mean())),
                ruler.nm_per_px,
                method="watershed of the boundaries; circle of equal area",
                parameters=parameters,
            )
        )
    in_nm = ruler.nm(intercepts.mean)
    if in_nm is not None:
        number = grain_size_number(in_nm)
        facts.append(Fact("grain_size_number", "Grain size number", number, "", None, "ASTM E112"))
    return facts


def _boundaries(view: View) -> Reals:
    """How much each pixel looks like a line between grains, 0 or more."""
    from scipy import ndimage as ndi

    sigma = SIGMA * view.sigma
    xx, xy, yy = (
        ndi.gaussian_filter(view.grey, sigma, order=order) for order in ((0, 2), (1, 1), (2, 0))
    )
    middle, off = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    valley, ridge = np.maximum(middle + off, 0), np.maximum(off - middle, 0)
    bright = np.percentile(ridge, 98) > BRIGHTER * np.percentile(valley, 98)
    return ridge if bright else valley


def _without_weak(labels: Labels, lines: Reals, weak: float) -> Labels:
    """Join pieces whose boundary is weak, the weakest first, until none is."""
    owner = np.arange(int(labels.max()) + 1)
    borders = borders_of(labels, lines)
    first, second, length, total = borders.first, borders.second, borders.length, borders.total
    while len(first):
        mean = total / length
        low = np.full(len(owner), np.inf)
        np.minimum.at(low, first, mean)
        np.minimum.at(low, second, mean)
        both = (mean < weak) & (mean <= low[first]) & (mean <= low[second])
        if not both.any():
            break
        target = np.arange(len(owner))
        target[second[both]] = first[both]
        target = target[target]
        owner, a, b = target[owner], target[first], target[second]
        pair, which = np.unique(
            np.minimum(a, b) * len(owner) + np.maximum(a, b), return_inverse=True
        )
        first, second = pair // len(owner), pair % len(owner)
        apart = first != second
        first, second = first[apart], second[apart]
        length, total = (np.bincount(which, sums)[apart].astype(float) for sums in (length, total))
    return numbered(owner[labels])


def _pieces(labels: Labels) -> Reals:
    """Lengths along x from one crossing to the next."""
    row, column = np.nonzero(labels[:, 1:] != labels[:, :-1])
    lengths = np.diff(column)
    return lengths[np.diff(row) == 0].astype(float)
