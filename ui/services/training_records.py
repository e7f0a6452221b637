"""What a tab is told of a training, made of the events of its run. Pure.

It must not know threads, processes or the store.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from slava.domain import Run, RunId, RunState
from slava.domain.conversation import Quantization
from slava.domain.run import ENDED
from slava.handoff.events import (
    Logged,
    SampleEvent,
    StateEvent,
    StepEvent,
    ValidationEvent,
    WarningEvent,
)

QUIET_LEAST_S = 300.0
QUIET_STEPS = 20
"""A run is called quiet after so many of its steps' time without an event."""


@dataclass(frozen=True, slots=True)
class TrainWish:
    """What is to be trained, as a tab's form or the command says it."""

    snapshot: str
    """Its name or id."""
    backbone: str = "builtin"
    """``builtin``, a folder, or a repository that is on this machine."""
    preset: str = "quick"
    """``quick``, ``paper`` or ``careful``."""
    quantization: Quantization = "none"
    changes: Mapping[str, object] = field(default_factory=dict)
    """Fields of :class:`training.finetune.config.TrainConfig` that differ from the preset."""
    name: str = ""
    """What the adapter is called; by default by its snapshot and preset."""


@dataclass(frozen=True, slots=True)
class TrainingNow:
    """How far the run under way is, or how the last one ended."""

    run: Run
    """With state, step, steps, loss, val_loss (the lowest so far) and reason."""
    note: str = ""
    """What is at hand, in words."""
    learning_rate: float | None = None
    tokens: int = 0
    tokens_per_s: float | None = None
    memory_bytes: int | None = None
    """Peak so far."""
    rank: float | None = None
    expert_load: tuple[float, ...] = ()
    eta_s: float | None = None
    """Seconds that the steps that are left will take; ``None`` while that is not known."""
    quiet_s: float = 0.0
    """Seconds since its last sign of life, where that is unusually long; else 0."""
    samples: tuple[SampleEvent, ...] = ()
    """The newest answers to the fixed questions."""
    warnings: tuple[str, ...] = ()
    waiting: tuple[RunId, ...] = ()
    """Runs that come after it, in their order."""
    paused: bool = False
    """Whether it was interrupted to make room and goes on with :meth:`Training.go_on`."""
    ending: bool = False
    """Whether it was asked to end and has not yet."""

    @property
    def state(self) -> RunState:
        return self.run.state

    @property
    def under_way(self) -> bool:
        """Whether it works, or waits for its turn."""
        return self.run.state not in ENDED

    @property
    def fraction(self) -> float:
        """0..1 of its steps."""
        return min(1.0, self.run.step / self.run.steps) if self.run.steps else 0.0


@dataclass(frozen=True, slots=True)
class Curve:
    """What is plotted: of every step the last that was told of it, in order."""

    steps: tuple[StepEvent, ...] = ()
    validations: tuple[ValidationEvent, ...] = ()


def curve_of(events: Iterable[Logged]) -> Curve:
    """The curve of a run; steps that were told again after a resumption count once."""
    steps: dict[int, StepEvent] = {}
    validations: dict[int, ValidationEvent] = {}
    for logged in events:
        if isinstance(logged.event, StepEvent):
            steps[logged.event.step] = logged.event
        elif isinstance(logged.event, ValidationEvent):
            validations[logged.event.step] = logged.event
    return Curve(
        tuple(step for _, step in sorted(steps.items())),
        tuple(one for _, one in sorted(validations.items())),
    )


@dataclass(slots=True)
class Watch:
    """One run as its events come; :meth:`now` is what is known of it."""

    step: StepEvent | None = None
    samples: tuple[SampleEvent, ...] = ()
    warnings: tuple[str, ...] = ()
    last_at: float = 0.0
    """Of the last event, seconds since the epoch."""
    _running: float = 0.0
    _from: int | None = None
    _stepped: float = 0.0

    def take(self, events: Sequence[Logged]) -> None:
        """Take up what has happened since."""
        for logged in events:
            self.last_at = seconds_of(logged.at) or self.last_at
            match logged.event:
                case StateEvent(state="running"):
                    self._running, self._from = self.last_at, None
                case StepEvent() as step:
                    if self._from is None or step.step <= self._from:
                        self._from = step.step - 1
                    self.step, self._stepped = step, self.last_at
                case SampleEvent() as sample:
                    kept = [s for s in self.samples if s.step == sample.step]
                    self.samples = (*kept, sample)
                case WarningEvent(text):
                    self.warnings = (*self.warnings, text)

    @property
    def step_s(self) -> float | None:
        """Seconds of a step, what happens between them included."""
        if self.step is None or self._from is None or self._stepped <= self._running:
            return None
        return (self._stepped - self._running) / max(self.step.step - self._from, 1)

    def quiet_s(self, moment: float) -> float:
        """Seconds since the last event where that is unusually long, else 0."""
        silent = moment - self.last_at if self.last_at else 0.0
        usual = max(QUIET_LEAST_S, QUIET_STEPS * (self.step_s or 0.0))
        return silent if silent > usual else 0.0

    def now(self, run: Run, moment: float) -> TrainingNow:
        """What is known at a moment, seconds since the epoch."""
        told = TrainingNow(run, samples=self.samples, warnings=self.warnings)
        quiet = self.quiet_s(moment) if run.state not in (*ENDED, "queued") else 0.0
        if self.step is None:
            return replace(told, note=_note(run, quiet), quiet_s=quiet)
        left = self.step.steps - self.step.step
        eta = self.step_s * left if self.step_s and run.state == "running" else None
        return replace(
            told,
            note=_note(run, quiet),
            learning_rate=self.step.learning_rate,
            tokens=self.step.tokens,
            tokens_per_s=self.step.tokens_per_s,
            memory_bytes=run.peak_memory_bytes,
            rank=self.step.rank,
            expert_load=self.step.expert_load,
            eta_s=eta if eta is None or math.isfinite(eta) else None,
            quiet_s=quiet,
        )


def seconds_of(at: str) -> float:
    """An event's time in seconds since the epoch; 0 where it cannot be read."""
    try:
        return datetime.fromisoformat(at).timestamp()
    except ValueError:
        return 0.0


def _note(run: Run, quiet_s: float) -> str:
    if quiet_s:
        return (
            f"No sign of life for {quiet_s / 60:.0f} minutes. It may be in a long step; stop it "
            "if nothing comes."
        )
    return {
        "queued": "waiting for its turn",
        "preflight": "looking through the snapshot and loading the model",
        "running": f"step {run.step} of {run.steps}" if run.steps else "loading the model",
        "saving": "comparing base and adapter on the test part, then writing the adapter",
        "done": "done",
        "stopped": "stopped early; its weights are kept",
        "cancelled": "cancelled; nothing was kept",
        "failed": run.reason,
        "interrupted": run.reason or "interrupted; it can be gone on with",
    }[run.state]
