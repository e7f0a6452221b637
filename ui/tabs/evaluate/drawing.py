"""One drawing of an evaluation by its name, as the report has them, drawn when it is looked at.

It must not know how anything is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from slava.errors import NotFound
from slava.evaluation import plots
from slava.evaluation.results import Results
from slava.evaluation.table_pairs import comparison, comparisons, judge_trust
from slava.evaluation.tables import DEFECT, groups_of, levels_of, model_titles

NARROWEST, WIDEST = 320, 1200
"""Width of drawings, px."""


def draw(
    results: Results, kind: str, figure: int, first: int, second: int, width: float = 540
) -> str:
    """The drawing as SVG; empty where it does not apply.

    Parameters
    ----------
    figure, first, second
        Places in the lists of figures and models.

    Raises
    ------
    NotFound
        If there is no such drawing, figure or model.
    """
    width = min(WIDEST, max(NARROWEST, width))
    names, models = [f.name for f in results.figures], model_titles(results)
    if not (0 <= first < len(models) and 0 <= second < len(models)):
        raise NotFound("there is no such model in this evaluation.")
    if kind in _OF_MODELS:
        return _OF_MODELS[kind](results, models[first], models[second], width)
    if not 0 <= figure < len(names):
        raise NotFound("there is no such figure in this evaluation.")
    if kind not in _OF_FIGURES:
        raise NotFound(f"there is no drawing {kind!r}.")
    return _OF_FIGURES[kind](results, names[figure], models[first], width)


def kinds(results: Results) -> list[str]:
    """The drawings that apply to an evaluation at all."""
    found = ["means"] if results.figures else []
    if len(results.models) > 1 and results.figures:
        found.append("pair")
    if groups_of(results, "topic") not in ((), ("",)) and results.figures:
        found += ["topics", "spread"]
    if len(levels_of(results)) > 1:
        found += ["levels", "heat"]
    if any(name.name.startswith(DEFECT) for name in results.figures):
        found.append("defects")
    if any(name.name.startswith("category") for name in results.figures):
        found += ["confusion", "classes"]
    if judge_trust(results):
        found.append("judge")
    return found


def _spread(results: Results, figure: str, model: str, width: float) -> str:
    """Single answers by topic; of what is right or wrong there is nothing to spread."""
    share = next(f.share for f in results.figures if f.name == figure)
    return "" if share else plots.violin(results, figure, model, width=width)


def _levels(results: Results, figure: str, _model: str, width: float) -> str:
    if len(levels_of(results)) < 2:
        return ""
    return plots.level_bars(results, figure, width=width)


def _pair(results: Results, first: str, second: str, width: float) -> str:
    """In the order of the models: the test is of the pair, whichever was chosen first. Models that
    are not tested with all others are tested by themselves."""
    one, two = sorted((first, second), key=model_titles(results).index)
    found = [c for c in comparisons(results) if (c.first, c.second) == (one, two)]
    found = found or list(comparison(results, one, two))
    return plots.contrast_plot(results, found, width=width) if found else ""


def _defects(results: Results, _first: str, _second: str, width: float) -> str:
    named = (f.name for f in results.figures if f.name.startswith(DEFECT))
    return "".join(plots.level_bars(results, name, width=width) for name in named)


_OF_FIGURES: Mapping[str, Callable[[Results, str, str, float], str]] = {
    "means": lambda r, figure, _, width: plots.interval_dots(r, figure, width=width),
    "topics": lambda r, figure, _, width: plots.interval_dots(r, figure, "topic", width=width),
    "levels": _levels,
    "spread": _spread,
    "heat": lambda r, figure, model, width: plots.heat_map(r, figure, model, width=width),
}
_OF_MODELS: Mapping[str, Callable[[Results, str, str, float], str]] = {
    "pair": _pair,
    "defects": _defects,
    "confusion": lambda r, model, _, width: plots.confusion_plot(r, model, width=width),
    "classes": lambda r, model, _, width: plots.class_plot(r, model, width=width),
    "judge": lambda r, _a, _b, width: "".join(
        plots.judge_plot(trust, width=width) for trust in judge_trust(r)
    ),
}
