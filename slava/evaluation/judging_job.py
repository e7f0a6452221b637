"""From answers that are to be judged to the set of requests that a user agrees to, and its job.

The rules are the teacher's: consent to exactly these requests, a cap, a book, a log of what left.
What leaves are texts; those about confidential micrographs go to no other machine. It must not
know where answers come from, nor what is made of judgements.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from slava.domain import JudgeChoice, MicrographId
from slava.evaluation.judge_replies import (
    Replies,
    envelope_of,
    is_settled,
    is_sound,
    next_of,
    read_reply,
    turns_of,
)
from slava.evaluation.judging import ATTEMPTS, JudgeRequest, JudgeTask, judge_requests
from slava.metrics.kin import family, same_family
from slava.teacher.client import Teacher, place_of
from slava.teacher.consent import Consent, payload_hash
from slava.teacher.ledger import PAID, JobId, Ledger, RequestId
from slava.teacher.prices import Price
from slava.teacher.progress import Drafted
from slava.teacher.sending import Kept, SendingJob
from slava.teacher.sent_log import SentLog
from slava.teacher.terms import Terms


class JudgeServer(Teacher, Protocol):
    """Whoever judges: :class:`~slava.teacher.client.OpenAITeacher`."""

    @property
    def own_machine(self) -> bool:
        """Whether it is on this machine."""
        ...


@dataclass(frozen=True, slots=True)
class JudgePlan:
    """What is sent to a judge at most, as it is shown before anything leaves."""

    host: str
    model: str
    requests: tuple[JudgeRequest, ...]
    """All of them, also those whose replies are in the book: :func:`judgements_of` reads these."""
    price: Price
    left: int
    """Turns (item, measure, repeat) without a reply in the book; 0: there is nothing to send."""
    cost_usd: float
    """At most, of what is left, every further attempt included."""
    likely_usd: float
    held: tuple[MicrographId, ...] = ()
    """Confidential micrographs whose answers are left out."""
    notes: tuple[str, ...] = ()
    """What a reader has to know of this judge."""

    @property
    def payload_hash(self) -> str:
        """What a consent has to name."""
        return payload_hash(self.host, self.requests)

    @property
    def turns(self) -> int:
        """Replies that are wanted."""
        return sum(r.attempt == 0 for r in self.requests)

    def summary(self) -> dict[str, Any]:
        """What is sent and what it may cost, as plain values."""
        return {
            "host": self.host,
            "model": self.model,
            "replies_wanted": self.turns,
            "replies_left": self.left,
            "attempts_at_most": ATTEMPTS,
            "micrographs": len({r.micrograph_id for r in self.requests}),
            "pictures": 0,
            "cost_usd_at_most": round(self.cost_usd, 6),
            "cost_usd_likely": round(self.likely_usd, 6),
            "price_known": self.price.known,
            "rubrics": sorted({r.prompt.version for r in self.requests}),
            "payload_hash": self.payload_hash,
            "held": len(self.held),
            "notes": list(self.notes),
        }

    def payload(self, most: int | None = None) -> list[Mapping[str, Any]]:
        """The bodies, byte for byte as they leave; the first ones of each turn before others."""
        ordered = sorted(self.requests, key=lambda r: r.attempt)
        return [r.body for r in ordered[:most]]


def make_judge_plan(
    tasks: Sequence[JudgeTask],
    choice: JudgeChoice,
    price: Price,
    ledger: Ledger,
    *,
    is_confidential: Callable[[MicrographId], bool],
    seed: int = 0,
    teacher: str = "",
    again: int = 0,
) -> JudgePlan:
    """Prepare every request; nothing leaves.

    Parameters
    ----------
    price
        Of ``choice.model``; see :meth:`slava.teacher.prices.Prices.of`.
    is_confidential
        Tasks about these are left out, unless the judge is on this machine.
    teacher
        Who wrote the benchmarks; a judge of its family is named in the notes.
    again
        Above 0 for judging anew what was judged before.

    Raises
    ------
    BadInput
        If a task cannot be judged, or two are the same.
    BadSetting
        If the judge's URL is none.
    """
    host, own_machine = place_of(choice.url)
    secret: frozenset[MicrographId] = frozenset()
    if not stays_here(own_machine, price):
        secret = frozenset(i for i in {t.micrograph_id for t in tasks} if is_confidential(i))
    free = [t for t in tasks if t.micrograph_id not in secret]
    requests = judge_requests(
        free, choice.model, price, host=host, repeats=choice.repeats, seed=seed, again=again
    )
    first, all_of_them = _left(requests, ledger)
    return JudgePlan(
        host,
        choice.model,
        requests,
        price,
        len(first),
        sum(r.cost_usd for r in all_of_them.values()),
        sum(r.likely_usd for r in first.values()),
        tuple(sorted(secret)),
        _notes(choice.model, price, teacher),
    )


def stays_here(own_machine: bool, price: Price) -> bool:
    """Whether nothing leaves this machine: the judge is on it, and nobody asks money for it.

    A model with a price at a local address is a gateway to somewhere else.
    """
    return own_machine and price.free


class JudgingJob(SendingJob[JudgeRequest]):
    """Asks a judge; see :class:`~slava.teacher.sending.SendingJob`.

    A reply without a score for every answer is kept, and the next attempt of its turn is sent.
    """

    receiver = "a judge"

    def __init__(
        self,
        plan: JudgePlan,
        server: JudgeServer,
        ledger: Ledger,
        sent_log: SentLog,
        consent: Consent | None,
        *,
        is_confidential: Callable[[MicrographId], bool],
        terms: Terms | None = None,
        on_change: Callable[[Drafted], None] | None = None,
    ) -> None:
        here = stays_here(server.own_machine, plan.price)
        super().__init__(
            plan.requests,
            server,
            ledger,
            sent_log,
            plan.price,
            consent,
            job_id=job_id_of(plan),
            is_confidential=(lambda _: False) if here else is_confidential,
            terms=terms,
            on_change=on_change,
        )
        self._turns_of: dict[RequestId, list[tuple[JudgeRequest, ...]]] = {}
        for attempts in turns_of(plan.requests).values():
            for one in attempts:
                self._turns_of.setdefault(one.id, []).append(attempts)

    def _first(self) -> Sequence[JudgeRequest]:
        return [r for r in self._agreed if r.attempt == 0]

    def _body(self, request: JudgeRequest) -> Mapping[str, Any]:
        return request.body

    def _read(self, request: JudgeRequest, answer: str) -> Kept:
        envelope = envelope_of(answer)
        told = read_reply(answer, request, "")
        unsound = [j.reason for j in told if not is_sound(j)]
        state = "invalid" if unsound and envelope.state == "answered" else envelope.state
        made = len(told) - len(unsound)
        return Kept(state, envelope.tokens, unsound[0] if unsound else "", made=made)

    def _after(self, request: JudgeRequest, answer: str) -> Sequence[JudgeRequest]:
        """The next attempt, where the replies so far together leave an answer without a score."""

        def paid(request_id: RequestId) -> str | None:
            if request_id == request.id:
                return answer
            record = self._ledger.get(request_id)
            return record.raw_response if record and record.state in PAID else None

        found: list[JudgeRequest] = []
        for attempts in self._turns_of.get(request.id, ()):
            place = [one.id for one in attempts].index(request.id) + 1
            if not is_settled(attempts[:place], paid):
                found += attempts[place : place + 1]
        return found


def job_id_of(plan: JudgePlan) -> JobId:
    """The same requests to the same host are the same job."""
    return JobId(f"judge-{plan.payload_hash[:16]}")


def _left(
    requests: Sequence[JudgeRequest], ledger: Ledger
) -> tuple[dict[RequestId, JudgeRequest], dict[RequestId, JudgeRequest]]:
    """What is asked next of each turn that has no sound reply, and all that may be asked."""
    first: dict[RequestId, JudgeRequest] = {}
    every: dict[RequestId, JudgeRequest] = {}
    replies = Replies(ledger)
    for attempts in turns_of(requests).values():
        at = next_of(attempts, replies.paid)
        if at is not None:
            first[attempts[at].id] = attempts[at]
            every |= {r.id: r for r in attempts[at:]}
    return first, every


def _notes(model: str, price: Price, teacher: str) -> tuple[str, ...]:
    notes = []
    if not price.row.sampling:
        notes.append(f"{model} takes no temperature and no top_p; it judges with its own.")
    if not price.known:
        notes.append(f"What {model} costs is not known.")
    if same_family(model, teacher):
        notes.append(
            f"{model} is of the family {family(teacher)}, as is {teacher}, who wrote the "
            "benchmarks: it may like too well what its kin wrote."
        )
    return tuple(notes)
