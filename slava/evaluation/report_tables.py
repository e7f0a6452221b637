"""Tables of a report: every figure of every model, and how far the judge can be trusted.

It must not know how figures came about.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from slava.evaluation.plots import judge_plot
from slava.evaluation.plots.frame import axis_title
from slava.evaluation.plots.svg import rows_of, short
from slava.evaluation.results import Figure, Results
from slava.evaluation.table_pairs import Contrast, JudgeTrust, best_models, judge_trust
from slava.evaluation.tables import Cell, model_titles, summary


def summary_html(results: Results, contrasts: Sequence[Contrast]) -> str:
    """Means with intervals; a model is marked where it is better than every other one."""
    cells = {(cell.figure, cell.model): cell for cell in summary(results)}
    best = best_models(results, contrasts)
    models = model_titles(results)
    head = "".join(
        f'<th scope="col"><i class="sign" style="background:var(--sp-{k % 8})"></i>'
        f"{escape(model)}</th>"
        for k, model in enumerate(models)
    )
    rows = "".join(
        f'<tr><th scope="row" title="{escape(figure.told)}">{escape(figure.title)}'
        f"<small>{escape(axis_title(figure, short=True))}</small></th>"
        + "".join(
            _cell_html(cells.get((figure.name, model)), figure, best.get(figure.name) == model)
            for model in models
        )
        + "</tr>"
        for figure in results.figures
    )
    tests = contrasts[0].tests if contrasts else 0
    told = (
        "Means over all answers with 95 % bootstrap intervals, standard deviation of single "
        "answers (SD) and number of answers (n). "
    )
    told += (
        "<mark>Best</mark> stands only where a model is better than every other one on the same "
        f"questions (paired randomisation test, p &lt; 0.05 after Holm over all {tests} tests)."
        if tests
        else "There is nothing to compare with."
    )
    return (
        f'<section id="summary" class="card">\n<h2>Summary</h2>\n<p class="told">{told}</p>\n'
        f'<div class="wide"><table><thead><tr><th scope="col">Figure</th>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>\n</section>\n"
    )


def trust_html(results: Results) -> str:
    """What came back from the judge, how steady it is, and what people say; empty without one."""
    found = judge_trust(results)
    if not found:
        return ""
    heads = (
        "Judge and measure",
        "Answers",
        "Judgements",
        "Scored",
        "Not applicable",
        "Unusable",
        "SD of repeats",
        "First place",
        "Scored by people too",
        "Rank correlation",
        "Kappa",
        "Judge less people",
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    rows = "".join(_trust_row(trust) for trust in found)
    drawn = "".join(f'<div class="plot">{svg}</div>' for t in found if (svg := judge_plot(t)))
    plots = f'<div class="plots two">{drawn}</div>' if drawn else ""
    return (
        '<section id="judge" class="card">\n<h2>How far the judge can be trusted</h2>\n'
        '<p class="told">First place: mean score of answers shown first less that of the others. '
        "Kappa is Cohen's, of quarters of the scale; people are the mean of all who scored.</p>\n"
        f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
        f"</div>\n{plots}</section>\n"
    )


def _cell_html(cell: Cell | None, figure: Figure, best: bool) -> str:
    if cell is None:
        return '<td class="none">no answer has it</td>'
    interval = " all alike, no interval" if cell.std == 0 else ""
    if cell.low is not None and cell.high is not None:
        interval = f" [{short(cell.low)}, {short(cell.high)}]"
    std = f"SD {short(cell.std)} · " if cell.std is not None and not figure.share else ""
    sign = " <mark>Best</mark>" if best else ""
    return (
        f'<td><button type="button" data-rows="{rows_of(cell.rows)}"><b>{short(cell.mean)}</b>'
        f"{interval}</button>{sign}<small>{std}n = {cell.answers:,}</small></td>"
    )


def _trust_row(trust: JudgeTrust) -> str:
    people = trust.people
    kin = " <small>of the teacher's family</small>" if trust.same_family else ""
    numbers = (
        f"{trust.judged:,}",
        f"{trust.judgements:,}",
        f"{trust.scored:,}",
        f"{trust.not_applicable:,}",
        f"{trust.unusable:,}",
        _number(trust.repeat_std),
        _number(trust.place, signed=True),
        f"{people.count:,}" if people else "0",
        _number(people.spearman if people else None),
        _number(people.kappa if people else None),
        _number(people.mean_difference if people else None, signed=True),
    )
    cells = "".join(f"<td>{number}</td>" for number in numbers)
    name = f"{escape(trust.judge)}<small>{escape(trust.measure.replace('_', ' '))}</small>"
    return f'<tr><th scope="row">{name}{kin}</th>{cells}</tr>'


def _number(value: float | None, *, signed: bool = False) -> str:
    if value is None:
        return '<span class="none">not known</span>'
    return ("+" if signed and value > 0 else "") + short(value)
