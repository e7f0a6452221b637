"""The book of requests to a teacher: what was prepared, sent, answered and paid.

Drafting writes every step here before it takes it, so that a process that is killed at any moment
leaves a book that says what may have been paid for. It must not know how the book is kept: the
workspace keeps it in its database (:mod:`store.drafts`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NewType, Protocol

from slava.domain import Flag, PairId, QAPair

RequestId = NewType("RequestId", str)
"""SHA-256 (64 hex digits) of micrographs, prompt, model and parameters; also the idempotency
key that goes out with the request."""

JobId = NewType("JobId", str)

RequestState = Literal[
    "prepared", "sent", "answered", "refused", "truncated", "invalid", "failed", "uncertain"
]
"""``sent``: on its way; nobody knows yet whether it is paid. ``answered``: it became pairs.
``refused``, ``truncated``, ``invalid``: paid, kept as it came, never pairs. ``failed``: the
teacher did not take it, nothing is paid. ``uncertain``: it was on its way when the process or the
connection ended; it may be paid."""

PAID: tuple[RequestState, ...] = ("answered", "refused", "truncated", "invalid")
"""These are not sent again by themselves."""

MAYBE_PAID: tuple[RequestState, ...] = ("sent", "uncertain")


@dataclass(frozen=True, slots=True)
class DraftRequest:
    """One request to a teacher, with all that became of it."""

    id: RequestId
    job_id: JobId
    """The job that prepared it last."""
    state: RequestState
    payload_json: str
    """What is sent, pictures replaced by their hashes and sizes."""
    estimated_cost_usd: float
    """At most this is paid, as far as can be told beforehand."""
    raw_response: str = ""
    """The body as it came, whatever it is."""
    cost_usd: float = 0.0
    """All that this request has cost, repeats included."""
    tokens: tuple[int, int] = (0, 0)
    """Read and written by the teacher, as it says itself; of the newest answer."""
    reason: str = ""
    """Why there are no pairs, in one sentence."""
    attempts: int = 0
    """How often it was marked as sent."""
    prepared_at: str = ""
    sent_at: str = ""
    finished_at: str = ""


class Ledger(Protocol):
    """Every method is one transaction that is on the disk when it returns; from any thread."""

    def begin(
        self, request_id: RequestId, payload_json: str, estimated_cost: float, job_id: JobId
    ) -> DraftRequest:
        """Write down a request that is to be sent; state ``prepared``.

        Where the id is known already, only a request that is ``prepared`` or ``failed`` changes:
        it becomes ``prepared`` under the new job. Any other is returned as it stands; whoever
        wants to send it again goes on to :meth:`mark_sent`, which takes every state.
        """
        ...

    def mark_sent(self, request_id: RequestId) -> None:
        """It leaves now: state ``sent``, one attempt more. NotFound when there is no such id."""
        ...

    def finish(
        self,
        request_id: RequestId,
        state: RequestState,
        raw_response: str = "",
        cost_usd: float = 0.0,
        tokens: tuple[int, int] = (0, 0),
        pairs: Sequence[QAPair] = (),
        flags: Mapping[PairId, Sequence[Flag]] | None = None,
        reason: str = "",
    ) -> None:
        """Write down what became of it, and its pairs with their flags, all or nothing.

        ``cost_usd`` is added to what the request has cost before. A pair that is there already
        (the same id) stays as it is, with its reviews. NotFound when there is no such id.
        """
        ...

    def get(self, request_id: RequestId) -> DraftRequest | None:
        """The request, or None."""
        ...

    def list_requests(
        self, job_id: JobId | None = None, state: RequestState | None = None
    ) -> list[DraftRequest]:
        """Requests in the order in which they were prepared."""
        ...

    def spent(self, job_id: JobId | None = None) -> float:
        """USD that the requests of a job, or all of them, have cost for certain."""
        ...
