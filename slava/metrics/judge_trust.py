"""How far a judge can be trusted: beside a person's scores, and by the place of an answer.

It must not know what was judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from slava.metrics.agreement import cohens_kappa
from slava.metrics.judge_prompts import RANGES, JudgedMeasure
from slava.metrics.judged import Judgement

BINS = 4
"""Scores on a scale are put into so many equal parts of it before kappa is taken."""


@dataclass(frozen=True, slots=True)
class PersonAgreement:
    """A judge and a person on the same answers."""

    count: int
    """How many both have scored."""
    spearman: float | None
    """Rank correlation, -1..1; ``None`` where one of them gave everything the same score."""
    kappa: float | None
    """Cohen's, of the parts of the scale; ``None`` where it is not defined."""
    mean_difference: float
    """Judge less person: above 0 the judge is the milder one."""


def agreement_with_person(
    judge: Mapping[str, float], person: Mapping[str, float], measure: JudgedMeasure
) -> PersonAgreement:
    """Compare the scores of the items that both have scored.

    Raises
    ------
    ValueError
        If there are none.
    """
    shared = sorted(judge.keys() & person.keys())
    if not shared:
        raise ValueError("judge and person have scored no answer both")
    these, those = [judge[k] for k in shared], [person[k] for k in shared]
    return PersonAgreement(
        len(shared),
        _spearman(these, those),
        cohens_kappa([_part(v, measure) for v in these], [_part(v, measure) for v in those]),
        float(np.mean(these) - np.mean(those)),
    )


def place_effect(judgements: Sequence[Judgement]) -> float | None:
    """Mean score of answers shown first less that of all shown later, in units of the measure.

    Orders are drawn by a seed, so that a judge without a liking for a place comes near 0. ``None``
    where no request held several answers.
    """
    scored = [(j.place, j.score) for j in judgements if j.score is not None and not j.overruled_by]
    first = [score for place, score in scored if place == 0]
    later = [score for place, score in scored if place > 0]
    return float(np.mean(first) - np.mean(later)) if first and later else None


def _part(score: float, measure: JudgedMeasure) -> int:
    """The part of the scale, 0 to BINS - 1; the highest score belongs to the last."""
    low, high = RANGES[measure]
    return min(BINS - 1, int((score - low) / (high - low) * BINS))


def _spearman(these: list[float], those: list[float]) -> float | None:
    from scipy.stats import spearmanr

    if len(set(these)) < 2 or len(set(those)) < 2:
        return None
    value = float(spearmanr(these, those).statistic)
    return value if np.isfinite(value) else None
