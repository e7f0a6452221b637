"""The log of a run: whole lines only, in order, whoever reads and whoever was killed."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slava.domain import MicrographId
from slava.handoff.events import (
    CheckpointEvent,
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
    from_line,
    to_line,
)

EVERY: list[Event] = [
    StateEvent("running"),
    StepEvent(1, 10, 2.5, 1e-4, 128, 64.0, 7.5, (0.25, 0.75), 2**33),
    StepEvent(2, 10, 2.0, 1e-4),
    ValidationEvent(2, 1.9, {"accuracy": 0.5}),
    SampleEvent(2, MicrographId("a" * 64), "What?\n", "µm\u2028", "nm"),
    CheckpointEvent(2, "checkpoints/2"),
    WarningEvent("hot"),
    DoneEvent("adapter", {"accuracy_base": 0.1}, 3.5, 5),
    FailedEvent("out of memory", "take a smaller batch", "Traceback\n..."),
]


def test_every_event_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with EventWriter(path) as log:
        written = [log.write(event) for event in EVERY]
    assert EventReader(path).read() == written
    assert [logged.seq for logged in written] == list(range(len(EVERY)))
    assert path.read_bytes().count(b"\n") == len(EVERY)


@given(st.floats(), st.text(st.characters(exclude_categories=("Cs",))))
def test_any_number_and_any_text_comes_back(loss: float, text: str) -> None:
    for event in (StepEvent(1, 1, loss, 0.1), WarningEvent(text)):
        line = to_line(Logged(0, "now", event))
        assert line.count(b"\n") == 1
        found = from_line(line)
        assert found is not None
        if math.isnan(loss) and isinstance(found.event, StepEvent):
            assert math.isnan(found.event.loss)
        else:
            assert found.event == event


@given(st.integers(1, 400))
def test_a_reader_gets_each_event_once_however_the_bytes_arrive(
    tmp_path_factory: pytest.TempPathFactory, piece: int
) -> None:
    path = tmp_path_factory.mktemp("log") / "events.jsonl"
    lines = [to_line(Logged(seq, "now", event)) for seq, event in enumerate(EVERY)]
    whole, reader, seen = b"".join(lines), EventReader(path), []
    assert reader.read() == []
    for start in range(0, len(whole), piece):
        with path.open("ab") as log:
            log.write(whole[start : start + piece])
        seen += reader.read()
    assert [logged.event for logged in seen] == EVERY


def test_a_killed_writer_leaves_half_a_line_that_nobody_reads(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with EventWriter(path) as log:
        log.write(StateEvent("running"))
    with path.open("ab") as torn:
        torn.write(b'{"version": 1, "seq": 1, "kind": "warn')
    reader = EventReader(path)
    assert len(reader.read()) == 1
    with EventWriter(path) as log:
        assert log.write(WarningEvent("resumed")).seq == 1
    assert [logged.event for logged in reader.read()] == [WarningEvent("resumed")]
    assert (reader.unknown, reader.broken) == (0, 0)


def test_kinds_and_fields_of_later_versions_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(
        b'{"version": 2, "seq": 0, "kind": "aurora", "x": 1}\n'
        b'{"version": 2, "seq": 1, "kind": "warning", "text": "a", "colour": "red"}\n'
        b"no json\n"
        b'{"seq": 3, "kind": "step"}\n'
        b'{"seq": 4, "kind": "step", "step": 1, "steps": 1, "loss": "x", "learning_rate": 1}\n'
        b'{"kind": "warning", "text": "a"}\n'
        b"\xff\n"
    )
    reader = EventReader(path)
    assert [logged.event for logged in reader.read()] == [WarningEvent("a")]
    assert (reader.unknown, reader.broken) == (1, 5)


def test_a_log_that_became_shorter_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    reader = EventReader(path)
    with EventWriter(path) as log:
        for _ in range(3):
            log.write(StateEvent("running"))
    assert len(reader.read()) == 3
    path.write_bytes(to_line(Logged(0, "now", StateEvent("queued"))))
    assert [logged.event for logged in reader.read()] == [StateEvent("queued")]
