"""Tables as coloured cells with their numbers: topic by context level, truth by what was said.

It must not know what a figure measures.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from slava.evaluation.plots.frame import LABELS, LINE, WIDTH, axis_title, row_label
from slava.evaluation.plots.svg import (
    fitted,
    rows_of,
    sheet,
    short,
    tag,
    text_width,
    words,
)
from slava.evaluation.results import Figure, Results
from slava.evaluation.table_classes import UNDECIDED, confusion
from slava.evaluation.tables import (
    By,
    Cell,
    by_level,
    figure_named,
    groups_of,
    levels_of,
)

ALL = "all"
_TALL = 32.0
_DARK_FROM = 0.55
"""Above this share of the scale numbers change their colour."""
_SMALL_PX = 9.5


def heat_map(
    results: Results, figure: str, model: str, by: By = "topic", *, width: float = WIDTH
) -> str:
    """Means by group and context level; empty unless there are several levels.

    The scale of colours is the same for all models.
    """
    told = figure_named(results, figure)
    levels = levels_of(results)
    every = by_level(results, figure, by)
    cells = [cell for cell in every if cell.model == model]
    if len(levels) < 2 or not cells:
        return ""
    low, high = min(c.mean for c in every), max(c.mean for c in every)
    groups = [g for g in groups_of(results, by) if any(c.group == g for c in cells)]
    wide = (width - LABELS - 4) / len(levels)
    body = [
        words(level, LABELS + wide * (k + 0.5), 14, text_anchor="middle")
        for k, level in enumerate(levels)
    ]
    y = 22.0
    for group in groups:
        body.append(row_label(group, "", y + _TALL / 2))
        for cell in (c for c in cells if c.group == group):
            place = levels.index(cell.level) if cell.level else 0
            body.append(_mean(cell, LABELS + wide * place, y, wide, low, high))
        y += _TALL
    if len(groups) > 1:
        y += 6
        body.append(row_label(ALL, "", y + _TALL / 2))
        for cell in (c for c in by_level(results, figure, None) if c.model == model):
            place = levels.index(cell.level) if cell.level else 0
            body.append(_mean(cell, LABELS + wide * place, y, wide, low, high))
        y += _TALL
    body.append(_scale(told, low, high, y + 14, width))
    about = (
        f"{told.told} Means by {by} and context level, n of each cell in small figures. Colours "
        f"run from the lowest to the highest mean of all models."
    )
    title = f"{told.title} of {model} by {by} and context level"
    return sheet(width, y + 48, f"{told.title}: {model}", title, about, body)


def confusion_plot(results: Results, model: str, *, width: float = WIDTH) -> str:
    """Truth in rows, what was said in columns; empty where there are no categories.

    Colours are shares of a row, numbers are counts.
    """
    matrix = confusion(results, model)
    if matrix is None:
        return ""
    wide = (width - LABELS - 44) / len(matrix.said)
    slanted = wide < 78
    head = _head_height(matrix.said) if slanted else 2 * LINE + 8
    body = [
        _column_label(label, LABELS + wide * (k + 0.5), head, wide, slanted)
        for k, label in enumerate(matrix.said)
    ]
    body.append(words("said →", LABELS - 10, head - 6, class_="sp-soft", text_anchor="end"))
    body.append(words("n", width - 20, head - 6, class_="sp-soft", text_anchor="middle"))
    tall = max(26.0, min(_TALL, wide))
    for i, (label, counts) in enumerate(zip(matrix.truth, matrix.counts, strict=True)):
        y, total = head + tall * i, sum(counts)
        body.append(row_label(label, "", y + tall / 2))
        for j, count in enumerate(counts):
            share = count / total if total else 0.0
            hint = f"truth {label}, said {matrix.said[j]}: {count} of {total} ({share:.0%})"
            x = LABELS + wide * j
            rows = matrix.rows.get((i, j), ())
            body.append(_cell(str(count), "", share, x, y, wide, tall, hint, rows, i == j))
        at = {"class_": "sp-soft", "text_anchor": "middle"}
        body.append(words(str(total), width - 20, y + tall / 2 + 4, **at))
    bottom = head + tall * len(matrix.truth)
    told = (
        f"Rows are the truth, columns what was said; {matrix.accuracy:.1%} on the diagonal. "
        "Colours are shares of a row."
    )
    for line in fitted(told, width - 8, 3):
        body.append(words(line, 4, bottom + 22, full=told, class_="sp-soft"))
        bottom += LINE
    title = f"Confusion of categories by {model}"
    return sheet(
        width, bottom + 19, f"Categories: {model}", title, f"{told} {UNDECIDED} is wrong.", body
    )


def _mean(cell: Cell, x: float, y: float, wide: float, low: float, high: float) -> str:
    share = (cell.mean - low) / (high - low) if high > low else 0.5
    where = f"{cell.group or 'all'}, context {cell.level}"
    hint = f"{where}: {short(cell.mean)}, n = {cell.answers}"
    n = f"n {cell.answers}" if wide > 62 else ""
    return _cell(short(cell.mean), n, share, x, y, wide, _TALL, hint, cell.rows, False)


def _cell(
    number: str,
    below: str,
    share: float,
    x: float,
    y: float,
    wide: float,
    tall: float,
    hint: str,
    rows: Sequence[int],
    framed: bool,
) -> str:
    ink = "sp-on-high" if share > _DARK_FROM else "sp-on-low"
    mix = f"color-mix(in oklab,var(--sp-high) {share * 100:.0f}%,var(--sp-low))"
    box = tag(
        "rect",
        tag("title", escape(hint)),
        class_="sp-cell sp-framed" if framed else "sp-cell",
        style=f"fill:{mix}",
        x=x + 1,
        y=y + 1,
        width=wide - 2,
        height=tall - 2,
        rx=2,
        data_rows=rows_of(rows) if rows else None,
    )
    middle, base = x + wide / 2, y + tall / 2 + 4
    if not below:
        return box + words(number, middle, base, class_=ink, text_anchor="middle")
    told = {"class_": f"{ink} sp-small", "text_anchor": "start"}
    half = (text_width(number) + text_width(below, _SMALL_PX) + 7) / 2
    return (
        box
        + words(number, middle - half, base, class_=f"{ink} sp-strong")
        + words(below, middle - half + text_width(number) + 7, base, **told)
    )


def _column_label(label: str, x: float, bottom: float, wide: float, slanted: bool) -> str:
    if slanted:
        text = fitted(label, 118, 1)[0]
        turn = f"rotate(-38 {x:.1f} {bottom - 5:.1f})"
        return words(text, x, bottom - 5, full=label, transform=turn)
    lines = fitted(label, wide - 6, 2)
    top = bottom - 6 - LINE * (len(lines) - 1)
    return "".join(
        words(line, x, top + LINE * k, full=label, text_anchor="middle")
        for k, line in enumerate(lines)
    )


def _head_height(labels: Sequence[str]) -> float:
    longest = max(min(text_width(label), 118.0) for label in labels)
    return 16 + 0.62 * longest


def _scale(figure: Figure, low: float, high: float, y: float, width: float) -> str:
    """The colours from the lowest to the highest mean."""
    steps, wide = 24, 120.0
    parts = []
    for k in range(steps):
        mix = f"color-mix(in oklab,var(--sp-high) {100 * k / (steps - 1):.0f}%,var(--sp-low))"
        x = LABELS + 1 + wide / steps * k
        told = {"y": y, "height": 9.0, "style": f"fill:{mix}"}
        parts.append(tag("rect", x=x, width=wide / steps + 0.3, **told))
    ends = ((LABELS + 1, low, "start"), (LABELS + 1 + wide, high, "end"))
    for x, value, anchor in ends:
        parts.append(words(short(value), x, y + 21, class_="sp-soft", text_anchor=anchor))
    title = axis_title(figure)
    shown = fitted(title, width - LABELS - wide - 18, 1)[0]
    parts.append(words(shown, LABELS + wide + 14, y + 8, full=title))
    return "".join(parts)
