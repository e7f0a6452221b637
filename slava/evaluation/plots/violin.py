"""How the figures of single answers lie, by topic: simple questions above the line, complex below.

Few answers, and answers that are all alike, are shown as points and no shape is made up for them.
It must not know what a figure measures.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from slava.domain import Complexity
from slava.evaluation.plots.frame import (
    LABELS,
    WIDTH,
    axis_title,
    bottom_axis,
    colour,
    legend,
    levels_told,
    row_label,
    shown_range,
)
from slava.evaluation.plots.svg import Scale, polygon, rows_of, sheet, short, tag
from slava.evaluation.results import Results
from slava.evaluation.tables import By, figure_named, group_of, groups_of

FEWEST = 8
"""With fewer answers only points are drawn."""
MOST_POINTS = 150
"""So many points of a half at most, evenly taken from the lowest to the highest."""
ALL = "all"
_GRID = 96
_HALF = 21.0
_GOLDEN = 0.6180339887498949
"""Places of points within their half follow it: as even as they can be, and always the same."""


def violin(
    results: Results, figure: str, model: str, by: By = "topic", *, width: float = WIDTH
) -> str:
    """The distribution of one figure of one model; empty where no answer has it.

    Parameters
    ----------
    by
        What the rows are; the first row holds all answers where there are several.
    """
    told = figure_named(results, figure)
    places = [k for k, r in enumerate(results.rows) if r.model == model and figure in r.figures]
    if not places:
        return ""
    groups = [
        (group or "", [k for k in places if group_of(results.rows[k], by) == group])
        for group in groups_of(results, by)
    ]
    shown = [(group, mine) for group, mine in groups if mine]
    if len(shown) > 1:
        shown.insert(0, (ALL, places))
    halves = _halves(results, places)
    split = len(halves) > 1
    tall = 2 * _HALF + 10 if split else _HALF + 18
    top = 22.0 if split else 6.0
    bottom = top + tall * len(shown)
    scale = Scale(*shown_range(results, told), LABELS + 4, width - 14)
    body = [bottom_axis(scale, top, bottom, axis_title(told))]
    if split:
        body.append(_key(halves, width))
    for k, (group, mine) in enumerate(shown):
        line = top + tall * k + (tall / 2 if split else tall - 8)
        if k:
            y = top + tall * k
            body.append(tag("line", class_="sp-rule", x1=0.0, x2=width, y1=y, y2=y))
        middle = top + tall * (k + 0.5)
        body.append(row_label(group, f"n = {len(mine)}", middle))
        for half, side in halves:
            own = [p for p in mine if not split or results.rows[p].item.complexity == half]
            if own:
                body.append(_half(results, figure, own, scale, line, side, half))
    inside = tag("g", "".join(body), style=colour(results, model))
    title = f"{told.title} of {model} by {by}"
    about = (
        f"{told.told} Shapes are Gaussian kernel densities of single answers, each as high as the "
        f"others at its peak; {levels_told(results)}. The bar is from the first to the third "
        f"quartile, the gap in it is the median. Fewer than {FEWEST} answers are points only; "
        f"of more than {MOST_POINTS}, {MOST_POINTS} points are drawn."
    )
    return sheet(width, bottom + 38, f"{told.title}: {model}", title, about, [inside])


def _halves(results: Results, places: Sequence[int]) -> list[tuple[Complexity, int]]:
    """Which complexities are drawn, and on which side of the line: -1 is above, 1 below."""
    found = {results.rows[k].item.complexity for k in places}
    if {"simple", "complex"} <= found and "" not in found:
        return [("simple", -1), ("complex", 1)]
    return [("", -1)]


def _key(halves: Sequence[tuple[Complexity, int]], width: float) -> str:
    entries = []
    for half, _ in halves:
        sign = tag("rect", class_=f"sp-violin sp-{half}", x=-5.0, y=-5.0, width=10.0, height=10.0)
        where = "above" if half == "simple" else "below"
        entries.append((sign, f"{half}, {where} the line"))
    return legend(entries, LABELS, 10, width)[0]


def _half(
    results: Results,
    figure: str,
    places: Sequence[int],
    scale: Scale,
    line: float,
    side: int,
    half: str,
) -> str:
    values = np.array([results.rows[k].figures[figure] for k in places])
    parts = [tag("line", class_="sp-base", x1=scale.start, x2=scale.end, y1=line, y2=line)]
    shape = _shape(values, scale, line, side)
    named = half or "all"
    q1, median, q3 = (float(q) for q in np.quantile(values, (0.25, 0.5, 0.75)))
    hint = tag(
        "title",
        escape(
            f"{named}: median {short(median)}, quartiles {short(q1)} and {short(q3)}, "
            f"n = {len(values)}"
        ),
    )
    every = rows_of(places)
    if shape:
        told = {"class_": f"sp-violin sp-{half or 'simple'}", "data_rows": every}
        parts.append(tag("path", hint, d=polygon(shape), **told))
    parts.append(_points(values, places, scale, line, side, shape))
    if len(values) >= FEWEST:
        y = line + side * 4.0
        left, right = scale(q1), scale(q3)
        box = {"class_": "sp-box", "y": y - 2.5, "height": 5.0}
        parts.append(tag("rect", x=left, width=max(1.0, right - left), **box))
        at = {"y1": y - 4.5, "y2": y + 4.5, "class_": "sp-median"}
        parts.append(tag("line", x1=scale(median), x2=scale(median), **at))
    return "".join(parts)


def _shape(
    values: NDArray[np.float64], scale: Scale, line: float, side: int
) -> list[tuple[float, float]]:
    """The outline of the density between the lowest and the highest value; empty for few."""
    if len(values) < FEWEST or float(np.ptp(values)) < 1e-9 * max(1.0, abs(scale.high)):
        return []
    from scipy.stats import gaussian_kde

    grid = np.linspace(values.min(), values.max(), _GRID)
    density = gaussian_kde(values)(grid)
    high = density / density.max() * _HALF
    edge = [(scale(float(x)), line + side * float(h)) for x, h in zip(grid, high, strict=True)]
    return [(edge[0][0], line), *edge, (edge[-1][0], line)]


def _points(
    values: NDArray[np.float64],
    places: Sequence[int],
    scale: Scale,
    line: float,
    side: int,
    shape: Sequence[tuple[float, float]],
) -> str:
    """Single answers within the shape, or within a strip where there is none."""
    edge = np.array(shape or [(scale.start, line + _HALF), (scale.end, line + _HALF)])
    order = np.argsort(values, kind="stable")
    if len(order) > MOST_POINTS:
        order = order[np.linspace(0, len(order) - 1, MOST_POINTS).round().astype(int)]
    across = np.array([scale(float(values[k])) for k in order])
    room = np.interp(across, edge[:, 0], np.abs(edge[:, 1] - line))
    away = 2.5 + np.maximum(0, room - 4) * (np.arange(len(order)) * _GOLDEN % 1)
    parts = []
    for k, x, y in zip(order, across, line + side * away, strict=True):
        place = str(places[k])
        at = {"cx": float(x), "cy": float(y), "r": 2.0 if shape else 3.0}
        parts.append(tag("circle", class_="sp-point", **at, data_rows=place))
    return "".join(parts)
