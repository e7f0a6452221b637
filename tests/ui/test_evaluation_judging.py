"""Answers before a judge and before people: what is sent, what comes back, who is believed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from slava.domain import EvaluationId, EvaluationSpec, JudgeChoice, PersonScore
from slava.errors import BadInput, BadSetting
from slava.evaluation.items import make_item
from slava.settings import Settings
from store import Store
from tests.evaluation.fake_judge import FakeJudge
from tests.store.drawn_pairs import add_micrographs
from tests.store.plain_reader import PlainReader
from tests.ui.scripted import open_scripted
from ui.services import Services
from ui.services.evaluation_judging import for_judge

REFERENCE = "The fibres are thin and lie in a loose mat without a direction."
LONG = "The fibres are thin and lie in a loose, irregular mat without any direction."


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    key = {"SLAVA_JUDGE_API_KEY": "sk-valid"}
    settings = Settings.gather(workspace=tmp_path / "w", environ=key)
    with Store.open(settings.workspace, inspect=PlainReader()) as store:
        opened = Services(store, settings, opener=open_scripted)
        yield opened
        opened.close()


@pytest.fixture
def judge() -> Iterator[FakeJudge]:
    with FakeJudge() as server:
        yield server


@pytest.fixture
def evaluation(services: Services, tmp_path: Path) -> EvaluationId:
    """Two questions that two systems have answered; nothing has to be asked."""
    ids = add_micrographs(services.store, tmp_path)
    items = [
        make_item(at, "How do the fibres lie?", reference=REFERENCE, topic="shape",
                  given={"long": LONG, "short": "In a mat."})
        for at in ids
    ]  # fmt: skip
    test_set = services.store.test_sets.add_test_set("two", items, "a test")
    desk = services.evaluating.desk
    entries = [desk.entry("given:long"), desk.entry("given:short")]
    wanted = EvaluationSpec((), ("text",), "", "")
    plan = services.evaluating.plan(entries, test_set.id, wanted)
    services.evaluating.begin(plan.spec)
    services.evaluating.job.wait()
    return services.evaluating.list_evaluations()[0].id


def judged_by(judge: FakeJudge, **more: object) -> JudgeChoice:
    return replace(JudgeChoice(judge.url, "judge-1"), **more)  # type: ignore[arg-type]


def have_judged(services: Services, evaluation: EvaluationId, choice: JudgeChoice) -> None:
    plan = services.evaluating.judge_plan(evaluation, choice)
    services.evaluating.begin_judging(evaluation, choice, plan.payload_hash)
    services.evaluating.job.wait()
    now = services.evaluating.job.now
    assert now is not None
    assert (now.state, now.error) == ("done", "")


def test_the_judge_scores_what_it_is_sent_and_is_not_asked_twice(
    services: Services, evaluation: EvaluationId, judge: FakeJudge
) -> None:
    choice = judged_by(judge, repeats=3)
    plan = services.evaluating.judge_plan(evaluation, choice)
    assert (plan.turns, plan.left, len(judge.bodies)) == (6, 6, 0)
    have_judged(services, evaluation, choice)
    results = services.evaluating.results(evaluation)
    scores = {row.model: row.figures["overall_quality"] for row in results.rows}
    assert scores["long"] > scores["short"] > 0
    assert all(len(row.judgements) == 3 for row in results.rows)
    assert "overall_quality" in {figure.name for figure in results.figures}
    asked = len(judge.bodies)
    assert asked == 6
    have_judged(services, evaluation, choice)
    assert len(judge.bodies) == asked


def test_another_payload_than_the_one_agreed_to_is_not_sent(
    services: Services, evaluation: EvaluationId, judge: FakeJudge
) -> None:
    with pytest.raises(BadInput, match="not what was agreed to"):
        services.evaluating.begin_judging(evaluation, judged_by(judge), "0" * 64)
    assert not judge.bodies


def test_invalid_scores_are_kept_and_count_for_nothing(
    services: Services, evaluation: EvaluationId, judge: FakeJudge
) -> None:
    judge.slips.extend(["too_high", None, "prose"])
    have_judged(services, evaluation, judged_by(judge))
    results = services.evaluating.results(evaluation)
    states = [j.state for row in results.rows for j in row.judgements]
    assert states.count("scored") == 4
    assert any("gave no valid score" in note for note in results.notes)
    assert all(0 <= row.figures["overall_quality"] <= 100 for row in results.rows)


def test_a_person_overrules_the_judge_whose_score_is_kept(
    services: Services, evaluation: EvaluationId, judge: FakeJudge
) -> None:
    have_judged(services, evaluation, judged_by(judge))
    before = services.evaluating.results(evaluation).rows[0]
    services.evaluating.add_score(PersonScore(before.key, "overall_quality", "ann", 5.0))
    after = services.evaluating.results(evaluation).rows[0]
    assert after.figures["overall_quality"] == 5.0
    assert after.judgements == before.judgements
    services.evaluating.add_score(PersonScore(before.key, "overall_quality", "ann", None))
    assert "overall_quality" not in services.evaluating.results(evaluation).rows[0].figures


def test_a_judge_of_the_family_that_wrote_the_references_is_named(
    services: Services, evaluation: EvaluationId, judge: FakeJudge
) -> None:
    kept = services.store.test_sets.list_test_sets()[0]
    items = [
        make_item(i.micrograph_id, i.question, reference=REFERENCE, teacher="gpt-4o", given=i.given)
        for i in services.store.test_sets.list_items(kept.id)
    ]
    drafted = services.store.test_sets.add_test_set("drafted", items, "a test")
    spec = services.evaluating.results(evaluation).evaluation.spec
    plan = services.evaluating.plan(spec.models, drafted.id, spec)
    services.evaluating.begin(plan.spec)
    services.evaluating.job.wait()
    other = services.evaluating.list_evaluations()[0].id
    assert other != evaluation
    told = services.evaluating.judge_plan(other, judged_by(judge, model="gpt-5"))
    assert any("family gpt" in note for note in told.notes)
    told = services.evaluating.judge_plan(other, judged_by(judge, model="qwen3-32b"))
    assert not any("family" in note for note in told.notes)


def test_the_teachers_key_goes_to_the_teachers_host_only() -> None:
    told = {"SLAVA_TEACHER_URL": "https://a.example.org/v1", "SLAVA_TEACHER_API_KEY": "sk-teacher"}
    settings = Settings.gather(environ=told)
    keys = [
        for_judge(settings, JudgeChoice(f"https://{host}.example.org/v1", "m")).teacher_api_key
        for host in ("a", "b")
    ]
    assert keys == ["sk-teacher", None]
    own = Settings.gather(environ={**told, "SLAVA_JUDGE_API_KEY": "sk-judge"})
    choice = JudgeChoice("https://a.example.org/v1", "m")
    assert for_judge(own, choice).teacher_api_key == "sk-judge"


def test_answers_about_confidential_micrographs_stay_here(
    services: Services, evaluation: EvaluationId
) -> None:
    ids = [m.id for m in services.store.micrographs.list_micrographs()]
    services.store.micrographs.set_confidential(ids[:1])
    choice = JudgeChoice("https://judge.example.org/v1", "judge-1", cap_usd=1.0)
    plan = services.evaluating.judge_plan(evaluation, choice)
    assert plan.held == (ids[0],)
    assert {request.micrograph_id for request in plan.requests} == {ids[1]}


def test_what_is_about_a_removed_micrograph_stays_readable_and_is_not_asked_or_sent(
    services: Services, evaluation: EvaluationId
) -> None:
    ids = [m.id for m in services.store.micrographs.list_micrographs()]
    services.store.micrographs.remove_micrograph(ids[0])
    spec = services.evaluating.results(evaluation).evaluation.spec
    wanted = replace(spec, measures=("text", "grounded"))
    plan = services.evaluating.plan(spec.models, spec.dataset_id, wanted)
    assert plan.readiness.micrographs == 1
    services.evaluating.begin(plan.spec)
    services.evaluating.job.wait()
    again = services.evaluating.list_evaluations()[0]
    assert (again.state, again.done, again.total) == ("done", 2, 2)
    services.evaluating.go_on(evaluation)
    services.evaluating.job.wait()
    before = services.store.evaluations.get_evaluation(evaluation)
    assert (before.state, before.done, before.total) == ("done", 4, 4)
    assert len(services.evaluating.results(evaluation).rows) == 4
    choice = JudgeChoice("https://judge.example.org/v1", "judge-1", cap_usd=1.0)
    assert services.evaluating.judge_plan(evaluation, choice).held == (ids[0],)


def test_confidential_micrographs_go_to_no_other_machine_and_into_no_report(
    services: Services, evaluation: EvaluationId, tmp_path: Path
) -> None:
    ids = [m.id for m in services.store.micrographs.list_micrographs()]
    spec = services.evaluating.results(evaluation).evaluation.spec
    shown = services.evaluating.write(evaluation, tmp_path / "before.html")
    services.store.micrographs.set_confidential(ids)
    hidden = services.evaluating.write(evaluation, tmp_path / "after.html")
    assert "data:image/jpeg" in shown.read_text(encoding="utf-8")
    assert "data:image/jpeg" not in hidden.read_text(encoding="utf-8")
    assert "2 confidential micrographs are left out" in hidden.read_text(encoding="utf-8")

    elsewhere = services.evaluating.desk.entry("https://model.example.org/v1#m")
    here = services.evaluating.desk.entry("http://127.0.0.1:9/v1#m")
    for entry, asked in ((elsewhere, 0), (replace(here, title="here"), 2)):
        plan = services.evaluating.plan([entry], spec.dataset_id, spec)
        services.evaluating.begin(plan.spec)
        services.evaluating.job.wait()
        made = services.evaluating.list_evaluations()[0]
        assert (made.state, made.total) == ("done", asked)
        notes = services.evaluating.results(made.id).notes
        assert any("not sent to other machines" in note for note in notes) == (asked == 0)


def test_other_weights_under_an_old_identity_are_not_gone_on_with(
    services: Services, evaluation: EvaluationId
) -> None:
    spec = services.evaluating.results(evaluation).evaluation.spec
    builtin = replace(services.evaluating.desk.entry("builtin"), identity="of another day")
    made = services.evaluating.desk.begin(replace(spec, models=(builtin,)))
    services.evaluating.go_on(made.id)
    services.evaluating.job.wait()
    now = services.evaluating.job.now
    assert now is not None
    assert now.state == "failed"
    assert "weights of Built-in sLAVA have changed" in now.error


def test_an_endpoint_is_named_with_its_model(services: Services) -> None:
    with pytest.raises(BadSetting, match="URL#MODEL"):
        services.evaluating.desk.entry("http://127.0.0.1:9/v1")


def test_a_score_belongs_to_an_answer_beside_its_reference(
    services: Services, evaluation: EvaluationId
) -> None:
    row = services.evaluating.results(evaluation).rows[0]
    services.evaluating.add_score(PersonScore(row.key, "overall_quality", "ann", 20.0))
    spec = services.evaluating.results(evaluation).evaluation.spec
    items = [
        make_item(i.micrograph_id, i.question, reference="Mended.", given=i.given)
        for i in services.store.test_sets.list_items(spec.dataset_id)
    ]
    mended = services.store.test_sets.add_test_set("mended", items, "a test")
    plan = services.evaluating.plan(spec.models, mended.id, spec)
    services.evaluating.begin(plan.spec)
    services.evaluating.job.wait()
    other = services.evaluating.list_evaluations()[0].id
    assert all(not row.scores for row in services.evaluating.results(other).rows)
    assert sum(len(row.scores) for row in services.evaluating.results(evaluation).rows) == 1
