"""How long a run would take: three steps of it, thrown away. It must not know the queue."""

from __future__ import annotations

import itertools
import shutil
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from slava.domain import Snapshot
from slava.errors import ModelError
from slava.handoff.events import FailedEvent, Logged, StateEvent, StepEvent, ValidationEvent
from slava.handoff.run_folder import RunFolder
from store import Store
from training import launch
from training.tail import Tail
from ui.services.job import Job, Progress
from ui.services.models import Models
from ui.services.news import News
from ui.services.training_records import seconds_of

if TYPE_CHECKING:
    from training.finetune.config import TrainConfig

STEPS = 3
POLL_S = 0.1
PREFIX = ".trial-"
BUSY = "an estimate is being made. Wait, or cancel it."
LENT = "an estimate has the memory of the model. Wait for its end, or cancel it."
TRAINING = "a training is under way. Wait for its end, or pause it."


@dataclass(frozen=True, slots=True)
class Estimate:
    """What three steps foretell."""

    steps: int
    """Of the whole run, at most: it may end earlier where nothing is gained any more."""
    step_s: float
    """Seconds of one step."""
    validation_s: float
    """Seconds of one look at the validation part."""
    seconds: float
    """Of the whole run, at most, without the comparison at its end."""
    memory_bytes: int | None
    """Peak so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial(Progress):
    """How far a trial is."""

    estimate: Estimate | None = None
    """At its end."""


class Trials:
    """Makes estimates; safe to use from any thread. ``busy`` says whether a run is at work."""

    def __init__(
        self, store: Store, news: News, models: Models | None, busy: Callable[[], bool]
    ) -> None:
        self._store, self._models, self._busy = store, models, busy
        self.job: Job[Trial] = Job("trial", news, BUSY)

    def begin(self, snapshot: Snapshot, config: TrainConfig) -> None:
        """Make three steps in the background.

        Raises
        ------
        ModelError
            If an estimate is being made, or a training is under way.
        """
        if self._busy():
            raise ModelError(TRAINING)
        record = Trial(total=STEPS, note="loading the model")
        self.job.begin(record, lambda: self._make_room(snapshot, config))

    def sweep(self) -> None:
        """Remove what trials of an ended process have left."""
        for root in (self._store.workspace / "runs").glob(f"{PREFIX}*"):
            child = launch.find(RunFolder(root))
            if child is not None:
                child.kill()
            shutil.rmtree(root, ignore_errors=True)

    def close(self, timeout_s: float) -> None:
        """End a trial, and leave nothing of it."""
        self.job.close(timeout_s)

    def _make_room(self, snapshot: Snapshot, config: TrainConfig) -> None:
        models = None if config.of_builtin else self._models
        if models is not None:
            models.lend(LENT)
        try:
            self._try(snapshot, config)
        finally:
            if models is not None:
                models.give_back()

    def _try(self, snapshot: Snapshot, config: TrainConfig) -> None:
        folder = RunFolder(self._store.workspace / "runs" / f"{PREFIX}{uuid.uuid4().hex[:8]}")
        try:
            folder.create()
            shutil.copytree(self._store.snapshots.folder(snapshot.id), folder.snapshot)
            short = replace(config, max_steps=STEPS, samples=0, evaluate=False)
            folder.write_config(short.to_json())
            child = launch.start(folder)
            try:
                events = self._followed(child, Tail(folder.events))
            finally:
                child.kill()
        finally:
            shutil.rmtree(folder.root, ignore_errors=True)
        steps = steps_of(self._store, snapshot, config)
        estimate = foretold(events, steps, config)
        self.job.change(estimate=estimate, note="")

    def _followed(self, child: launch.Child, tail: Tail) -> list[Logged]:
        events: list[Logged] = []
        while True:
            self.job.check()
            alive = child.alive()
            events += (fresh := tail.read())
            for logged in fresh:
                if isinstance(logged.event, FailedEvent):
                    raise ModelError(f"{logged.event.reason} {logged.event.way_out}".strip())
            done = sum(isinstance(logged.event, StepEvent) for logged in events)
            if done:
                self.job.change(done=min(done, STEPS), note=f"step {done} of {STEPS}")
            if any(_is_over(logged) for logged in events) or not alive:
                return events
            time.sleep(POLL_S)


def steps_of(store: Store, snapshot: Snapshot, config: TrainConfig) -> int:
    """The most steps that a run makes."""
    from training.finetune.batches import Course
    from training.finetune.examples import make_examples

    content = store.snapshots.read_snapshot(snapshot.id)
    examples = make_examples(content, classification=config.classification)
    course = Course((1,) * len(examples.part("train")), config.batch, config.seed)
    steps = config.epochs * course.per_epoch
    return min(steps, config.max_steps) if config.max_steps else steps


def foretold(events: Sequence[Logged], steps: int, config: TrainConfig) -> Estimate:
    """What the events of a trial say of the whole run.

    Raises
    ------
    ModelError
        If it made no step.
    """
    begun = [seconds_of(e.at) for e in events if _is_running(e)]
    made = [e for e in events if isinstance(e.event, StepEvent)]
    if not begun or not made:
        raise ModelError("the trial ended before its first step. Look at the messages above.")
    moments = [seconds_of(e.at) for e in made]
    gaps = [after - before for before, after in itertools.pairwise(moments)]
    step_s = sum(gaps) / len(gaps) if gaps else moments[0] - begun[0]
    judged = [seconds_of(e.at) for e in events if isinstance(e.event, ValidationEvent)]
    validation_s = max(judged[-1] - moments[-1], 0.0) if judged else 0.0
    memory = [e.event.memory_bytes for e in made if isinstance(e.event, StepEvent)]
    whole = steps * step_s + min(config.epochs, steps) * validation_s
    peak = max((m for m in memory if m is not None), default=None)
    return Estimate(steps, step_s, validation_s, whole, peak)


def _is_running(logged: Logged) -> bool:
    return isinstance(logged.event, StateEvent) and logged.event.state == "running"


def _is_over(logged: Logged) -> bool:
    return isinstance(logged.event, StateEvent) and logged.event.state == "saving"
