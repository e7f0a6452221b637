"""Touching objects told apart: cut too often, then joined wherever the whole is the better object.

Waists of the outline and edges or dark valleys inside it propose cuts. Neighbouring pieces are
joined pairwise, the least separated first, into a tree; out of the tree the set of pieces is taken
that is most convex with the weakest edges inside. This module must not know how the foreground was
found.

Sources: relative h-maxima of the distance map (Soille, Morphological Image Analysis, ch. 6);
choosing from a tree of regions (C. Arteta et al. 2012, doi:10.1007/978-3-642-33415-3_43), here
with a score set by hand.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slava.imaging.measure.hulls import Hull, area_of, hulls_of, joined
from slava.imaging.measure.regions import Borders, Labels, Reals, basins, borders_of, numbered

Mask = NDArray[np.bool_]

WAIST, WAIST_PX = 0.05, 0.35
"""A waist proposes a cut if the distance to the outline falls by this share and so much."""

EDGE_SIGMA, VALLEY_SIGMA = 1.0, 1.5
EDGE, VALLEY = 0.15, 0.04
"""Inside objects an edge or valley this strong, in shares of their contrast, is a wall ..."""

TEXTURE = 3.5
"""... if it is also so many times stronger than the typical one there."""

RIM = 2.5
"""Within so many sigmas of the outline no edge or valley is looked for."""

VALLEY_WEIGHT = 1.5
"""A valley separates like an edge so many times stronger."""

STRONGEST = 0.3
"""Stronger edges separate no better."""

LEAST_PIECE_PX = 25
"""Smaller pieces are not proposed."""

CONVEX = (0.72, 0.94)
"""Solidity of what is surely several objects, and of what may well be one."""

EDGE_WEIGHT, PIECE_COST = 1.0, 0.12
"""What edges inside an object cost, and what every further object costs, in shares of area."""


def waists(mask: Mask, depth: float) -> Labels:
    """Part objects where the distance to the background has a waist of that relative depth."""
    from scipy import ndimage as ndi

    if not mask.any():
        return np.zeros(mask.shape, np.int32)
    distance = ndi.distance_transform_edt(mask).astype(np.float32)
    return basins(ndi.gaussian_filter(distance, 1.0), mask, depth, WAIST_PX)


def split(mask: Mask, smooth: Reals, sigma: float) -> Labels:
    """Part the objects of a mask.

    Parameters
    ----------
    mask, smooth : (height, width)
        The object pixels, and the smoothed grey values.
    sigma : float
        Of the smoothing, px: the outline itself is an edge as wide as that.

    Returns
    -------
    (height, width) int32, objects from 1.
    """
    from scipy import ndimage as ndi

    if not mask.any() or mask.all():
        return mask.astype(np.int32)
    rim = RIM * float(np.hypot(sigma, EDGE_SIGMA))
    inner = ndi.distance_transform_edt(mask) > rim
    edge, valley = _strengths(mask, smooth)
    walls = inner & (_beyond(edge, inner, EDGE) | _beyond(valley, inner, VALLEY))
    pieces = _pieces(mask, walls, edge)
    between = np.maximum(edge, VALLEY_WEIGHT * valley)
    least = max(VALLEY, TEXTURE * _typical(between, inner))
    inside = np.where(inner, np.clip(between - least, 0, STRONGEST), 0)
    borders = borders_of(pieces, inside)
    return numbered(_Tree(pieces, borders).chosen()[pieces])


def _strengths(mask: Mask, smooth: Reals) -> tuple[Reals, Reals]:
    """Gradient, and curvature across the darkest valley, in shares of the objects' contrast."""
    from scipy import ndimage as ndi

    contrast = abs(float(np.median(smooth[mask]) - np.median(smooth[~mask])))
    oriented = smooth / max(contrast, 0.05)
    if np.median(smooth[mask]) < np.median(smooth[~mask]):
        oriented = -oriented
    edge = ndi.gaussian_gradient_magnitude(oriented, EDGE_SIGMA)
    xx, xy, yy = (
        ndi.gaussian_filter(oriented, VALLEY_SIGMA, order=order)
        for order in ((0, 2), (1, 1), (2, 0))
    )
    across = (xx + yy) / 2 + np.hypot((xx - yy) / 2, xy)
    return edge, np.maximum(across, 0)


def _typical(strength: Reals, inner: Mask) -> float:
    return float(np.median(strength[inner])) if inner.any() else 0.0


def _beyond(strength: Reals, inner: Mask, least: float) -> Mask:
    return strength > max(least, TEXTURE * _typical(strength, inner))


def _pieces(mask: Mask, walls: Mask, edge: Reals) -> Labels:
    """Everything that a waist or a wall may part; what is too small goes to its neighbours."""
    from scipy import ndimage as ndi
    from skimage.segmentation import watershed

    open_ = mask & ~walls
    distance = ndi.gaussian_filter(ndi.distance_transform_edt(open_).astype(np.float32), 1.0)
    rooms = watershed(-distance, basins(distance, open_, WAIST, WAIST_PX), mask=mask)
    parts = waists(mask, WAIST)
    seen = rooms > 0
    pairs = rooms[seen].astype(np.int64) * (int(parts.max()) + 1) + parts[seen]
    both = np.zeros(mask.shape, np.int64)
    both[seen] = np.unique(pairs, return_inverse=True)[1] + 1
    kept = np.bincount(both.ravel()) >= LEAST_PIECE_PX
    kept[0] = False
    return watershed(edge, numbered(np.where(kept[both], both, 0)), mask=mask).astype(np.int32)


@dataclass(slots=True)
class _Node:
    """A piece, or two nodes joined."""

    area: float
    hull: Hull
    inside: float
    """Strength of the edges inside, summed along them."""
    parts: tuple[int, int] | None = None

    @property
    def solidity(self) -> float:
        return min(1.0, self.area / area_of(self.hull))

    @property
    def worth(self) -> float:
        """In pixels: its area if it is a good object, less if it is concave or has edges inside."""
        low, high = CONVEX
        convex = min(1.0, max(0.0, (self.solidity - low) / (high - low)))
        return self.area * (convex - EDGE_WEIGHT * self.inside / self.area**0.5)


class _Tree:
    """Pieces joined pairwise until nothing touches; nodes 1..n are the pieces."""

    def __init__(self, pieces: Labels, borders: Borders) -> None:
        areas = np.bincount(pieces.ravel())[1:].tolist()
        hulls = hulls_of(pieces)
        self._nodes = [_Node(0.0, [], 0.0)]
        self._nodes += [_Node(a, hull, 0.0) for a, hull in zip(areas, hulls, strict=True)]
        self._pieces = len(areas)
        self._beside: list[dict[int, tuple[float, float]]] = [{} for _ in self._nodes]
        pairs = zip(*(v.tolist() for v in (borders.first, borders.second)), strict=True)
        sides = zip(*(v.tolist() for v in (borders.length, borders.total)), strict=True)
        for (i, j), side in zip(pairs, sides, strict=True):
            self._beside[i][j] = self._beside[j][i] = side
        self._join()

    def chosen(self) -> NDArray[np.int64]:
        """For each piece, the node that it is taken as a part of; index 0 is background."""
        worth = [0.0]
        whole = [True]
        for node in self._nodes[1:]:
            own = node.worth
            apart = own
            if node.parts is not None:
                i, j = node.parts
                smaller = min(self._nodes[i].area, self._nodes[j].area)
                apart = worth[i] + worth[j] - PIECE_COST * smaller
            worth.append(max(own, apart))
            whole.append(own >= apart)
        taken = np.zeros(len(self._nodes), np.int64)
        for k in range(len(self._nodes) - 1, 0, -1):
            taken[k] = taken[k] or (k if whole[k] else 0)
            for part in self._nodes[k].parts or ():
                taken[part] = taken[k]
        return taken[: self._pieces + 1]

    def _join(self) -> None:
        heap = [
            self._separation(i, j)
            for i in range(1, len(self._nodes))
            for j in self._beside[i]
            if i < j
        ]
        heapq.heapify(heap)
        gone: set[int] = set()
        while heap:
            _, i, j = heapq.heappop(heap)
            if i in gone or j in gone:
                continue
            gone |= {i, j}
            joined_as = self._add(i, j)
            for other in self._beside[joined_as]:
                heapq.heappush(heap, self._separation(other, joined_as))

    def _add(self, i: int, j: int) -> int:
        first, second = self._nodes[i], self._nodes[j]
        inside = first.inside + second.inside + self._beside[i][j][1]
        hull = joined(first.hull, second.hull)
        self._nodes.append(_Node(first.area + second.area, hull, inside, (i, j)))
        sides: dict[int, tuple[float, float]] = {}
        for old in (i, j):
            for other, (length, total) in self._beside[old].items():
                if other not in (i, j):
                    before = sides.get(other, (0.0, 0.0))
                    sides[other] = (before[0] + length, before[1] + total)
                    del self._beside[other][old]
        new = len(self._nodes) - 1
        for other, side in sides.items():
            self._beside[other][new] = side
        self._beside.append(sides)
        return new

    def _separation(self, i: int, j: int) -> tuple[float, int, int]:
        """How little they belong together: edge between, concavity of both, narrow neck."""
        first, second = self._nodes[i], self._nodes[j]
        length, total = self._beside[i][j]
        solidity = (first.area + second.area) / area_of(joined(first.hull, second.hull))
        narrower = 2 * (min(first.area, second.area) / np.pi) ** 0.5
        neck = max(0.0, 1 - 0.9 * length / narrower)
        return 10 * total / length + 4 * (1 - solidity) + 0.5 * neck, i, j
