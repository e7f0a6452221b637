"""The Evaluate tab's routes: what a page is told, what it may ask for, what it must never see."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from slava.domain import TestSet
from tests.ui.evaluating_set import ELSEWHERE, draw_set
from tests.ui.test_evaluating import BUILTIN, nothing_measured, questions, run, take
from ui.services import Services
from ui.tabs import evaluate

__all__ = ["nothing_measured", "questions"]

BASE = "slava/token"
WISH = {
    "models": ["builtin", f"given:{ELSEWHERE}"],
    "measures": ["text", "quantity", "defect"],
    "levels": ["high"],
    "way": "facts",
    "max_new_tokens": 64,
    "seed": 0,
    "name": "tried",
}


@pytest.fixture
def window(services: Services) -> Iterator[TestClient]:
    with TestClient(Starlette(routes=[evaluate.routes(services, BASE)])) as client:
        yield client


def say(window: TestClient, route: str, status: int = 200, /, **sent: Any) -> Any:
    answer = window.post(f"/{BASE}/evaluate/{route}.json", json=sent)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_an_empty_workspace_says_what_there_is(window: TestClient) -> None:
    state = say(window, "state")
    assert (state["evaluations"], state["sets"], state["snapshots"]) == ([], [], [])
    assert state["labelled"] == {"count": 0, "categories": 0}
    assert [m["reference"] for m in state["models"]] == ["builtin"]
    assert next(iter(say(window, "form")["measures"]))[0] == "text"


def test_a_set_says_what_it_holds_and_what_cannot_be_measured(
    window: TestClient, questions: TestSet
) -> None:
    told = say(window, "set", id=questions.id)
    assert (told["questions"], told["references"], told["numbers"], told["defects"]) == (3, 2, 1, 1)
    assert told["given"] == [[ELSEWHERE, 2]]
    assert told["topics"] == [["content", 2], ["count", 1]]
    assert set(told["cannot"]) == {"category"}
    assert "asks for a category" in told["cannot"]["category"]
    assert {one["topic"] for one in told["examples"]} == {"content", "count"}
    assert "no test set" in say(window, "set", 404, id="none")["error"]


def test_an_upload_is_taken_in(window: TestClient, services: Services, tmp_path: Path) -> None:
    file = draw_set(tmp_path / "set")
    for name in ("fibres.png", "particles.png", "questions.jsonl"):
        content = (file.parent / name).read_bytes()
        query = f"token=12345678&path=set/{name}"
        assert window.post(f"/{BASE}/evaluate/upload?{query}", content=content).status_code == 200
    say(window, "take", kind="upload", upload="12345678")
    services.evaluating.job.wait(60)
    state = say(window, "state")
    assert state["now"]["taking"]
    assert state["now"]["set"] == state["sets"][0]["id"]
    say(window, "work", do="dismiss")
    assert say(window, "state")["now"] is None


def test_a_plan_is_begun_and_shown(
    window: TestClient, services: Services, questions: TestSet
) -> None:
    wish = {**WISH, "set": questions.id}
    plan = say(window, "plan", **wish)
    assert (plan["answers"], plan["there"], plan["known"]) == (5, 2, "")
    assert "slava evaluate --models builtin,given:Elsewhere" in plan["command"]
    at = say(window, "start", **wish)["id"]
    services.evaluating.job.wait(60)
    listed = say(window, "state")["evaluations"][0]
    assert (listed["id"], listed["state"], listed["done"]) == (at, "done", 5)
    assert say(window, "plan", **wish)["complete"]
    found = say(window, "results", id=at)
    assert found["data"]["models"] == [BUILTIN, ELSEWHERE]
    assert found["cells"]["quantity_within|1"]["mean"] == 1.0
    assert "pair" in found["kinds"]
    about = say(window, "about", id=at)
    assert about["models"][1]["about"] == "came with the test set"
    assert about["wish"]["models"] == WISH["models"]
    assert say(window, "plan", **{**about["wish"], "name": ""})["known"] == at
    say(window, "rename", id=at, name="otherwise")
    assert say(window, "state")["evaluations"][0]["name"] == "otherwise"


def test_what_a_page_sends_is_not_trusted(window: TestClient, questions: TestSet) -> None:
    wish = {**WISH, "set": questions.id}
    assert "at least one measure" in say(window, "plan", 422, **{**wish, "measures": []})["error"]
    assert "tokens" in say(window, "plan", 422, **{**wish, "max_new_tokens": 0})["error"]
    no_model = {**wish, "models": ["no such thing"]}
    assert "no model" in say(window, "plan", 422, **no_model)["error"]
    judged = {**wish, "measures": ["text", "judged"]}
    assert "who judges" in say(window, "plan", 422, **judged)["error"]
    assert "known" in say(window, "work", 422, do="explode")["error"]
    assert "type the path" in say(window, "take", 422, kind="path", path="")["error"]
    say(window, "results", 404, id="none")
    assert window.get(f"/{BASE}/evaluate/plot.svg?id=none&kind=pair").status_code == 404


def test_every_drawing_that_applies_is_drawn(
    window: TestClient, services: Services, questions: TestSet
) -> None:
    at = run(services, questions, "builtin", f"given:{ELSEWHERE}").evaluation.id
    kinds = say(window, "results", id=at)["kinds"]
    for kind in kinds:
        answer = window.get(f"/{BASE}/evaluate/plot.svg?id={at}&kind={kind}&a=0&b=1&width=480")
        assert answer.status_code == 200, kind
    pair = window.get(f"/{BASE}/evaluate/plot.svg?id={at}&kind=pair&a=1&b=0").text
    assert pair.startswith("<svg")
    assert "data-rows=" in pair
    for wrong in ("kind=none", "kind=means&figure=99", "kind=pair&a=7"):
        assert window.get(f"/{BASE}/evaluate/plot.svg?id={at}&{wrong}").status_code == 404


def test_files_are_downloaded_and_the_report_stands_apart(
    window: TestClient, services: Services, questions: TestSet
) -> None:
    at = run(services, questions).evaluation.id
    report = window.get(f"/{BASE}/evaluate/results.html?id={at}")
    assert report.headers["content-security-policy"].startswith("sandbox allow-scripts")
    assert "content-disposition" not in report.headers
    assert "Round particles." in report.text
    for kind in ("csv", "parquet"):
        table = window.get(f"/{BASE}/evaluate/results.{kind}?id={at}")
        assert "attachment" in table.headers["content-disposition"]
    assert window.get(f"/{BASE}/evaluate/results.exe?id={at}").status_code == 404
    assert not list(services.uploads.iterdir())


def test_blind_scoring_never_says_whose_an_answer_is(
    window: TestClient, services: Services, tmp_path: Path
) -> None:
    test_set = take(services, draw_set(tmp_path / "set"))
    at = run(services, test_set, "builtin", f"given:{ELSEWHERE}").evaluation.id
    wish: dict[str, Any] = {"id": at, "person": " Ada  L ", "measure": "overall_quality"}
    shown = []
    while (told := say(window, "blind", **wish))["answer"] is not None:
        answer = told["answer"]
        shown.append(answer)
        assert set(answer) == {
            "key", "micrograph", "question", "reference", "answer",
            "done", "total", "scored", "score", "comment",
        }  # fmt: skip
        sent = json.dumps(told).lower()
        hidden = (BUILTIN, ELSEWHERE, "builtin", "given:", "seconds", "level", "context", "model")
        assert not [word for word in hidden if word.lower() in sent]
        say(window, "score", **wish, key=answer["key"], score=70, comment="fine")
    assert len(shown) == 5
    again = say(window, "blind", **wish, key=shown[0]["key"])["answer"]
    assert (again["score"], again["comment"], again["done"]) == (70, "fine", 5)
    people = say(window, "results", id=at)["people"]
    assert [(p["mean"], p["by"]) for p in people] == [(70, ["Ada L"]), (70, ["Ada L"])]
    assert "not within" in say(window, "score", 422, **wish, key="k", score=101)["error"]
    nobody = {**wish, "person": " "}
    assert "Type a name" in say(window, "blind", 422, **nobody)["error"]
    assert "Type a name" in say(window, "score", 422, **nobody, key="k", score=1)["error"]


def test_a_judge_is_shown_everything_before_it_gets_anything(
    window: TestClient, services: Services, questions: TestSet
) -> None:
    at = run(services, questions, "builtin", f"given:{ELSEWHERE}").evaluation.id
    judge = {
        "url": "http://judge.example:9/v1",
        "model": "judge-1",
        "measures": ["overall_quality"],
        "repeats": 2,
        "cap": "",
    }
    plan = say(window, "judge", id=at, judge=judge)
    assert (plan["left"], plan["turns"], plan["free"]) == (4, 4, False)
    first = say(window, "judge_requests", hash=plan["hash"])
    assert first["total"] == plan["requests"]
    assert "Round particles." in json.dumps(first)
    assert ELSEWHERE not in json.dumps(first)
    payload = window.get(f"/{BASE}/evaluate/payload.json?hash={plan['hash']}").json()
    assert len(payload["payload"]) == plan["requests"]
    assert "cost cap" in say(window, "judge_begin", 422, hash=plan["hash"], cap=None)["error"]
    assert "once more" in say(window, "judge_begin", 404, hash="other", cap=1)["error"]
    assert (
        "at least one" in say(window, "judge", 422, id=at, judge={**judge, "measures": []})["error"]
    )


def test_attributes_stand_in_the_question_where_the_tab_says_so(
    window: TestClient, services: Services, tmp_path: Path
) -> None:
    further = {"file": "fibres.png", "question": "Is the surface smooth or rough?",
               "reference": "It is rough.", "category": "fibres"}  # fmt: skip
    test_set = take(services, draw_set(tmp_path / "set", further))
    levels = ["none", "basic", "moderate", "high"]
    wish = {**WISH, "set": test_set.id, "models": ["builtin"], "way": "attributes",
            "levels": levels}  # fmt: skip
    plan = say(window, "plan", **wish)
    assert "--context attributes" in plan["command"]
    assert plan["answers"] == 4 * 4
    at = say(window, "start", **wish)["id"]
    services.evaluating.job.wait(60)
    found = say(window, "results", id=at)
    data = found["data"]
    asked = [
        data["texts"][row["asked"]]
        for row in data["rows"]
        if data["items"][row["item"]]["question"] == further["question"] and "asked" in row
    ]
    assert asked
    assert all(text.startswith("Known of the specimen: ") for text in asked)
    assert not any("context" in row for row in data["rows"])
    assert any("attributes for every level" in note for note in found["notes"])
    assert say(window, "about", id=at)["way"] == "attributes in the question"


def test_asking_again_is_a_tick_that_begins_another_evaluation(
    window: TestClient, services: Services, questions: TestSet
) -> None:
    wish = {**WISH, "set": questions.id, "models": ["builtin"]}
    first = say(window, "start", **wish)["id"]
    services.evaluating.job.wait(60)
    plan = say(window, "plan", **wish, again=True)
    assert (plan["known"], plan["there"]) == ("", 0)
    assert "--again" in plan["command"]
    second = say(window, "start", **wish, again=True)["id"]
    services.evaluating.job.wait(60)
    assert second != first
    assert [e["done"] for e in say(window, "state")["evaluations"]] == [3, 3]
    assert say(window, "about", id=second)["again"]
