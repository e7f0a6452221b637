"""Bars: means by context level with their intervals, precision, recall and F1 of every class.

Bars begin at the lowest value that a figure can have. It must not know what a figure measures.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from slava.evaluation.plots.frame import (
    LABELS,
    LINE,
    WIDTH,
    axis_title,
    bottom_axis,
    colour,
    interval_told,
    left_axis,
    legend,
    mark,
    model_legend,
    row_label,
)
from slava.evaluation.plots.svg import Scale, rows_of, sheet, short, tag, text_width, ticks, words
from slava.evaluation.results import Figure, Results
from slava.evaluation.table_classes import class_bars
from slava.evaluation.tables import Cell, figure_named, grouped, groups_of, model_titles

_TALL = 190.0
_NUMBERS = ("precision", "recall", "f1")
_NAMES = {"precision": "Precision", "recall": "Recall", "f1": "F1"}
_BAR = 9.0


def level_bars(results: Results, figure: str, *, width: float = WIDTH) -> str:
    """The mean of every model at every context level; empty where no answer has the figure."""
    told = figure_named(results, figure)
    cells = grouped(results, figure, "level")
    if not cells:
        return ""
    levels, models = groups_of(results, "level"), model_titles(results)
    signs, taken = model_legend(results, models, 40, 12, width - 4)
    top = taken + 36
    scale = Scale(*_range(told, cells), top + _TALL, top)
    left, right = 40.0, width - 4
    wide = (right - left) / len(levels)
    bar = min(46.0, (wide - 18) / len(models))
    body = [signs, left_axis(scale, left, right, axis_title(told))]
    for k, level in enumerate(levels):
        middle = left + wide * (k + 0.5)
        mine = [c for c in cells if c.group == level]
        for cell in mine:
            place = models.index(cell.model) - (len(models) - 1) / 2
            body.append(_bar(results, cell, scale, middle + bar * place, bar))
        at = {"text_anchor": "middle"}
        counts = sorted({c.answers for c in mine}) or [0]
        n = f"n = {counts[0]}" if len(counts) == 1 else f"n = {counts[0]} to {counts[-1]}"
        body.append(words(level, middle, scale.start + 16, **at))
        body.append(words(n, middle, scale.start + 16 + LINE, class_="sp-soft", **at))
    body.append(words("context level", (left + right) / 2, scale.start + 48, text_anchor="middle"))
    base = {"class_": "sp-axis", "y1": scale.start, "y2": scale.start}
    body.append(tag("line", x1=left, x2=right, **base))
    title = f"{told.title} by context level: means with 95 % intervals"
    about = f"{told.told} Whiskers are 95 % bootstrap intervals of the mean; n is answers per bar."
    heading = f"{told.title} by context level"
    return sheet(width, scale.start + 56, heading, title, about, body)


def class_plot(results: Results, model: str, *, width: float = WIDTH) -> str:
    """Precision, recall and F1 of every class by one model; empty without categories."""
    bars = class_bars(results, model)
    if not bars:
        return ""
    signs = (
        (tag("rect", class_=f"sp-bar sp-{n}", x=-5.0, y=-5.0, width=10.0, height=10.0), _NAMES[n])
        for n in _NUMBERS
    )
    key, taken = legend(signs, LABELS, 12, width)
    top = taken + 4
    tall = _BAR * len(_NUMBERS) + 12
    bottom = top + tall * len(bars)
    scale = Scale(0.0, 1.0, LABELS + 4, width - 40)
    body = [
        key,
        bottom_axis(scale, top, bottom, "Precision, recall and F1 (0 to 1, more is better)"),
    ]
    for k, found in enumerate(bars):
        y = top + tall * k + 6
        body.append(row_label(found.label, f"n = {found.support}", top + tall * (k + 0.5)))
        values = (found.precision, found.recall, found.f1)
        for name, value in zip(_NUMBERS, values, strict=True):
            hint = f"{found.label}: {_NAMES[name]} {value:.3f}, n = {found.support}"
            shape = {"x": scale.start, "y": y, "height": _BAR - 1}
            told = {"class_": f"sp-bar sp-{name}", "data_rows": rows_of(found.rows)}
            inside = tag("title", escape(hint))
            long = max(1.0, scale(value) - scale.start)
            body.append(tag("rect", inside, width=long, **shape, **told))
            at = {"class_": "sp-soft sp-small"}
            body.append(words(f"{value:.2f}", scale(value) + 5, y + _BAR - 1.5, **at))
            y += _BAR
    body.append(tag("line", class_="sp-axis", x1=scale.start, x2=scale.start, y1=top, y2=bottom))
    inside = tag("g", "".join(body), style=colour(results, model))
    title = f"Precision, recall and F1 of every class by {model}"
    told_n = "n is how many answers are about the class."
    return sheet(width, bottom + 38, f"Classes: {model}", title, told_n, [inside])


def _range(figure: Figure, cells: Sequence[Cell]) -> tuple[float, float]:
    """From the lowest value that there can be to a round number above all bars."""
    most = max(cell.mean if cell.high is None else cell.high for cell in cells)
    if figure.share or most <= figure.low:
        return figure.low, figure.high
    steps = ticks(figure.low, most, 4)
    step = steps[1] - steps[0] if len(steps) > 1 else most - figure.low
    return figure.low, min(figure.high, steps[-1] + step)


def _bar(results: Results, cell: Cell, scale: Scale, middle: float, wide: float) -> str:
    y = scale(cell.mean)
    interval = interval_told(cell.low, cell.high)
    hint = f"{cell.model}, context {cell.group}: {short(cell.mean)}"
    hint += f", {interval}, n = {cell.answers}" if interval else f", n = {cell.answers}"
    parts = [
        tag(
            "rect",
            tag("title", escape(hint)),
            class_="sp-bar sp-f1",
            style=colour(results, cell.model),
            x=middle - wide / 2 + 1,
            y=y,
            width=wide - 2,
            height=max(1.0, scale.start - y),
            data_rows=rows_of(cell.rows),
        )
    ]
    top = y
    if cell.low is not None and cell.high is not None:
        low, top = scale(cell.low), scale(cell.high)
        parts.append(tag("line", class_="sp-error", x1=middle, x2=middle, y1=low, y2=top))
        for end in (low, top):
            caps = {"x1": middle - 4, "x2": middle + 4, "y1": end, "y2": end}
            parts.append(tag("line", class_="sp-error", **caps))
    number = short(cell.mean)
    if text_width(number) <= wide + 4:
        parts.append(words(number, middle, top - 5, class_="sp-small", text_anchor="middle"))
    parts.append(mark(results, cell.model, middle, scale.start - 9, class_="sp-mark sp-foot"))
    return "".join(parts)
