"""How far a job is: requests by what became of them, pairs or judgements, money, time left.

It must not know how requests are sent.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from slava.teacher.ledger import JobId, RequestState

if TYPE_CHECKING:
    from slava.teacher.control import Control
    from slava.teacher.money import Purse

DraftState = Literal["running", "paused", "done", "cancelled", "failed", "capped"]
"""``capped``: the cost cap allows no further request. ``failed``: nothing more can be sent."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """A snapshot of a job."""

    job_id: JobId
    state: DraftState
    total: int
    outcomes: Mapping[RequestState, int] = field(default_factory=dict)
    """Of the requests that are over, found so or become so."""
    found: int = 0
    """Of these, how many were over before: nothing is paid for them again."""
    pairs: int = 0
    """Drafted by this run; of a job that judges, judgements with a score or "not applicable"."""
    flying: int = 0
    """Requests on their way."""
    attempts: int = 0
    """How often something left."""
    spent_usd: float = 0.0
    maybe_usd: float = 0.0
    """At most, besides: on the way or uncertain."""
    cap_usd: float | None = None
    seconds: float = 0.0
    reason: str = ""
    """Why it paused or ended, where the user did not do so."""

    @property
    def done(self) -> int:
        """Requests that are over."""
        return sum(self.outcomes.values())

    @property
    def eta_s(self) -> float | None:
        """Seconds that the rest takes at the rate so far; None where that cannot be told."""
        fresh = self.done - self.found
        if self.state != "running" or fresh < 1:
            return None
        return self.seconds / fresh * (self.total - self.done)


class Tally:
    """Counts for :class:`Drafted`; safe to use from any thread."""

    def __init__(self, job_id: JobId) -> None:
        self._job_id, self._total = job_id, 0
        self._guard = threading.Lock()
        self._outcomes: Counter[RequestState] = Counter()
        self._found = self._pairs = self._attempts = 0
        self._began = time.monotonic()
        self._ended: tuple[DraftState, str, float] | None = None

    def expect(self, more: int) -> None:
        """So many requests more belong to the job."""
        with self._guard:
            self._total += more

    def found(self, state: RequestState) -> None:
        """A request that is not sent: it was over before, or nobody knows."""
        with self._guard:
            self._outcomes[state] += 1
            self._found += 1

    def sent(self) -> None:
        """Something leaves."""
        with self._guard:
            self._attempts += 1

    def finished(self, state: RequestState, pairs: int) -> None:
        """A request is over."""
        with self._guard:
            self._outcomes[state] += 1
            self._pairs += pairs

    def end(self, state: DraftState, reason: str) -> None:
        """The job is over."""
        with self._guard:
            self._ended = (state, reason, time.monotonic() - self._began)

    def snapshot(self, purse: Purse, control: Control) -> Drafted:
        """Everything as it stands."""
        spent, maybe = purse.both_usd
        with self._guard:
            state: DraftState = "paused" if control.paused else "running"
            reason, seconds = control.reason, time.monotonic() - self._began
            if self._ended is not None:
                state, reason, seconds = self._ended
            return Drafted(
                self._job_id,
                state,
                self._total,
                dict(self._outcomes),
                self._found,
                self._pairs,
                purse.flying,
                self._attempts,
                spent,
                maybe,
                purse.cap_usd,
                seconds,
                reason,
            )
