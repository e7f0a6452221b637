"""Evaluations, the answers that models gave, and what people gave the answers.

An answer is kept once, under the hash of all that decides it; evaluations that want the same one
share it. It must not know how models are asked, nor what is made of answers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from slava.domain import (
    Answered,
    AnswerKey,
    ContextLevel,
    Evaluation,
    EvaluationId,
    EvaluationSpec,
    EvaluationState,
    ItemId,
    JudgeChoice,
    ModelEntry,
    PersonScore,
)
from slava.errors import BadInput, NotFound
from slava.evaluation.keys import evaluation_id
from slava.evaluation.planning import Ask
from slava.evaluation.records import spec_from, spec_record
from store.clock import now
from store.database import Database, Row
from store.references import find_meant
from store.rows import by_id, insert

LONGEST_NAME = 100

_ANSWER = "key, answer, seconds, tokens, error, ranked, context, asked, notices"
_EVALUATION = (
    "e.id, e.name, e.spec, e.state, e.total, e.created_at, e.reason, (SELECT count(*) FROM "
    "evaluation_answers a JOIN model_answers m ON m.key = a.key WHERE a.evaluation_id = e.id AND "
    "m.error = '')"
)
_NO_FAILURE = (
    "ON CONFLICT (key) DO UPDATE SET answer = excluded.answer, seconds = excluded.seconds, "
    "tokens = excluded.tokens, error = excluded.error, ranked = excluded.ranked, "
    "notices = excluded.notices, answered_at = excluded.answered_at "
    "WHERE model_answers.error <> ''"
)

Place = tuple[ItemId, str, ContextLevel, bool]
"""Where an answer stands: question, title of the model, level, and whether it was swapped."""


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """Which answer stands where in an evaluation."""

    item_id: ItemId
    model: str
    """The title of its entry."""
    level: ContextLevel
    swapped: bool
    answered: Answered


class AnswerBook:
    """The answers of one evaluation; keeps :class:`slava.evaluation.asking.Book`."""

    def __init__(self, database: Database, evaluation: EvaluationId) -> None:
        self._database, self._evaluation = database, evaluation

    def get_answers(self, keys: Sequence[AnswerKey]) -> Mapping[AnswerKey, Answered]:
        """Those of any evaluation that are there."""
        found = by_id(self._database, _ANSWER, "model_answers", "key", list(keys))
        return {AnswerKey(key): _answer_from(row) for key, row in found.items()}

    def add_answer(self, ask: Ask, answered: Answered) -> None:
        """Keep one; a failure never takes the place of an answer."""
        self.add_answers([(ask, answered)])

    def add_answers(self, answered: Sequence[tuple[Ask, Answered]]) -> None:
        """Keep several at once."""
        told = {
            a.key: (
                *(a.key, a.answer, a.seconds, a.tokens, a.error, json.dumps(a.ranked)),
                *(a.context, a.asked, json.dumps(a.notices, ensure_ascii=False), now()),
            )
            for _, a in answered
        }
        places = {
            (ask.item.id, ask.model.title, ask.level, ask.swapped): a.key for ask, a in answered
        }
        with self._database.writing() as transaction:
            insert(
                transaction,
                f"model_answers ({_ANSWER}, answered_at)",
                ("VARCHAR", "VARCHAR", "DOUBLE", "BIGINT", *["VARCHAR"] * 6),
                list(told.values()),
                _NO_FAILURE,
            )
            insert(
                transaction,
                "evaluation_answers (evaluation_id, item_id, model, level, swapped, key)",
                ("VARCHAR", "VARCHAR", "VARCHAR", "VARCHAR", "BOOLEAN", "VARCHAR"),
                [(self._evaluation, *place, key) for place, key in places.items()],
                "ON CONFLICT (evaluation_id, item_id, model, level, swapped) "
                "DO UPDATE SET key = excluded.key",
            )


class Evaluations:
    """``store.evaluations``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_evaluation(self, spec: EvaluationSpec, name: str, total: int) -> Evaluation:
        """Begin an evaluation; the same spec again goes on with the one that is there, which keeps
        its judge."""
        called = " ".join(name.split())[:LONGEST_NAME] or spec.dataset
        made = evaluation_id(spec)
        with self._database.writing() as transaction:
            transaction.run(
                "INSERT INTO evaluations (id, name, spec, set_id, state, total, created_at, "
                "reason) VALUES (?, ?, ?, ?, 'running', ?, ?, '') ON CONFLICT (id) DO UPDATE SET "
                "state = 'running', total = excluded.total, reason = ''",
                *(made, called, json.dumps(spec_record(spec)), spec.dataset_id, int(total), now()),
            )
        return self.get_evaluation(made)

    def set_judge(self, evaluation: EvaluationId, judge: JudgeChoice) -> Evaluation:
        """Say who judges its answers; what an earlier judge said stays in the book."""
        spec = replace(self.get_evaluation(evaluation).spec, judge=judge)
        return self._set_spec(evaluation, spec)

    def set_models(self, evaluation: EvaluationId, models: tuple[ModelEntry, ...]) -> Evaluation:
        """Keep what servers have reported of its models; no other change of them is one."""
        spec = replace(self.get_evaluation(evaluation).spec, models=models)
        return self._set_spec(evaluation, spec)

    def _set_spec(self, evaluation: EvaluationId, spec: EvaluationSpec) -> Evaluation:
        with self._database.writing() as transaction:
            told = json.dumps(spec_record(spec))
            transaction.run("UPDATE evaluations SET spec = ? WHERE id = ?", told, evaluation)
        return self.get_evaluation(evaluation)

    def book(self, evaluation: EvaluationId) -> AnswerBook:
        """Where its answers are kept."""
        return AnswerBook(self._database, evaluation)

    def set_state(
        self, evaluation: EvaluationId, state: EvaluationState, reason: str = ""
    ) -> Evaluation:
        """Say how it has ended."""
        with self._database.writing() as transaction:
            transaction.run(
                "UPDATE evaluations SET state = ?, reason = ? WHERE id = ?",
                *(state, reason, evaluation),
            )
        return self.get_evaluation(evaluation)

    def set_total(self, evaluation: EvaluationId, total: int) -> None:
        """So many answers it wants, once that is known for certain."""
        with self._database.writing() as transaction:
            transaction.run("UPDATE evaluations SET total = ? WHERE id = ?", total, evaluation)

    def set_name(self, evaluation: EvaluationId, name: str) -> Evaluation:
        """Call it otherwise."""
        called = " ".join(name.split())[:LONGEST_NAME]
        if not called:
            raise BadInput("An evaluation needs a name.")
        with self._database.writing() as transaction:
            transaction.run("UPDATE evaluations SET name = ? WHERE id = ?", called, evaluation)
        return self.get_evaluation(evaluation)

    def get_evaluation(self, reference: str) -> Evaluation:
        """The evaluation of an id, of a name, of the beginning of an id, or the ``last``.

        Raises
        ------
        NotFound
            When there is none, or several are meant.
        """
        found = find_meant(self.list_evaluations(), reference)
        if found is None:
            raise NotFound(
                f"There is no evaluation {reference!r} in this workspace. Make one: slava evaluate"
            )
        return found

    def list_evaluations(self) -> list[Evaluation]:
        """Newest first."""
        rows = self._database.rows(
            f"SELECT {_EVALUATION} FROM evaluations e ORDER BY e.created_at DESC, e.rowid DESC"
        )
        return [_evaluation_from(row) for row in rows]

    def list_answers(self, evaluation: EvaluationId) -> list[GivenAnswer]:
        """Every answer of an evaluation, failures among them."""
        columns = ", ".join(f"m.{c}" for c in _ANSWER.split(", "))
        rows = self._database.rows(
            f"SELECT a.item_id, a.model, a.level, a.swapped, {columns} FROM evaluation_answers a "
            "JOIN model_answers m ON m.key = a.key WHERE a.evaluation_id = ?",
            evaluation,
        )
        return [
            GivenAnswer(ItemId(item), model, level, swapped, _answer_from(rest))
            for item, model, level, swapped, *rest in rows
        ]

    def list_places(self, evaluation: EvaluationId) -> frozenset[Place]:
        """Where answers are that did not fail; no text is read."""
        rows = self._database.rows(
            "SELECT a.item_id, a.model, a.level, a.swapped FROM evaluation_answers a "
            "JOIN model_answers m ON m.key = a.key WHERE a.evaluation_id = ? AND m.error = ''",
            evaluation,
        )
        return frozenset(
            (ItemId(item), model, level, swapped) for item, model, level, swapped in rows
        )

    def remove_evaluation(self, evaluation: EvaluationId) -> None:
        """Forget an evaluation and the answers that no other one wants; scores of people stay."""
        with self._database.writing() as transaction:
            transaction.run("DELETE FROM evaluation_answers WHERE evaluation_id = ?", evaluation)
            transaction.run("DELETE FROM evaluations WHERE id = ?", evaluation)
            transaction.run(
                "DELETE FROM model_answers WHERE key NOT IN (SELECT key FROM evaluation_answers)"
            )

    def interrupt_running(self) -> None:
        """What an ended process was at is interrupted: it can go on."""
        with self._database.writing() as transaction:
            transaction.run(
                "UPDATE evaluations SET state = 'interrupted', "
                "reason = 'sLAVA ended before it was done.' WHERE state = 'running'"
            )

    # ------------------------------------------------------------------ people
    def add_score(self, score: PersonScore) -> None:
        """Add what a person gave an answer; the newest of each person and measure counts."""
        if not score.person.strip():
            raise BadInput("Whoever scores an answer must be named.")
        with self._database.writing() as transaction:
            transaction.run(
                "INSERT INTO person_scores (seq, key, measure, person, score, comment, scored_at) "
                "SELECT coalesce(max(seq) + 1, 0), ?, ?, ?, ?, ?, ? FROM person_scores",
                *(score.key, score.measure, score.person.strip(), score.score, score.comment),
                now(),
            )

    def scored(self) -> int:
        """How many scores there are; it grows with every one."""
        row = self._database.row("SELECT count(*) FROM person_scores")
        return int(row[0]) if row else 0

    def list_scores(self, keys: Iterable[AnswerKey]) -> dict[AnswerKey, tuple[PersonScore, ...]]:
        """The newest score of each person and measure, by answer."""
        found: dict[AnswerKey, tuple[PersonScore, ...]] = {}
        for row in self._database.rows(
            "SELECT key, measure, person, score, comment, scored_at FROM person_scores "
            "WHERE key IN (SELECT unnest(?::VARCHAR[])) "
            "QUALIFY seq = max(seq) OVER (PARTITION BY key, measure, person) ORDER BY seq",
            list(keys),
        ):
            score = PersonScore(*row)
            found[score.key] = (*found.get(score.key, ()), score)
        return found


def _evaluation_from(row: Row) -> Evaluation:
    made, name, spec, state, total, created_at, reason, done = row
    told = spec_from(json.loads(spec))
    return Evaluation(
        EvaluationId(made), name, told, state, int(done), int(total), created_at, reason
    )


def _answer_from(row: Sequence[Any]) -> Answered:
    told = dict(zip(_ANSWER.split(", "), row, strict=True))
    ranked = tuple((label, p) for label, p in json.loads(told.pop("ranked")))
    notices = tuple(json.loads(told.pop("notices")))
    return Answered(**told, ranked=ranked, notices=notices)
