"""How a drafting job goes about it: how many at a time, how patiently, what is asked again.

It must not know what is sent.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from slava.errors import BadSetting
from slava.teacher.ledger import RequestState


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before a request is sent again."""

    attempts: int = 6
    first_s: float = 1.0
    most_s: float = 60.0

    def wait_s(self, attempt: int, asked_s: float | None) -> float:
        """Doubled with every attempt, with jitter; no less than the server asks for."""
        longest = min(self.most_s, self.first_s * 2 ** (attempt - 1))
        return max(asked_s or 0.0, longest * random.uniform(0.5, 1.0))


@dataclass(frozen=True, slots=True)
class Terms:
    """How a job goes about it."""

    concurrency: int = 4
    backoff: Backoff = field(default_factory=Backoff)
    resend_uncertain: bool = False
    """The user accepts that uncertain requests may be paid twice."""
    again: tuple[RequestState, ...] = ()
    """Paid requests without pairs that are asked once more, such as ``truncated``."""

    def __post_init__(self) -> None:
        if not 1 <= self.concurrency <= 64:
            raise BadSetting(f"concurrency {self.concurrency} is not in 1..64.")
