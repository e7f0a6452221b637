"""Long edges, and the strips between an edge and the next parallel one: the raw form of fibres.

A fibre seen from the side is two nearly parallel edges. From every point of a long edge we walk
along the edge's normal until the next edge; where that one runs the same way, the walk is a strip
with a width. This module must not know which strips are fibres and which are gaps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slava.imaging.measure.foreground import Labels, Mask
from slava.imaging.measure.view import Grey

SIGMA_SHARE = 0.004
"""Smoothing before edges are sought, as a share of the longer side."""

EDGE_QUANTILES = (0.82, 0.93)
"""Hysteresis thresholds of the gradient, as quantiles of the picture's own gradients."""

EDGE_LENGTH = 0.10
"""Shorter edges (end to end, as a share of the longer side) are texture."""

WIGGLE = 2.2
"""An edge longer along itself than this many times end to end is an outline, not a side."""

PARALLEL = 0.92
"""Cosine of the largest angle (23 degrees) between the two sides of a strip."""

REACH = 0.75
"""The widest strip looked for, as a share of the longer side."""


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
    sigma: float
    """The smoothing used."""
    gradient: NDArray[np.float32]
    """(2, height, width) of the smoothed grey along x and y."""
    normal: NDArray[np.float32]
    """(2, height, width) unit vectors across the local structure, x and y."""


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
    thin = skeletonize(canny(grey, sigma, low, high, use_quantiles=True))
    neighbours = ndi.convolve(thin.astype(np.uint8), np.ones((3, 3), np.uint8), mode="constant")
    pieces, count = ndi.label(thin & (neighbours <= 3), np.ones((3, 3)))
    labels, straight, length, typical = _long_ones(pieces, count, least_length * side)
    gradient, normal = _directions(grey, sigma)
    return Edges(labels, straight, length, typical, sigma, gradient, normal)


def find_strips(edges: Edges, every: int = 2) -> Strips:
    """Walk along the normal from each ``every``-th edge pixel, both ways, to the next edge."""
    ys, xs = (v[::every] for v in np.nonzero(edges.labels))
    if len(xs) < 10:
        return _no_strips()
    across = edges.normal[:, ys, xs].T.astype(np.float64)  # (n, 2) x, y
    points = np.stack([xs, ys], 1).astype(np.float64)
    ways = [_walk(edges, points, sign * across) for sign in (1.0, -1.0)]
    start, end, width, rise, sides = (np.concatenate(parts) for parts in zip(*ways, strict=True))
    return Strips(start, end, width, rise, sides, every)


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
    edges: Edges, points: NDArray[np.float64], across: NDArray[np.float64]
) -> tuple[NDArray[np.float64], ...]:
    """From each point along its direction to the first other edge; what ran parallel is kept."""
    reached, hit = _first_hits(edges.labels, points, across, edges.sigma)
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


def _first_hits(
    labels: Labels, points: NDArray[np.float64], across: NDArray[np.float64], sigma: float
) -> tuple[NDArray[np.float64], Mask]:
    """The nearest edge pixel to the first place where each walk comes within 1.5 px of an edge."""
    from scipy import ndimage as ndi

    distance, nearest = ndi.distance_transform_edt(labels == 0, return_indices=True)
    height, width = labels.shape
    steps = np.arange(max(4, int(2 * sigma)), int(REACH * max(labels.shape)))
    reached = np.zeros_like(points)
    hit = np.zeros(len(points), bool)
    for part in np.array_split(np.arange(len(points)), 1 + len(points) * len(steps) // 500_000):
        where = points[part, None, :] + across[part, None, :] * steps[None, :, None]
        x, y = np.rint(where).astype(np.int32).transpose(2, 0, 1)
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        x, y = np.where(inside, x, 0), np.where(inside, y, 0)
        met = inside & (distance[y, x] < 1.5)
        first = met.argmax(axis=1)
        rows = np.arange(len(part))
        hit[part] = met[rows, first]
        fx, fy = x[rows, first], y[rows, first]
        reached[part] = np.stack([nearest[1][fy, fx], nearest[0][fy, fx]], 1)
    own = _label_at(labels, points) == _label_at(labels, reached)
    near = np.hypot(*(reached - points).T) < 4 * sigma
    return reached, hit & ~(own & near)


def _label_at(labels: Labels, points: NDArray[np.float64]) -> NDArray[np.int32]:
    x, y = points.T.astype(int)
    return labels[y, x]
