"""Fibres measured: by the strips between their edges, by the outline network, or by both.

Edges tell the width better, the network tells better what is one fibre. This module must not know
how either of them finds what it finds.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from slava.domain import Fact, MeasureSettings
from slava.domain.fact import Outline
from slava.imaging.measure.facts import Ruler, length_fact
from slava.imaging.measure.fibre_bodies import find_fibres, paint, weighted_median
from slava.imaging.measure.foreground import Labels
from slava.imaging.measure.found import Found, sizes_of, without
from slava.imaging.measure.prepared import THIN, Prepared, enlarge
from slava.imaging.measure.regions import numbered
from slava.imaging.measure.shapes import Reals, describe
from slava.imaging.outline import distance_inside

METHOD = "distance between parallel long edges, across"
BY_AREA = "four times the mean distance to the fibre's outline"

COUNTS: dict[Outline, str] = {
    "threshold": "sets of strips between parallel long edges that share an edge",
    "network": "outline network; pieces that go on straight behind what crosses them are one",
}
"""How fibres are told apart."""

SEEN = 0.7
"""The network is believed if it sees so much of the area of the strips as fibre."""

STRIP_SHARE = 0.15
"""A body has the width of the strips in it if they cover this share of it."""


Parameters = dict[str, float | int | str]


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
        alone = settings.outline != "threshold"
        return (_by_network(prepared, used, ruler) if alone else None) or nothing
    drawn = enlarge(paint(fibres, sides.edges.labels.shape), sides.step, prepared.view.grey.shape)
    widths = np.append(0.0, fibres.diameters) * sides.step
    outline = _outline(settings, prepared, drawn, thin)
    used = replace(used, outline=outline)
    if outline == "network":
        bodies = prepared.strands[0]
        widths = _widths_of(bodies, drawn, widths)
        drawn = bodies
    number = int(drawn.max())
    drawn = _chosen(drawn, widths * ruler.step, prepared, settings)
    kept = np.unique(drawn[drawn > 0])
    if not len(kept):
        return nothing
    labels = numbered(drawn)
    shapes = describe(labels, prepared.view.grey)
    mean = fibres.diameter * sides.step if len(kept) == number else float(widths[kept].mean())
    mean_px = ruler.px(mean)
    each = widths[kept]
    how: Parameters = {"strips": fibres.sure, "strips_are": fibres.rule}
    facts = _facts((COUNTS[outline], METHOD), how, each * ruler.step, mean_px, ruler)
    spread = sizes_of(each, shapes, ruler)
    return Found(METHOD, used, tuple(facts), len(kept), mean_px, labels, shapes, each, spread)


def _by_network(prepared: Prepared, settings: MeasureSettings, ruler: Ruler) -> Found | None:
    """Fibres that the network sees where edges find none; ``None`` where it sees none either."""
    bodies = prepared.strands[0]
    widths = _widths_of(bodies, np.zeros_like(bodies), np.zeros(1))
    drawn = _chosen(bodies, widths * ruler.step, prepared, settings)
    kept = np.unique(drawn[drawn > 0])
    if not len(kept):
        return None
    labels, each = numbered(drawn), widths[kept]
    shapes = describe(labels, prepared.view.grey)
    mean_px = ruler.px(weighted_median(each.astype(np.float64), shapes.area.astype(np.float64)))
    facts = _facts((COUNTS["network"], BY_AREA), {}, each * ruler.step, mean_px, ruler)
    used, spread = replace(settings, outline="network"), sizes_of(each, shapes, ruler)
    return Found(BY_AREA, used, tuple(facts), len(kept), mean_px, labels, shapes, each, spread)


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
    if len(each) == 1:
        return np.zeros(1)
    known = np.where(strips > 0, bodies, 0)
    shares = np.bincount(known.ravel(), minlength=len(each)) / np.bincount(bodies.ravel())
    by_edges = median(widths[strips], known, each)
    by_area = 4 * mean(distance_inside(bodies), bodies, each)
    found = np.where(shares >= STRIP_SHARE, by_edges, by_area)
    found[0] = 0.0
    return found


def _chosen(
    drawn: Labels, widths_px: Reals, prepared: Prepared, settings: MeasureSettings
) -> Labels:
    """Leave out what is too thin or excluded; the others keep their numbers."""
    if settings.min_size_px is not None:
        drawn = np.where(widths_px[drawn] >= settings.min_size_px, drawn, 0)
    kept = without(drawn, prepared, settings.excluded)
    return np.where(kept > 0, drawn, 0)


def _facts(
    methods: tuple[str, str], how: Parameters, each: Reals, mean_px: float, ruler: Ruler
) -> list[Fact]:
    """Number, diameter and its spread between fibres; ``methods`` of counting and of measuring."""
    counted, measured = methods
    parameters: Parameters = {**how, "reduced_by": ruler.step}
    spread = float(each.std(ddof=1)) if len(each) > 1 else None
    error = None if spread is None else spread / len(each) ** 0.5
    note = "; median over their area" + ("" if error is None else " ± spread / √fibres")
    count = Fact("fibre_count", "Fibres", len(each), method=counted, parameters=parameters)
    diameter = length_fact(
        "fibre_diameter_mean",
        "Fibre diameter",
        mean_px,
        ruler.nm_per_px,
        uncertainty_px=error,
        method=measured + note,
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
