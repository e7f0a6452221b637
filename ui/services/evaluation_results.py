"""Results of an evaluation out of the workspace: answers, their figures, judgements, scores.

It must not know how results are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache

from slava.domain import (
    Answered,
    Evaluation,
    EvaluationId,
    EvaluationSpec,
    ItemId,
    MicrographId,
    TestItem,
)
from slava.errors import NotFound
from slava.evaluation.figures import Given, Scorer, figures_of
from slava.evaluation.judged_figures import notes_of, with_judged
from slava.evaluation.keys import score_key
from slava.evaluation.notices import count_notices, of_row
from slava.evaluation.results import Results, Row
from slava.packs import FOLDER, Pack, load_pack
from slava.teacher.checks.known import Known, known_of
from store import Store
from store.evaluations import GivenAnswer
from ui.services.evaluation_judging import judgements_for, where_judged


def results_of(
    store: Store,
    evaluation_id: EvaluationId,
    tell: Callable[[int, int], None] = lambda _done, _total: None,
) -> Results:
    """Everything that is there so far.

    Parameters
    ----------
    tell
        Called after every answer with how many are scored, of how many.

    Raises
    ------
    NotFound
        When there is no such evaluation.
    """
    evaluation = store.evaluations.get_evaluation(evaluation_id)
    spec = evaluation.spec
    items = {item.id: item for item in store.test_sets.list_items(spec.dataset_id)}
    answers = [a for a in store.evaluations.list_answers(evaluation.id) if a.item_id in items]
    scorer = Scorer(spec, _pack(store, spec), _knowing(store))
    rows = _rows(spec, items, answers, scorer, tell)
    people = store.evaluations.list_scores(row.key for row in rows)
    judged = judgements_for(store, spec, rows)
    rows = [with_judged(r, judged.get(where_judged(r), ()), people.get(r.key, ())) for r in rows]
    test_set = store.test_sets.get_test_set(spec.dataset_id)
    return Results(
        evaluation,
        spec.models,
        figures_of(spec, {name for row in rows for name in row.figures}),
        tuple(rows),
        dict(scorer.left_out),
        (
            *test_set.notes,
            *_told(evaluation),
            *_notes(rows, evaluation.total, evaluation.done, spec),
            *count_notices(rows),
            *notes_of(rows),
        ),
    )


def _rows(
    spec: EvaluationSpec,
    items: Mapping[ItemId, TestItem],
    answers: Sequence[GivenAnswer],
    scorer: Scorer,
    tell: Callable[[int, int], None],
) -> list[Row]:
    """The answers with their figures, in the order of questions, levels and models."""
    order = {item_id: k for k, item_id in enumerate(items)}
    titles = [m.title for m in spec.models]
    swapped = {(a.item_id, a.model, a.level): a.answered for a in answers if a.swapped}
    own = sorted(
        (a for a in answers if not a.swapped),
        key=lambda a: (order[a.item_id], spec.levels.index(a.level), titles.index(a.model)),
    )
    rows = []
    for k, a in enumerate(own):
        rows.append(_row(items[a.item_id], a, swapped.get((a.item_id, a.model, a.level)), scorer))
        tell(k + 1, len(own))
    return rows


def _row(item: TestItem, a: GivenAnswer, swapped: Answered | None, scorer: Scorer) -> Row:
    """One answer with its figures."""
    other = swapped.answer if swapped else ""
    scored = scorer.score(Given(item, a.level, a.answered, other))
    return Row(
        key=score_key(a.answered.key, a.item_id),
        item=item,
        model=a.model,
        level=a.level,
        asked=a.answered.asked or item.question,
        context=a.answered.context,
        answer=a.answered.answer,
        error=a.answered.error,
        seconds=a.answered.seconds,
        figures=scored.figures,
        said_category=scored.said_category,
        swapped=other,
        flags=scored.flags,
        notices=of_row(a.answered.notices, swapped.notices if swapped else ()),
    )


def _told(evaluation: Evaluation) -> list[str]:
    """What an evaluation that was done had to leave out."""
    return [evaluation.reason] if evaluation.state == "done" and evaluation.reason else []


def _notes(rows: Sequence[Row], total: int, done: int, spec: EvaluationSpec) -> list[str]:
    failed = sum(bool(row.error) for row in rows)
    notes = [f"{failed} answers failed; they are asked for again by the next run."] * bool(failed)
    empty = sum(not row.answer.strip() and not row.error for row in rows)
    if empty:
        notes.append(f"{empty} answers are empty. They have text figures of 0 and are not judged.")
    if spec.way == "attributes" and len(spec.levels) > 1:
        notes.append(
            "Not every question has attributes for every level of context: levels with other n are "
            "about other questions."
        )
    if done < total:
        notes.append(f"{total - done} of {total} answers are missing.")
    return notes


def _pack(store: Store, spec: EvaluationSpec) -> Pack:
    return load_pack(spec.pack, store.workspace / FOLDER)


def _knowing(store: Store) -> Callable[[MicrographId], Known | None]:
    @cache
    def known(micrograph_id: MicrographId) -> Known | None:
        try:
            record = store.micrographs.get_micrograph(micrograph_id)
        except NotFound:
            return None  # removed since
        labelled = store.labels.get_label(micrograph_id)
        measured = store.knowledge.measurement(micrograph_id)
        return replace(known_of(record, measured), label=(labelled.label or "") if labelled else "")

    return known
