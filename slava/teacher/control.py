"""Pausing, resuming and cancelling a job, from any thread. It must not know what the job does."""

from __future__ import annotations

import threading
import time

from slava.errors import Cancelled


class Control:
    """What a window's buttons press and a job's threads look at."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self._going = threading.Event()
        self._going.set()
        self._guard = threading.Lock()
        self._reason = ""

    @property
    def paused(self) -> bool:
        return not self._going.is_set() and not self.stop.is_set()

    @property
    def reason(self) -> str:
        """Why it paused by itself; empty when the user paused it."""
        with self._guard:
            return self._reason

    def pause(self, reason: str = "") -> None:
        """Send nothing more until :meth:`resume`; what is on its way is waited for."""
        with self._guard:
            self._reason = reason
        self._going.clear()

    def resume(self) -> None:
        """Go on."""
        with self._guard:
            self._reason = ""
        self._going.set()

    def cancel(self) -> None:
        """Send nothing more; what is on its way is waited for, because it is paid."""
        self.stop.set()
        self._going.set()

    def check(self) -> None:
        """Wait while paused.

        Raises
        ------
        Cancelled
            When the job is to end.
        """
        self._going.wait()
        if self.stop.is_set():
            raise Cancelled("it was cancelled.")

    def sleep(self, seconds: float) -> None:
        """Wait so long; Cancelled as soon as the job is to end."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self.stop.wait(min(left, 60.0)):
                raise Cancelled("it was cancelled.")
