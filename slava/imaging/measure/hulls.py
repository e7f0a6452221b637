"""Convex hulls of the objects of a label image, from the corners of their pixels.

This module must not know what the objects are.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]
Hull = list[Point]
"""Corners in order around it, as (y, x)."""


def hull_of(points: list[Point]) -> Hull:
    """The convex hull of points sorted by (y, x), without the points on its sides.

    Source: A. M. Andrew (1979), doi:10.1016/0020-0190(79)90072-3.
    """
    return _half(points)[:-1] + _half(points[::-1])[:-1]


def joined(first: Hull, second: Hull) -> Hull:
    """The hull of two hulls."""
    return hull_of(sorted(first + second))


def area_of(hull: Hull) -> float:
    """In square pixels."""
    twice = 0.0
    y0, x0 = hull[-1]
    for y1, x1 in hull:
        twice += y0 * x1 - x0 * y1
        y0, x0 = y1, x1
    return abs(twice) / 2


def feret_of(hull: Hull) -> tuple[float, float]:
    """Longest distance between two corners, and width of the narrowest strip it fits into."""
    corners = np.array(hull)
    apart = corners[:, None] - corners[None]
    longest = float(np.sqrt((apart**2).sum(-1).max()))
    sides = np.roll(corners, -1, axis=0) - corners
    normals = np.stack([-sides[:, 1], sides[:, 0]], 1) / np.hypot(*sides.T)[:, None]
    reach = corners @ normals.T
    return longest, float((reach.max(axis=0) - reach.min(axis=0)).min())


def hulls_of(labels: NDArray[np.int32]) -> list[Hull]:
    """Of the objects 1..n, in this order; no number may be missing."""
    count, height = int(labels.max(initial=0)), labels.shape[0]
    if not count:
        return []
    y, x = np.nonzero(labels)
    key = labels[y, x].astype(np.int64) * height + y
    order = np.argsort(key, kind="stable")
    key, x = key[order], x[order]
    first = np.flatnonzero(np.diff(key, prepend=-1))
    last = np.append(first[1:], len(key)) - 1
    rows, owner = (key[first] % height).tolist(), key[first] // height
    left, right = x[first].tolist(), (x[last] + 1).tolist()
    bounds = np.searchsorted(owner, np.arange(1, count + 2)).tolist()
    return [_hull_of_rows(rows[a:b], left[a:b], right[a:b]) for a, b in itertools.pairwise(bounds)]


def _hull_of_rows(rows: list[int], left: list[int], right: list[int]) -> Hull:
    """The hull of horizontal runs of pixels, one per row: down its left side, up its right one."""
    return _half(_side(rows, left, min)) + _half(_side(rows, right, max)[::-1])


def _side(rows: list[int], ends: list[int], outer: Callable[[int, int], int]) -> list[Point]:
    """The outer corner of each height, downwards."""
    points: list[Point] = []
    for y, x in zip(rows, ends, strict=True):
        if points and points[-1][0] == y:
            points[-1] = (y, outer(int(points[-1][1]), x))
        else:
            points.append((y, x))
        points.append((y + 1, x))
    return points


def _half(points: list[Point]) -> Hull:
    chain: Hull = []
    for y, x in points:
        while len(chain) > 1:
            (y0, x0), (y1, x1) = chain[-2], chain[-1]
            if (y1 - y0) * (x - x0) - (x1 - x0) * (y - y0) > 0:
                break
            chain.pop()
        chain.append((y, x))
    return chain
