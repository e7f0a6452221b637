"""Fibres: which strips between parallel edges are fibre bodies, how wide, and how many bodies.

A strip brighter than what lies on both its sides is a fibre. Where fibres lie side by side few
strips are; then every strip is taken but the gaps, which are darker than both sides. The narrow
bright strips along wide fibres are rims, where the electrons leave more easily: they belong to
the fibre. This module must not know how edges were found.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from slava.imaging.measure.foreground import Labels, Mask
from slava.imaging.measure.strips import Edges, Strips

RIM_SIGMAS = 6.0
"""Narrower strips, in multiples of the edge smoothing, are rims rather than fibres."""

RIM_SHARE = 0.06
"""A strip is never a rim if it is wider than this share of the longer side."""

BRIGHT_SHARE = 0.15
"""From this share of strips on, those of one appearance stand for all fibres."""

ALIKE = (0.7, 1.4)
"""A strip darker than its sides is a fibre of a bundle if its width over theirs is within."""

BODY = (0.3, 2.2)
"""Strips whose width over the typical one is outside do not form a body."""

LEAST_STRIPS = 10
"""Fewer strips measure nothing."""

LEAST_WALKS = 6
"""Two edges belong to one fibre from so many strips between them on."""


@dataclass(frozen=True, slots=True, eq=False)
class Fibres:
    """Fibre bodies of a view, in view pixels."""

    diameter: float
    """Median of the local diameters of the strips that are surely fibre, weighted by area;
    by length where the fibres are thin, because there crossings look like wide fibres."""
    sure: int
    """How many strips that were."""
    strips: Strips
    """All that are taken as fibre bodies, rims included."""
    body: NDArray[np.int32]
    """(n,) the fibre, from 1, that each strip belongs to; 0 belongs to none that is counted."""
    rule: str
    """Which strips were surely fibre."""

    def __len__(self) -> int:
        return int(self.body.max(initial=0))

    @property
    def diameters(self) -> NDArray[np.float64]:
        """(fibres,) median diameter of each."""
        each = range(1, len(self) + 1)
        return np.array([np.median(self.strips.width[self.body == i]) for i in each])


def weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """The value that half of the weight lies below."""
    order = np.argsort(values)
    cumulated = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(cumulated, cumulated[-1] / 2)])


def wide_strips(edges: Edges, strips: Strips) -> Strips:
    """The strips that are too wide for rims."""
    return strips.chosen(~_narrow(edges, strips))


def find_fibres(edges: Edges, strips: Strips, *, thin: bool = False) -> Fibres | None:
    """The fibre bodies, or ``None`` where too few strips are surely fibre.

    Parameters
    ----------
    edges, strips : Edges, Strips
        As found; rims among them.
    thin : bool
        Whether the fibres are thin bright lines; then there are no rims.
    """
    wide = strips if thin else with_rims(edges, strips)
    bright, gap = wide.bright, wide.gap
    if len(wide) < LEAST_STRIPS:
        return None
    if thin or bright.mean() >= BRIGHT_SHARE:
        sure, rule = bright, "brighter than both sides"
    else:
        sure, rule = ~gap, "brighter than one side"
    if sure.sum() < LEAST_STRIPS:
        return None
    width = wide.width
    typical = weighted_median(width[sure], np.ones(int(sure.sum())) if thin else width[sure])
    bodies = (bright if thin else ~gap) & _within(width / typical, BODY)
    if sure is not bright:
        bodies |= gap & _within(width / typical, ALIKE)
    taken = wide.chosen(bodies)
    return Fibres(typical, int(sure.sum()), taken, _bodies(taken), rule)


def with_rims(edges: Edges, strips: Strips) -> Strips:
    """The wide strips, each widened by the rim that lies outside of either of its sides.

    The width of an edge's rim is the median of the narrow bright strips that start or end there;
    it lies outside of a strip that is darker inside than that edge.
    """
    narrow = _narrow(edges, strips)
    rims, wide = strips.chosen(narrow & strips.bright), strips.chosen(~narrow)
    rim = np.zeros(int(edges.labels.max()) + 1)
    for edge, walks in zip(*np.unique(rims.sides, return_counts=True), strict=True):
        if walks >= LEAST_WALKS:
            rim[edge] = np.median(rims.width[(rims.sides == edge).any(axis=1)])
    outside = rim[wide.sides] * (wide.rise < 0)
    return replace(wide, width=wide.width + outside.sum(axis=1))


def paint(fibres: Fibres, shape: tuple[int, int]) -> Labels:
    """(height, width) int32: every strip drawn in the number of its fibre."""
    from scipy import ndimage as ndi

    labels = np.zeros(shape, np.int32)
    strips = fibres.strips
    along = np.linspace(0, 1, int(np.ceil(strips.width.max())) + 1)[None, :, None]
    for part in np.array_split(np.argsort(-strips.width), 1 + len(strips) * along.size // 500_000):
        spots = strips.start[part, None] + along * (strips.end - strips.start)[part, None]
        x, y = np.rint(spots).astype(int).transpose(2, 0, 1)
        labels[y, x] = fibres.body[part, None]
    closed = ndi.grey_closing(labels, size=(2 * strips.every + 1,) * 2)
    return np.where(labels > 0, labels, closed).astype(np.int32)


def _narrow(edges: Edges, strips: Strips) -> Mask:
    side = max(edges.labels.shape)
    return (strips.width <= RIM_SIGMAS * edges.sigma) & (strips.width <= RIM_SHARE * side)


def _within(values: NDArray[np.float64], limits: tuple[float, float]) -> Mask:
    return (values > limits[0]) & (values < limits[1])


def _bodies(strips: Strips) -> NDArray[np.int32]:
    """Number the connected sets of edge flanks that strips link.

    A flank is an edge seen from its brighter or from its darker side, so that two fibres which
    share an edge stay two.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not len(strips):
        return np.zeros(0, np.int32)
    flanks = strips.sides * 2 + (strips.rise > 0)
    size = int(flanks.max()) + 1
    low, high = flanks.min(axis=1), flanks.max(axis=1)
    pair, inverse, walks = np.unique(low * size + high, return_inverse=True, return_counts=True)
    firm = pair[walks >= LEAST_WALKS]
    links = coo_array((np.ones(len(firm)), (firm // size, firm % size)), shape=(size, size))
    _, component = connected_components(links, directed=False)
    body = np.where(walks[inverse] >= LEAST_WALKS, component[low], -1)
    _, numbered = np.unique(body, return_inverse=True)
    return (numbered + (0 if (body < 0).any() else 1)).astype(np.int32)
