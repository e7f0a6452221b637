"""Fine-tuning for a tab: a queue of runs, one at a time, in processes of their own.

A run is begun, watched, stopped, cancelled, paused for a chat, resumed and looked back at here. It
goes on when the window closes and is found again at the next start. Safe to use from any thread. It
must not know how any of this is shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from slava.domain import Run, RunId, Snapshot
from slava.errors import BadSetting, ModelError
from slava.handoff.events import SampleEvent, WarningEvent
from store import RunSize, Store
from ui.services.adapter_exports import AdapterExports
from ui.services.models import Models
from ui.services.news import News
from ui.services.runner import Runner
from ui.services.training_records import Curve, TrainingNow, TrainWish, curve_of
from ui.services.trial import Trials

if TYPE_CHECKING:
    from training.finetune.config import TrainConfig
    from training.preflight import Finding

PRINTED_BYTES = 20_000
WAIT_POLL_S = 0.1


class Training:
    """What a tab asks for.

    ``models`` is the chat model's holder: it makes room for a training that needs it. A command
    has none.
    """

    def __init__(self, store: Store, news: News, models: Models | None = None) -> None:
        self._store, self._news, self._models = store, news, models
        self._runner = Runner(store, news, models, self._is_occupied)
        self.exports = AdapterExports(store, news, models, lambda: self._runner.active is not None)
        """Gives adapters out; ``exports.job.now`` is the export under way."""
        self.trials = Trials(store, news, models, lambda: self._runner.active is not None)
        """Measures how long a run would take; ``trials.job.now`` is the trial under way."""

    # ------------------------------------------------------------------ looking
    @property
    def now(self) -> TrainingNow | None:
        """The run under way, or the last one that ended until :meth:`dismiss`."""
        return self._runner.now

    @property
    def queue(self) -> list[Run]:
        """Runs that wait for their turn, the next one first."""
        return self._store.runs.list_queue()

    def list_runs(self) -> list[Run]:
        """All runs, newest first."""
        return self._store.runs.list_runs()

    def curve(self, run_id: RunId) -> Curve:
        """Losses over steps, for a plot."""
        return curve_of(self._store.runs.list_events(run_id, ("step", "validation")))

    def samples(self, run_id: RunId) -> list[SampleEvent]:
        """What it answered to the fixed questions as it went, oldest first."""
        events = [logged.event for logged in self._store.runs.list_events(run_id, ("sample",))]
        return [event for event in events if isinstance(event, SampleEvent)]

    def warnings(self, run_id: RunId) -> list[str]:
        """What it warned of, oldest first."""
        events = [logged.event for logged in self._store.runs.list_events(run_id, ("warning",))]
        return [event.text for event in events if isinstance(event, WarningEvent)]

    def printed(self, run_id: RunId) -> str:
        """The end of what its process printed, for when something went wrong."""
        log = self._store.runs.folder(run_id).log
        if not log.is_file():
            return ""
        return log.read_bytes()[-PRINTED_BYTES:].decode("utf-8", "replace")

    def size(self, run_id: RunId) -> RunSize:
        """What it takes on the disk: what deleting it would free."""
        return self._store.runs.size(run_id)

    # ------------------------------------------------------------------ before the start
    def config(self, wish: TrainWish) -> TrainConfig:
        """What a run of this wish is told.

        Raises
        ------
        BadSetting
            If a setting is unknown or out of its range; the text names it.
        """
        from training.finetune.config import PRESETS, make_config

        preset = next((p for p in PRESETS if p == wish.preset), None)
        if preset is None:
            raise BadSetting(f"preset {wish.preset!r} is none of {', '.join(PRESETS)}.")
        backbone = wish.backbone.strip()
        if backbone != "builtin" and Path(backbone).expanduser().is_dir():
            backbone = str(Path(backbone).expanduser().absolute())
        told = {"quantization": wish.quantization, "name": wish.name, **wish.changes}
        return make_config(backbone, preset, **told)

    def check(
        self, wish: TrainWish, on_progress: Callable[[str], None] = lambda _: None
    ) -> list[Finding]:
        """Everything that speaks against the start, all at once; empty where nothing does.

        It reads every micrograph: in a large snapshot this takes a while.

        Raises
        ------
        NotFound, BadSetting
            If there is no such snapshot, or a setting is out of its range.
        """
        from training.preflight import check_start

        snapshot = self._store.snapshots.get_snapshot(wish.snapshot)
        config = self.config(wish)
        report = self._models.state.report if self._models and not config.of_builtin else None
        return check_start(
            self._store.snapshots.folder(snapshot.id),
            self._store.workspace,
            config,
            on_progress,
            freed_bytes=(report.memory_bytes or 0) if report else 0,
        )

    def disk_needed(self, snapshot: Snapshot, config: TrainConfig) -> int | None:
        """Bytes that a run writes at most; ``None`` where its base is not on this machine."""
        from training.preflight import disk_needed

        return disk_needed(self._store.snapshots.folder(snapshot.id), config)

    def estimate(self, wish: TrainWish) -> None:
        """Make three steps of it in the background and throw them away: ``trials.job.now`` says
        how far that is and, at its end, how long the whole would take.

        Raises
        ------
        NotFound, BadSetting
            As :meth:`check`.
        ModelError
            If an estimate is being made, or a training is under way.
        """
        self.trials.begin(self._store.snapshots.get_snapshot(wish.snapshot), self.config(wish))

    # ------------------------------------------------------------------ one run
    def begin(self, wish: TrainWish) -> Run:
        """Put a run at the end of the queue; it starts as soon as it is its turn.

        Raises
        ------
        NotFound, BadSetting
            If there is no such snapshot, or a setting is out of its range.
        SnapshotDamaged, WorkspaceError
            If the snapshot contradicts its hashes, or the disk refuses.
        """
        snapshot = self._store.snapshots.get_snapshot(wish.snapshot)
        config = self.config(wish)
        config = replace(config, name=config.name or self._name(snapshot.name))
        run = self._store.runs.add_run(snapshot, config.to_json())
        self._runner.wake()
        return run

    def resume(self, run_id: RunId) -> Run:
        """Put one that was interrupted, or that failed, at the end of the queue: it goes on from
        its last checkpoint.

        Raises
        ------
        BadSetting
            If it cannot be gone on with.
        """
        run = self._store.runs.requeue(run_id)
        self._runner.wake()
        return run

    def stop(self, run_id: RunId) -> None:
        """End it early and keep its weights; one that waits is cancelled."""
        self._runner.end(run_id, "stop")

    def cancel(self, run_id: RunId) -> None:
        """End it and keep nothing: no process and no weights are left."""
        self._runner.end(run_id, "cancel")

    def pause(self) -> None:
        """Interrupt the run under way after a checkpoint, so that the chat has the machine.

        The queue waits until :meth:`go_on`.
        """
        self._runner.pause()

    def go_on(self) -> None:
        """Go on with what was paused; the chat model makes room again."""
        self._runner.go_on()

    def dismiss(self) -> None:
        """Forget one that has ended."""
        self._runner.dismiss()

    def note(self, run_id: RunId, notes: str) -> None:
        """Keep what the user writes about it."""
        self._store.runs.set_notes(run_id, notes)
        self._news.tell()

    def remove(self, run_id: RunId) -> int:
        """Delete it with its folder and its adapter; the bytes that this frees."""
        self._runner.forget(run_id)
        freed = self._store.runs.remove_run(run_id)
        self._news.tell()
        return freed

    def remove_checkpoints(self, run_id: RunId) -> int:
        """Delete what is needed only to resume it; the bytes that this frees."""
        freed = self._store.runs.remove_checkpoints(run_id)
        self._news.tell()
        return freed

    # ------------------------------------------------------------------ plumbing
    def look_again(self) -> None:
        """Find runs that were under way when the app ended, and start what waits.

        Called once, when the window opens.
        """
        self.trials.sweep()
        self._runner.wake()

    def look(self) -> None:
        """Take in what happened while nobody watched; begin nothing. For a command."""
        self._runner.look()

    def hold(self) -> None:
        """Begin nothing more, so that only what is at work is followed. For a command."""
        self._runner.hold()

    def wait_started(self, run_id: RunId) -> Run:
        """Wait until a run has its process, or has ended, or another is at work."""
        while True:
            at_work, active = self._runner.at_work, self._runner.active
            run = self._store.runs.get_run(run_id)
            process = run.pid is not None and active == run_id
            if run.ended_at or process or active not in (None, run_id) or not at_work:
                return run
            time.sleep(WAIT_POLL_S)

    def wait(self, run_id: RunId, on_progress: Callable[[TrainingNow], None]) -> Run:
        """Wait for the end of a run; told of every change.

        Raises
        ------
        ModelError
            If nothing works at it any more and it has not ended.
        """
        told: TrainingNow | None = None
        while True:
            at_work = self._runner.at_work  # before the run is read, so that no end is missed
            run, now = self._store.runs.get_run(run_id), self.now
            if now is not None and now.run.id == run_id and now != told:
                on_progress(now)
                told = now
            if run.ended_at and self._runner.active != run_id:
                return run
            if not at_work:
                raise ModelError(f"the run {run_id} is {run.state} and nothing works at it.")
            time.sleep(WAIT_POLL_S)

    def close(self, timeout_s: float = 5.0) -> None:
        """End the watching; a run under way goes on and is found again at the next start."""
        self.trials.close(timeout_s)
        self.exports.job.close(timeout_s)
        self._runner.close(timeout_s)

    def _is_occupied(self) -> bool:
        """Whether something else has the machine."""
        return self.trials.job.busy or self.exports.job.busy

    def _name(self, snapshot: str) -> str:
        """After the snapshot, with a number where there is one of that name."""
        taken = {str(run.settings.get("name", "")) for run in self._store.runs.list_runs()}
        numbered = (f"{snapshot} {number}" for number in range(2, len(taken) + 3))
        return next(name for name in (snapshot, *numbered) if name not in taken)
