"""Means as dots with 95 % intervals: one row per model, or per group and model.

It must not know how intervals are drawn from the answers.
"""

from __future__ import annotations

from html import escape

from slava.evaluation.plots.frame import (
    LABELS,
    WIDTH,
    axis_title,
    bottom_axis,
    colour,
    interval_told,
    levels_told,
    mark,
    model_legend,
    row_label,
)
from slava.evaluation.plots.svg import Scale, rows_of, sheet, short, tag, text_width, ticks, words
from slava.evaluation.results import Figure, Results
from slava.evaluation.tables import (
    By,
    Cell,
    figure_named,
    grouped,
    groups_of,
    model_titles,
    overall,
)

_ROW = 24.0
_DODGE = 15.0


def interval_dots(
    results: Results, figure: str, by: By | None = None, *, width: float = WIDTH
) -> str:
    """The means of one figure with their intervals; empty where no answer has it.

    Parameters
    ----------
    by
        One row per group with all models in it; ``None`` for one row per model over all answers.
    """
    told = figure_named(results, figure)
    if by is None:
        cells = overall(results, figure)
        return _by_model(results, told, cells, width) if cells else ""
    cells = grouped(results, figure, by)
    return _by_group(results, told, cells, by, width) if cells else ""


def _by_model(results: Results, figure: Figure, cells: tuple[Cell, ...], width: float) -> str:
    numbers = [f"{short(c.mean)}\u2003n = {c.answers}" for c in cells]
    right = width - 18 - max(map(text_width, numbers))
    top, bottom = 8.0, 8.0 + _ROW * len(cells)
    scale = Scale(*_range(figure, cells), LABELS + 4, right)
    body = [bottom_axis(scale, top, bottom, axis_title(figure, short=True), 4)]
    for k, (cell, number) in enumerate(zip(cells, numbers, strict=True)):
        y = top + _ROW * (k + 0.5)
        body.append(row_label(cell.model, "", y))
        body.append(_dot(results, cell, scale, y))
        body.append(words(number, width - 4, y + 4, class_="sp-soft", text_anchor="end"))
    title = f"{figure.title}: mean of every model with its 95 % interval"
    return sheet(width, bottom + 38, figure.title, title, _told(results, figure), body)


def _by_group(
    results: Results, figure: Figure, cells: tuple[Cell, ...], by: By, width: float
) -> str:
    models = model_titles(results)
    legend, taken = model_legend(results, models, LABELS, 12, width - 4)
    groups = [g for g in groups_of(results, by) if any(c.group == g for c in cells)]
    top = taken + 8
    tall = max(34.0, _DODGE * len(models) + 10)
    bottom = top + tall * len(groups)
    scale = Scale(*_range(figure, cells), LABELS + 4, width - 14)
    body = [legend, bottom_axis(scale, top, bottom, axis_title(figure))]
    for k, group in enumerate(groups):
        middle = top + tall * (k + 0.5)
        mine = [c for c in cells if c.group == group]
        counts = sorted({c.answers for c in mine})
        n = f"n = {counts[0]}" if len(counts) == 1 else f"n = {counts[0]} to {counts[-1]}"
        if k:
            y = top + tall * k
            body.append(tag("line", class_="sp-rule", x1=0.0, x2=width, y1=y, y2=y))
        body.append(row_label(group, n, middle))
        for cell in mine:
            place = models.index(cell.model) - (len(models) - 1) / 2
            body.append(_dot(results, cell, scale, middle + _DODGE * place))
    title = f"{figure.title} by {by}: means with 95 % intervals"
    return sheet(width, bottom + 38, f"{figure.title} by {by}", title, _told(results, figure), body)


def _dot(results: Results, cell: Cell, scale: Scale, y: float) -> str:
    parts = []
    if cell.low is not None and cell.high is not None:
        told = {"class_": "sp-whisker", "style": colour(results, cell.model)}
        low, high = scale(cell.low), scale(cell.high)
        parts.append(tag("line", x1=low, x2=high, y1=y, y2=y, **told))
    interval = interval_told(cell.low, cell.high)
    hint = f"{cell.model}{', ' + cell.group if cell.group else ''}: {short(cell.mean)}, " + (
        f"{interval}, n = {cell.answers}" if interval else f"n = {cell.answers}"
    )
    inside = tag("title", escape(hint))
    x = scale(cell.mean)
    parts.append(mark(results, cell.model, x, y, inside=inside, data_rows=rows_of(cell.rows)))
    return "".join(parts)


def _range(figure: Figure, cells: tuple[Cell, ...]) -> tuple[float, float]:
    """Around the intervals, to round numbers, never beyond the range of the figure."""
    ends = [e for c in cells for e in (c.mean, c.low, c.high) if e is not None]
    least = 0.1 if figure.share else 0.02
    room = max((max(ends) - min(ends)) * 0.15, (figure.high - figure.low) * least, 1e-9)
    low, high = max(figure.low, min(ends) - room), min(figure.high, max(ends) + room)
    if high <= low:
        return low - 0.5, low + 0.5
    steps = ticks(low, high, 4)
    step = steps[1] - steps[0] if len(steps) > 1 else room
    if steps and steps[0] > low:
        low = max(figure.low, steps[0] - step)
    if steps and steps[-1] < high:
        high = min(figure.high, steps[-1] + step)
    return low, high


def _told(results: Results, figure: Figure) -> str:
    return (
        f"{figure.told} Means over {levels_told(results)}; a line is the 95 % bootstrap interval "
        f"of the mean. The axis shows a part of {figure.low:g} to {figure.high:g}."
    )
