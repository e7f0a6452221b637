"""Pieces of one fibre, told apart by what crosses it, become one object again.

Two ends that face each other across a gap belong to one fibre if the fibre would go on straight
from one to the other, as wide as before, and if something else lies in between. Labels in, labels
out. It must not know how the pieces were found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int32]
Reals = NDArray[np.floating[Any]]

ASTRAY_DEG = 25.0
"""Most that either end may point past the other."""
FARTHEST = 5.0
"""Gaps are at most so many widths long."""
ALIKE = 0.6
"""Least ratio of the widths at the two ends."""
COVERED = 0.6
"""At least this share of the gap is covered by other objects."""
END_SHARE = 0.3
"""The last part of a piece, as a share of its length, that its end is judged by."""
SCRAP = 0.08
"""An object of a smaller share of the area of a typical one is a scrap; half of all area lies in
objects smaller than the typical one."""
SLENDER = 1.5
"""Pieces less elongated than this have no ends."""


@dataclass(frozen=True, slots=True)
class _End:
    """One end of a piece, px."""

    piece: int
    tip: Reals
    """(2,) x, y"""
    outward: Reals
    """(2,) unit vector"""
    width: float


def join_pieces(labels: Labels) -> Labels:
    """Give pieces that continue each other one number.

    Parameters
    ----------
    labels : (height, width) int32
        0 on the ground; pieces from 1.

    Returns
    -------
    labels : (height, width) int32
        Numbered from 1 without gaps; the pieces of one fibre share a number.
    """
    height, width = labels.shape
    ends = [e for piece in _pieces(labels) for e in _ends_of(*piece)]
    inner = [e for e in ends if _clear_of_border(e, width, height)]
    fits = sorted(
        (
            (_misfit(a, b, labels), i, j)
            for i, a in enumerate(inner)
            for j, b in enumerate(inner[:i])
            if a.piece != b.piece
        ),
    )
    parent = np.arange(int(labels.max(initial=0)) + 1)
    taken: set[int] = set()
    for misfit, i, j in fits:
        if misfit >= 1:
            break
        if not taken & {i, j}:
            taken |= {i, j}
            parent[_root(parent, inner[i].piece)] = _root(parent, inner[j].piece)
    roots = np.array([_root(parent, k) for k in range(len(parent))])
    return np.unique(roots[labels], return_inverse=True)[1].reshape(labels.shape).astype(np.int32)


def without_scraps(labels: Labels) -> Labels:
    """Leave out objects of less than :data:`SCRAP` of the area of a typical one.

    Parameters
    ----------
    labels : (height, width) int32

    Returns
    -------
    labels : (height, width) int32
        Numbered from 1 without gaps.
    """
    areas = np.bincount(labels.ravel())
    areas[0] = 0
    order = np.sort(areas)
    typical = order[np.searchsorted(np.cumsum(order), areas.sum() / 2)]
    kept = (areas > 0) & (areas >= SCRAP * typical)
    return np.where(kept, np.cumsum(kept), 0).astype(np.int32)[labels]


def _pieces(labels: Labels) -> list[tuple[int, Reals]]:
    """Number and points (n, 2), x and y, of every piece."""
    from scipy.ndimage import find_objects

    found = []
    for number, box in enumerate(find_objects(labels), 1):
        if box is not None:
            y, x = np.nonzero(labels[box] == number)
            found.append((number, np.stack([x + box[1].start, y + box[0].start], 1).astype(float)))
    return found


def _ends_of(number: int, points: Reals) -> list[_End]:
    """The two ends of an elongated piece."""
    if len(points) < 12:
        return []
    middle, axis, long, short = _axes(points)
    if long < SLENDER * short:
        return []
    along = (points - middle) @ axis
    low, high = along.min(), along.max()
    ends = []
    for way, edge in ((-1.0, low), (1.0, high)):
        last = points[np.abs(along - edge) <= END_SHARE * (high - low)]
        at, way_there, _, _ = _axes(last) if len(last) >= 12 else (middle, axis, 0.0, 0.0)
        if way_there @ axis < 0:
            way_there = -way_there
        if way_there @ axis < 0.5:  # a stub as wide as long
            way_there = axis
        outward = way * way_there
        reach = float(((last - at) @ outward).max())
        across = (last - at) @ np.array([-outward[1], outward[0]])
        ends.append(_End(number, at + reach * outward, outward, float(4 * across.std()) + 1))
    return ends


def _axes(points: Reals) -> tuple[Reals, Reals, float, float]:
    """Middle, direction of the long axis, and the deviations along and across it."""
    middle = points.mean(0)
    values, vectors = np.linalg.eigh(np.cov((points - middle).T) + 1e-9 * np.eye(2))
    return middle, vectors[:, 1], float(np.sqrt(values[1])), float(np.sqrt(max(values[0], 1e-9)))


def _clear_of_border(end: _End, width: int, height: int) -> bool:
    x, y = end.tip
    gap = min(x, y, width - 1 - x, height - 1 - y)
    return bool(gap > max(2.0, 0.3 * end.width))


def _misfit(a: _End, b: _End, labels: Labels) -> float:
    """0 for a perfect continuation, from 1 on none."""
    if not ALIKE <= a.width / b.width <= 1 / ALIKE:
        return 2.0
    width = (a.width + b.width) / 2
    bridge = b.tip - a.tip
    gap = float(np.hypot(*bridge))
    if gap > FARTHEST * width:
        return 2.0
    if gap > 0.3 * width:
        straight = bridge / gap
        astray = max(_angle(a.outward, straight), _angle(b.outward, -straight))
    else:
        astray = _angle(a.outward, -b.outward)
    aside = abs(float(bridge @ np.array([-a.outward[1], a.outward[0]]))) / width
    if astray > ASTRAY_DEG or aside > 1:
        return 2.0
    steps = np.linspace(0, 1, max(3, int(gap)))[:, None]
    x, y = np.rint(a.tip + steps * bridge).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < labels.shape[1]) & (y < labels.shape[0])
    covered = labels[y[inside], x[inside]] > 0
    if gap > 3 and covered.mean() < COVERED:
        return 2.0
    return astray / ASTRAY_DEG * 0.6 + gap / (FARTHEST * width) * 0.35


def _angle(one: Reals, other: Reals) -> float:
    return float(np.degrees(np.arccos(np.clip(one @ other, -1, 1))))


def _root(parent: NDArray[np.intp], k: int) -> int:
    while parent[k] != k:
        parent[k] = parent[parent[k]]
        k = int(parent[k])
    return k
