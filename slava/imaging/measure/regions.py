"""Regions of a label image and what lies on the borders between them; joining them again.

This module must not know why two regions are apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slava.imaging.measure.flooding import flood

Reals = NDArray[np.floating[Any]]
Labels = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Borders:
    """Pairs of regions that touch; one value per pair."""

    first: NDArray[np.integer[Any]]
    second: NDArray[np.integer[Any]]
    """The larger number of the two."""
    length: Reals
    """Pixel sides between the two."""
    total: Reals
    """Sum over these sides of the value on the side: the larger one of the two pixels."""
    saddle: Reals
    """Over these sides, the largest value that both pixels reach."""


def borders_of(labels: Labels, values: Reals) -> Borders:
    """Which regions touch, and the (height, width) ``values`` where they do."""
    pairs, upper, lower = [], [], []
    size = int(labels.max(initial=0)) + 1
    for one, other in (
        (np.s_[:-1], np.s_[1:]),
        (np.s_[:, :-1], np.s_[:, 1:]),
    ):
        a, b, u, v = labels[one], labels[other], values[one], values[other]
        apart = (a != b) & (a > 0) & (b > 0)
        a, b, u, v = a[apart].astype(np.int64), b[apart].astype(np.int64), u[apart], v[apart]
        pairs.append(np.minimum(a, b) * size + np.maximum(a, b))
        upper.append(np.maximum(u, v))
        lower.append(np.minimum(u, v))
    pair, which = np.unique(np.concatenate(pairs), return_inverse=True)
    saddle = np.full(len(pair), -np.inf)
    np.maximum.at(saddle, which, np.concatenate(lower))
    return Borders(
        pair // size,
        pair % size,
        np.bincount(which, minlength=len(pair)).astype(float),
        np.bincount(which, np.concatenate(upper), minlength=len(pair)).astype(float),
        saddle,
    )


def basins(height: Reals, mask: NDArray[np.bool_] | None, depth: float, least: float) -> Labels:
    """One region per peak of ``height`` inside ``mask``; without one, everywhere and faster.

    A peak counts if the way from it to any higher one goes down by the share ``depth`` of the
    peak's own height plus ``least``.

    Notes
    -----
    The peaks are those that an h-maxima transform would leave (Soille, Morphological Image
    Analysis, ch. 6; here relative), found on the graph of touching regions instead of the pixels.
    """
    from scipy import ndimage as ndi
    from skimage.morphology import local_maxima
    from skimage.segmentation import watershed

    peaks = local_maxima(height)
    seeds, count = ndi.label(peaks if mask is None else peaks & mask, np.ones((3, 3)))
    if mask is None:
        regions = flood(-height, seeds)
    else:
        regions = watershed(-height, seeds, mask=mask).astype(np.int32)
    if count < 2:
        return regions
    peak = np.zeros(count + 1)
    summit = seeds > 0
    peak[seeds[summit]] = height[summit]
    return numbered(_flooded(borders_of(regions, height), peak, depth, least)[regions])


def numbered(labels: NDArray[np.integer[Any]]) -> Labels:
    """The same regions counted from 1 without gaps; 0 stays 0."""
    used = np.flatnonzero(np.bincount(labels.ravel()))
    number = np.zeros(int(labels.max(initial=0)) + 1, np.int32)
    number[used[used > 0]] = np.arange(1, 1 + (used > 0).sum())
    return number[labels]


def _flooded(borders: Borders, peak: Reals, depth: float, least: float) -> NDArray[np.int64]:
    """For each region the one it belongs to, joining over the highest saddles first."""
    owner = list(range(len(peak)))

    def root(region: int) -> int:
        while owner[region] != region:
            owner[region] = owner[owner[region]]
            region = owner[region]
        return region

    order = np.argsort(-borders.saddle, kind="stable")
    sides = zip(
        borders.first[order].tolist(),
        borders.second[order].tolist(),
        borders.saddle[order].tolist(),
        strict=True,
    )
    for first, second, saddle in sides:
        a, b = root(first), root(second)
        low, high = sorted((a, b), key=lambda region: float(peak[region]))
        if a != b and saddle >= (1 - depth) * peak[low] - least:
            owner[low] = high
    return np.array([root(region) for region in range(len(peak))])


def count_same(one: Labels, other: Labels) -> int:
    """How many objects of one label image overlap one of the other by more than half (IoU)."""
    areas, others = np.bincount(one.ravel()), np.bincount(other.ravel())
    pairs, shared = np.unique(
        one.astype(np.int64).ravel() * len(others) + other.ravel(), return_counts=True
    )
    i, j = np.divmod(pairs, len(others))
    union = areas[i] + others[j] - shared
    return int(((i > 0) & (j > 0) & (shared > 0.5 * union)).sum())
