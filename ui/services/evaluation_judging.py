"""The answers of an evaluation before a judge: what is sent, the job, what came back.

Used by the command and by the window's job. It must not know how either shows anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from slava.domain import EvaluationSpec, JudgeChoice, MicrographId
from slava.errors import BadSetting, NotFound
from slava.evaluation.judging import JudgeTask
from slava.evaluation.results import Row
from slava.metrics.judge_prompts import RANGES, Candidate
from slava.metrics.judged import Judgement
from slava.metrics.kin import same_family
from slava.metrics.labels import names_defect
from slava.packs import FOLDER, Criterion, load_pack
from slava.settings import Settings
from store import Store
from ui.services.teaching import TeacherChoice

if TYPE_CHECKING:
    from slava.evaluation.judging_job import JudgePlan
    from slava.teacher.consent import Consent
    from slava.teacher.progress import Drafted
    from slava.teacher.sending import SendingJob
    from slava.teacher.terms import Terms

Place = tuple[str, str]
"""Item with level, and model."""


def judge_plan(store: Store, spec: EvaluationSpec, rows: Sequence[Row]) -> JudgePlan:
    """What would be sent to the judge of ``spec`` about these answers.

    Raises
    ------
    BadSetting
        If the spec names no judge, or its URL is none.
    """
    from slava.evaluation.judging_job import make_judge_plan

    judge = judge_of(spec)
    return make_judge_plan(
        _tasks(store, spec, judge, rows),
        judge,
        TeacherChoice(judge.url, judge.model).price(store),
        store.drafts,
        is_confidential=_confidential(store),
        seed=spec.seed,
        teacher=teacher_of(judge, rows),
        again=spec.again,
    )


def judge_answers(
    store: Store,
    settings: Settings,
    plan: JudgePlan,
    judge: JudgeChoice,
    consent: Consent,
    *,
    terms: Terms | None = None,
    on_job: Callable[[SendingJob], None] = lambda _: None,
    on_change: Callable[[Drafted], None] | None = None,
) -> Drafted:
    """Send what is left; blocks.

    Parameters
    ----------
    on_job
        Gets the job before it begins: its ``control`` pauses and cancels it.

    Raises
    ------
    BadInput
        If the consent is for something else, or the cap is missing.
    """
    from slava.evaluation.judging_job import JudgingJob
    from slava.teacher.sent_log import SentLog

    server = TeacherChoice(judge.url, judge.model).connect(for_judge(settings, judge))
    try:
        job = JudgingJob(
            plan,
            server,
            store.drafts,
            SentLog(store.layout.root / "logs"),
            consent,
            is_confidential=_confidential(store),
            terms=terms,
            on_change=on_change,
        )
        on_job(job)
        return job.run()
    finally:
        server.close()


def for_judge(settings: Settings, judge: JudgeChoice) -> Settings:
    """The settings with the key that this judge may be sent: its own, or the teacher's where it is
    the teacher's host."""
    from slava.teacher.client import place_of

    key = settings.judge_api_key
    if key is None and settings.teacher_url:
        same = place_of(settings.teacher_url)[0] == place_of(judge.url)[0]
        key = settings.teacher_api_key if same else None
    return replace(settings, teacher_api_key=key)


def judgements_for(
    store: Store, spec: EvaluationSpec, rows: Sequence[Row]
) -> Mapping[Place, tuple[Judgement, ...]]:
    """Everything that the judge has said of these answers, read anew from its replies; of
    micrographs too that have become confidential since."""
    from slava.evaluation.judge_replies import judgements_of
    from slava.evaluation.judging import judge_requests
    from slava.teacher.client import place_of

    judge = spec.judge
    if judge is None:
        return {}
    requests = judge_requests(
        _tasks(store, spec, judge, rows),
        judge.model,
        TeacherChoice(judge.url, judge.model).price(store),
        host=place_of(judge.url)[0],
        repeats=judge.repeats,
        seed=spec.seed,
        again=spec.again,
    )
    return judgements_of(requests, store.drafts, judge.model, teacher_of(judge, rows))


def _tasks(
    store: Store, spec: EvaluationSpec, judge: JudgeChoice, rows: Sequence[Row]
) -> list[JudgeTask]:
    rubric = load_pack(spec.pack, store.workspace / FOLDER).rubric
    return list(tasks_of(judge, rows, rubric))


def _confidential(store: Store) -> Callable[[MicrographId], bool]:
    def confidential(at: MicrographId) -> bool:
        """Nothing leaves about one that was removed, either: nobody can look at it any more."""
        try:
            return store.micrographs.get_micrograph(at).confidential
        except NotFound:
            return True

    return confidential


def judge_of(spec: EvaluationSpec) -> JudgeChoice:
    """The judge of a spec.

    Raises
    ------
    BadSetting
        If it names none.
    """
    if spec.judge is None:
        raise BadSetting("no judge is chosen. Give the address and the model of one.")
    return spec.judge


def where_judged(row: Row) -> Place:
    """Where a row's judgements are found."""
    return f"{row.item.id}/{row.level}", row.model


def tasks_of(
    judge: JudgeChoice, rows: Sequence[Row], rubric: Sequence[Criterion] = ()
) -> Iterator[JudgeTask]:
    """The answers to each question at each level side by side, by every measure that applies.

    What was ranked, failed, or has no reference is not judged; defects are judged where question or
    reference speaks of them.
    """
    together: dict[str, list[Row]] = {}
    for row in rows:
        if row.item.reference and row.answer and not row.error and not row.item.classes:
            together.setdefault(where_judged(row)[0], []).append(row)
    for measure in (m for m in RANGES if m in judge.measures):
        for item, told in together.items():
            first = told[0]
            asks = names_defect(f"{first.item.question} {first.item.reference}")
            if measure == "defect_detection" and not asks:
                continue
            yield JudgeTask(
                measure,
                item,
                first.item.micrograph_id,
                first.asked,
                first.item.reference,
                tuple(Candidate(row.answer, row.model) for row in told),
                tuple(rubric),
            )


def teacher_of(judge: JudgeChoice, rows: Sequence[Row]) -> str:
    """Who wrote the references: one of the judge's own family first, then any; empty for people."""
    teachers = sorted({row.item.teacher for row in rows if row.item.teacher})
    kin = [teacher for teacher in teachers if same_family(judge.model, teacher)]
    return next(iter([*kin, *teachers]), "")
