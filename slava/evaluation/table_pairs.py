"""Two models on the answers that both gave, and how far the judge can be trusted.

A pair is one item at one level; differences are averaged within a unit (see tables.py), so that
several questions about one micrograph do not count as several proofs. It must not know how tables
are shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

import numpy as np

from slava.evaluation.results import Results
from slava.evaluation.tables import model_titles, unit_key
from slava.metrics.bootstrap import holm, paired_test
from slava.metrics.compare import LEVEL, Better
from slava.metrics.judge_prompts import JudgedMeasure
from slava.metrics.judge_trust import PersonAgreement, agreement_with_person, place_effect
from slava.metrics.judged import Judgement, spread

MOST_COMPARED = 6
"""Further models are shown but not tested against others: pairs grow with their square."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """What two models differ by in one figure."""

    figure: str
    first: str
    second: str
    difference: float
    """First less second, of the means over units."""
    low: float
    high: float
    """95 % interval, of this difference alone."""
    p_value: float
    """Two-sided, after Holm over all tests made together."""
    tests: int
    """How many they were."""
    pairs: int
    """Answers that both gave."""
    units: int
    better: Better
    """Whichever way the figure is better."""
    rows: tuple[int, ...]
    """Indices into :attr:`Results.rows` of the first model's answers."""


@dataclass(frozen=True, slots=True)
class JudgeTrust:
    """One judge and one measure: what came back, how steady it is, and what people say."""

    judge: str
    measure: JudgedMeasure
    judged: int
    """Answers."""
    judgements: int
    scored: int
    not_applicable: int
    unusable: int
    """Out of range, or no judgement at all."""
    repeat_std: float | None
    """Mean deviation of the repeats of one answer; ``None`` without repeats."""
    place: float | None
    """Mean score of answers shown first less that of those shown later."""
    people: PersonAgreement | None
    """Beside the mean of people's scores; ``None`` where nobody scored."""
    same_family: bool
    points: tuple[tuple[float, float, int], ...]
    """The judge's score, people's score and the row, of every answer that both scored."""


def comparison(results: Results, first: str, second: str) -> tuple[Contrast, ...]:
    """Every figure of two models, tested on the answers that both gave."""
    return _contrasts(results, ((first, second),))


def comparisons(results: Results) -> tuple[Contrast, ...]:
    """Every pair of the first :data:`MOST_COMPARED` models, all tests held against each other."""
    models = model_titles(results)[:MOST_COMPARED]
    return _contrasts(results, tuple(combinations(models, 2)))


def best_models(results: Results, contrasts: Sequence[Contrast]) -> dict[str, str]:
    """By figure, the model that is better than every other one; figures without one are missing.

    Empty where not every model was compared.
    """
    models = model_titles(results)
    found: dict[str, str] = {}
    if len(models) > MOST_COMPARED:
        return found
    for figure in results.figures:
        won: dict[str, int] = {}
        for c in contrasts:
            if c.figure == figure.name and c.better != "undecided":
                model = c.first if c.better == "first" else c.second
                won[model] = won.get(model, 0) + 1
        for model, times in won.items():
            if times == len(models) - 1:
                found[figure.name] = model
    return found


def judge_trust(results: Results) -> tuple[JudgeTrust, ...]:
    """What is known of each judge and measure; empty without judgements."""
    found: dict[tuple[str, JudgedMeasure], dict[int, list[Judgement]]] = {}
    for place, row in enumerate(results.rows):
        for judgement in row.judgements:
            of = found.setdefault((judgement.judge, judgement.measure), {})
            of.setdefault(place, []).append(judgement)
    return tuple(_trust(results, *key, of) for key, of in found.items())


def _contrasts(results: Results, pairs: Sequence[tuple[str, str]]) -> tuple[Contrast, ...]:
    key = unit_key(results)
    at = {(row.model, row.item.id, row.level): k for k, row in enumerate(results.rows)}
    tested = []
    for first, second in pairs:
        for figure in results.figures:
            apart: dict[object, list[float]] = {}
            rows = []
            for place, row in enumerate(results.rows):
                other = at.get((second, row.item.id, row.level))
                if row.model != first or other is None:
                    continue
                one, two = row.figures, results.rows[other].figures
                if figure.name in one and figure.name in two:
                    difference = one[figure.name] - two[figure.name]
                    apart.setdefault(key(row), []).append(difference)
                    rows.append(place)
            if apart:
                means = np.array([fmean(group) for group in apart.values()])
                seed = results.evaluation.spec.seed
                test = paired_test(means, np.zeros(len(means)), seed=seed)
                tested.append((figure, first, second, test, tuple(rows)))
    adjusted = holm([test.p_value for *_, test, _ in tested])
    return tuple(
        Contrast(
            figure.name,
            first,
            second,
            test.difference,
            test.low,
            test.high,
            p_value,
            len(tested),
            len(rows),
            test.count,
            _better(test.difference, p_value, figure.larger_is_better),
            rows,
        )
        for (figure, first, second, test, rows), p_value in zip(tested, adjusted, strict=True)
    )


def _better(difference: float, p_value: float, larger_is_better: bool) -> Better:
    if p_value >= LEVEL:
        return "undecided"
    return "first" if (difference > 0) == larger_is_better else "second"


def _trust(
    results: Results, judge: str, measure: JudgedMeasure, of: dict[int, list[Judgement]]
) -> JudgeTrust:
    said = [judgement for group in of.values() for judgement in group]
    scores, theirs, stds = {}, {}, []
    for place, group in of.items():
        own = [score for j in group if (score := _of_judge(j)) is not None]
        if own:
            scores[str(place)] = fmean(own)
        told = [s.score for s in results.rows[place].scores if s.measure == measure]
        given = [score for score in told if score is not None]
        if given:
            theirs[str(place)] = fmean(given)
        std = spread(group).std
        if len(group) > 1 and std is not None:
            stds.append(std)
    both = sorted(scores.keys() & theirs.keys(), key=int)
    return JudgeTrust(
        judge,
        measure,
        len(of),
        len(said),
        sum(j.state == "scored" for j in said),
        sum(j.state == "not_applicable" for j in said),
        sum(j.state in ("invalid", "out_of_range") for j in said),
        fmean(stds) if stds else None,
        place_effect(said),
        agreement_with_person(scores, theirs, measure) if both else None,
        any(j.same_family for j in said),
        tuple((scores[k], theirs[k], int(k)) for k in both),
    )


def _of_judge(judgement: Judgement) -> float | None:
    """What the judge itself said, overruled or not."""
    return judgement.judge_score if judgement.overruled_by else judgement.score
