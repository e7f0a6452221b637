"""Runs in the workspace: the queue, what their logs say, and making the rows from them again."""

from __future__ import annotations

from pathlib import Path

import pytest

from slava.domain import MicrographId, Run, Snapshot
from slava.errors import BadSetting, NotFound
from slava.handoff.events import (
    DoneEvent,
    Event,
    EventReader,
    EventWriter,
    FailedEvent,
    Logged,
    SampleEvent,
    StateEvent,
    StepEvent,
    ValidationEvent,
    WarningEvent,
)
from slava.handoff.kept import RunProcess, write_process
from store import PairFilter, Store
from store.run_story import ALIVE, NEXT
from tests.store.drawn_pairs import add_pairs

CONFIG = {"backbone": "builtin", "preset": "quick", "method": "lora", "name": "fibres"}


@pytest.fixture
def snapshot(store: Store, tmp_path: Path) -> Snapshot:
    add_pairs(store, tmp_path, 4)
    store.reviews.record_bulk(PairFilter(), "ann", "accepted", None, "", False)
    return store.snapshots.add_snapshot("one", measure=False).snapshot


@pytest.fixture
def run(store: Store, snapshot: Snapshot) -> Run:
    return store.runs.add_run(snapshot, CONFIG)


def trained(store: Store, run: Run, *, resumed: bool = False) -> None:
    """What a child writes: three steps, a resumption if wished, an adapter."""
    folder = store.runs.folder(run.id)
    events: list[Event] = [StateEvent("preflight"), StateEvent("running")]
    events += [StepEvent(k, 3, 1 / k, 1e-3, memory_bytes=10 * k) for k in (1, 2)]
    events.append(ValidationEvent(2, 0.4))
    if resumed:
        events += [StateEvent("interrupted", "cut off"), StateEvent("queued")]
        events += [StateEvent("preflight"), StateEvent("running"), StepEvent(2, 3, 0.5, 1e-3)]
    events += [StepEvent(3, 3, float("nan"), 1e-3), ValidationEvent(3, 0.6)]
    events += [SampleEvent(3, MicrographId("m"), "What?", "Fibres."), WarningEvent("Slow.")]
    with EventWriter(folder.events) as log:
        for event in events:
            log.write(event)
        log.write(StateEvent("saving"))
        with folder.writing_adapter() as target:
            (target / "adapter_config.json").write_text("{}")
        log.write(DoneEvent("adapter", {"accuracy": 0.5}, 2.0, 40))
        log.write(StateEvent("done"))


def everything(store: Store) -> tuple[object, ...]:
    runs = store.runs.list_runs()
    events = [store.runs.list_events(run.id) for run in runs]
    return repr(runs), repr(events), store.adapters.list_adapters(), store.runs.list_queue()


def test_a_run_waits_behind_those_before_it(store: Store, snapshot: Snapshot) -> None:
    first, second, third = (store.runs.add_run(snapshot, CONFIG) for _ in range(3))
    assert [run.id for run in store.runs.list_queue()] == [first.id, second.id, third.id]
    store.runs.record(first.id, StateEvent("preflight"))
    store.runs.record(first.id, StateEvent("interrupted", "cut off"))
    store.runs.requeue(first.id)
    assert [run.id for run in store.runs.list_queue()] == [second.id, third.id, first.id]
    assert store.runs.folder(first.id).read_config() == CONFIG
    assert store.snapshots.get_snapshot(first.snapshot_id) == snapshot


def test_what_the_log_says_stands_in_the_row(store: Store, run: Run) -> None:
    trained(store, run)
    after = store.runs.catch_up(run.id)
    assert (after.state, after.step, after.steps, after.val_loss) == ("done", 3, 3, 0.4)
    assert after.loss != after.loss  # not a number, and kept as such
    assert after.peak_memory_bytes == 40
    assert after.started_at
    assert after.ended_at
    (adapter,) = store.adapters.list_adapters()
    assert (adapter.name, adapter.run_id, adapter.method) == ("fibres", run.id, "lora")
    assert adapter.metrics == {"accuracy": 0.5}
    assert adapter.size_bytes > 0


def test_events_that_come_twice_change_nothing(store: Store, run: Run) -> None:
    trained(store, run, resumed=True)
    log = EventReader(store.runs.folder(run.id).events).read()
    store.runs.ingest(run.id, log[:5])
    store.runs.ingest(run.id, log[3:9])
    store.runs.catch_up(run.id)
    before = everything(store)
    store.runs.ingest(run.id, log)
    store.runs.ingest(run.id, list(reversed(log)))
    assert everything(store) == before
    assert [e.seq for e in store.runs.list_events(run.id)] == list(range(len(log)))
    assert len(store.runs.list_events(run.id, ("step",), since=log[4].seq)) == 2


@pytest.mark.parametrize("resumed", [False, True])
def test_rows_made_again_from_the_folders_are_the_same(
    store: Store, snapshot: Snapshot, run: Run, resumed: bool
) -> None:
    waiting = store.runs.add_run(snapshot, CONFIG)
    trained(store, run, resumed=resumed)
    for logged in EventReader(store.runs.folder(run.id).events).read():
        store.runs.ingest(run.id, [logged])
    store.runs.set_notes(run.id, "the good one")
    store.adapters.set_name(store.adapters.list_adapters()[0].id, "best")
    process = RunProcess(42, 1.5)
    write_process(store.runs.folder(run.id).root, process)
    store.runs.set_process(run.id, process)
    before = everything(store)
    assert store.runs.rebuild_runs() == 2
    assert everything(store) == before
    assert store.adapters.get_adapter("best").run_id == run.id
    assert store.runs.get_run(waiting.id).state == "queued"


@pytest.mark.parametrize("before", ["done", "stopped", "cancelled"])
def test_an_ended_run_stays_ended(store: Store, run: Run, before: str) -> None:
    for state in ("preflight", "running", before):
        store.runs.record(run.id, StateEvent(state))  # type: ignore[arg-type]
    for state in NEXT:
        with pytest.raises(BadSetting, match="cannot become"):
            store.runs.record(run.id, StateEvent(state))
    with pytest.raises(BadSetting):
        store.runs.requeue(run.id)
    store.runs.ingest(run.id, [Logged(99, "2026-01-01T00:00:00+00:00", StateEvent("running"))])
    assert store.runs.get_run(run.id).state == before


def test_every_state_can_be_left_or_is_an_end() -> None:
    ends = {state for state, following in NEXT.items() if not following}
    assert ends == {"done", "stopped", "cancelled"}
    assert all({"failed", "interrupted", "cancelled"} <= NEXT[state] for state in ALIVE)
    assert "running" not in NEXT["queued"]


def test_a_failed_run_says_why_and_may_be_gone_on_with(store: Store, run: Run) -> None:
    store.runs.record(run.id, StateEvent("preflight"))
    failed = store.runs.record(run.id, FailedEvent("The disk is full.", "Free some space."))
    assert (failed.state, failed.reason) == ("failed", "The disk is full. Free some space.")
    assert store.runs.requeue(run.id).reason == ""


def test_deleting_says_what_it_frees(store: Store, run: Run) -> None:
    with pytest.raises(BadSetting, match="Cancel it first"):
        store.runs.remove_run(run.id)
    trained(store, run)
    store.runs.catch_up(run.id)
    folder = store.runs.folder(run.id)
    with folder.writing_checkpoint(3) as target:
        (target / "weights").write_bytes(b"w" * 1000)
    size = store.runs.size(run.id)
    assert size.checkpoints > 1000
    assert store.runs.remove_checkpoints(run.id) == size.checkpoints
    assert store.adapters.list_adapters()
    assert store.runs.remove_run(run.id) == size.total - size.checkpoints
    assert not folder.root.exists()
    assert store.adapters.list_adapters() == []
    with pytest.raises(NotFound):
        store.runs.get_run(run.id)


def test_a_run_is_named_by_the_beginning_of_its_id(store: Store, run: Run) -> None:
    assert store.runs.get_run(run.id[:-3]).id == run.id
    assert store.runs.get_run("last").id == run.id
    for lost in ("", "202", "lost"):
        with pytest.raises(NotFound):
            store.runs.get_run(lost)
