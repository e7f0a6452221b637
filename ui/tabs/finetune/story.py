"""What a run has told, as rows that a page can draw; a page asks only for what is new. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from slava.handoff.events import (
    Logged,
    SampleEvent,
    StateEvent,
    StepEvent,
    ValidationEvent,
    WarningEvent,
)

MOST_STEPS = 4000
"""Of one answer: more are thinned, the last one always kept."""


@dataclass(slots=True)
class Told:
    """Everything that happened after a ``seq``."""

    seq: int = -1
    """The last one."""
    steps: list[list[float | None]] = field(default_factory=list)
    """Step, loss, learning rate, tokens per second, rank, memory in bytes."""
    validation: list[list[float | None]] = field(default_factory=list)
    """Step and loss."""
    experts: list[float] = field(default_factory=list)
    """The newest load; empty where there is none."""
    samples: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[dict[str, str]] = field(default_factory=list)
    states: list[dict[str, str]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """As the page reads it."""
        return {name: getattr(self, name) for name in self.__slots__}


def tell(events: Iterable[Logged], since: int = -1) -> Told:
    """Rows of the events after ``since``."""
    told = Told(since)
    for logged in events:
        told.seq = max(told.seq, logged.seq)
        match logged.event:
            case StepEvent() as step:
                told.steps.append(_step(step))
                told.experts = [round(share, 4) for share in step.expert_load] or told.experts
            case ValidationEvent(step, loss, _):
                told.validation.append([step, _finite(loss)])
            case SampleEvent() as sample:
                told.samples.append(
                    {
                        "step": sample.step,
                        "micrograph": sample.micrograph_id,
                        "question": sample.question,
                        "answer": sample.answer,
                        "expected": sample.expected,
                    }
                )
            case WarningEvent(text):
                told.warnings.append({"at": logged.at, "text": text})
            case StateEvent(state, reason):
                told.states.append({"at": logged.at, "state": state, "reason": reason})
    told.steps = thinned(told.steps)
    return told


def thinned(rows: Sequence[list[float | None]], most: int = MOST_STEPS) -> list[list[float | None]]:
    """No more than about ``most`` of them, evenly, with the last one."""
    if len(rows) <= most:
        return list(rows)
    apart = math.ceil(len(rows) / most)
    kept = list(rows[::apart])
    return kept if kept[-1] is rows[-1] else [*kept, rows[-1]]


def _step(step: StepEvent) -> list[float | None]:
    return [
        step.step,
        _finite(step.loss),
        step.learning_rate,
        step.tokens_per_s,
        step.rank,
        step.memory_bytes,
    ]


def _finite(value: float | None) -> float | None:
    """A number that JSON has a word for."""
    return round(value, 6) if value is not None and math.isfinite(value) else None
