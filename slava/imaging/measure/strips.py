"""Long edges, and the strips between an edge and the next parallel one: the raw form of fibres.

A fibre seen from the side is two nearly parallel edges. From every point of a long edge we walk
along the edge's normal until the next edge; where that one runs the same way, the walk is a strip
with a width. This module must not know which strips are fibres and which are gaps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from slava.imaging.measure.foreground import Labels, Mask
from slava.imaging.measure.view import Grey

SIGMA_SHARE = 0.004
"""Smoothing before edges are sought, as a share of the longer side."""

EDGE_QUANTILES = (0.82, 0.93)
"""Hysteresis thresholds of the gradient, as quantiles of the picture's own gradients."""

FINE_SIGMA_SHARE, FINE_EDGE_LENGTH = 0.0015, 0.03
"""The same for thin fibres."""

LEAST_SLOPE, STEEPER = 0.002, 1.3
"""An edge has at least this gradient (grey per pixel), and so many times the picture's median."""

EDGE_LENGTH = 0.10
"""Shorter edges (end to end, as a share of the longer side) are texture."""

WIGGLE = 2.2
"""An edge longer along itself than this many times end to end is an outline, not a side."""

PARALLEL = 0.92
"""Cosine of the largest angle (23 degrees) between the two sides of a strip."""

REACH = 0.75
"""The widest strip looked for, as a share of the longer side."""


CLOSE_PX = 1.5
"""A walk has met an edge when it comes nearer than this."""

Reals = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Strips:
    """Walks from edge to parallel edge; n of them, in pixels of the view they were found in."""

    start: NDArray[np.float64]
    """(n, 2) x, y of the point left."""
    end: NDArray[np.float64]
    """(n, 2) x, y of the point reached."""
    width: NDArray[np.float64]
    """(n,) from side to side."""
    rise: NDArray[np.float64]
    """(n, 2) gradient into the strip at start and at end; positive: brighter inside."""
    sides: NDArray[np.int32]
    """(n, 2) the edges left and reached."""
    every: int = 1
    """Each so-many-th pixel of an edge was walked from, both ways."""

    def __len__(self) -> int:
        return len(self.width)

    @property
    def bright(self) -> Mask:
        """(n,) brighter inside than on both sides."""
        return np.all(self.rise > 0, axis=1)

    @property
    def gap(self) -> Mask:
        """(n,) darker inside than on both sides."""
        return np.all(self.rise < 0, axis=1)

    def chosen(self, which: NDArray[np.bool_]) -> Strips:
        """The strips of a boolean (n,) selection."""
        return Strips(
            self.start[which],
            self.end[which],
            self.width[which],
            self.rise[which],
            self.sides[which],
            self.every,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Long edges of a picture and the directions across them."""

    labels: Labels
    """(height, width), one number per edge, 0 elsewhere."""
    straight: float
    """0..1, mean end-to-end length over length along, weighted by length."""
    length_px: float
    """Of all of them together, end to end."""
    typical_px: float
    """Length-weighted mean of one edge, end to end."""
    share: float
    """0..1, of all edge pixels, long or short, those of the long edges."""
    sigma: float
    """The smoothing used."""
    gradient: NDArray[np.float32]
    """(2, height, width) of the smoothed grey along x and y."""
    normal: NDArray[np.float32]
    """(2, height, width) unit vectors across the local structure, x and y."""


class Nearest(NamedTuple):
    """The nearest edge pixel of every pixel, (height, width) each."""

    distance: Reals
    x: NDArray[np.integer[Any]]
    y: NDArray[np.integer[Any]]


def find_edges(
    grey: Grey, sigma_share: float = SIGMA_SHARE, least_length: float = EDGE_LENGTH
) -> Edges:
    """Canny edges, cut at junctions, of which the long ones are kept.

    Source: J. Canny (1986), doi:10.1109/TPAMI.1986.4767851.
    """
    from scipy import ndimage as ndi
    from skimage.feature import canny
    from skimage.morphology import skeletonize

    side = max(grey.shape)
    sigma = max(1.0, sigma_share * side)
    low, high = EDGE_QUANTILES
    gradient, normal = _directions(grey, sigma)
    thin = skeletonize(canny(grey, sigma, low, high, use_quantiles=True, mode="nearest"))
    thin &= _steep(gradient)
    neighbours = ndi.convolve(thin.astype(np.uint8), np.ones((3, 3), np.uint8), mode="constant")
    pieces, count = ndi.label(thin & (neighbours <= 3), np.ones((3, 3)))
    labels, straight, length, typical = _long_ones(pieces, count, least_length * side)
    share = float((labels > 0).sum() / max(1, thin.sum()))
    return Edges(labels, straight, length, typical, share, sigma, gradient, normal)


def find_strips(edges: Edges, every: int = 2) -> Strips:
    """Walk along the normal from each ``every``-th edge pixel, both ways, to the next edge."""
    ys, xs = (v[::every] for v in np.nonzero(edges.labels))
    if len(xs) < 10:
        return _no_strips()
    across = edges.normal[:, ys, xs].T.astype(np.float64)  # (n, 2) x, y
    points = np.stack([xs, ys], 1).astype(np.float64)
    nearest = _nearest(edges.labels)
    ways = [_walk(edges, nearest, points, sign * across) for sign in (1.0, -1.0)]
    start, end, width, rise, sides = (np.concatenate(parts) for parts in zip(*ways, strict=True))
    return Strips(start, end, width, rise, sides, every)


def _steep(gradient: NDArray[np.float32]) -> Mask:
    """Where the picture changes faster than it does anyway: a ramp has no edges."""
    slope = np.hypot(*gradient)
    return slope > max(LEAST_SLOPE, STEEPER * float(np.median(slope)))


def _nearest(labels: Labels) -> Nearest:
    from scipy import ndimage as ndi

    distance, (y, x) = ndi.distance_transform_edt(labels == 0, return_indices=True)
    return Nearest(distance, x, y)


def _no_strips() -> Strips:
    none = np.zeros((0, 2))
    return Strips(none, none, np.zeros(0), none, np.zeros((0, 2), np.int32))


def _long_ones(pieces: Labels, count: int, least: float) -> tuple[Labels, float, float, float]:
    from scipy import ndimage as ndi

    along = np.bincount(pieces.ravel(), minlength=count + 1).astype(float)
    chord = np.zeros(count + 1)
    for number, box in enumerate(ndi.find_objects(pieces), start=1):
        chord[number] = math.hypot(box[0].stop - box[0].start, box[1].stop - box[1].start)
    kept = (chord >= least) & (along < WIGGLE * chord)
    kept[0] = False
    renumber = np.zeros(count + 1, np.int32)
    renumber[kept] = np.arange(1, kept.sum() + 1)
    if not kept.any():
        return np.zeros(pieces.shape, np.int32), 0.0, 0.0, 0.0
    # a diagonal step counts as one pixel: the ratio may exceed one
    straight = float(np.average(np.minimum(chord[kept] / along[kept], 1), weights=along[kept]))
    total = float(chord[kept].sum())
    return renumber[pieces], straight, total, float((chord[kept] ** 2).sum() / total)


def _directions(grey: Grey, sigma: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    from scipy import ndimage as ndi

    gx = ndi.gaussian_filter(grey, sigma, order=(0, 1))
    gy = ndi.gaussian_filter(grey, sigma, order=(1, 0))
    xx, xy, yy = (ndi.gaussian_filter(p, sigma) for p in (gx * gx, gx * gy, gy * gy))
    angle = 0.5 * np.arctan2(2 * xy, xx - yy)
    return np.stack([gx, gy]), np.stack([np.cos(angle), np.sin(angle)])


def _walk(
    edges: Edges, nearest: Nearest, points: Reals, across: Reals
) -> tuple[NDArray[np.generic], ...]:
    """From each point along its direction to the first other edge; what ran parallel is kept."""
    reached, hit = _first_hits(edges, nearest, points, across)
    points, across, reached = points[hit], across[hit], reached[hit]
    px, py = points.T.astype(int)
    qx, qy = reached.T.astype(int)
    parallel = np.abs(np.sum(across * edges.normal[:, qy, qx].T, axis=1)) >= PARALLEL
    into = np.sum(across * edges.gradient[:, py, px].T, axis=1)
    back = -np.sum(across * edges.gradient[:, qy, qx].T, axis=1)
    width = np.abs(np.sum((reached - points) * across, axis=1))
    sides = np.stack([edges.labels[py, px], edges.labels[qy, qx]], 1)
    fields = (points, reached, width, np.stack([into, back], 1), sides)
    return tuple(field[parallel] for field in fields)


def _first_hits(edges: Edges, nearest: Nearest, points: Reals, across: Reals) -> tuple[Reals, Mask]:
    """The edge pixel nearest to the first place where each walk comes close to an edge.

    Nothing lies nearer than the distance to the nearest edge, so that far is safe to go at once.
    """
    height, width = edges.labels.shape
    reach = REACH * max(height, width)
    gone = np.full(len(points), float(max(4, int(2 * edges.sigma))))
    reached, hit = np.zeros_like(points), np.zeros(len(points), bool)
    walking = np.arange(len(points))
    while len(walking):
        spots = np.rint(points[walking] + gone[walking, None] * across[walking])
        x, y = spots.T.astype(int)
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height) & (gone[walking] < reach)
        walking, x, y = walking[inside], x[inside], y[inside]
        ahead = nearest.distance[y, x]
        met = ahead < CLOSE_PX
        reached[walking[met]] = np.stack([nearest.x[y[met], x[met]], nearest.y[y[met], x[met]]], 1)
        hit[walking[met]] = True
        walking, ahead = walking[~met], ahead[~met]
        gone[walking] += np.maximum(1.0, ahead - CLOSE_PX)
    own = _label_at(edges.labels, points) == _label_at(edges.labels, reached)
    near = np.hypot(*(reached - points).T) < 4 * edges.sigma
    return reached, hit & ~(own & near)


def _label_at(labels: Labels, points: Reals) -> NDArray[np.int32]:
    x, y = points.T.astype(int)
    return labels[y, x]
