"""Runs from outside: queued, followed, stopped, cancelled, killed, found again, resumed."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from slava.domain import Run
from slava.handoff.events import EventReader, EventWriter, StateEvent, StepEvent
from slava.handoff.run_folder import RunFolder, is_complete
from store import Store
from tests.store.plain_reader import PlainReader
from tests.training.jobs import CONFIG, WISH, gone, make_snapshot, standin_command, until
from training import launch
from ui.services import following, runner
from ui.services.news import News
from ui.services.training import Training
from ui.services.training_records import TrainWish

ROOT = Path(__file__).resolve().parents[2]
MOMENTS = int(os.environ.get("SLAVA_KILLS", "1"))
"""At which the app is killed: one in the suite, 20 by SLAVA_KILLS=20."""
SLOW = {"pace": 0.05}
LONG = TrainWish("one", changes={"max_steps": 2000})

Pace = Callable[..., None]


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("frozen") / "workspace"
    make_snapshot(place)
    return place


@pytest.fixture
def workspace(frozen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(frozen, tmp_path / "workspace")
    monkeypatch.setattr(launch, "command", standin_command)
    monkeypatch.setattr(runner, "TICK_S", 0.03)
    monkeypatch.setenv("SLAVA_STANDIN", "{}")
    return tmp_path / "workspace"


@pytest.fixture
def how(monkeypatch: pytest.MonkeyPatch) -> Pace:
    """Say how the stand-in behaves."""
    return lambda **said: monkeypatch.setenv("SLAVA_STANDIN", json.dumps(said))


@pytest.fixture
def store(workspace: Path) -> Iterator[Store]:
    with Store.open(workspace, inspect=PlainReader()) as opened:
        yield opened


@pytest.fixture
def training(store: Store) -> Iterator[Training]:
    made = Training(store, News())
    yield made
    for run in store.runs.list_alive():
        child = launch.find(store.runs.folder(run.id))
        if child is not None:
            child.kill()
    made.close()


def ended(training: Training, run: Run) -> Run:
    return training.wait(run.id, lambda _: None)


def stepped(training: Training, run: Run) -> Callable[[], bool]:
    return lambda: (
        training.now is not None and (training.now.run.id == run.id and training.now.run.step > 0)
    )


def pid_of(store: Store, run: Run) -> int:
    pid = store.runs.get_run(run.id).pid
    assert pid is not None
    return pid


def test_runs_come_one_after_the_other_in_their_order(training: Training, store: Store) -> None:
    begun = [training.begin(WISH) for _ in range(3)]
    assert [run.settings["name"] for run in begun] == ["one", "one 2", "one 3"]
    over = [ended(training, run) for run in begun]
    assert {run.state for run in over} == {"done"}
    assert [run.step for run in over] == [4, 4, 4]
    for before, after in pairwise(over):
        assert before.ended_at <= after.started_at
    assert [a.name for a in store.adapters.list_adapters()] == ["one 3", "one 2", "one"]
    assert [s.step for s in training.curve(begun[0].id).steps] == [1, 2, 3, 4]
    assert training.now is not None
    assert training.now.fraction == 1
    assert training.now.expert_load == (0.5, 0.5)


def test_a_stopped_run_keeps_its_weights(training: Training, store: Store, how: Pace) -> None:
    how(**SLOW)
    run = training.begin(LONG)
    until(stepped(training, run))
    training.stop(run.id)
    over = ended(training, run)
    assert over.state == "stopped"
    assert 0 < over.step < 2000
    assert [a.run_id for a in store.adapters.list_adapters()] == [run.id]


def test_a_cancelled_run_leaves_no_process_and_no_file(
    training: Training, store: Store, how: Pace
) -> None:
    how(**SLOW)
    run = training.begin(LONG)
    waiting = training.begin(WISH)
    until(stepped(training, run))
    pid, folder = pid_of(store, run), store.runs.folder(run.id)
    training.cancel(waiting.id)
    assert store.runs.get_run(waiting.id).state == "cancelled"
    training.cancel(run.id)
    assert ended(training, run).state == "cancelled"
    assert gone(pid)
    assert not folder.checkpoints.exists()
    assert not folder.adapter.exists()
    assert not folder.stop.exists()
    assert store.adapters.list_adapters() == []


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_one_that_will_not_end_is_killed_with_all_it_started(
    training: Training, store: Store, how: Pace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "CANCEL_GRACE_S", 0.2)
    how(pace=0.05, deaf=True)
    run = training.begin(LONG)
    until(stepped(training, run))
    pid, folder = pid_of(store, run), store.runs.folder(run.id)
    sleeper = int((folder.root / "sleeper").read_text())
    training.cancel(run.id)
    assert ended(training, run).state == "cancelled"
    assert gone(pid)
    assert gone(sleeper)
    assert not folder.checkpoints.exists()


def test_a_killed_process_is_said_and_gone_on_with(
    training: Training, store: Store, how: Pace
) -> None:
    how(pace=0.2)
    run = training.begin(WISH)
    until(stepped(training, run))
    os.kill(pid_of(store, run), signal.SIGKILL)
    broken = ended(training, run)
    assert broken.state == "interrupted"
    assert "killed from outside" in broken.reason
    training.resume(run.id)
    over = ended(training, run)
    assert (over.state, over.step, over.reason) == ("done", 4, "")
    steps = [e.event for e in store.runs.list_events(run.id, ("step",))]
    assert [s.step for s in steps if isinstance(s, StepEvent)] == [1, 2, 3, 4]


def test_a_paused_run_leaves_the_machine_and_goes_on_first(
    training: Training, store: Store, how: Pace
) -> None:
    how(pace=0.1)
    run, after = training.begin(WISH), training.begin(WISH)
    until(stepped(training, run))
    training.pause()
    until(lambda: training.now is not None and training.now.paused)
    assert gone(pid_of(store, run))
    assert store.runs.get_run(after.id).state == "queued"
    training.go_on()
    ended(training, after)
    first, second = store.runs.get_run(run.id), store.runs.get_run(after.id)
    assert (first.state, second.state) == ("done", "done")
    assert first.ended_at <= second.started_at


def test_the_watching_ends_and_the_run_is_found_again(store: Store, how: Pace) -> None:
    how(pace=0.1)
    first = Training(store, News())
    run = first.begin(TrainWish("one", changes={"max_steps": 12}))
    until(stepped(first, run))
    first.close()
    assert not gone(pid_of(store, run))
    second = Training(store, News())
    second.look_again()
    assert second.wait(run.id, lambda _: None).state == "done"
    second.close()
    seqs = [logged.seq for logged in store.runs.list_events(run.id)]
    assert seqs == list(range(len(seqs)))


def victim(workspace: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.training.victim", str(workspace)],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "SLAVA_STANDIN": json.dumps({"pace": 0.3})},
    )


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("moment", range(MOMENTS))
@pytest.mark.parametrize("both", [False, True], ids=["the app", "both"])
def test_an_app_that_is_killed_finds_its_run(workspace: Path, both: bool, moment: int) -> None:
    """The first moment is within the steps, the others anywhere."""
    rng = random.Random(moment)
    wanted = rng.randrange(1, 16) if moment else 5
    app = victim(workspace)
    until(lambda: told_under(workspace) >= wanted or app.poll() is not None, 180)
    assert not app.poll(), "it broke off by itself"
    time.sleep(rng.uniform(0, 0.3))
    app.kill()
    app.wait()
    (folder,) = (RunFolder(path) for path in (workspace / "runs").iterdir() if path.is_dir())
    child = launch.find(folder)
    assert child is not None or moment
    if both and child is not None:
        child.kill()
    with Store.open(workspace, inspect=PlainReader()) as store:
        training = Training(store, News())
        training.look_again()
        (run,) = store.runs.list_runs()
        over = training.wait(run.id, lambda _: None)
        assert over.state == "done" if child is not None and not both else over.ended_at
        if over.state == "interrupted":
            training.resume(run.id)
            over = training.wait(run.id, lambda _: None)
        assert (over.state, over.step) == ("done", 4)
        numbers = [logged.seq for logged in EventReader(folder.events).read()]
        assert numbers == list(range(len(numbers)))
        assert is_complete(folder.adapter)
        assert [a.run_id for a in store.adapters.list_adapters()] == [run.id]
        assert not list(folder.root.rglob(".writing-*"))
        training.close()


def test_an_app_that_is_killed_between_log_and_row_has_not_failed_its_run(
    workspace: Path,
) -> None:
    with Store.open(workspace, inspect=PlainReader()) as store:
        run = store.runs.add_run(store.snapshots.list_snapshots()[0], CONFIG)
        with EventWriter(store.runs.folder(run.id).events) as log:
            log.write(StateEvent("preflight"))
    with Store.open(workspace, inspect=PlainReader()) as store:
        training = Training(store, News())
        training.look_again()
        assert ended(training, run).state == "interrupted"
        training.resume(run.id)
        assert ended(training, run).state == "done"
        training.close()


def told_under(workspace: Path) -> int:
    """How many events the workspace's run has told by now."""
    logs = (workspace / "runs").glob("[!.]*/events.jsonl")
    return sum(log.read_bytes().count(b"\n") for log in logs)


def test_a_process_that_never_began_is_said_with_its_last_words(
    training: Training, how: Pace
) -> None:
    how(wordless=True)
    over = ended(training, training.begin(WISH))
    assert over.state == "failed"
    assert "no module named torch" in over.reason


def test_what_speaks_against_a_run_keeps_it_from_starting(training: Training, store: Store) -> None:
    run_files = list((store.workspace / "micrographs").iterdir())
    for file in run_files:
        file.write_bytes(b"no picture")
    over = ended(training, training.begin(WISH))
    assert over.state == "failed"
    assert over.pid is None
    assert over.reason.count("contradict their hash") == len(run_files)
