"""How a job waits between attempts, and when it sees that a server is down.

It must not know what is sent.
"""

from __future__ import annotations

import threading
import time

from slava.teacher.control import Control
from slava.teacher.terms import Backoff

TROUBLE = 5
"""So many requests in a row that fail after all their attempts end the job: the server is down."""


class Pace:
    """Shared by the threads of one job."""

    def __init__(self, backoff: Backoff, control: Control) -> None:
        self.attempts = backoff.attempts
        self._backoff, self._control = backoff, control
        self._guard = threading.Lock()
        self._not_before, self._in_a_row = 0.0, 0

    def hold(self) -> None:
        """Wait while the job is paused, or the server has asked for a pause.

        Raises
        ------
        Cancelled
            When the job is to end.
        """
        self._control.check()
        with self._guard:
            wait_s = self._not_before - time.monotonic()
        if wait_s > 0:
            self._control.sleep(wait_s)

    def again(self, allowed: bool, attempt: int, after_s: float | None = None) -> bool:
        """Whether to try once more; waits first. A server that asks for a pause holds all."""
        if not allowed or attempt == self.attempts:
            return False
        wait_s = self._backoff.wait_s(attempt, after_s)
        if after_s:
            with self._guard:
                self._not_before = max(self._not_before, time.monotonic() + after_s)
        self._control.sleep(wait_s)
        return True

    def answered(self) -> None:
        """The server is up."""
        with self._guard:
            self._in_a_row = 0

    def gave_up(self) -> bool:
        """A request failed after all its attempts; whether the server seems to be down."""
        with self._guard:
            self._in_a_row += 1
            return self._in_a_row >= TROUBLE
