"""Means with intervals, by model, topic and level, from the rows of an evaluation.

Answers about one micrograph are not independent of each other, so intervals are drawn from whole
micrographs; where there are fewer than :data:`FEWEST_MICROGRAPHS` of them, from whole items, and
then hold for further questions about the same micrographs only. A mean is always the plain mean of
the answers. It must not know how tables are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from slava.domain import ContextLevel
from slava.evaluation.results import Figure, Results, Row
from slava.metrics.bootstrap import CONFIDENCE, RESAMPLES, resampled_means
from slava.metrics.contexts import LEVELS

By = Literal["topic", "complexity", "category", "level"]
Unit = Literal["micrograph", "item"]

FEWEST_MICROGRAPHS = 10
DEFECT = "defect"
"""Names of figures that tell how often defects were told rightly begin with it."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure of one model, over all answers or those of one group and level."""

    figure: str
    model: str
    group: str
    """The topic, complexity, category or level; empty over all."""
    level: ContextLevel | None
    """``None`` over all levels."""
    mean: float
    low: float | None
    """95 % interval of the mean; ``None`` where it was not asked for, there is one unit, or all
    answers are alike."""
    high: float | None
    std: float | None
    """Of single answers, with n - 1; ``None`` for one answer."""
    units: int
    """Micrographs or items that the interval is drawn from; 0 without one."""
    rows: tuple[int, ...]
    """Indices into :attr:`Results.rows`."""

    @property
    def answers(self) -> int:
        """How many answers have the figure."""
        return len(self.rows)


def unit_of(results: Results) -> Unit:
    """What is drawn as a whole for an interval."""
    micrographs = {row.item.micrograph_id for row in results.rows}
    return "micrograph" if len(micrographs) >= FEWEST_MICROGRAPHS else "item"


def unit_key(results: Results) -> Callable[[Row], Hashable]:
    """Which unit a row belongs to."""
    if unit_of(results) == "micrograph":
        return lambda row: row.item.micrograph_id
    return lambda row: row.item.id


def figure_named(results: Results, name: str) -> Figure:
    """The column of a name.

    Raises
    ------
    KeyError
        If no answer has such a figure.
    """
    for figure in results.figures:
        if figure.name == name:
            return figure
    raise KeyError(name)


def model_titles(results: Results) -> tuple[str, ...]:
    """The models in their order."""
    return tuple(model.title for model in results.models)


def levels_of(results: Results) -> tuple[ContextLevel, ...]:
    """The context levels that were asked at, from none to high."""
    found = {row.level for row in results.rows}
    return tuple(level for level in LEVELS if level in found)


def groups_of(results: Results, by: By) -> tuple[str, ...]:
    """Topics and categories in alphabetic order, complexities and levels in their own; empty last.

    The empty group is that of the items of which nothing is known.
    """
    found = {group_of(row, by) for row in results.rows}
    own = {"complexity": ("simple", "complex"), "level": tuple(LEVELS)}.get(by)
    known = own if own is not None else sorted(g for g in found if g)
    return tuple(g for g in (*known, "") if g in found)


def group_of(row: Row, by: By) -> str:
    """The group of an answer."""
    if by == "level":
        return row.level
    return str(
        {"topic": row.item.topic, "category": row.item.category}.get(by, row.item.complexity)
    )


def summary(results: Results) -> tuple[Cell, ...]:
    """Every figure of every model over all topics and levels, in the order of the tables."""
    return tuple(cell for figure in results.figures for cell in overall(results, figure.name))


def overall(results: Results, figure: str) -> tuple[Cell, ...]:
    """One figure of every model that has it, over all topics and levels."""
    found = _places(results, figure, lambda row: row.model)
    return tuple(
        _cell(results, figure, model, "", None, found[model])
        for model in model_titles(results)
        if model in found
    )


def grouped(results: Results, figure: str, by: By = "topic") -> tuple[Cell, ...]:
    """One figure by group and model; groups without an answer are missing."""
    found = _places(results, figure, lambda row: (group_of(row, by), row.model))
    return tuple(
        _cell(results, figure, model, group, None, found[group, model])
        for group in groups_of(results, by)
        for model in model_titles(results)
        if (group, model) in found
    )


def by_level(results: Results, figure: str, by: By | None = "topic") -> tuple[Cell, ...]:
    """One figure by group, level and model, for a heat map: means without intervals.

    The means are those of :func:`slava.metrics.contexts.level_table`. ``None`` makes one group of
    all answers.
    """

    def key(row: Row) -> tuple[str, ContextLevel, str]:
        return (group_of(row, by) if by else "", row.level, row.model)

    found = _places(results, figure, key)
    return tuple(
        _cell(results, figure, model, group, level, found[group, level, model], False)
        for group in (groups_of(results, by) if by else ("",))
        for level in levels_of(results)
        for model in model_titles(results)
        if (group, level, model) in found
    )


def defect_by_level(results: Results) -> tuple[Cell, ...]:
    """How often defects were told rightly, by level and model; empty without such a figure."""
    return tuple(
        cell
        for figure in results.figures
        if figure.name.startswith(DEFECT)
        for cell in grouped(results, figure.name, "level")
    )


def _places(
    results: Results, figure: str, key: Callable[[Row], Hashable]
) -> dict[Hashable, list[int]]:
    """Where the answers of each key are that have the figure."""
    found: dict[Hashable, list[int]] = {}
    for place, row in enumerate(results.rows):
        if figure in row.figures:
            found.setdefault(key(row), []).append(place)
    return found


def _cell(
    results: Results,
    figure: str,
    model: str,
    group: str,
    level: ContextLevel | None,
    places: Sequence[int],
    with_interval: bool = True,
) -> Cell:
    values = np.array([results.rows[place].figures[figure] for place in places])
    low = high = None
    units = 0
    if with_interval:
        key = unit_key(results)
        keys = [key(results.rows[place]) for place in places]
        low, high = interval(values, keys, seed=results.evaluation.spec.seed)
        units = len(set(keys))
    alike = float(np.ptp(values)) == 0
    std = (0.0 if alike else float(values.std(ddof=1))) if len(values) > 1 else None
    mean = float(values.mean())
    return Cell(figure, model, group, level, mean, low, high, std, units, tuple(places))


def interval(
    values: NDArray[np.float64], units: Sequence[Hashable], *, seed: int = 0
) -> tuple[float | None, float | None]:
    """95 % percentile bootstrap of the plain mean, whole units drawn with replacement.

    With one value per unit it is :func:`slava.metrics.bootstrap.mean_interval`. One unit tells
    nothing of others, and answers that are all alike would have an interval of no width, as if
    further ones could not differ: both ends are ``None``.
    """
    sums = unit_sums(values, units)
    if len(sums) < 2 or np.ptp(values) == 0:
        return None, None
    table = np.array(list(sums.values()))
    drawn = resampled_means(table, resamples=RESAMPLES, seed=seed)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], (tail, 1 - tail))
    return float(low), float(high)


def unit_sums(
    values: NDArray[np.float64], units: Sequence[Hashable]
) -> Mapping[Hashable, tuple[float, int]]:
    """Sum and number of the values of each unit, in order of appearance."""
    found: dict[Hashable, tuple[float, int]] = {}
    for value, unit in zip(values, units, strict=True):
        total, count = found.get(unit, (0.0, 0))
        found[unit] = (total + float(value), count + 1)
    return found
