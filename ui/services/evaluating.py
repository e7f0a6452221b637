"""Evaluating for a tab: models, one evaluation in the background, results, scores.

It must not know how any of it is shown.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from slava.domain import (
    Evaluation,
    EvaluationId,
    EvaluationSpec,
    JudgeChoice,
    ModelEntry,
    PersonScore,
)
from slava.errors import ModelError
from slava.settings import Settings
from store import Store
from ui.services import evaluation_people
from ui.services.evaluation_desk import EvaluationDesk
from ui.services.evaluation_judge_work import Judging
from ui.services.evaluation_judging import judge_plan
from ui.services.evaluation_now import EvaluatingNow, Wanted
from ui.services.evaluation_people import BlindAnswer
from ui.services.evaluation_results import results_of
from ui.services.evaluation_taking import TakingIn
from ui.services.evaluation_there import There
from ui.services.job import Job
from ui.services.models import Models, OpenBackbone
from ui.services.news import News

if TYPE_CHECKING:
    from slava.evaluation.asking import Tally
    from slava.evaluation.judging_job import JudgePlan
    from slava.evaluation.results import Results

BUSY = "an evaluation is under way. Wait for its end, or cancel it."
LENT = "an evaluation has the memory of the model. Wait for its end, or cancel it."
SMALL = ("builtin", "endpoint")
EVERY = 25


class Evaluating(TakingIn):
    """What the Evaluate tab asks for; safe to use from any thread."""

    def __init__(
        self, store: Store, settings: Settings, models: Models, news: News, opener: OpenBackbone
    ) -> None:
        super().__init__(store, news, Job[EvaluatingNow]("evaluating", news, BUSY))
        self._models, self._settings = models, settings
        self.desk = EvaluationDesk(store, opener)
        self._there = There(store)
        self._guard = threading.Lock()
        self._kept: tuple[tuple[object, ...], int, Results] | None = None
        self.reading: tuple[int, int] | None = None
        """Answers scored of all, while :meth:`results` is at work."""

    # ------------------------------------------------------------------ evaluations
    def plan(
        self,
        models: Sequence[ModelEntry],
        set_id: str,
        wanted: EvaluationSpec,
        *,
        again: bool = False,
    ) -> Wanted:
        """What an evaluation would ask; with ``again`` everything anew, beside what is there.

        Raises
        ------
        BadSetting
            If there is no model, or no measure.
        NotFound
            If there is no such test set.
        """
        from slava.evaluation.planning import count_asks

        test_set = self._store.test_sets.get_test_set(set_id)
        spec = self.desk.spec(models, test_set, wanted)
        spec = self.desk.again(spec) if again else spec
        items = self.items(test_set.id)
        answers = count_asks(spec, items)
        there = min(answers, self._there.count(spec, items))
        return Wanted(spec, answers, self.desk.readiness(items), there)

    def begin(self, spec: EvaluationSpec, name: str = "", *, confirm_bars: bool = False) -> None:
        """Ask what is missing, in the background; the same spec again goes on.

        Raises
        ------
        ModelError
            If an evaluation is under way.
        """
        if self.job.busy:
            raise ModelError(BUSY)
        evaluation = self.desk.begin(spec, name)
        record = EvaluatingNow(evaluation=evaluation.id, total=evaluation.total)
        self.job.begin(record, lambda: self._ask(evaluation.id, spec, confirm_bars))

    def go_on(self, evaluation: EvaluationId) -> None:
        """Ask what is still missing of an evaluation."""
        found = self._store.evaluations.get_evaluation(evaluation)
        self.begin(found.spec, found.name)

    def _ask(self, evaluation: EvaluationId, spec: EvaluationSpec, confirm_bars: bool) -> None:
        lends = any(_is_large(entry) for entry in spec.models)
        if lends:
            self._models.lend(LENT)
        try:
            self.desk.ask(
                evaluation,
                confirm_bars=confirm_bars,
                check=self.job.check,
                tell=self._tell,
                say=lambda text: self.job.change(note=text),
                stop=self.job.stop,
            )
        finally:
            if lends:
                self._models.give_back()
            self._news.tell()

    def _tell(self, now: Tally) -> None:
        self.job.change(
            done=now.done,
            total=now.total,
            found=now.found,
            failed=now.failed,
            model=now.model,
            note="",
        )

    def list_evaluations(self) -> list[Evaluation]:
        """Newest first."""
        return self._store.evaluations.list_evaluations()

    def results(self, evaluation: EvaluationId) -> Results:
        """What is there of an evaluation; kept until its answers change. Scores of people are those
        of now."""
        found = self._store.evaluations.get_evaluation(evaluation)
        library = self._news.library
        stamp = (found.id, found.state, found.done, found.total, found.spec.judge, library)
        with self._guard:
            scored = self._store.evaluations.scored()
            if self._kept is None or self._kept[0] != stamp:
                try:
                    made = results_of(self._store, found.id, self._tell_reading)
                finally:
                    self.reading = None
                    self._news.tell()
                self._kept = (stamp, scored, made)
            elif self._kept[1] != scored:
                made = self._kept[2]
                people = self._store.evaluations.list_scores({row.key for row in made.rows})
                self._kept = (stamp, scored, evaluation_people.with_scores(made, people))
            return replace(self._kept[2], evaluation=found)

    def _tell_reading(self, done: int, total: int) -> None:
        self.reading = (done, total)
        if done % EVERY == 0:
            self._news.tell()

    def rename(self, evaluation: EvaluationId, name: str) -> Evaluation:
        """Call it otherwise."""
        return self._store.evaluations.set_name(evaluation, name)

    def remove(self, evaluation: EvaluationId) -> None:
        """Forget an evaluation and the answers that no other one wants.

        Raises
        ------
        ModelError
            If it is under way.
        """
        now = self.job.now
        if now is not None and now.under_way and now.evaluation == evaluation:
            raise ModelError(BUSY)
        self._store.evaluations.remove_evaluation(evaluation)
        self._news.tell()

    def write(self, evaluation: EvaluationId, target: Path) -> Path:
        """Write a report (.html) or a table (.csv, .parquet)."""
        from ui.services.evaluation_files import write_results

        return write_results(self._store, self.results(evaluation), target)

    # ------------------------------------------------------------------ a judge
    def judge_plan(self, evaluation: EvaluationId, judge: JudgeChoice) -> JudgePlan:
        """What this judge would be sent about the answers that are there; nothing leaves.

        Raises
        ------
        BadSetting
            If the judge's URL is none.
        """
        results = self.results(evaluation)
        spec = replace(results.evaluation.spec, judge=judge)
        return judge_plan(self._store, spec, results.rows)

    def begin_judging(
        self, evaluation: EvaluationId, judge: JudgeChoice, payload_hash: str
    ) -> None:
        """Have the answers judged in the background: the user has agreed to this payload, and to
        the cap of the choice. What the judge has said before is not asked again.

        Raises
        ------
        BadInput
            If the payload is not the one agreed to, or a judge that costs money has no cap.
        ModelError
            If an evaluation is under way.
        """
        plan = self.judge_plan(evaluation, judge)
        work = Judging(self._store, self._settings, self.job, plan, judge, payload_hash)
        record = EvaluatingNow(
            evaluation=evaluation, total=plan.turns, model=judge.model, judging=True
        )
        self.job.begin(record, lambda: self._judge(evaluation, judge, work))

    def _judge(self, evaluation: EvaluationId, judge: JudgeChoice, work: Judging) -> None:
        self._store.evaluations.set_judge(evaluation, judge)
        try:
            work.run()
        finally:
            with self._guard:
                self._kept = None
            self._news.tell()

    # ------------------------------------------------------------------ people
    def next_blind(
        self,
        evaluation: EvaluationId,
        person: str,
        measure: str = "overall_quality",
        skipped: Collection[str] = (),
    ) -> BlindAnswer | None:
        """An answer that this person has not scored yet, in an order of their own; ``None`` when
        all are scored. Whose it is must not be shown."""
        return evaluation_people.next_blind(self.results(evaluation), person, measure, skipped)

    def blind_answer(
        self, evaluation: EvaluationId, key: str, person: str, measure: str = "overall_quality"
    ) -> BlindAnswer:
        """One that was shown before; a score of it is a newer one, nothing is taken back.

        Raises
        ------
        NotFound
            If it is no answer of this evaluation.
        """
        return evaluation_people.blind_answer(self.results(evaluation), key, person, measure)

    def add_score(self, score: PersonScore) -> None:
        """Add what a person gave an answer; checked against the range of the measure.

        Raises
        ------
        BadInput
            If it is out of range, or nobody is named.
        """
        evaluation_people.check_score(score)
        self._store.evaluations.add_score(score)
        self._news.tell()

    def close(self, timeout_s: float) -> None:
        """Cancel, and wait for the answer at hand."""
        self.job.close(timeout_s)


def _is_large(entry: ModelEntry) -> bool:
    """Whether loading it needs the memory that the model of Analyse has."""
    from slava.vlm.load import kind_of

    return not entry.is_given and kind_of(entry.reference) not in SMALL
