"""The Fine-tune tab's routes on runs whose logs are written by hand: no process, no torch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from slava.domain import MicrographId, RunId, Snapshot
from slava.handoff.events import EventWriter, StateEvent
from store import Store
from tests.ui.finetune_runs import (
    add_run,
    add_steel,
    fail,
    finish,
    freeze,
    interrupt,
    tell_step,
    train,
)
from training.finetune.config import preset_values
from ui.services import Services
from ui.services.training import Training
from ui.services.training_records import TrainingNow
from ui.tabs import finetune
from ui.tabs.finetune import present, settings
from ui.tabs.finetune.story import thinned

BASE = "slava/token"
WISH = {"backbone": "builtin", "preset": "quick", "name": "", "changes": {}}


@pytest.fixture
def window(services: Services) -> Iterator[TestClient]:
    with TestClient(Starlette(routes=[finetune.routes(services, BASE)])) as client:
        yield client


@pytest.fixture
def ids(store: Store, tmp_path: Path) -> list[MicrographId]:
    return add_steel(store, tmp_path / "steel")


@pytest.fixture
def snapshot(store: Store, ids: list[MicrographId]) -> Snapshot:
    return freeze(store)


def get(window: TestClient, path: str) -> Any:
    answer = window.get(f"/{BASE}/finetune/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def do(window: TestClient, verb: str, **sent: Any) -> Any:
    return window.post(f"/{BASE}/finetune/do/{verb}", json=sent)


def test_an_empty_workspace_has_nothing_to_choose(window: TestClient) -> None:
    state = get(window, "state.json")
    assert (state["runs"], state["snapshots"], state["using"]) == ([], [], "")
    assert [one["name"] for one in state["backbones"]] == ["builtin", ""]
    assert [one["name"] for one in state["presets"]] == ["quick", "paper", "careful"]


def test_every_setting_that_is_shown_is_one_of_a_run(
    window: TestClient, snapshot: Snapshot
) -> None:
    answer = do(window, "plan", snapshot=snapshot.id, **WISH).json()
    assert set(answer["values"]) == set(settings.KNOWN)
    assert answer["values"]["epochs"] == preset_values("quick")["epochs"]
    assert answer["disk"]["text"].startswith("up to 7")  # MB
    assert answer["disk"]["detail"].endswith("are free")
    gone = do(window, "plan", snapshot=snapshot.id, **{**WISH, "backbone": "no/such"}).json()
    assert gone["disk"]["text"].endswith("are free")


def test_a_plan_takes_what_was_changed_and_says_it_as_a_command(
    window: TestClient, snapshot: Snapshot
) -> None:
    changes = {"epochs": "7", "learning_rate": "0.002", "evaluate": False}
    wish = {**WISH, "changes": changes, "name": "steel  one"}
    answer = do(window, "plan", snapshot=snapshot.name, **wish).json()
    values = answer["values"]
    assert (values["epochs"], values["max_steps"], values["evaluate"]) == (7, None, False)
    assert answer["command"].startswith("slava train --snapshot 'steel, first reviews'")
    assert answer["command"].endswith(
        "--set epochs=7 --set evaluate=false --set learning_rate=0.002"
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"epochs": "many"}, "Epochs: many is not a whole number"),
        ({"epochs": "0"}, "epochs 0: choose 1 to"),
        ({"rank": ""}, "Rank: nothing is not a whole number"),
        ({"password": "1"}, "there is not"),
    ],
)
def test_what_is_no_setting_is_refused_in_words(
    window: TestClient, snapshot: Snapshot, changes: dict[str, str], words: str
) -> None:
    answer = do(window, "plan", snapshot=snapshot.id, **{**WISH, "changes": changes})
    assert answer.status_code == 422
    assert words in answer.text


def test_a_request_that_the_page_does_not_send_is_refused(window: TestClient) -> None:
    assert window.post(f"/{BASE}/finetune/do/plan", content=b"[]").status_code == 422
    assert do(window, "explode").status_code == 422
    assert do(window, "plan", snapshot="gone", **WISH).status_code == 404
    assert window.get(f"/{BASE}/finetune/run.json?id=gone").status_code == 404


def test_start_puts_a_run_into_the_queue(
    window: TestClient, services: Services, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = []
    monkeypatch.setattr(Training, "begin", lambda _, wish: begun.append(wish) or _Begun())
    answer = do(window, "start", snapshot=snapshot.id, **{**WISH, "changes": {"max_steps": "6"}})
    assert answer.json() == {"id": "run-1"}
    assert begun[0].changes == {"max_steps": 6}


class _Begun:
    id = RunId("run-1")


def test_a_run_tells_its_steps_and_then_only_what_is_new(
    window: TestClient, store: Store, ids: list[MicrographId], snapshot: Snapshot
) -> None:
    run = train(store, add_run(store, snapshot, "first"), ids, steps=240, until=100)
    shown = get(window, f"run.json?id={run.id}")
    told = shown["told_so_far"]
    assert [row[0] for row in told["steps"]] == list(range(1, 101))
    assert told["steps"][-1][2] == pytest.approx(0.00190, abs=1e-4)
    assert [row[0] for row in told["validation"]] == [24, 48, 72, 96]
    assert sum(told["experts"]) == pytest.approx(1, abs=1e-3)
    assert [one["step"] for one in told["samples"]] == [0, 0, 0, 60, 60, 60]
    assert told["warnings"][0]["text"] == "A warning that a user should read."
    assert (shown["state"], shown["step"], shown["steps"]) == ("running", 100, 240)
    with EventWriter(store.runs.folder(run.id).events) as log:
        tell_step(log, 101, 240)
    store.runs.catch_up(run.id)
    fresh = get(window, f"run.json?id={run.id}&since={told['seq']}")["told_so_far"]
    assert [row[0] for row in fresh["steps"]] == [101]
    assert fresh["seq"] == told["seq"] + 1


def test_a_run_that_is_done_says_what_it_is_worth_and_where_it_comes_from(
    window: TestClient, store: Store, ids: list[MicrographId], snapshot: Snapshot
) -> None:
    run = finish(store, train(store, add_run(store, snapshot, "steel one"), ids), ids)
    shown = get(window, f"run.json?id={run.id}")
    assert shown["results"][0] == {
        "name": "Category right", "base": 0.25, "adapter": 0.875, "share": True,
    }  # fmt: skip
    assert [row["name"] for row in shown["results"]][1:] == ["BLEU-2", "ROUGE-L", "METEOR"]
    assert shown["tested"] == "8 categories and 16 answers"
    assert [link["kind"] for link in shown["chain"]] == ["Adapter", "Run", "Snapshot", "Reviews"]
    assert shown["chain"][0]["text"] == "steel one"
    assert shown["chain"][2]["text"] == snapshot.name
    assert shown["chain"][3] == {"kind": "Reviews", "text": "21 verdicts", "detail": "by reviewer"}
    assert shown["size"].endswith(" MB")
    assert get(window, "state.json")["runs"][0]["headline"] == "25% → 88% right"
    tested = get(window, f"test.json?id={run.id}")["answers"]
    assert len(tested) == 3
    assert tested[0]["base"] != tested[0]["adapter"]


def test_a_good_headline_does_not_hide_worse_answers(
    window: TestClient, store: Store, ids: list[MicrographId], snapshot: Snapshot
) -> None:
    good, worse = add_run(store, snapshot, "good"), add_run(store, snapshot, "worse")
    finish(store, train(store, good, ids, until=2), ids)
    finish(store, train(store, worse, ids, until=2), ids, rougeL=0.102)
    assert get(window, f"run.json?id={good.id}")["caution"] == ""
    assert "0.102 against 0.231" in get(window, f"run.json?id={worse.id}")["caution"]


def test_what_broke_off_says_why_and_can_be_gone_on_with(
    window: TestClient, store: Store, ids: list[MicrographId], snapshot: Snapshot
) -> None:
    failed = fail(store, add_run(store, snapshot))
    shown = get(window, f"run.json?id={failed.id}")
    assert shown["reason"] == "There was too little memory. Choose fewer pairs at once."
    assert shown["resumable"]
    broken = interrupt(store, train(store, add_run(store, snapshot), ids, until=30))
    shown = get(window, f"run.json?id={broken.id}")
    assert (shown["state"], shown["resumable"], shown["is_ended"]) == ("interrupted", True, True)
    assert shown["results"] == []


def test_one_that_was_asked_to_end_is_ending_only_until_it_has_ended(
    store: Store, ids: list[MicrographId], snapshot: Snapshot
) -> None:
    """Its process may be there for a moment longer: nothing is gone on with meanwhile."""
    run = train(store, add_run(store, snapshot), ids, until=3)
    size = store.runs.size(run.id)
    shown = present.run_details(run, {}, size, TrainingNow(run, ending=True))
    assert (shown["ending"], shown["resumable"]) == (True, False)
    broken = interrupt(store, run)
    shown = present.run_details(broken, {}, size, TrainingNow(broken, ending=True))
    assert (shown["ending"], shown["resumable"]) == (False, False)
    shown = present.run_details(broken, {}, size, TrainingNow(broken))
    assert shown["resumable"]


def test_notes_are_kept_and_a_run_is_deleted(
    window: TestClient, store: Store, ids: list[MicrographId], snapshot: Snapshot
) -> None:
    run = finish(store, train(store, add_run(store, snapshot), ids), ids)
    do(window, "note", id=run.id, notes="batch of 16 was enough")
    assert get(window, f"run.json?id={run.id}")["notes"] == "batch of 16 was enough"
    assert do(window, "remove", id=run.id).status_code == 200
    assert get(window, "state.json")["runs"] == []
    assert not store.runs.folder(run.id).root.exists()


def test_a_run_at_work_is_not_deleted(window: TestClient, store: Store, snapshot: Snapshot) -> None:
    run = add_run(store, snapshot)
    answer = do(window, "remove", id=run.id)
    assert answer.status_code == 422
    assert "Cancel it first" in answer.text


def test_an_adapter_is_taken_up_and_put_back(
    window: TestClient, store: Store, ids: list[MicrographId], snapshot: Snapshot
) -> None:
    run = finish(store, train(store, add_run(store, snapshot, "steel one"), ids), ids)
    assert do(window, "use", id=run.id).status_code == 200
    state = get(window, "state.json")
    assert (state["using"], state["using_name"]) == (run.id, "steel one")
    window_services_settle(window)
    assert do(window, "base").status_code == 200
    assert get(window, "state.json")["using"] == ""
    window_services_settle(window)


def window_services_settle(window: TestClient) -> None:
    """Until no model is being loaded."""
    while get(window, "state.json")["model_phase"] == "loading":
        pass


def test_sizes_and_names_in_words_and_long_logs_thinned() -> None:
    assert present.size(0) == ""
    assert present.size(412) == "1 kB"
    assert present.backbone("/models/Qwen2-VL/") == "Qwen2-VL"
    rows: list[list[float | None]] = [[float(n)] for n in range(10_001)]
    kept = thinned(rows, 1000)
    assert (len(kept) <= 1002, kept[-1]) == (True, [10_000.0])


def test_states_have_words() -> None:
    from typing import get_args

    from slava.domain.run import RunState

    assert set(present.STATES) == set(get_args(RunState))
    assert StateEvent("done").state in present.STATES
