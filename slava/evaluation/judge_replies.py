"""Judgements read out of a judge's raw replies, each time anew, and what is still to be asked.

It must not know how requests are made or sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from slava.evaluation.judging import JudgeRequest, Turn
from slava.metrics.judged import Judgement, read_judgements
from slava.metrics.kin import same_family
from slava.teacher.envelope import Envelope, open_envelope
from slava.teacher.ledger import PAID, DraftRequest, JobId, Ledger, RequestId


def read_reply(
    raw: str, request: JudgeRequest, judge: str, *, same_family: bool = False
) -> tuple[Judgement, ...]:
    """One judgement per answer out of a body as it came; without a score where it gives none."""
    envelope = envelope_of(raw)
    if envelope.state == "answered":
        return read_judgements(envelope.words, request.prompt, judge, same_family=same_family)
    none = read_judgements("", request.prompt, judge, same_family=same_family)
    return tuple(replace(j, reason=envelope.reason, raw=envelope.words or raw) for j in none)


def envelope_of(raw: str) -> Envelope:
    """The words of a judge's reply."""
    return open_envelope(raw, "judge")


def is_sound(judgement: Judgement) -> bool:
    """Whether it is a score, or a "not applicable" where that is an answer."""
    return judgement.state in ("scored", "not_applicable")


def turns_of(requests: Sequence[JudgeRequest]) -> Mapping[Turn, tuple[JudgeRequest, ...]]:
    """The attempts of every turn, first to last."""
    found: dict[Turn, list[JudgeRequest]] = {}
    for request in requests:
        found.setdefault(request.turn, []).append(request)
    return {k: tuple(sorted(v, key=lambda r: r.attempt)) for k, v in found.items()}


class Replies:
    """What the book holds for requests, fetched by the job that they belong to, not one by one."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._known: dict[RequestId, DraftRequest] = {}
        self._jobs: set[JobId] = set()

    def paid(self, request_id: RequestId) -> str | None:
        """The body that was paid for, as it came; None where there is none."""
        record = self._known.get(request_id) or self._ledger.get(request_id)
        if record is None:
            return None
        if record.job_id not in self._jobs:
            self._jobs.add(record.job_id)
            self._known |= {r.id: r for r in self._ledger.list_requests(record.job_id)}
        return record.raw_response if record.state in PAID else None


def judgements_of(
    requests: Sequence[JudgeRequest], ledger: Ledger, judge: str, teacher: str = ""
) -> dict[tuple[str, str], tuple[Judgement, ...]]:
    """Judgements by item and model, out of every reply in the book.

    Each repeat brings those without a score that came first, as they are, and then the one that
    counts; nothing, where it has not been asked.

    Parameters
    ----------
    judge
        The model, as judgements name it.
    teacher
        Who wrote the benchmarks, or drafted what a model was trained on; a judge of its family is
        flagged.
    """
    kin, replies = same_family(judge, teacher), Replies(ledger)
    found: dict[tuple[str, str], list[Judgement]] = {}
    for attempts in turns_of(requests).values():
        for one in _of_turn(attempts, replies, judge, kin):
            found.setdefault((one.item, one.model), []).append(one)
    return {k: tuple(v) for k, v in found.items()}


def next_of(
    attempts: Sequence[JudgeRequest], paid: Callable[[RequestId], str | None]
) -> int | None:
    """Which attempt of a turn is to be sent next; ``None`` where every answer has its score, be it
    of several replies, or all attempts are paid."""
    for place, request in enumerate(attempts):
        if is_settled(attempts[:place], paid):
            return None
        if paid(request.id) is None:
            return place
    return None


def is_settled(attempts: Sequence[JudgeRequest], paid: Callable[[RequestId], str | None]) -> bool:
    """Whether the replies to these attempts of a turn give a score to every answer."""
    settled: set[str] = set()
    for request in attempts:
        raw = paid(request.id)
        told = read_reply(raw, request, "") if raw is not None else ()
        settled |= {one.model for one in told if is_sound(one)}
    return bool(attempts) and len(settled) == len(attempts[0].prompt.letters)


def _of_turn(
    attempts: Sequence[JudgeRequest], replies: Replies, judge: str, kin: bool
) -> Iterator[Judgement]:
    settled: set[str] = set()
    for request in attempts:
        raw = replies.paid(request.id)
        if raw is None or len(settled) == len(request.prompt.letters):
            return
        for one in read_reply(raw, request, judge, same_family=kin):
            if one.model not in settled:
                yield one
            if is_sound(one):
                settled.add(one.model)
