"""What happens in a run, as one line of JSON per event: the run writes, the app reads.

A line is ``{"version": 1, "seq": 0, "at": "...", "kind": "step", ...}`` with the fields of the
event of that kind. ``seq`` counts from 0 without gaps within a run, also over its resumptions, so
that (run, seq) names an event. Numbers that JSON has no word for are written as text (``"NaN"``).
The log is the truth; whatever else is kept of a run can be made from it again.

It must not know how events are shown or kept, nor what a run does.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, get_args

from slava.domain import MicrographId, RunState

VERSION = 1
"""Of this format. Fields and kinds may be added under the same version."""


@dataclass(frozen=True, slots=True)
class StateEvent:
    """The run is in another state; the ended ones are told by Done and Failed as well."""

    state: RunState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StepEvent:
    """One optimizer step is done."""

    step: int
    """From 1; ``steps`` is the last."""
    steps: int
    loss: float
    learning_rate: float
    tokens: int = 0
    """Seen since the beginning of the run."""
    tokens_per_s: float = 0.0
    rank: float | None = None
    """Mean rank that a dynamic adapter uses."""
    expert_load: tuple[float, ...] = ()
    """Share of the tokens that each expert took; sums to 1."""
    memory_bytes: int | None = None
    """Peak so far, of the device where the weights are."""


@dataclass(frozen=True, slots=True)
class ValidationEvent:
    """The validation part was gone through."""

    step: int
    loss: float
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SampleEvent:
    """What the model answers now to a question of the validation part."""

    step: int
    micrograph_id: MicrographId
    question: str
    answer: str
    expected: str = ""


@dataclass(frozen=True, slots=True)
class CheckpointEvent:
    """A checkpoint is whole and on the disk."""

    step: int
    folder: str
    """Relative to the run's folder."""


@dataclass(frozen=True, slots=True)
class WarningEvent:
    """Something that the user should know and that does not end the run."""

    text: str


@dataclass(frozen=True, slots=True)
class DoneEvent:
    """The adapter is whole and on the disk."""

    folder: str
    """Relative to the run's folder."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """Base and adapter on the test part, such as ``accuracy_base`` and ``accuracy``."""
    seconds: float = 0.0
    memory_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class FailedEvent:
    """The run cannot go on."""

    reason: str
    """In one sentence."""
    way_out: str = ""
    details: str = ""
    """The traceback, for the log."""


Event = (
    StateEvent
    | StepEvent
    | ValidationEvent
    | SampleEvent
    | CheckpointEvent
    | WarningEvent
    | DoneEvent
    | FailedEvent
)

KINDS: Mapping[str, type[Event]] = {
    kind.__name__.removesuffix("Event").lower(): kind for kind in get_args(Event)
}
"""By the word that stands in a line: state, step, validation, sample, checkpoint, ..."""

_SYNCED = (StateEvent, CheckpointEvent, DoneEvent, FailedEvent)


@dataclass(frozen=True, slots=True)
class Logged:
    """An event as it stands in the log."""

    seq: int
    at: str
    """ISO 8601, UTC."""
    event: Event


class EventWriter:
    """Appends events to the log of a run; one writer at a time.

    A last line that a killed writer left unfinished is cut off: no reader has taken it for an
    event. The numbers go on from the last whole line.

    Raises
    ------
    OSError
        When the log cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.seq = _prepare(path)
        self._file: IO[bytes] = path.open("ab")

    def write(self, event: Event) -> Logged:
        """Append one whole line; changes of state, checkpoints and the end are on the disk."""
        logged = Logged(self.seq, _now(), event)
        self._file.write(to_line(logged))
        self._file.flush()
        if isinstance(event, _SYNCED):
            os.fsync(self._file.fileno())
        self.seq += 1
        return logged

    def close(self) -> None:
        """Put everything on the disk and end."""
        if not self._file.closed:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class EventReader:
    """Reads the log of a run as it grows; it may not be there yet.

    ``unknown`` counts lines that this version has no name for, ``broken`` those that are no
    event at all; both are passed over.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._offset = path, 0
        self.unknown = self.broken = 0

    def read(self) -> list[Logged]:
        """What was logged since the last call; an unfinished last line is held back.

        A log that has become shorter than what was read is read again from its beginning.
        """
        try:
            with self._path.open("rb") as log:
                if log.seek(0, os.SEEK_END) < self._offset:
                    self._offset = 0
                log.seek(self._offset)
                content = log.read()
        except FileNotFoundError:
            return []
        whole = content[: content.rfind(b"\n") + 1]
        self._offset += len(whole)
        return [logged for line in whole.split(b"\n")[:-1] if (logged := self._event(line))]

    def _event(self, line: bytes) -> Logged | None:
        try:
            found = from_line(line)
        except ValueError:
            self.broken += 1
            return None
        self.unknown += found is None
        return found


def to_line(logged: Logged) -> bytes:
    """An event as its line, with the line end."""
    kind = type(logged.event).__name__.removesuffix("Event").lower()
    head = {"version": VERSION, "seq": logged.seq, "at": logged.at, "kind": kind}
    record = _finite({**head, **asdict(logged.event)})
    return json.dumps(record, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def from_line(line: bytes) -> Logged | None:
    """The event of a line; ``None`` when its kind is not known here.

    Raises
    ------
    ValueError
        When it is no event: no JSON, or a known kind with fields of the wrong shape.
    """
    record = json.loads(line.decode("utf-8"))
    if not isinstance(record, dict) or not isinstance(record.get("seq"), int):
        raise ValueError("a line without a seq")
    kind = KINDS.get(str(record.get("kind")))
    if kind is None:
        return None
    names = [f.name for f in fields(kind) if f.name in record]
    try:
        event = kind(**{name: _shaped(name, record[name]) for name in names})
    except (TypeError, AttributeError) as error:
        raise ValueError(str(error)) from error
    return Logged(record["seq"], str(record.get("at", "")), event)


_FLOATS = frozenset({"loss", "learning_rate", "tokens_per_s", "rank", "seconds"})


def _shaped(name: str, value: Any) -> Any:
    if name == "metrics":
        return {str(key): float(number) for key, number in value.items()}
    if name == "expert_load":
        return tuple(float(share) for share in value)
    return float(value) if name in _FLOATS and value is not None else value


def _finite(value: Any) -> Any:
    """Numbers that JSON has no word for as the text that ``float`` reads."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    return [_finite(one) for one in value] if isinstance(value, (list, tuple)) else value


def _prepare(path: Path) -> int:
    """Cut off an unfinished last line; return the number of the next event."""
    if not path.exists():
        return 0
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        with path.open("r+b") as log:
            log.truncate(whole)
    for line in reversed(content[:whole].split(b"\n")[:-1]):
        try:
            return int(json.loads(line)["seq"]) + 1
        except (ValueError, KeyError, TypeError):
            continue
    return 0


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
