"""Models behind a name: another one under the same name is told, and asked again beside the old."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from slava.domain import EvaluationSpec, JudgeChoice, TestSet
from slava.evaluation.judging import judge_requests
from slava.evaluation.served import served_as
from slava.vlm.load import open_backbone
from tests.evaluation.fake_judge import MODEL, price, tasks
from tests.ui.test_evaluating import nothing_measured, questions
from tests.vlm.fake_endpoint import FakeEndpoint
from ui.services import Services
from ui.services.evaluation_desk import EvaluationDesk
from ui.services.evaluation_now import EvaluatingNow

__all__ = ["nothing_measured", "questions"]

WANTED = EvaluationSpec((), ("quantity",), "", "", max_new_tokens=16)


@pytest.fixture
def endpoint() -> Iterator[FakeEndpoint]:
    with FakeEndpoint(owned_by="llamacpp").serving() as served:
        yield served


@pytest.fixture
def served(services: Services) -> Services:
    """Services whose evaluations ask real servers."""
    services.evaluating.desk = EvaluationDesk(services.store, open_backbone)
    return services


def evaluate(
    services: Services, test_set: TestSet, endpoint: FakeEndpoint, *, again: bool = False
) -> EvaluatingNow:
    entry = services.evaluating.desk.entry(f"{endpoint.url}#tiny-vlm")
    plan = services.evaluating.plan([entry], test_set.id, WANTED, again=again)
    services.evaluating.begin(plan.spec)
    services.evaluating.job.wait(60)
    now = services.evaluating.job.now
    assert now is not None
    return now


def test_another_model_under_the_same_name_is_asked_again_and_the_old_answers_stay(
    served: Services, questions: TestSet, endpoint: FakeEndpoint
) -> None:
    first = evaluate(served, questions, endpoint)
    assert (first.state, first.found, first.done) == ("done", 0, 3)
    assert evaluate(served, questions, endpoint).found == 3

    endpoint.owned_by, endpoint.words = "vllm", ("Seven", " fibres.")
    refused = evaluate(served, questions, endpoint)
    assert refused.state == "failed"
    assert "another model under this name" in refused.error

    anew = evaluate(served, questions, endpoint, again=True)
    assert (anew.state, anew.found, anew.done) == ("done", 0, 3)
    answers = [
        {row.answer for row in served.evaluating.results(one.id).rows}
        for one in reversed(served.evaluating.list_evaluations())
    ]
    assert answers == [{"Round particles of 40 nm."}, {"Seven fibres."}]


def test_asking_again_that_was_cut_short_goes_on_and_a_second_time_asks_anew(
    served: Services, questions: TestSet, endpoint: FakeEndpoint
) -> None:
    evaluate(served, questions, endpoint)
    anew = evaluate(served, questions, endpoint, again=True)
    assert anew.evaluation is not None
    served.store.evaluations.set_state(anew.evaluation, "interrupted")
    assert evaluate(served, questions, endpoint, again=True).found == 3
    assert evaluate(served, questions, endpoint, again=True).found == 0
    assert sorted(e.spec.again for e in served.evaluating.list_evaluations()) == [0, 1, 2]


def test_a_server_that_is_off_is_no_matter_where_everything_is_answered(
    served: Services, questions: TestSet, endpoint: FakeEndpoint
) -> None:
    evaluate(served, questions, endpoint)
    endpoint.fault = "bad_models"
    assert evaluate(served, questions, endpoint).state == "done"


def test_what_a_server_reports_is_known_by_what_stays() -> None:
    vllm = {"id": "m", "owned_by": "vllm", "root": "/models/a", "created": 1, "permission": [{}]}
    assert served_as(vllm) == served_as({**vllm, "created": 2, "permission": []})
    assert served_as(vllm) != served_as({**vllm, "root": "/models/b"})
    ollama = {"id": "m", "owned_by": "library", "created": 1}
    assert served_as(ollama) != served_as({**ollama, "created": 2})
    assert served_as({"id": "m", "created": 3}) == ""


def test_a_judge_of_the_same_name_at_another_host_is_another_judge() -> None:
    def ids(**more: object) -> set[str]:
        return {r.id for r in judge_requests(tasks(2), MODEL, price(), **more)}  # type: ignore[arg-type]

    assert ids(host="a.example.org") == ids(host="a.example.org")
    assert not ids(host="a.example.org") & ids(host="b.example.org")
    assert not ids(host="a.example.org") & ids(host="a.example.org", again=1)


def test_the_plan_asks_the_judge_by_its_host(served: Services, questions: TestSet) -> None:
    from slava.evaluation.judging_job import make_judge_plan

    plans = [
        make_judge_plan(
            tasks(1),
            replace(JudgeChoice("https://x.example.org/v1", MODEL), url=f"https://{host}/v1"),
            price(),
            served.store.drafts,
            is_confidential=lambda _: False,
        )
        for host in ("a.example.org", "b.example.org")
    ]
    assert not {r.id for r in plans[0].requests} & {r.id for r in plans[1].requests}
