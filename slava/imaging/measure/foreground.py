"""Objects against background: which pixels, and of which polarity.

One global threshold, and the polarity whose parts look more like objects. This module must not
know of facts or of units.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slava.domain.fact import Polarity
from slava.imaging.measure.regions import numbered
from slava.imaging.measure.shapes import describe
from slava.imaging.measure.splitting import waists
from slava.imaging.measure.view import Grey, View, reduce_to

Mask = NDArray[np.bool_]
Labels = NDArray[np.int32]

COARSE_SIDE_PX = 512
"""Polarity and shape are judged on a copy of at most this long side."""

JUDGED = 120
"""So many of the largest parts are judged for their convexity."""

JUDGED_WAIST = 0.2
"""Parts are told apart where their outline has a waist of this relative depth."""

SPECK = 0.3
"""Objects under this share of the area-weighted median diameter are specks."""


@dataclass(frozen=True, slots=True)
class Foreground:
    """What of a view is object, judged on a coarse copy."""

    threshold: float
    """On the smoothed grey, 0..1."""
    bright: bool
    """Whether the objects are brighter than the background."""
    separability: float
    """Between-class over total variance, 0..1; 0.64 is one Gaussian hump, 1 is two levels."""
    compact: float
    """0..1, share of the object area in convex parts that are not elongated."""
    convexity: float
    """0..1, area-weighted solidity of the parts."""
    border: float
    """0..1, share of the picture's border that is object."""
    coverage: float
    """0..1, share of the picture that is object."""
    unrest: float
    """Standard deviation of the background, in shares of the contrast."""
    parts: int = 0
    """How many there are, whole or cut by the border."""


def least_area(shape: tuple[int, int]) -> int:
    """Smaller objects cannot be told from noise, in pixels."""
    return max(20, round(3e-5 * shape[0] * shape[1]))


def clean(mask: Mask, area: int, *, holes: bool = False) -> Mask:
    """Smooth the outline by a pixel and drop what is smaller than ``area``; keep holes or not."""
    from scipy import ndimage as ndi

    filled = ndi.binary_opening(mask if holes else ndi.binary_fill_holes(mask))
    labels, count = ndi.label(filled)
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    areas[0] = 0
    return (areas >= area)[labels]


def diameters_of(labels: Labels) -> NDArray[np.float64]:
    """Equivalent circle diameters of the objects 1..n, in pixels of ``labels``."""
    return np.sqrt(4 * np.bincount(labels.ravel())[1:] / np.pi)


def speck_limit(labels: Labels, area: int, share: float = SPECK) -> float:
    """Objects under this diameter are noise (``area``) or specks beside the others (``share``)."""
    diameters = np.sort(diameters_of(labels))
    least = float(np.sqrt(4 * area / np.pi))
    if not len(diameters):
        return least
    cumulated = np.cumsum(diameters**2)
    typical = diameters[np.searchsorted(cumulated, cumulated[-1] / 2)]
    return max(least, share * float(typical))


def keep_larger(labels: Labels, least: float) -> Labels:
    """The objects of at least that diameter, numbered from 1 without gaps."""
    kept = diameters_of(labels) >= least
    number = np.zeros(len(kept) + 1, np.int32)
    number[1:][kept] = np.arange(1, kept.sum() + 1)
    return number[labels]


def border_share(mask: Mask) -> float:
    """Share of the outermost pixels that are in ``mask``."""
    return float(np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]]).mean())


def shape_shares(labels: Labels, grey: Grey) -> tuple[float, float]:
    """Share of area in whole compact parts, and area-weighted solidity, of the largest parts.

    A part cut by the picture's border is not whole, so it never counts as compact.
    """
    areas = np.bincount(labels.ravel())[1:]
    if not len(areas):
        return 0.0, 0.0
    largest = np.zeros(len(areas) + 1, bool)
    largest[1 + np.argsort(-areas, kind="stable")[:JUDGED]] = True
    shapes = describe(numbered(np.where(largest[labels], labels, 0)), grey)
    compact = shapes.whole & (shapes.solidity > 0.87) & (shapes.aspect_ratio < 2.3)
    share = float(shapes.area[compact].sum() / shapes.area.sum())
    return share, float(np.average(shapes.solidity, weights=shapes.area))


def find_foreground(
    view: View, threshold: float | None = None, polarity: Polarity = "auto"
) -> Foreground:
    """Threshold (Otsu) and the polarity whose parts are more convex and touch the border less.

    Parameters
    ----------
    view : View
    threshold : float, optional
        On the stretched grey, instead of Otsu's.
    polarity : "auto", "bright" or "dark"

    Source of the threshold: N. Otsu (1979), doi:10.1109/TSMC.1979.4310076.
    """
    from skimage.filters import threshold_otsu

    if threshold is None:
        threshold = float(threshold_otsu(view.smooth, nbins=1024))
    coarse, _ = reduce_to(view.smooth, COARSE_SIDE_PX)
    separability = _separability(view.smooth, threshold)
    sides = {"auto": (True, False), "bright": (True,), "dark": (False,)}[polarity]
    best, best_score = None, -np.inf
    for bright in sides:
        candidate = _judge(coarse, threshold, bright, separability)
        score = candidate.convexity - 0.35 * candidate.border - 0.15 * candidate.coverage
        if candidate.coverage > 0 and score > best_score:
            best, best_score = candidate, score
    return best or Foreground(threshold, sides[0], separability, 0.0, 0.0, 0.0, 0.0, 0.0)


def object_mask(view: View, foreground: Foreground, *, holes: bool = False) -> Mask:
    """The cleaned object pixels, (height, width) of the view; with their ``holes`` or filled."""
    above = view.smooth > foreground.threshold
    wanted = above if foreground.bright else ~above
    return clean(wanted, least_area(view.grey.shape), holes=holes)


def _judge(coarse: Grey, threshold: float, bright: bool, separability: float) -> Foreground:
    mask = clean((coarse > threshold) == bright, least_area(coarse.shape))
    parts = waists(mask, JUDGED_WAIST)
    parts = keep_larger(parts, speck_limit(parts, least_area(coarse.shape)))
    compact, convexity = shape_shares(parts, coarse)
    return Foreground(
        threshold,
        bright,
        separability,
        compact,
        convexity,
        border_share(mask),
        float(mask.mean()),
        _unrest(coarse, mask),
        int(parts.max(initial=0)),
    )


def _unrest(coarse: Grey, mask: Mask) -> float:
    from scipy import ndimage as ndi

    ground = ~ndi.binary_dilation(mask, iterations=4)
    if not mask.any() or not ground.any():
        return 0.0
    contrast = abs(float(np.median(coarse[mask]) - np.median(coarse[ground])))
    return float(coarse[ground].std()) / max(contrast, 0.02)


def _separability(smooth: Grey, threshold: float) -> float:
    above = smooth > threshold
    share = float(above.mean())
    variance = float(smooth.var())
    if not 0 < share < 1 or variance <= 0:
        return 0.0
    apart = float(smooth[above].mean() - smooth[~above].mean())
    return float(min(1.0, share * (1 - share) * apart**2 / variance))
