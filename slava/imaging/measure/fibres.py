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

from slava.domain import Fact, MeasureSettings
from slava.domain.fact import Outline
from slava.imaging.measure.facts import Ruler, length_fact
from slava.imaging.measure.foreground import Labels, Mask
from slava.imaging.measure.found import Found, sizes_of, without
from slava.imaging.measure.prepared import THIN, Prepared, enlarge
from slava.imaging.measure.regions import numbered
from slava.imaging.measure.shapes import Reals, describe
from slava.imaging.measure.strips import Edges, Strips
from slava.imaging.outline import distance_inside

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

METHOD = "distance between parallel long edges, across"

COUNTS: dict[Outline, str] = {
    "threshold": "sets of strips between parallel long edges that share an edge",
    "network": "outline network; pieces that go on straight behind what crosses them are one",
}
"""How fibres are told apart."""

SEEN = 0.7
"""The network is believed if it sees so much of the area of the strips as fibre."""

STRIP_SHARE = 0.15
"""A body has the width of the strips in it if they cover this share of it."""


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


def measure_fibres(prepared: Prepared, settings: MeasureSettings, ruler: Ruler) -> Found:
    """Fibre bodies with their diameters."""
    sides = prepared.sides
    thin = sides.thin >= THIN
    fibres = find_fibres(sides.edges, sides.strips, thin=thin)
    if fibres is None or not len(fibres):
        sides, thin = prepared.fine_sides, True
        fibres = find_fibres(sides.edges, sides.strips, thin=True)
    used = replace(settings, threshold=None, polarity="auto", region=prepared.box)
    nothing = Found(METHOD, used, count=0, warnings=("No fibres were found.",))
    if fibres is None or not len(fibres):
        return nothing
    drawn = enlarge(paint(fibres, sides.edges.labels.shape), sides.step, prepared.view.grey.shape)
    widths = np.append(0.0, fibres.diameters) * sides.step
    outline = _outline(settings, prepared, drawn, thin)
    used = replace(used, outline=outline)
    if outline == "network":
        bodies = prepared.strands[0]
        widths = _widths_of(bodies, drawn, widths)
        drawn = bodies
    number = int(drawn.max())
    if settings.min_size_px is not None:
        drawn = np.where(widths[drawn] * ruler.step >= settings.min_size_px, drawn, 0)
    drawn = _without(drawn, prepared, settings)
    kept = np.unique(drawn[drawn > 0])
    if not len(kept):
        return nothing
    labels = numbered(drawn)
    shapes = describe(labels, prepared.view.grey)
    mean = fibres.diameter * sides.step if len(kept) == number else float(widths[kept].mean())
    mean_px = ruler.px(mean)
    each = widths[kept]
    facts = _facts(fibres, each * ruler.step, mean_px, ruler, outline)
    spread = sizes_of(each, shapes, ruler)
    return Found(METHOD, used, tuple(facts), len(kept), mean_px, labels, shapes, each, spread)


def _outline(settings: MeasureSettings, prepared: Prepared, strips: Labels, thin: bool) -> Outline:
    """What tells fibres apart: the network, unless it is blind to them.

    Fibres too thin to have an inside are told by their edges; so are those that the network does
    not see although there are strips between parallel edges.
    """
    if settings.outline != "auto":
        return settings.outline
    if thin:
        return "threshold"
    seen = float((prepared.strands[0][strips > 0] > 0).mean())
    return "network" if seen >= SEEN else "threshold"


def _widths_of(bodies: Labels, strips: Labels, widths: NDArray[np.float64]) -> Reals:
    """The width of every body, 0 first: of the strips between edges that lie in it.

    Parameters
    ----------
    bodies, strips : (height, width)
        Labels of the network's bodies, and of the strips.
    widths : (strips + 1,)

    Where no strip lies in a body it is four times the mean distance to its outline, which is
    what a long body of even width has.
    """
    from scipy.ndimage import mean, median

    each = np.arange(int(bodies.max()) + 1)
    known = np.where(strips > 0, bodies, 0)
    shares = np.bincount(known.ravel(), minlength=len(each)) / np.bincount(bodies.ravel())
    by_edges = median(widths[strips], known, each)
    by_area = 4 * mean(distance_inside(bodies), bodies, each)
    found = np.where(shares >= STRIP_SHARE, by_edges, by_area)
    found[0] = 0.0
    return found


def _without(drawn: Labels, prepared: Prepared, settings: MeasureSettings) -> Labels:
    """Leave out what is excluded; the others keep their numbers."""
    kept = without(drawn, prepared, settings.excluded)
    return np.where(kept > 0, drawn, 0)


def _facts(
    fibres: Fibres, each: Reals, mean_px: float, ruler: Ruler, outline: Outline
) -> list[Fact]:
    """Number, diameter and its spread between fibres."""
    parameters: dict[str, float | int | str] = {
        "strips": fibres.sure,
        "strips_are": fibres.rule,
        "reduced_by": ruler.step,
    }
    spread = float(each.std(ddof=1)) if len(each) > 1 else None
    error = None if spread is None else spread / len(each) ** 0.5
    note = "; median over their area" + ("" if error is None else " ± spread / √fibres")
    counted = COUNTS[outline]
    count = Fact("fibre_count", "Fibres", len(each), method=counted, parameters=parameters)
    diameter = length_fact(
        "fibre_diameter_mean",
        "Fibre diameter",
        mean_px,
        ruler.nm_per_px,
        uncertainty_px=error,
        method=METHOD + note,
        parameters=parameters,
    )
    if spread is None:
        return [count, diameter]
    deviation = length_fact(
        "fibre_diameter_std",
        "Spread of diameters",
        spread,
        ruler.nm_per_px,
        method="standard deviation between fibres",
        parameters=parameters,
    )
    return [count, diameter, deviation]


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
