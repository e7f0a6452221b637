"""Works off the queue of runs in a thread: start, follow, end, one after the other.

The thread lives while there is something to do. Only it touches the run's process; everybody else
leaves a wish. It must not know how a wish comes about, nor what a tab shows.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from slava.domain import Run, RunId
from slava.domain.run import ENDED
from slava.errors import BadSetting, SlavaError
from slava.handoff.events import FailedEvent, StateEvent
from slava.handoff.run_folder import RunFolder, Wish
from store import Store
from training import launch
from training.tail import Tail
from ui.services.following import Active, conclude
from ui.services.models import Models
from ui.services.news import News
from ui.services.starting import Room, hindered
from ui.services.training_records import TrainingNow, Watch

log = logging.getLogger("slava.training")

TICK_S = 0.25


class Runner:
    """One run at a time; safe to use from any thread."""

    def __init__(
        self,
        store: Store,
        news: News,
        models: Models | None,
        blocked: Callable[[], bool] = lambda: False,
    ) -> None:
        self._store, self._news = store, news
        self._blocked = blocked
        self._guard = threading.RLock()
        self._closing, self._nudge = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._active: Active | None = None
        self._checking: RunId | None = None
        self._now: TrainingNow | None = None
        self._held = False
        self._paused: RunId | None = None
        self._room = Room(models)

    # ------------------------------------------------------------------ looking
    @property
    def now(self) -> TrainingNow | None:
        """See :attr:`ui.services.training.Training.now`."""
        with self._guard:
            now = self._now
            if now is None:
                return None
            paused = self._paused == now.run.id and self._active is None
            paused = paused and now.run.state == "interrupted"
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
                conclude(self._store.runs, told, None)

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
                if self._active is not None and self._active.run.id == run_id:
                    self._active.ask(wish)
        self.wake()

    def pause(self) -> None:
        """See :meth:`ui.services.training.Training.pause`."""
        with self._guard:
            self._held = True
            if self._active is not None and not self._active.asked:
                self._paused = self._active.run.id
                self._active.ask("pause")
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
        self._room.give_back()
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
                conclude(self._store.runs, self._store.runs.catch_up(run.id), None)
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
            if run.backbone != "builtin":
                self._room.borrow()
            if (over := hindered(self._store, run.id)) is not None:
                self._show(over)
                return
            if self._put_off(run.id):
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
        if (wish := folder.wish()) is not None:
            active.ask(wish)
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
            active.press()
            return
        run = conclude(self._store.runs, active.run, active.child.exit_code)
        active.child.let_go()
        with self._guard:
            self._active = None
        self._show(run, active.watch)

    def _fail(self, run_id: RunId, reason: str, way_out: str) -> Run:
        run = self._store.runs.record(run_id, FailedEvent(reason, way_out))
        self._show(run)
        return run

    def _show(self, run: Run, watch: Watch | None = None) -> None:
        with self._guard:
            self._now = (watch or Watch()).now(run, time.time())
        self._news.tell()
