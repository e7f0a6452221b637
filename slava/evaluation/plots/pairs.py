"""Two models on the same answers, and a judge beside people.

It must not know how differences are tested.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from slava.evaluation.plots.frame import LABELS, WIDTH, bottom_axis, left_axis, row_label
from slava.evaluation.plots.svg import Scale, fitted, rows_of, sheet, short, tag, words
from slava.evaluation.results import Results
from slava.evaluation.table_pairs import Contrast, JudgeTrust
from slava.evaluation.tables import figure_named
from slava.metrics.judge_prompts import RANGES

_ROW = 26.0
_SQUARE = 250.0


def contrast_plot(results: Results, contrasts: Sequence[Contrast], *, width: float = WIDTH) -> str:
    """The differences of two models, figure by figure, each in percent of the figure's range.

    Right of 0 the first model is better, left of it the second, also for figures of which less is
    better. Differences that the test does not decide are hollow. Empty without differences.
    """
    if not contrasts:
        return ""
    first, second = contrasts[0].first, contrasts[0].second
    spans = [_percent(results, contrast) for contrast in contrasts]
    most = max(max(abs(end) for end in span) for span in spans) * 1.08 or 1.0
    top = 24.0
    bottom = top + _ROW * len(contrasts)
    scale = Scale(-most, most, LABELS + 4, width - 92)
    zero = scale(0)
    left = f"← {fitted(second, zero - 70, 1)[0]} better"
    right = f"{fitted(first, width - zero - 70, 1)[0]} better →"
    body = [
        words(left, zero - 8, 13, full=second, class_="sp-soft", text_anchor="end"),
        words(right, zero + 8, 13, full=first, class_="sp-soft"),
        bottom_axis(scale, top, bottom, "Difference, % of the figure's range"),
        tag("line", class_="sp-axis", x1=zero, x2=zero, y1=top, y2=bottom),
    ]
    for k, (contrast, (low, mean, high)) in enumerate(zip(contrasts, spans, strict=True)):
        y = top + _ROW * (k + 0.5)
        figure = figure_named(results, contrast.figure)
        decided = contrast.better != "undecided"
        hint = (
            f"{figure.title}: {first} less {second} is {short(contrast.difference)} "
            f"({short(contrast.low)} to {short(contrast.high)}), p = {contrast.p_value:.3g} after "
            f"Holm over {contrast.tests} tests, {contrast.pairs} pairs of answers"
        )
        body.append(row_label(figure.title, "", y))
        whisker = {"class_": "sp-error", "y1": y, "y2": y}
        body.append(tag("line", x1=scale(low), x2=scale(high), **whisker))
        body.append(
            tag(
                "circle",
                tag("title", escape(hint)),
                class_="sp-decided" if decided else "sp-open",
                cx=scale(mean),
                cy=y,
                r=4.5,
                data_rows=rows_of(contrast.rows),
            )
        )
        p = "p < 0.001" if contrast.p_value < 0.001 else f"p = {contrast.p_value:.3f}"
        told = "sp-strong" if decided else "sp-soft"
        body.append(words(p, width - 4, y + 4, class_=told, text_anchor="end"))
    about = (
        "Means over the answers that both gave, with 95 % bootstrap intervals. p-values are of "
        f"randomisation tests, after Holm over {contrasts[0].tests} tests; filled dots are below "
        "0.05."
    )
    heading = f"{first} beside {second}"
    return sheet(width, bottom + 38, heading, f"{heading}, figure by figure", about, body)


def judge_plot(trust: JudgeTrust, *, width: float = WIDTH) -> str:
    """What a judge gave against what people gave, one point per answer; empty without people."""
    if not trust.points:
        return ""
    low, high = RANGES[trust.measure]
    left, top = 44.0, 36.0
    across = Scale(low, high, left, min(width - 12, left + 1.4 * _SQUARE))
    up = Scale(low, high, top + _SQUARE, top)
    body = [
        left_axis(up, left, across.end, f"judge: {trust.judge}"),
        bottom_axis(across, top, up.start, f"people: {trust.measure.replace('_', ' ')}"),
        tag("line", class_="sp-base", x1=left, y1=up.start, x2=across.end, y2=top),
    ]
    for judge, people, place in trust.points:
        body.append(
            tag(
                "circle",
                tag("title", escape(f"judge {short(judge)}, people {short(people)}")),
                class_="sp-scatter",
                cx=across(people),
                cy=up(judge),
                r=3.5,
                data_rows=str(place),
            )
        )
    title = f"{trust.judge} beside people: {trust.measure.replace('_', ' ')}"
    told = f"{len(trust.points)} answers that both scored; on the line both say the same."
    return sheet(across.end + 12, up.start + 38, title, title, told, body)


def _percent(results: Results, contrast: Contrast) -> tuple[float, float, float]:
    """Low end, difference and high end in percent of the range, more is better."""
    figure = figure_named(results, contrast.figure)
    per = 100 / (figure.high - figure.low) if figure.high > figure.low else 100.0
    ends = (contrast.low * per, contrast.difference * per, contrast.high * per)
    return ends if figure.larger_is_better else (-ends[2], -ends[1], -ends[0])
