"""What judge and people together give an answer: where a person has scored, the judge is overruled.

The judge's own scores stay in its judgements, so that both can be compared. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from slava.domain import PersonScore
from slava.evaluation.columns import FIGURES
from slava.evaluation.results import Row
from slava.metrics.judged import Judgement, spread

NAMES = tuple(figure.name for figure in FIGURES["judged"])


def judged_figures(
    judgements: Sequence[Judgement], scores: Sequence[PersonScore]
) -> dict[str, float]:
    """Mean over people where a person has scored, else over the judge's repeats.

    "Not applicable" is no figure; neither is a judgement without a score.
    """
    found: dict[str, float] = {}
    for name in NAMES:
        people = [s for s in scores if s.measure == name]
        given = [s.score for s in people if s.score is not None]
        if people:
            mean = fmean(given) if given else None
        else:
            mean = spread([j for j in judgements if j.measure == name]).mean
        if mean is not None:
            found[name] = mean
    return found


def with_judged(row: Row, judgements: Sequence[Judgement], scores: Sequence[PersonScore]) -> Row:
    """The row with these judgements and scores, and the figures that they make."""
    figures = {name: value for name, value in row.figures.items() if name not in NAMES}
    figures |= judged_figures(judgements, scores)
    return replace(row, judgements=tuple(judgements), scores=tuple(scores), figures=figures)


def notes_of(rows: Sequence[Row]) -> list[str]:
    """What a reader must know of the judging."""
    notes = []
    everything = [j for row in rows for j in row.judgements]
    unsound = sum(j.state in ("invalid", "out_of_range") for j in everything)
    if unsound:
        notes.append(
            f"{unsound} of {len(everything)} judgements gave no valid score; they are kept and "
            "shown, and count for nothing."
        )
    kin = {j.judge for j in everything if j.same_family}
    if kin:
        notes.append(
            f"{', '.join(sorted(kin))} is of the family of the model that wrote the references: it "
            "may like too well what its kin wrote."
        )
    people = sum(any(s.measure in NAMES for s in row.scores) for row in rows)
    if people and everything:
        notes.append(f"{people} answers have a person's score, which overrules the judge's.")
    return notes
