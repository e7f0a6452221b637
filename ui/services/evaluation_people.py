"""People who score answers without knowing whose they are: what is next, and how many are left.

An answer that several levels share is scored once. It must not know how answers are shown, nor how
scores are kept.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from slava.domain import AnswerKey, PersonScore
from slava.errors import BadInput, NotFound
from slava.evaluation.figures import figures_of
from slava.evaluation.judged_figures import notes_of, with_judged
from slava.evaluation.results import Results, Row
from slava.metrics.judge_prompts import RANGES
from slava.metrics.labels import names_defect


@dataclass(frozen=True, slots=True)
class BlindAnswer:
    """One answer for a person to score. Whose it is must not be shown."""

    key: AnswerKey
    row: Row
    measure: str
    given: PersonScore | None = None
    """What this person gave it before."""
    done: int = 0
    """So many this person has scored by this measure, of:"""
    total: int = 0


def scorable(results: Results, measure: str) -> list[Row]:
    """The answers that people can score, each once.

    A choice among categories is right or wrong by itself; whether a defect was told rightly can be
    scored where it is asked for, or known.
    """
    found: dict[AnswerKey, Row] = {}
    for row in results.rows:
        if row.error or not row.answer.strip() or row.item.classes:
            continue
        about_defects = row.item.defect is not None or names_defect(row.item.question)
        if measure != "defect_detection" or about_defects:
            found.setdefault(row.key, row)
    return list(found.values())


def next_blind(
    results: Results, person: str, measure: str, skipped: Collection[str] = ()
) -> BlindAnswer | None:
    """The first that this person has not scored, in an order of their own; those that they skipped
    come last. ``None`` when all are scored."""
    rows = scorable(results, measure)
    random.Random(f"{person}/{results.evaluation.id}").shuffle(rows)
    left = [row for row in rows if given_by(row, person, measure) is None]
    if not left:
        return None
    row = next((one for one in left if one.key not in skipped), left[0])
    return BlindAnswer(row.key, row, measure, None, len(rows) - len(left), len(rows))


def blind_answer(results: Results, key: str, person: str, measure: str) -> BlindAnswer:
    """One that was shown before, to be scored anew.

    Raises
    ------
    NotFound
        If it is no answer of this evaluation.
    """
    rows = scorable(results, measure)
    found = next((row for row in rows if row.key == key), None)
    if found is None:
        raise NotFound("that answer is not among those to be scored any more. Go on with the next.")
    done = sum(given_by(row, person, measure) is not None for row in rows)
    given = given_by(found, person, measure)
    return BlindAnswer(found.key, found, measure, given, done, len(rows))


def given_by(row: Row, person: str, measure: str) -> PersonScore | None:
    """What a person gave an answer."""
    return next((s for s in row.scores if (s.person, s.measure) == (person, measure)), None)


def with_scores(results: Results, people: Mapping[AnswerKey, tuple[PersonScore, ...]]) -> Results:
    """The same results with the scores of people as they are now, and what follows from them."""
    rows = tuple(
        row
        if people.get(row.key, ()) == row.scores
        else with_judged(row, row.judgements, people.get(row.key, ()))
        for row in results.rows
    )
    before = notes_of(results.rows)
    return replace(
        results,
        rows=rows,
        figures=figures_of(results.evaluation.spec, {n for row in rows for n in row.figures}),
        notes=(*(n for n in results.notes if n not in before), *notes_of(rows)),
    )


def check_score(score: PersonScore) -> None:
    """See that a score is in the range of its measure.

    Raises
    ------
    BadInput
        If it is not, or nothing is measured by that name.
    """
    low, high = next((r for name, r in RANGES.items() if name == score.measure), (0, 0))
    if low == high:
        raise BadInput(f"{score.measure!r} is nothing that people score.")
    if score.score is not None and not low <= score.score <= high:
        raise BadInput(f"{score.score:g} is not within {low:g} to {high:g}.")
