"""Which drawings a report has, and where they stand.

Those of one model, one pair or one figure lie in the data of the page under keys and are put in
their places when they are chosen. It must not know how anything is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import combinations

from slava.evaluation import plots
from slava.evaluation.results import Results
from slava.evaluation.table_pairs import Contrast
from slava.evaluation.tables import DEFECT, groups_of, levels_of, model_titles

SMALL, WIDE = 388.0, 800.0
"""Width of drawings of which there are many, and of those that hold all models, px."""


def page_plots(results: Results, contrasts: Sequence[Contrast]) -> dict[str, str]:
    """Drawings by ``kind|figure|model`` (places in their lists); what does not apply is missing."""
    found: dict[str, str] = {}
    models = model_titles(results)
    for k, figure in enumerate(results.figures):
        if _has_topics(results):
            found[f"topics|{k}"] = plots.interval_dots(results, figure.name, "topic", width=WIDE)
        if len(levels_of(results)) > 1:
            found[f"levels|{k}"] = plots.level_bars(results, figure.name, width=WIDE)
        for m, model in enumerate(models):
            if not figure.share:
                found[f"spread|{k}|{m}"] = plots.violin(results, figure.name, model)
            found[f"heat|{k}|{m}"] = plots.heat_map(results, figure.name, model)
    for m, model in enumerate(models):
        found[f"confusion|{m}"] = plots.confusion_plot(results, model)
        found[f"classes|{m}"] = plots.class_plot(results, model)
    for (one, first), (two, second) in combinations(enumerate(models), 2):
        between = [c for c in contrasts if (c.first, c.second) == (first, second)]
        found[f"pair|{one}|{two}"] = plots.contrast_plot(results, between, width=WIDE)
    return {key: svg for key, svg in found.items() if svg}


def sections_html(results: Results) -> list[str]:
    """Places for the drawings, with the choice of models and figure above them."""
    several = len(results.models) > 1
    return [
        _means_html(results),
        _choice_html(results),
        _section("pair", "Two models on the same answers", _PAIR, ("pair",)) if several else "",
        _section("spread", "By topic", _SPREAD, ("topics",), ("spread",)),
        _section("context", "By context", _CONTEXT, ("levels",), ("heat",)),
        _defects_html(results),
        _section("classes", "By category", _CLASSES, (), ("confusion", "classes")),
    ]


_PAIR = (
    "Each dot is a difference of means over the answers that both gave; filled where the test "
    "decides."
)
_SPREAD = (
    "Means of all models with 95 % intervals, then single answers of the two that are chosen. "
    "Shapes are densities, bars go from the first to the third quartile, the gap is the median."
)
_CONTEXT = "The same questions with more and more told beside them."
_CLASSES = "An answer that names no category, or several, is wrong."


def _section(
    name: str, title: str, told: str, whole: Sequence[str], sided: Sequence[str] = ()
) -> str:
    """A section of drawings for all models and of drawings for each of the two chosen."""
    places = "".join(f'<div class="plot" data-plot="{kind}"></div>' for kind in whole)
    both = "".join(
        f'<div class="plot" data-plot="{kind}" data-side="{side}"></div>'
        for kind in sided
        for side in ("a", "b")
    )
    first = f'<div class="plots">{places}</div>' if places else ""
    second = f'<div class="plots two">{both}</div>' if both else ""
    return (
        f'<section id="{name}" class="card">\n<h2>{escape(title)}</h2>\n'
        f'<p class="told">{escape(told)}</p>\n{first}{second}\n</section>\n'
    )


def _means_html(results: Results) -> str:
    drawn = "".join(
        f'<div class="plot">{svg}</div>'
        for figure in results.figures
        if (svg := plots.interval_dots(results, figure.name, width=SMALL))
    )
    told = "With 95 % intervals. Axes show the part of the range that is needed."
    return (
        f'<section id="means" class="card">\n<h2>Means</h2>\n<p class="told">{told}</p>\n'
        f'<div class="plots many">{drawn}</div>\n</section>\n'
    )


def _defects_html(results: Results) -> str:
    drawn = "".join(
        f'<div class="plot">{svg}</div>'
        for figure in results.figures
        if figure.name.startswith(DEFECT) and (svg := plots.level_bars(results, figure.name))
    )
    if not drawn:
        return ""
    told = "How often presence or absence of defects was told rightly, by context level."
    return (
        f'<section id="defects" class="card">\n<h2>Defects</h2>\n<p class="told">{told}</p>\n'
        f'<div class="plots two">{drawn}</div>\n</section>\n'
    )


def _choice_html(results: Results) -> str:
    models = model_titles(results)
    figures = _options([f.title for f in results.figures], 0)
    first, second = _options(models, 0), _options(models, min(1, len(models) - 1))
    beside = (
        f'<label>beside <select id="model-b">{second}</select></label>' if len(models) > 1 else ""
    )
    return (
        '<nav id="choice" aria-label="What is shown">'
        f'<label>Figure <select id="figure">{figures}</select></label>'
        f'<label>Model <select id="model-a">{first}</select></label>{beside}'
        "</nav>\n"
    )


def _options(names: Sequence[str], chosen: int) -> str:
    return "".join(
        f'<option value="{k}"{" selected" if k == chosen else ""}>{escape(name)}</option>'
        for k, name in enumerate(names)
    )


def _has_topics(results: Results) -> bool:
    return groups_of(results, "topic") not in ((), ("",))
