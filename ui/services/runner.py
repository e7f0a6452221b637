"""Works off the queue of runs in a thread: start, follow, end, one after the other.

The thread lives while there is something to do. Only it touches the run's process; everybody else
leaves a wish. It must not know how a wish comes about, nor what a tab shows.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from slava.domain import Run, RunId
from slava.domain.run import ENDED
from slava.errors import BadSetting, SlavaError
from slava.handoff.events import FailedEvent, StateEvent, WarningEvent
from slava.handoff.run_folder import RunFolder, Wish
from store import Store
from training import launch
from training.tail import Tail
from ui.services.models import Models
from ui.services.news import News
from ui.services.training_records import TrainingNow, Watch

log = logging.getLogger("slava.training")

TICK_S = 0.25
CANCEL_GRACE_S = 15.0
"""A cancelled process has this long to end by itself; then its tree is killed."""
PAUSE_GRACE_S = 120.0
"""A paused one has this long for its checkpoint; a step may be long."""
LINGER_S = 30.0
"""A process that has told its end has this long to be gone."""
LENT = "a training has the memory of the model. Pause the training to chat."


@dataclass(slots=True)
class Active:
    """The run that is at work, as its follower knows it."""

    run: Run
    folder: RunFolder
    child: launch.Child
    tail: Tail
    watch: Watch = field(default_factory=Watch)
    ended_at: float = 0.0
    """Monotonic, when it told its end."""
    wished_at: float = 0.0
    """Monotonic, when it was asked to end."""
    asked: Literal["", "cancel", "pause", "stop"] = ""
    quiet_min: int = 0
    """Minutes of silence that are shown."""


class Runner:
    """One run at a time; safe to use from any thread."""

    def __init__(
        self,
        store: Store,
        news: News,
        models: Models | None,
        blocked: Callable[[], bool] = lambda: False,
    ) -> None:
        self._store, self._news, self._models = store, news, models
        self._blocked = blocked
        self._guard = threading.RLock()
        self._closing, self._nudge = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._active: Active | None = None
        self._checking: RunId | None = None
        self._now: TrainingNow | None = None
        self._held = False
        self._paused: RunId | None = None
        self._lent = False

    # ------------------------------------------------------------------ looking
    @property
    def now(self) -> TrainingNow | None:
        """See :attr:`ui.services.training.Training.now`."""
        with self._guard:
            now = self._now
            if now is None:
                return None
            paused = self._paused == now.run.id and self._active is None
            ending = self._active is not None and bool(self._active.asked)
        waiting = tuple(run.id for run in self._store.runs.list_queue() if run.id != now.run.id)
        return replace(now, waiting=waiting, paused=paused, ending=ending)

    @property
    def active(self) -> RunId | None:
        """The run that has a process, or is being looked through before it gets one."""
        with self._guard:
            return self._active.run.id if self._active else self._checking

    @property
    def at_work(self) -> bool:
        """Whether the thread lives."""
        with self._guard:
            return self._thread is not None and self._thread.is_alive()

    # ------------------------------------------------------------------ wishes
    def hold(self) -> None:
        """Begin nothing more; what is at work goes on."""
        with self._guard:
            self._held = True

    def look(self) -> None:
        """Take in what has happened to runs whose process nobody watches; begin nothing."""
        for run in self._store.runs.list_alive():
            folder = self._store.runs.folder(run.id)
            child = launch.find(folder)
            told = self._store.runs.catch_up(run.id)
            if child is None:
                self._conclude(told, folder, None)

    def wake(self) -> None:
        """There may be something to do."""
        with self._guard:
            self._nudge.set()
            if not self.at_work and not self._closing.is_set():
                self._thread = threading.Thread(
                    target=self._work, name="slava-training", daemon=True
                )
                self._thread.start()
        self._news.tell()

    def end(self, run_id: RunId, wish: Wish) -> None:
        """Ask a run to end; one that only waits ends here and now.

        Raises
        ------
        BadSetting
            If it has ended already.
        """
        with self._guard:
            run = self._store.runs.catch_up(run_id)
            folder = self._store.runs.folder(run_id)
            if run.state == "queued" or (run.state == "interrupted" and wish == "cancel"):
                self._store.runs.record(run_id, StateEvent("cancelled", "cancelled on request"))
                launch.sweep(folder)
                self._forget_paused(run_id)
            elif run.state in ENDED:
                raise BadSetting(f"The run {run_id} has ended ({run.state}) already.")
            else:
                folder.request_stop(wish)
                self._ask(run_id, wish)
        self.wake()

    def pause(self) -> None:
        """See :meth:`ui.services.training.Training.pause`."""
        with self._guard:
            self._held = True
            if self._active is not None and not self._active.asked:
                self._paused = self._active.run.id
                self._ask(self._paused, "pause")
                if os.name == "nt":
                    self._active.child.kill()
                else:
                    self._active.child.terminate()
        self._news.tell()

    def go_on(self) -> None:
        """See :meth:`ui.services.training.Training.go_on`."""
        with self._guard:
            self._held = False
        self.wake()

    def dismiss(self) -> None:
        """Forget what has ended."""
        with self._guard:
            if self._active is None and self._checking is None:
                self._now = None
        self._news.tell()

    def forget(self, run_id: RunId) -> None:
        """It is going to be deleted."""
        with self._guard:
            self._forget_paused(run_id)
            if self._now is not None and self._now.run.id == run_id and self._active is None:
                self._now = None

    def close(self, timeout_s: float) -> None:
        """End the thread, never a run."""
        self._closing.set()
        self._nudge.set()
        with self._guard:
            thread = self._thread
        if thread is not None:
            thread.join(timeout_s)

    def _ask(self, run_id: RunId, wish: Literal["stop", "cancel", "pause"]) -> None:
        if self._active is not None and self._active.run.id == run_id:
            self._active.asked, self._active.wished_at = wish, time.monotonic()

    def _forget_paused(self, run_id: RunId) -> None:
        if self._paused == run_id:
            self._paused, self._held = None, False

    # ------------------------------------------------------------------ the thread
    def _work(self) -> None:
        while not self._closing.is_set():
            self._nudge.clear()
            try:
                busy = self._tick()
            except Exception:
                log.exception("watching a training failed")
                busy = self._active is not None
            with self._guard:
                if not busy and not self._nudge.is_set():
                    self._thread = None
                    break
            self._nudge.wait(TICK_S)
        with self._guard:
            if self._active is not None:
                self._active.child.let_go()
                self._active = None
        self._news.tell()

    def _tick(self) -> bool:
        """One look; whether there is more to do."""
        with self._guard:
            if self._active is not None:
                self._follow(self._active)
                return True
        if self._adopt():
            return True
        blocked = self._blocked()
        with self._guard:
            following = None if self._held or blocked else self._next()
        if following is not None:
            self._begin(following)
            return True
        if blocked:
            return True
        self._give_back()
        return False

    def _next(self) -> Run | None:
        if self._paused is not None:
            run, self._paused = self._store.runs.get_run(self._paused), None
            if run.state == "interrupted":
                return run
        waiting = self._store.runs.list_queue()
        return waiting[0] if waiting else None

    def _adopt(self) -> bool:
        """Take up a run whose process was started before; say of others that they broke off."""
        for run in self._store.runs.list_alive():
            folder = self._store.runs.folder(run.id)
            child = launch.find(folder)
            if child is None:
                self._conclude(self._store.runs.catch_up(run.id), folder, None)
                continue
            self._store.runs.set_process(run.id, child.process)
            self._watch(self._store.runs.catch_up(run.id), folder, child)
            return True
        return False

    def _begin(self, run: Run) -> None:
        """Look through a run once more and start its process."""
        folder = self._store.runs.folder(run.id)
        with self._guard:
            self._checking = run.id
        try:
            if run.state == "interrupted":
                folder.clear_wish()
            self._show(self._store.runs.record(run.id, StateEvent("preflight")))
            self._borrow(run)
            if self._refused(run.id, folder) or self._put_off(run.id):
                return
            child = launch.start(folder)
        except OSError as error:
            words = error.strerror or str(error)
            self._fail(run.id, f"The training could not be started ({words}).", "Try again.")
            return
        except SlavaError as error:
            self._fail(run.id, str(error), "")
            return
        finally:
            with self._guard:
                self._checking = None
        self._store.runs.set_process(run.id, child.process)
        self._watch(self._store.runs.get_run(run.id), folder, child)

    def _refused(self, run_id: RunId, folder: RunFolder) -> bool:
        """Whether something speaks against the start; what is only worth knowing is told."""
        from training.finetune.config import config_from
        from training.preflight import check_start

        findings = check_start(
            folder.snapshot, self._store.workspace, config_from(folder.read_config())
        )
        if folder.wish() is not None:
            self._store.runs.record(run_id, StateEvent("cancelled", "cancelled before the start"))
            launch.sweep(folder)
            self._show(self._store.runs.get_run(run_id))
            return True
        if errors := [f for f in findings if f.severity == "error"]:
            reason = " ".join(f.text for f in errors)
            self._fail(run_id, reason, " ".join(dict.fromkeys(f.way_out for f in errors)))
            return True
        for finding in findings:
            self._store.runs.record(run_id, WarningEvent(f"{finding.text} {finding.way_out}"))
        return False

    def _put_off(self, run_id: RunId) -> bool:
        """Whether it was paused while it was looked through."""
        with self._guard:
            if not self._held:
                return False
            self._paused = run_id
        self._show(self._store.runs.record(run_id, StateEvent("interrupted", "not begun yet")))
        return True

    def _watch(self, run: Run, folder: RunFolder, child: launch.Child) -> None:
        known = self._store.runs.list_events(run.id)
        active = Active(run, folder, child, Tail(folder.events, known[-1].seq if known else -1))
        active.watch.take(known)
        wish = folder.wish()
        if wish is not None:
            active.asked, active.wished_at = wish, time.monotonic()
        with self._guard:
            self._active = active
        self._show(run, active.watch)

    def _follow(self, active: Active) -> None:
        """Take in what has come; see to an end."""
        alive = active.child.alive()  # before the last reading, so that nothing is missed
        events = active.tail.read()
        if events:
            active.run = self._store.runs.ingest(active.run.id, events)
            active.watch.take(events)
            self._show(active.run, active.watch)
        elif (quiet := int(active.watch.quiet_s(time.time()) / 60)) != active.quiet_min:
            active.quiet_min = quiet
            self._show(active.run, active.watch)
        if alive:
            self._press(active)
            return
        run = self._conclude(active.run, active.folder, active.child.exit_code)
        active.child.let_go()
        with self._guard:
            self._active = None
        self._show(run, active.watch)

    def _press(self, active: Active) -> None:
        """End what was asked to end, or has told its end, and has not ended."""
        moment = time.monotonic()
        if active.run.state in ENDED:
            active.ended_at = active.ended_at or moment
            if moment - active.ended_at > LINGER_S:
                active.child.kill()
        elif active.asked in ("cancel", "pause"):
            grace = CANCEL_GRACE_S if active.asked == "cancel" else PAUSE_GRACE_S
            if moment - active.wished_at > grace:
                active.child.kill()

    def _conclude(self, run: Run, folder: RunFolder, code: int | None) -> Run:
        """The state of a run whose process has ended."""
        if run.state in ENDED:
            if run.state == "cancelled":
                launch.sweep(folder)
            return run
        if folder.wish() == "cancel":
            launch.sweep(folder)
            return self._store.runs.record(
                run.id, StateEvent("cancelled", "cancelled on request; no weights were kept")
            )
        words = launch.last_words(folder)
        if code and code > 0 and run.state == "preflight":
            said = f" Its last words: {words}" if words else ""
            return self._fail(
                run.id, f"The training process ended before it began (code {code}).{said}",
                "Its log.txt says more.",
            )  # fmt: skip
        return self._store.runs.record(run.id, StateEvent("interrupted", _broken_off(code)))

    def _fail(self, run_id: RunId, reason: str, way_out: str) -> Run:
        run = self._store.runs.record(run_id, FailedEvent(reason, way_out))
        self._show(run)
        return run

    def _show(self, run: Run, watch: Watch | None = None) -> None:
        with self._guard:
            self._now = (watch or Watch()).now(run, time.time())
        self._news.tell()

    # ------------------------------------------------------------------ room for it
    def _borrow(self, run: Run) -> None:
        """Have the chat model give its memory to a run that needs it."""
        if self._models is None or self._lent or run.backbone == "builtin":
            return
        self._models.lend(LENT)
        self._lent = True

    def _give_back(self) -> None:
        if self._models is not None and self._lent:
            self._lent = False
            self._models.give_back()


def _broken_off(code: int | None) -> str:
    """Why a run that said nothing has ended, as far as that can be told."""
    if code == -9:
        return (
            "the process was killed from outside, perhaps because memory was short; resume it to "
            "go on from its last checkpoint"
        )
    told = f" (code {code})" if code else ""
    return f"the process ended without a word{told}; resume it to go on from its last checkpoint"
