"""One piece of work in a thread: its progress, its end, stopping it. One runs at a time.

A service derives a frozen record from :class:`Progress` for what its work brings to light, keeps
one :class:`Job` of it, and shows ``job.now``. Whatever the record says is news to the pages::

    @dataclass(frozen=True, slots=True)
    class Drafted(Progress):
        pairs: tuple[PairId, ...] = ()

    class Drafting:
        def __init__(self, store: Store, news: News) -> None:
            self.job = Job[Drafted]("drafting", news, "pairs are being drafted. Wait, or cancel.")

        def begin(self, ids: Sequence[MicrographId]) -> None:
            self.job.begin(Drafted(total=len(ids)), lambda: self._draft(ids))

        def _draft(self, ids: Sequence[MicrographId]) -> None:  # in the thread
            for at in ids:
                self.job.check()  # waits while paused, raises Cancelled when it is to end
                made = ...  # a SlavaError or any other failure ends the job as "failed"
                self.job.update(lambda d: replace(d, done=d.done + 1, pairs=(*d.pairs, *made)))

A presenter says ``now.done`` of ``now.total``, ``now.eta_s`` and ``now.note``; a window's buttons
call ``cancel``, ``pause``, ``resume`` and ``dismiss``; ``Services.close`` calls ``close``. It must
not know what the work is.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Generic, Literal, TypeVar

from slava.errors import Cancelled, ModelError, SlavaError
from ui.services.news import News

log = logging.getLogger("slava.job")

State = Literal["running", "paused", "done", "cancelled", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What every job's record says; a service adds fields of its own."""

    state: State = "running"
    done: int = 0
    total: int = 0
    """0 while it is not known."""
    note: str = ""
    """What is at hand, in words."""
    error: str = ""
    """Why it failed: a sentence for the user."""
    seconds: float = 0.0
    """How long it had been at work when ``done`` last grew; pauses do not count."""

    @property
    def under_way(self) -> bool:
        """Whether it goes on, or would if it were not paused."""
        return self.state in ("running", "paused")

    @property
    def fraction(self) -> float:
        """0..1; 0 while the total is not known."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    @property
    def eta_s(self) -> float | None:
        """Seconds that the rest takes at the rate so far; ``None`` where that cannot be told."""
        if not self.under_way or not self.done or self.total < self.done:
            return None
        return self.seconds / self.done * (self.total - self.done)


R = TypeVar("R", bound=Progress)


class Job(Generic[R]):
    """Works of one kind, one after the other; safe to use from any thread.

    ``name`` is the thread's; ``busy`` is what a second one is refused with while one goes on.
    """

    def __init__(self, name: str, news: News, busy: str) -> None:
        self._name, self._news, self._busy = name, news, busy
        self._guard = threading.Lock()
        self._record: R | None = None
        self._works: deque[Callable[[], None]] = deque()
        self._thread: threading.Thread | None = None
        self._going = threading.Event()
        self._worked, self._since = 0.0, 0.0
        self.stop = threading.Event()
        """Set when the work is to end; for what takes an event instead of :meth:`check`."""

    @property
    def now(self) -> R | None:
        """The job under way, or the last one until it is dismissed."""
        with self._guard:
            return self._record

    @property
    def busy(self) -> bool:
        """Whether one goes on, or is paused."""
        now = self.now
        return now is not None and now.under_way

    # ------------------------------------------------------------------ asking
    def begin(self, record: R, work: Callable[[], None]) -> None:
        """Begin ``work`` in a thread; ``record`` is what is known of it now.

        Raises
        ------
        ModelError
            If a job is under way.
        """
        with self._guard:
            if self._record is not None and self._record.under_way:
                raise ModelError(self._busy)
            self._record, self.stop = record, threading.Event()
            self._works = deque([work])
            self._worked, self._since = 0.0, time.monotonic()
            self._going.set()
            self._thread = threading.Thread(
                target=self._run, name=f"slava-{self._name}", daemon=True
            )
            self._thread.start()
        self._news.tell()

    def follow(self, work: Callable[[], None], change: Callable[[R], R]) -> bool:
        """Have ``work`` done after what is under way; false where nothing is."""
        with self._guard:
            if self._record is None or not self._record.under_way:
                return False
            self._record = change(self._record)
            self._works.append(work)
        self._news.tell()
        return True

    def cancel(self) -> None:
        """End after what is at hand; what waits is dropped."""
        with self._guard:
            self._works.clear()
            self.stop.set()
            self._going.set()

    def pause(self) -> None:
        """Let :meth:`check` wait until :meth:`resume`."""
        with self._guard:
            if self._record is None or self._record.state != "running" or self.stop.is_set():
                return
            self._record = replace(self._record, state="paused")
            self._worked += time.monotonic() - self._since
            self._going.clear()
        self._news.tell()

    def resume(self) -> None:
        """Go on."""
        with self._guard:
            if self._record is None or self._record.state != "paused":
                return
            self._record = replace(self._record, state="running")
            self._since = time.monotonic()
            self._going.set()
        self._news.tell()

    def dismiss(self) -> None:
        """Forget one that has ended."""
        with self._guard:
            if self._record is not None and not self._record.under_way:
                self._record = None
        self._news.tell()

    def wait(self, timeout_s: float = 60) -> None:
        """Wait for its end."""
        with self._guard:
            thread = self._thread
        if thread is not None:
            thread.join(timeout_s)

    def close(self, timeout_s: float) -> None:
        """Cancel, and wait for what is at hand."""
        self.cancel()
        self.wait(timeout_s)

    # ------------------------------------------------------------------ for the work
    def check(self) -> None:
        """Wait while it is paused.

        Raises
        ------
        Cancelled
            When it is to end.
        """
        self._going.wait()
        if self.stop.is_set():
            raise Cancelled("it was stopped.")

    def worked(self, seconds: float = 0.0) -> None:
        """So long it has been at work, as the time that is left is reckoned: not preparing."""
        with self._guard:
            self._worked, self._since = seconds, time.monotonic()

    def change(self, **changes: Any) -> None:
        """Give fields of the record other values."""
        self.update(lambda record: replace(record, **changes))

    def update(self, change: Callable[[R], R]) -> None:
        """Put what ``change`` makes of the record in its place."""
        with self._guard:
            before = self._record
            if before is None:
                return
            after = change(before)
            if after is before:
                return
            if after.done != before.done and before.state == "running":
                after = replace(after, seconds=self._worked + time.monotonic() - self._since)
            self._record = after
        self._news.tell()

    def _run(self) -> None:
        try:
            while (work := self._next()) is not None:
                work()
        except Cancelled:
            self._end("cancelled")
        except SlavaError as error:
            self._end("failed", str(error))
        except Exception as error:
            log.exception("%s failed", self._name)
            self._end("failed", f"it failed ({type(error).__name__}: {error}).")
        self._news.tell()

    def _next(self) -> Callable[[], None] | None:
        """The next work; without one the job has ended, and nothing can follow it any more."""
        with self._guard:
            if self._works:
                return self._works.popleft()
            if self._record is not None:
                ended: State = "cancelled" if self.stop.is_set() else "done"
                self._record = replace(self._record, state=ended)
            return None

    def _end(self, state: State, error: str = "") -> None:
        with self._guard:
            self._works.clear()
            if self._record is not None:
                self._record = replace(self._record, state=state, error=error)
