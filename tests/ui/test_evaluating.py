"""Evaluating behind the window: test sets, plans, one evaluation in the background, its results."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from slava.domain import Evaluation, EvaluationSpec, Micrograph, PersonScore, TestSet
from slava.errors import BadInput, BadSetting, ModelError, NotFound
from slava.evaluation import keys
from slava.evaluation.results import Results
from slava.vlm.backbone import Backbone
from store import Store
from tests.ui.conftest import until
from tests.ui.evaluating_set import ELSEWHERE, SLOWLY, draw_set
from tests.vlm.scripted_backbone import ScriptedBackbone
from ui.services import Services
from ui.services.evaluation_desk import EvaluationDesk
from ui.services.models import OpenBackbone

WANTED = EvaluationSpec((), ("text", "quantity", "defect"), "", "", max_new_tokens=64)
BUILTIN = "Built-in sLAVA"


def take(services: Services, file: Path) -> TestSet:
    services.evaluating.begin_taking(file)
    services.evaluating.job.wait(60)
    now = services.evaluating.job.now
    assert now is not None
    assert now.state == "done", now.error
    return services.store.test_sets.get_test_set(now.test_set)


@pytest.fixture(autouse=True)
def nothing_measured(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Measuring has tests of its own, and takes its time."""
    monkeypatch.setattr(store.knowledge, "measure_missing", lambda _ids, _tell: [])


@pytest.fixture
def questions(services: Services, tmp_path: Path) -> TestSet:
    return take(services, draw_set(tmp_path / "set"))


def begin(services: Services, test_set: TestSet, *models: str) -> Evaluation:
    entries = [services.evaluating.desk.entry(one) for one in models or ("builtin",)]
    plan = services.evaluating.plan(entries, test_set.id, WANTED)
    services.evaluating.begin(plan.spec, "tried")
    now = services.evaluating.job.now
    assert now is not None
    assert now.evaluation is not None
    return services.store.evaluations.get_evaluation(now.evaluation)


def waiting_for(gate: threading.Event) -> OpenBackbone:
    """Opens a script that says words until the gate is open, where it is asked to be slow."""

    def say(question: str) -> Iterator[str]:
        yield f"Answer to: {question} "
        while SLOWLY in question and not gate.wait(0.01):
            yield "and "

    def opened(_reference: str, **_: object) -> Backbone:
        return ScriptedBackbone(say)

    return opened


def run(services: Services, test_set: TestSet, *models: str) -> Results:
    evaluation = begin(services, test_set, *models)
    services.evaluating.job.wait(60)
    now = services.evaluating.job.now
    assert now is not None
    assert now.state == "done", now.error
    return services.evaluating.results(evaluation.id)


def test_a_file_is_taken_in_and_the_same_again_is_the_same_set(
    services: Services, tmp_path: Path
) -> None:
    file = draw_set(tmp_path / "set", {"file": "gone.png", "question": "What is it?"})
    first = take(services, file)
    assert (first.count, first.name) == (3, "questions")
    assert any("gone.png" in note for note in first.notes)
    assert take(services, file).id == first.id
    assert len(services.evaluating.list_test_sets()) == 1
    given = [dict(item.given) for item in services.evaluating.items(first.id)]
    assert given[0] == {ELSEWHERE: "Thin fibres, no defect."}
    services.evaluating.remove_test_set(first.id)
    assert services.evaluating.list_test_sets() == []


def test_what_cannot_be_a_test_set_is_said(services: Services, calibrated: Micrograph) -> None:
    with pytest.raises(BadInput, match="there is no"):
        services.evaluating.begin_taking(Path("/no/such/file.jsonl"))
    with pytest.raises(BadInput, match="at least two categories"):
        services.evaluating.take_labels()
    with pytest.raises(NotFound):
        services.evaluating.take_snapshot("none")


def test_a_plan_counts_what_is_asked_and_what_is_there(
    services: Services, questions: TestSet
) -> None:
    evaluating = services.evaluating
    entries = [evaluating.desk.entry(one) for one in ("builtin", f"given:{ELSEWHERE}")]
    plan = evaluating.plan(entries, questions.id, WANTED)
    assert (plan.answers, plan.there) == (5, 2)
    assert (plan.readiness.micrographs, plan.readiness.uncalibrated) == (2, 2)
    run(services, questions)
    again = evaluating.plan(entries, questions.id, WANTED)
    assert (again.answers, again.there) == (5, 5)
    with pytest.raises(BadSetting, match="Choose at least one"):
        evaluating.plan([], questions.id, WANTED)
    with pytest.raises(BadSetting, match="twice"):
        evaluating.plan(entries[:1] * 2, questions.id, WANTED)


def test_every_answer_has_its_figures(services: Services, questions: TestSet) -> None:
    results = run(services, questions, "builtin", f"given:{ELSEWHERE}")
    assert (results.evaluation.state, results.evaluation.done) == ("done", 5)
    rows = {(row.model, row.item.question, row.item.reference): row for row in results.rows}
    assert len(rows) == 5
    assert rows[ELSEWHERE, "How many are there?", ""].figures["quantity_within"] == 1.0
    assert rows[ELSEWHERE, "What does it show?", "Thin fibres."].figures["defect_right"] == 1.0
    assert rows[BUILTIN, "How many are there?", ""].answer.startswith("Answer to:")
    assert [m.title for m in results.models] == [BUILTIN, ELSEWHERE]


def test_the_same_again_is_the_same_evaluation_and_asks_nothing(
    services: Services, questions: TestSet
) -> None:
    first = run(services, questions)
    second = run(services, questions)
    now = services.evaluating.job.now
    assert now is not None
    assert first.evaluation.id == second.evaluation.id
    assert (now.found, now.done, now.total) == (3, 3, 3)


def test_cancelled_in_the_middle_it_goes_on_later(services: Services, tmp_path: Path) -> None:
    slow = {"file": "fibres.png", "question": SLOWLY, "reference": "Thin fibres."}
    test_set = take(services, draw_set(tmp_path / "set", slow))
    evaluating, gate = services.evaluating, threading.Event()
    evaluating.desk = EvaluationDesk(services.store, waiting_for(gate))
    evaluation = begin(services, test_set)
    until(lambda: evaluating.job.now and evaluating.job.now.done >= 1, 60)
    with pytest.raises(ModelError, match="under way"):
        begin(services, test_set)
    with pytest.raises(ModelError, match="under way"):
        evaluating.remove(evaluation.id)
    evaluating.job.pause()
    until(lambda: evaluating.job.now and evaluating.job.now.state == "paused")
    evaluating.job.resume()
    evaluating.job.cancel()
    evaluating.job.wait(60)
    gate.set()
    found = services.store.evaluations.get_evaluation(evaluation.id)
    assert found.state == "cancelled"
    assert 1 <= found.done < found.total
    part = evaluating.results(evaluation.id)
    assert len(part.rows) == found.done
    evaluating.go_on(evaluation.id)
    evaluating.job.wait(120)
    whole = evaluating.results(evaluation.id)
    assert (whole.evaluation.state, whole.evaluation.done) == ("done", whole.evaluation.total)
    assert whole.evaluation.name == "tried"


def test_results_are_kept_until_something_changes(services: Services, questions: TestSet) -> None:
    evaluating = services.evaluating
    first = run(services, questions, "builtin", f"given:{ELSEWHERE}")
    assert evaluating.results(first.evaluation.id).rows is first.rows
    renamed = evaluating.rename(first.evaluation.id, "otherwise")
    again = evaluating.results(renamed.id)
    assert again.evaluation.name == "otherwise"
    assert again.rows is first.rows
    row = first.rows[0]
    evaluating.add_score(PersonScore(row.key, "overall_quality", "ada", 80))
    scored = evaluating.results(renamed.id)
    assert scored.rows[0].scores[0].score == 80
    assert scored.rows[0].figures["overall_quality"] == 80
    assert "overall_quality" in [figure.name for figure in scored.figures]
    assert all(one is other for one, other in zip(scored.rows[1:], first.rows[1:], strict=True))


def test_results_are_written_as_files(
    services: Services, questions: TestSet, tmp_path: Path
) -> None:
    results = run(services, questions, "builtin", f"given:{ELSEWHERE}")
    for kind in ("html", "csv", "parquet"):
        written = services.evaluating.write(results.evaluation.id, tmp_path / f"results.{kind}")
        assert written.stat().st_size > 200
    assert "Thin fibres, no defect." in (tmp_path / "results.html").read_text(encoding="utf-8")
    with pytest.raises(BadSetting):
        services.evaluating.write(results.evaluation.id, tmp_path / "results.docx")


def test_an_evaluation_is_forgotten_with_its_answers(
    services: Services, store: Store, questions: TestSet
) -> None:
    results = run(services, questions)
    with pytest.raises(BadInput, match="Remove that first"):
        services.evaluating.remove_test_set(questions.id)
    services.evaluating.remove(results.evaluation.id)
    assert services.evaluating.list_evaluations() == []
    services.evaluating.remove_test_set(questions.id)


def test_blind_answers_come_in_an_order_of_ones_own(services: Services, questions: TestSet) -> None:
    evaluating = services.evaluating
    at = run(services, questions, "builtin", f"given:{ELSEWHERE}").evaluation.id
    orders = []
    for person in ("ada", "bo", "cy", "di"):
        seen = []
        while (shown := evaluating.next_blind(at, person)) is not None:
            assert (shown.done, shown.total) == (len(seen), 5)
            evaluating.add_score(PersonScore(shown.key, shown.measure, person, 10 * len(seen)))
            seen.append(shown.key)
        orders.append(tuple(seen))
    assert all(len(set(order)) == 5 for order in orders)
    assert len(set(orders)) > 1


def test_skipped_comes_last_and_a_score_given_again_is_the_newer_one(
    services: Services, questions: TestSet
) -> None:
    evaluating = services.evaluating
    at = run(services, questions).evaluation.id
    first = evaluating.next_blind(at, "ada")
    assert first is not None
    second = evaluating.next_blind(at, "ada", skipped=[first.key])
    assert second is not None
    assert second.key != first.key
    for score in (20, 90):
        evaluating.add_score(PersonScore(second.key, "overall_quality", "ada", score, "why"))
    shown = evaluating.blind_answer(at, second.key, "ada")
    assert shown.given is not None
    assert (shown.given.score, shown.done) == (90, 1)
    row = next(r for r in evaluating.results(at).rows if r.key == second.key)
    assert [s.score for s in row.scores] == [90]
    for wrong in (101, -1):
        with pytest.raises(BadInput, match="not within"):
            evaluating.add_score(PersonScore(first.key, "overall_quality", "ada", wrong))
    with pytest.raises(NotFound):
        evaluating.blind_answer(at, "no such key", "ada")


def test_a_defect_is_scored_where_one_is_asked_for(services: Services, questions: TestSet) -> None:
    at = run(services, questions).evaluation.id
    shown = services.evaluating.next_blind(at, "ada", "defect_detection")
    assert shown is not None
    assert shown.total == 1
    assert json.dumps(shown.row.item.defect) == "false"


def test_a_plan_reads_again_only_what_has_changed(
    services: Services, store: Store, questions: TestSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(services, questions)
    read: list[str] = []
    hashed: list[Path] = []

    def note(owner: object, name: str, to: list[str]) -> None:
        before = getattr(owner, name)
        monkeypatch.setattr(owner, name, lambda *a: (to.append(name), before(*a))[1])

    note(store.evaluations, "list_places", read)
    note(store.evaluations, "list_answers", read)
    note(store.test_sets, "list_items", read)
    note(store.micrographs, "get_micrograph", read)
    monkeypatch.setattr(keys, "hash_file", lambda file: hashed.append(file) or "0")
    entry = services.evaluating.desk.entry("builtin")
    for _ in range(3):
        assert services.evaluating.plan([entry], questions.id, WANTED).there == 3
    assert sorted(read) == ["list_places"]
    assert hashed == []


def test_models_of_one_title_stand_side_by_side(services: Services, questions: TestSet) -> None:
    desk = services.evaluating.desk
    entries = [desk.entry(f"http://127.0.0.1:{port}/v1#qwen") for port in (1, 2)]
    plan = services.evaluating.plan(entries, questions.id, WANTED)
    assert [m.title for m in plan.spec.models] == ["qwen, 127.0.0.1:1", "qwen, 127.0.0.1:2"]
