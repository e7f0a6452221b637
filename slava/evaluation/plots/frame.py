"""What every drawing has: axes, labels, legends, colours of models, the range that is shown.

It must not know which kind of marks is drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources

from slava.evaluation.plots.svg import (
    Scale,
    fitted,
    plain,
    tag,
    text_width,
    ticks,
    words,
)
from slava.evaluation.results import Figure, Results
from slava.evaluation.tables import levels_of, model_titles

WIDTH = 540.0
LABELS = 132.0
"""Room for labels on the left, px."""
LINE = 13.0
COLOURS = 8
NOT_KNOWN = "not told"
"""The name of the group of items of which nothing is known."""
_MARKS = ("circle", "square", "diamond", "triangle")


@cache
def style(dark: str = "") -> str:
    """The style sheet of all drawings.

    Parameters
    ----------
    dark
        A selector above the drawings, such as ``.dark``, under which the dark colours hold; empty
        where the system decides.
    """
    folder = resources.files("slava.evaluation.assets")
    sheets = [folder.joinpath(f"{n}.css").read_text("utf-8") for n in ("plots", "plots_dark")]
    deeper = sheets[1].replace(".sp-dark", f"{dark} .sp" if dark else ".sp")
    return sheets[0] + (
        deeper if dark else f"@media screen and (prefers-color-scheme: dark) {{\n{deeper}}}\n"
    )


def colour(results: Results, model: str) -> str:
    """The style of a group of marks that belong to a model."""
    return f"--c:var(--sp-{model_titles(results).index(model) % COLOURS})"


def mark(results: Results, model: str, x: float, y: float, **attributes: object) -> str:
    """The sign of a model: one that differs in shape as well as in colour."""
    shape = _MARKS[model_titles(results).index(model) % len(_MARKS)]
    told = {"class_": "sp-mark", "style": colour(results, model), **attributes}
    inside = str(told.pop("inside", ""))
    if shape == "circle":
        return tag("circle", inside, cx=x, cy=y, r=4.5, **told)
    if shape == "square":
        return tag("rect", inside, x=x - 4, y=y - 4, width=8.0, height=8.0, **told)
    points = ((0.0, -5.4), (5.4, 0.0), (0.0, 5.4), (-5.4, 0.0))
    if shape == "triangle":
        points = ((0.0, -5.0), (5.2, 4.2), (-5.2, 4.2), (0.0, -5.0))
    path = "M" + "L".join(f"{x + a:.1f} {y + b:.1f}" for a, b in points) + "Z"
    return tag("path", inside, d=path, **told)


def shown_range(results: Results, figure: Figure) -> tuple[float, float]:
    """From low to high of an axis that all answers fit on: the whole range unless most is empty.

    The same for all models, so that drawings side by side can be compared.
    """
    values = [row.figures[figure.name] for row in results.rows if figure.name in row.figures]
    low, high = figure.low, figure.high
    if values and not figure.share and high > low:
        most, least = max(values), min(values)
        if (most - low) < 0.8 * (high - low):
            steps = ticks(low, max(most, low + 0.02 * (high - low)), 4)
            step = steps[1] - steps[0] if len(steps) > 1 else (high - low) / 10
            high = min(high, steps[-1] + step)
        elif (high - least) < 0.3 * (high - low):
            steps = ticks(least, high, 4)
            step = steps[1] - steps[0] if len(steps) > 1 else (high - low) / 10
            low = max(low, steps[0] - step)
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def axis_title(figure: Figure, *, short: bool = False) -> str:
    """What stands at the axis of a figure, with its range and direction; its name unless short."""
    better = "more is better" if figure.larger_is_better else "less is better"
    kind = "share of answers, " if figure.share else ""
    told = f"{kind}{plain(figure.low)} to {plain(figure.high)}, {better}"
    return told if short else f"{figure.title} ({told})"


def bottom_axis(scale: Scale, top: float, bottom: float, title: str, about: int = 5) -> str:
    """Grid lines from top to bottom, numbers and a title below; takes 34 px below ``bottom``."""
    parts = []
    for value in ticks(scale.low, scale.high, about):
        x = scale(value)
        parts.append(tag("line", class_="sp-grid", x1=x, x2=x, y1=top, y2=bottom))
        parts.append(words(plain(value), x, bottom + 14, class_="sp-soft", text_anchor="middle"))
    middle = (scale.start + scale.end) / 2
    room = 2 * min(middle, WIDTH - middle) if scale.end <= WIDTH else scale.end - scale.start
    parts.append(
        words(fitted(title, room, 1)[0], middle, bottom + 30, full=title, text_anchor="middle")
    )
    return "".join(parts)


def left_axis(scale: Scale, left: float, right: float, title: str) -> str:
    """Grid lines from left to right, numbers beside them, a title above."""
    parts = []
    for value in ticks(scale.low, scale.high, 5):
        y = scale(value)
        parts.append(tag("line", class_="sp-grid", x1=left, x2=right, y1=y, y2=y))
        parts.append(words(plain(value), left - 7, y + 4, class_="sp-soft", text_anchor="end"))
    parts.append(words(fitted(title, right, 1)[0], 4, scale.end - 22, full=title))
    return "".join(parts)


def row_label(text: str, below: str, y: float, width: float = LABELS) -> str:
    """A label left of a row around ``y``, in two lines at most, with a soft line below it."""
    lines = fitted(text or NOT_KNOWN, width - 12, 2)
    count = len(lines) + bool(below)
    at = y - (count - 1) * LINE / 2 + 4
    parts = [
        words(line, width - 10, at + k * LINE, full=text, text_anchor="end")
        for k, line in enumerate(lines)
    ]
    if below:
        told = {"class_": "sp-soft", "text_anchor": "end"}
        parts.append(words(below, width - 10, at + len(lines) * LINE, **told))
    return "".join(parts)


def legend(
    entries: Iterable[tuple[str, str]], x: float, y: float, most: float
) -> tuple[str, float]:
    """Signs with names in lines; returns the markup and the height that it takes.

    Parameters
    ----------
    entries
        Markup of a sign around (0, 0), and its name.
    most
        Where a line ends, px.
    """
    parts, at, line = [], x, y
    for sign, name in entries:
        shown = fitted(name, most - x - 20, 1)[0]
        wide = 20 + text_width(shown)
        if at > x and at + wide > most:
            at, line = x, line + 17
        text = words(shown, 11, 4, full=name)
        parts.append(tag("g", sign + text, transform=f"translate({at + 5:.0f} {line:.0f})"))
        at += wide
    return "".join(parts), line - y + 17


def model_legend(
    results: Results, models: Sequence[str], x: float, y: float, most: float
) -> tuple[str, float]:
    """The signs of models."""
    return legend(((mark(results, m, 0, 0), m) for m in models), x, y, most)


def levels_told(results: Results) -> str:
    """Which levels a drawing over all of them holds, as part of a sentence."""
    levels = levels_of(results)
    return f"context {levels[0]}" if len(levels) == 1 else f"all {len(levels)} context levels"


def interval_told(low: float | None, high: float | None) -> str:
    """An interval in brackets; empty where there is none."""
    if low is None or high is None:
        return ""
    return f"95 % interval {plain(round(low, 4))} to {plain(round(high, 4))}"
