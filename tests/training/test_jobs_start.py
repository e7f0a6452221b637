"""What is looked at before a start, room for it, an estimate, and what a tab is told."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from slava.domain import MicrographId, Run, RunId, SnapshotId
from slava.errors import BadSetting, ModelError
from slava.handoff.events import (
    Event,
    Logged,
    SampleEvent,
    StateEvent,
    StepEvent,
    ValidationEvent,
    WarningEvent,
)
from slava.handoff.snapshot import make_snapshot, write_snapshot
from slava.handoff.splitting import FRACTIONS
from store import Store
from tests.store.plain_reader import PlainReader
from tests.training import jobs
from tests.training.steel import Workspace, make_workspace
from tests.ui.scripted import open_scripted
from training import launch, machine
from training.finetune.config import make_config
from training.preflight import Finding, check_start
from training.tail import Tail
from ui.services.hub import HubDownloads
from ui.services.models import Models
from ui.services.news import News
from ui.services.training import Training
from ui.services.training_records import TrainWish, Watch, curve_of

AT = "2026-01-01T00:{:02}:{:02}+00:00"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return make_workspace(
        tmp_path_factory.mktemp("drawn"), {"train": 3, "validation": 1, "test": 1}, kinds=2
    )


def check(place: Workspace, folder: Path, **said: object) -> list[Finding]:
    return check_start(folder, place.root, make_config(**said))  # type: ignore[arg-type]


def frozen(place: Workspace, folder: Path, change: dict[int, dict[str, str]]) -> Path:
    """A snapshot in which some pairs are other ones."""
    pairs = [
        replace(entry, pair=replace(entry.pair, **change.get(number, {})))
        for number, entry in enumerate(place.content.pairs)
    ]
    micrographs = list(place.content.micrographs.values())
    content = make_snapshot(
        "changed", pairs, micrographs, created_at="", seed=0, fractions=FRACTIONS
    )
    write_snapshot(folder, content)
    return folder


def test_a_sound_start_has_nothing_against_it(drawn: Workspace, tmp_path: Path) -> None:
    said: list[str] = []
    found = check_start(frozen(drawn, tmp_path / "s", {}), drawn.root, make_config(), said.append)
    assert [(f.severity, f.check) for f in found] == [("warning", "pairs")]  # six pairs are few
    assert any("opening micrographs" in text for text in said)


def test_everything_wrong_is_said_at_once(
    drawn: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Workspace(tmp_path / "w", drawn.content)
    shutil.copytree(drawn.root / "micrographs", broken.root / "micrographs")
    missing, damaged, *_ = sorted((broken.root / "micrographs").iterdir())
    missing.unlink()
    damaged.write_bytes(b"no picture")
    train = [n for n, e in enumerate(broken.content.pairs) if e.part == "train"]
    test = [n for n, e in enumerate(broken.content.pairs) if e.part == "test"]
    torn = {train[0]: {"group": "paper 1"}, test[0]: {"group": "paper 1"}}
    folder = frozen(broken, tmp_path / "s", torn)
    monkeypatch.setattr(machine, "free_disk", lambda _: 1000)
    monkeypatch.setattr(machine, "free_memory", lambda: 1000)
    monkeypatch.setattr(machine, "find_gpu", lambda: None)
    found = check(broken, folder, device="cuda")
    errors = [f for f in found if f.severity == "error"]
    kinds = [f.check for f in errors]
    assert sorted(set(kinds)) == [
        *("disk", "gpu", "memory", "micrographs", "snapshot", "split"),
    ]
    assert kinds.count("snapshot") == 2
    assert found[: len(errors)] == errors
    assert all(f.text.endswith(".") for f in found)
    assert all(f.way_out for f in errors if f.check != "base")


def test_a_pair_without_an_answer_is_named(drawn: Workspace, tmp_path: Path) -> None:
    folder = frozen(drawn, tmp_path / "s", {2: {"answer": " ", "detailed": ""}})
    (found,) = (f for f in check(drawn, folder) if f.severity == "error")
    assert "pairs.jsonl line 3: it has no answer" in found.text


def test_the_base_has_to_be_here(drawn: Workspace, tmp_path: Path) -> None:
    folder = frozen(drawn, tmp_path / "s", {})
    empty = tmp_path / "empty"
    empty.mkdir()
    for backbone in ("no/such", "http://127.0.0.1:1/v1", str(empty)):
        found = check(drawn, folder, backbone=backbone)
        assert [f.check for f in found if f.severity == "error"] == ["base"], backbone


def test_other_programs_on_the_card_are_named(
    drawn: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = {"--query-gpu": "Card, 8192, 500\n", "--query-compute-apps": "1, /usr/bin/game, 7000\n"}
    fake = tmp_path / "nvidia-smi"
    fake.write_text(
        f"#!{sys.executable}\nimport sys\nrows = {rows!r}\n"
        "print(rows[sys.argv[1].partition('=')[0]], end='')\n"
    )
    fake.chmod(0o755)
    monkeypatch.setattr(machine.shutil, "which", lambda _: str(fake))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert machine.find_gpu() == machine.Gpu("Card", 8192 << 20, 500 << 20)
    found = check(drawn, frozen(drawn, tmp_path / "s", {}))
    assert any("game (PID 1, 7.3 GB)" in f.text for f in found)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert machine.find_gpu() is None


def test_a_log_is_followed_from_any_place(tmp_path: Path) -> None:
    log = tmp_path / "events.jsonl"
    from slava.handoff.events import EventWriter

    with EventWriter(log) as writer:
        for text in "abc":
            writer.write(WarningEvent(text))
        tail = Tail(log, since=0)
        assert [e.seq for e in tail.read()] == [1, 2]
        assert tail.read() == []
        with log.open("ab") as half:
            half.write(b'{"version": 1, "seq": 3')
        assert tail.read() == []
    with EventWriter(log) as writer:
        writer.write(WarningEvent("d"))
    assert [e.seq for e in tail.read()] == [3]


# ------------------------------------------------------------------ what a tab is told
def logged(*events: tuple[int, Event]) -> list[Logged]:
    return [
        Logged(seq, AT.format(*divmod(second, 60)), event)
        for seq, (second, event) in enumerate(events)
    ]


def a_step(step: int) -> StepEvent:
    return StepEvent(step, 10, 1 / step, 1e-3, 100 * step, 50.0, 8.0, (0.7, 0.3), 99)


RUN = Run(RunId("r"), SnapshotId("s"), "builtin", "quick", {}, "running", "", step=3, steps=10)


def test_what_is_left_is_reckoned_from_the_steps_made() -> None:
    watch = Watch()
    watch.take(logged((0, StateEvent("running")), (4, a_step(1)), (6, a_step(2)), (12, a_step(3))))
    now = watch.now(RUN, watch.last_at)
    assert now.eta_s == pytest.approx(4 * 7)
    assert (now.rank, now.expert_load, now.tokens) == (8.0, (0.7, 0.3), 300)
    watch.take(
        [Logged(9, AT.format(5, 0), StateEvent("running")), Logged(10, AT.format(5, 1), a_step(3))]
    )
    assert watch.now(RUN, watch.last_at).eta_s == pytest.approx(7)


def test_silence_is_said_when_it_is_unusual() -> None:
    watch = Watch()
    watch.take(logged((0, StateEvent("running")), (2, a_step(1))))
    assert watch.now(RUN, watch.last_at + 200).quiet_s == 0
    quiet = watch.now(RUN, watch.last_at + 600)
    assert quiet.quiet_s == 600
    assert "No sign of life for 10 minutes" in quiet.note
    assert watch.now(replace(RUN, state="done"), watch.last_at + 600).quiet_s == 0
    watch.take([Logged(5, AT.format(5, 0), a_step(3))])  # steps of 100 s and more
    assert watch.now(RUN, watch.last_at + 600).quiet_s == 0


def test_steps_told_again_count_once_and_the_newest_samples_are_shown() -> None:
    told = logged(
        *((0, a_step(1)), (1, a_step(2)), (2, ValidationEvent(2, 0.5))),
        *((3, StepEvent(2, 10, 9.0, 1e-3)), (4, ValidationEvent(2, 0.4))),
        *((5, SampleEvent(1, MicrographId("m"), "q", "old")),),
        *((6, SampleEvent(2, MicrographId("m"), "q", "new")), (7, WarningEvent("Careful."))),
    )
    curve = curve_of(told)
    assert [(s.step, s.loss) for s in curve.steps] == [(1, 1.0), (2, 9.0)]
    assert [v.loss for v in curve.validations] == [0.4]
    watch = Watch()
    watch.take(told)
    now = watch.now(RUN, 0)
    assert [s.answer for s in now.samples] == ["new"]
    assert now.warnings == ("Careful.",)


# ------------------------------------------------------------------ room and estimate
@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    jobs.make_snapshot(tmp_path / "w")
    monkeypatch.setattr(launch, "command", jobs.standin_command)
    with Store.open(tmp_path / "w", inspect=PlainReader()) as opened:
        yield opened


def test_an_estimate_leaves_nothing_behind(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLAVA_STANDIN", json.dumps({"pace": 0.05}))
    training = Training(store, News())
    training.estimate(TrainWish("one", changes={"epochs": 7, "batch": 4, "classification": False}))
    with pytest.raises(ModelError, match="estimate"):
        training.estimate(jobs.WISH)
    training.trials.job.wait()
    trial = training.trials.job.now
    assert trial is not None
    assert (trial.state, trial.error) == ("done", "")
    assert trial.estimate is not None
    train = store.snapshots.get_snapshot("one").pairs["train"]
    assert trial.estimate.steps == 7 * -(-train // 4)
    assert trial.estimate.seconds >= trial.estimate.steps * 0.05
    assert list((store.workspace / "runs").iterdir()) == []
    assert store.runs.list_runs() == []
    training.close()


def test_the_chat_model_makes_room_and_comes_back() -> None:
    models = Models(open_scripted, HubDownloads(), News())
    with models.using():
        pass
    models.lend("a training has the memory.")
    assert models.state.phase == "empty"
    models.warm()
    with pytest.raises(ModelError, match="has the memory"), models.using():
        pass
    models.give_back()
    jobs.until(lambda: models.state.phase == "ready")
    models.unload()


def test_a_wish_names_what_is_wrong_with_it(store: Store) -> None:
    training = Training(store, News())
    for wish in (
        TrainWish("one", preset="lucky"),
        TrainWish("one", changes={"colour": "blue"}),
        TrainWish("one", changes={"batch": 0}),
    ):
        with pytest.raises(BadSetting):
            training.begin(wish)
    assert training.queue == []
