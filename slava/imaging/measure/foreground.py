"""Objects against background: which pixels, of which polarity, and where touching ones part.

One global threshold, the polarity whose parts look more like objects, and a watershed of the
distance to the background. This module must not know of facts or of units.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slava.imaging.measure.view import Grey, View, reduce_to

Mask = NDArray[np.bool_]
Labels = NDArray[np.int32]

COARSE_SIDE_PX = 512
"""Polarity and shape are judged on a copy of at most this long side."""

JUDGED = 120
"""So many of the largest parts are judged for their convexity."""

SPLIT_DEPTH = 0.12
"""Two peaks of the distance map are two objects if the saddle is lower by this share."""

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


def least_area(shape: tuple[int, int]) -> int:
    """Smaller objects cannot be told from noise, in pixels."""
    return max(20, round(3e-5 * shape[0] * shape[1]))


def clean(mask: Mask, area: int) -> Mask:
    """Fill holes, smooth the outline by a pixel and drop what is smaller than ``area``."""
    from scipy import ndimage as ndi

    filled = ndi.binary_opening(ndi.binary_fill_holes(mask))
    labels, count = ndi.label(filled)
    areas = np.bincount(labels.ravel(), minlength=count + 1)
    areas[0] = 0
    return (areas >= area)[labels]


def split(mask: Mask, depth: float = SPLIT_DEPTH) -> Labels:
    """Part touching objects where the distance to the background has a waist.

    Parameters
    ----------
    mask : (height, width)
    depth : float
        0..1, see ``SPLIT_DEPTH``.

    Returns
    -------
    (height, width) int32, objects from 1.

    Notes
    -----
    Peaks are the regional maxima of the distance map reconstructed from itself lowered by
    ``depth`` (Soille, Morphological Image Analysis, ch. 6: h-maxima, here relative).
    """
    from scipy import ndimage as ndi
    from skimage.morphology import local_maxima, reconstruction
    from skimage.segmentation import watershed

    if not mask.any():
        return np.zeros(mask.shape, np.int32)
    distance = ndi.gaussian_filter(ndi.distance_transform_edt(mask).astype(np.float32), 1.0)
    lowered = reconstruction(distance * (1 - depth) - 0.35, distance)
    seeds, _ = ndi.label(local_maxima(lowered) & mask, np.ones((3, 3)))
    return watershed(-distance, seeds, mask=mask).astype(np.int32)


def diameters_of(labels: Labels) -> NDArray[np.float64]:
    """Equivalent circle diameters of the objects 1..n, in pixels of ``labels``."""
    return np.sqrt(4 * np.bincount(labels.ravel())[1:] / np.pi)


def drop_specks(labels: Labels, area: int, share: float = SPECK) -> Labels:
    """Keep the objects that are not tiny beside the others, numbered from 1 without gaps."""
    diameters = diameters_of(labels)
    if not len(diameters):
        return labels
    order = np.sort(diameters)
    cumulated = np.cumsum(order**2)
    typical = order[np.searchsorted(cumulated, cumulated[-1] / 2)]
    kept = (diameters >= share * typical) & (np.pi / 4 * diameters**2 >= area)
    renumber = np.zeros(len(diameters) + 1, np.int32)
    renumber[1:][kept] = np.arange(1, kept.sum() + 1)
    return renumber[labels]


def border_share(mask: Mask) -> float:
    """Share of the outermost pixels that are in ``mask``."""
    return float(np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]]).mean())


def shape_shares(labels: Labels) -> tuple[float, float]:
    """Share of area in whole compact parts, and area-weighted solidity, of the largest parts.

    A part cut by the picture's border is not whole, so it never counts as compact.
    """
    from skimage.measure import regionprops

    regions = sorted(regionprops(labels), key=lambda r: -r.area)[:JUDGED]
    if not regions:
        return 0.0, 0.0
    areas = np.array([r.area for r in regions])
    solidity = np.array([min(1.0, r.area / max(1.0, r.area_convex)) for r in regions])
    elongation = np.array([(r.axis_major_length + 1) / (r.axis_minor_length + 1) for r in regions])
    whole = np.array([is_whole(r.bbox, labels.shape) for r in regions])
    compact = whole & (solidity > 0.88) & (elongation < 2.2)
    return float(areas[compact].sum() / areas.sum()), float(np.average(solidity, weights=areas))


def is_whole(box: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Whether a (top, left, bottom, right) box stays clear of the picture's border."""
    top, left, bottom, right = box
    return top > 0 and left > 0 and bottom < shape[0] and right < shape[1]


def find_foreground(view: View) -> Foreground:
    """Threshold (Otsu) and the polarity whose parts are more convex and touch the border less.

    Source of the threshold: N. Otsu (1979), doi:10.1109/TSMC.1979.4310076.
    """
    from skimage.filters import threshold_otsu

    threshold = float(threshold_otsu(view.smooth, nbins=1024))
    coarse, _ = reduce_to(view.smooth, COARSE_SIDE_PX)
    separability = _separability(view.smooth, threshold)
    best, best_score = None, -np.inf
    for bright in (True, False):
        candidate = _judge(coarse, threshold, bright, separability)
        score = candidate.convexity - 0.35 * candidate.border - 0.15 * candidate.coverage
        if candidate.coverage > 0 and score > best_score:
            best, best_score = candidate, score
    return best or Foreground(threshold, True, separability, 0.0, 0.0, 0.0, 0.0)


def object_mask(view: View, foreground: Foreground) -> Mask:
    """The cleaned object pixels, (height, width) of the view."""
    above = view.smooth > foreground.threshold
    return clean(above if foreground.bright else ~above, least_area(view.grey.shape))


def _judge(coarse: Grey, threshold: float, bright: bool, separability: float) -> Foreground:
    mask = clean((coarse > threshold) == bright, least_area(coarse.shape))
    parts = drop_specks(split(mask, 0.2), least_area(coarse.shape))
    compact, convexity = shape_shares(parts)
    return Foreground(
        threshold,
        bright,
        separability,
        compact,
        convexity,
        border_share(mask),
        float(mask.mean()),
    )


def _separability(smooth: Grey, threshold: float) -> float:
    above = smooth > threshold
    share = float(above.mean())
    variance = float(smooth.var())
    if not 0 < share < 1 or variance <= 0:
        return 0.0
    apart = float(smooth[above].mean() - smooth[~above].mean())
    return float(min(1.0, share * (1 - share) * apart**2 / variance))
