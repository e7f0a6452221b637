"""The cost cap: what is spent, what is on its way, and what may have been paid without an answer.

It must not know what is sent.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from slava.errors import Cancelled
from slava.teacher.control import Control
from slava.teacher.ledger import RequestId

_POLL_S = 0.2
_ROUNDING = 1e-9


class Purse:
    """Lets a request go only while everything together stays within the cap; any thread.

    Parameters
    ----------
    cap_usd
        None where nothing costs anything.
    spent_usd
        By this job, before.
    maybe_usd
        At most, by requests of which nobody knows whether they were paid.
    once
        Whether all attempts of one request are paid once, because its key is honoured.
    """

    def __init__(
        self,
        cap_usd: float | None,
        spent_usd: float,
        maybe_usd: Mapping[RequestId, float],
        *,
        once: bool,
    ) -> None:
        self.cap_usd = cap_usd
        self._spent, self._maybe, self._once = spent_usd, dict(maybe_usd), once
        self._flying: dict[RequestId, float] = {}
        self._change = threading.Condition()

    @property
    def spent_usd(self) -> float:
        """For certain."""
        with self._change:
            return self._spent

    @property
    def maybe_usd(self) -> float:
        """At most, by requests that are uncertain or on their way."""
        with self._change:
            return self._open()

    @property
    def both_usd(self) -> tuple[float, float]:
        """Spent for certain, and maybe besides, of the same moment."""
        with self._change:
            return self._spent, self._open()

    @property
    def flying(self) -> int:
        """Requests on their way."""
        with self._change:
            return len(self._flying)

    def take(self, request_id: RequestId, at_most_usd: float, control: Control) -> bool:
        """Set money aside for a request, waiting for those on their way; false if it exceeds.

        Raises
        ------
        Cancelled
            When the job is to end meanwhile.
        """
        with self._change:
            while True:
                if control.stop.is_set():
                    raise Cancelled("it was cancelled.")
                self._flying[request_id] = at_most_usd
                if self.cap_usd is None or self._spent + self._open() <= self.cap_usd + _ROUNDING:
                    return True
                del self._flying[request_id]
                if not self._flying:
                    return False
                self._change.wait(_POLL_S)

    def spent_before(self, usd: float) -> None:
        """So much has been spent already."""
        with self._change:
            self._spent += usd

    def may_have_paid(self, request_id: RequestId, at_most_usd: float) -> None:
        """Nobody knows whether an attempt of an earlier run was paid."""
        with self._change:
            self._maybe[request_id] = at_most_usd

    def free(self, request_id: RequestId) -> None:
        """It was not taken; nothing is paid for this attempt."""
        with self._change:
            self._flying.pop(request_id, None)
            self._change.notify_all()

    def doubt(self, request_id: RequestId) -> None:
        """Nobody knows whether this attempt was paid."""
        with self._change:
            at_most = self._flying.pop(request_id, 0.0)
            before = 0.0 if self._once else self._maybe.get(request_id, 0.0)
            self._maybe[request_id] = before + at_most
            self._change.notify_all()

    def pay(self, request_id: RequestId, cost_usd: float) -> None:
        """It was answered and cost this much."""
        with self._change:
            self._flying.pop(request_id, None)
            if self._once:
                self._maybe.pop(request_id, None)
            self._spent += cost_usd
            self._change.notify_all()

    def _open(self) -> float:
        """What may come on top of what is spent; repeats of one request count once or each."""
        ids = self._maybe.keys() | self._flying.keys()
        both = [(self._maybe.get(i, 0.0), self._flying.get(i, 0.0)) for i in ids]
        return sum(max(one) if self._once else sum(one) for one in both)
