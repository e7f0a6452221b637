"""Large jobs by the Batch API: half the price, an answer within a day.

One file of requests goes up, one file of answers comes back; the key of every line is the
request's id. Which batch belongs to a job stands in the batch's own metadata at the provider, so
that a process that was killed between any two steps finds it again instead of paying for another.
It must not know how the window shows any of this.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from slava.domain import MicrographId
from slava.errors import BadInput, EndpointFailed
from slava.teacher.client import OpenAITeacher
from slava.teacher.consent import Consent, require_consent
from slava.teacher.control import Control
from slava.teacher.drafting import Check, job_id_of
from slava.teacher.ledger import PAID, JobId, Ledger, RequestId
from slava.teacher.payload import Prepared, ReadMicrograph, make_pictures
from slava.teacher.prices import Price
from slava.teacher.schema import read_answer
from slava.teacher.sent_log import SentLog

MOST_BYTES = 150_000_000
"""Of one file; providers take 200 MB."""
MOST_REQUESTS = 5_000
TAG = "slava_job"
POLL_S = 30.0
_OVER = ("completed", "failed", "expired", "cancelled")

BatchState = Literal["waiting", "done", "failed"]


@dataclass(frozen=True, slots=True)
class BatchReport:
    """How far the batches of a job are."""

    job_id: JobId
    state: BatchState
    batches: Mapping[str, str] = field(default_factory=dict)
    """Id to the provider's own word for its state."""
    outcomes: Mapping[str, int] = field(default_factory=dict)
    pairs: int = 0
    spent_usd: float = 0.0


class BatchJob:
    """The same requests as a :class:`~slava.teacher.drafting.DraftingJob`, sent as batches.

    The cap holds for everything at once, because a batch cannot be stopped halfway.

    Raises
    ------
    BadInput
        If the consent is for something else, or everything together may exceed its cap.
    """

    def __init__(
        self,
        requests: Sequence[Prepared],
        teacher: OpenAITeacher,
        ledger: Ledger,
        sent_log: SentLog,
        read: ReadMicrograph,
        price: Price,
        consent: Consent | None,
        *,
        is_confidential: Callable[[MicrographId], bool],
        check: Check | None = None,
        job_id: JobId | None = None,
    ) -> None:
        require_consent(consent, teacher.host, requests)
        self.id = job_id or job_id_of(teacher.host, requests)
        self.control = Control()
        self._requests = {r.id: r for r in requests}
        self._teacher, self._ledger, self._log = teacher, ledger, sent_log
        self._read, self._price, self._check = read, price, check
        self._is_confidential = is_confidential
        self._cap = consent.cap_usd if consent else None
        self._asked_in: dict[str, list[RequestId]] = {}
        self._kept: set[str] = set()
        if self._cap is None and not price.free:
            raise BadInput(f"{price.model} costs money, or its price is unknown: give a cost cap.")

    def submit(self) -> BatchReport:
        """Send what is not on its way yet.

        Raises
        ------
        BadInput
            If a micrograph is confidential, or the cap may be exceeded.
        EndpointFailed
            If the provider does not take it.
        """
        secret = {i for r in self._requests.values() for i in r.ask.micrograph_ids}
        if any(self._is_confidential(i) for i in secret):
            raise BadInput("confidential micrographs are never sent to a teacher.")
        before = self.collect()
        flying = self._flying()
        left = [r for r in self._requests.values() if r.id not in flying and self._is_left(r)]
        self._require_cap(left, flying)
        for number, part in enumerate(_parts(left), len(before.batches)):
            self._submit(part, number)
        return self.collect()

    def collect(self) -> BatchReport:
        """Look once, and keep every answer that has come."""
        batches = self._batches()
        for batch in batches:
            if batch["status"] in _OVER:
                self._keep(batch)
        return self._report(batches)

    def wait(self, poll_s: float = POLL_S) -> BatchReport:
        """Collect until all batches are over; Cancelled when the control says so."""
        while (report := self.collect()).state == "waiting":
            self.control.check()
            self.control.sleep(poll_s)  # Ctrl+C leaves it at the provider
        return report

    # ------------------------------------------------------------------ sending
    def _is_left(self, request: Prepared) -> bool:
        record = self._ledger.begin(request.id, request.to_json(), self._cost(request), self.id)
        return record.state not in PAID

    def _cost(self, request: Prepared) -> float:
        read, written = request.tokens_read, request.tokens_written
        return self._price.cost_usd(read, written, batch=True)

    def _require_cap(self, left: Sequence[Prepared], flying: set[RequestId]) -> None:
        open_usd = sum(self._cost(r) for r in left)
        open_usd += sum(self._cost(r) for i, r in self._requests.items() if i in flying)
        total = self._ledger.spent(self.id) + open_usd
        if self._cap is not None and total > self._cap:
            raise BadInput(
                f"the batch may cost {total:.4f} USD, more than the cap of {self._cap:.4f}. "
                "Raise the cap or take fewer micrographs."
            )

    def _submit(self, part: Sequence[Prepared], number: int) -> None:
        lines = []
        for request in part:
            body = request.exact(make_pictures(request.ask, self._read, request.sending))
            line = {"custom_id": request.id, "method": "POST", "url": "/v1/chat/completions"}
            lines.append(json.dumps({**line, "body": body}))
            size = len(lines[-1].encode())
            self._log.write(self._teacher.host, request.id, size, request.ask.micrograph_ids)
        content = "\n".join(lines).encode()
        for request in part:
            self._ledger.mark_sent(request.id)
        api = self._teacher.api
        upload = ("requests.jsonl", content)
        file = self._asked(lambda: api.files.create(file=upload, purpose="batch"))
        self._asked(
            lambda: api.batches.create(
                input_file_id=file.id,
                endpoint="/v1/chat/completions",
                completion_window="24h",
                metadata={TAG: self.id},
                extra_headers={"Idempotency-Key": f"{self.id}-{number}-{part[0].id}"},
            )
        )

    # ------------------------------------------------------------------ collecting
    def _batches(self) -> list[dict[str, Any]]:
        """This job's batches, as the provider knows them now."""
        api = self._teacher.api
        listed = self._asked(lambda: list(api.batches.list(limit=100)))
        own = [b.id for b in listed if (b.metadata or {}).get(TAG) == self.id]
        return [self._asked(lambda i=i: api.batches.retrieve(i)).to_dict() for i in own]  # type: ignore[misc]

    def _flying(self) -> set[RequestId]:
        """Requests in batches that are not over."""
        waiting = [b for b in self._batches() if b["status"] not in _OVER]
        return {i for batch in waiting for i in self._members(batch)}

    def _members(self, batch: Mapping[str, Any]) -> list[RequestId]:
        """What a batch was asked, by its own file at the provider; read once."""
        name = str(batch["id"])
        if name not in self._asked_in:
            lines = self._lines(batch["input_file_id"])
            self._asked_in[name] = [RequestId(line["custom_id"]) for line in lines]
        return self._asked_in[name]

    def _keep(self, batch: Mapping[str, Any]) -> None:
        """Book the answers of a batch that is over; those that came not are not paid."""
        if batch["id"] in self._kept:
            return
        answered: set[RequestId] = set()
        for name in ("output_file_id", "error_file_id"):
            for line in self._lines(batch.get(name)):
                request = self._requests.get(RequestId(line["custom_id"]))
                if request is not None:
                    answered.add(request.id)
                    self._book(request, line)
        for request_id in self._members(batch):
            record = self._ledger.get(request_id)
            if request_id not in answered and record and record.state in ("sent", "uncertain"):
                self._ledger.finish(request_id, "failed", reason=f"the batch {batch['status']}.")
        self._kept.add(str(batch["id"]))

    def _book(self, request: Prepared, line: Mapping[str, Any]) -> None:
        record = self._ledger.get(request.id)
        if record is None or record.state in PAID:
            return
        response = line.get("response") or {}
        if response.get("status_code") != 200:
            said = json.dumps(response.get("body") or line.get("error"))[:300]
            self._ledger.finish(request.id, "failed", reason=f"the batch says: {said}")
            return
        answer = json.dumps(response["body"], ensure_ascii=False)
        reading = read_answer(answer, request.ask, request.drafting())
        tokens = reading.tokens or (request.tokens_read, request.tokens_written)
        cost = self._price.cost_usd(*tokens, batch=True)
        flags = self._check(reading.pairs, request) if self._check and reading.pairs else {}
        self._ledger.finish(
            request.id, reading.state, answer, cost, tokens, reading.pairs, flags, reading.reason
        )

    def _lines(self, file_id: str | None) -> Iterator[dict[str, Any]]:
        if not file_id:
            return
        content = self._asked(lambda: self._teacher.api.files.content(file_id).content)
        for line in content.splitlines():
            if line.strip():
                yield json.loads(line)

    def _report(self, batches: Sequence[Mapping[str, Any]]) -> BatchReport:
        outcomes: dict[str, int] = {}
        for request_id in self._requests:
            record = self._ledger.get(request_id)
            state = record.state if record else "prepared"
            outcomes[state] = outcomes.get(state, 0) + 1
        waiting = any(b["status"] not in _OVER for b in batches)
        state_: BatchState = "waiting" if waiting else "done"
        if not waiting and any(b["status"] == "failed" for b in batches):
            state_ = "failed"
        return BatchReport(
            self.id,
            state_,
            {str(b["id"]): str(b["status"]) for b in batches},
            outcomes,
            outcomes.get("answered", 0),
            self._ledger.spent(self.id),
        )

    def _asked(self, work: Callable[[], Any]) -> Any:
        """Ask the provider with its faults in words; a busy one is asked again a few times."""
        for attempt in range(4):
            try:
                return self._teacher.explained(work)
            except EndpointFailed as error:
                if attempt == 3 or not getattr(error, "again", False):
                    raise
                time.sleep(getattr(error, "after_s", None) or 2.0**attempt)
        raise AssertionError("unreachable")


def _parts(requests: Sequence[Prepared]) -> Iterator[list[Prepared]]:
    """As many in one file as providers take."""
    part: list[Prepared] = []
    size = 0
    for request in requests:
        one = request.picture_bytes * 4 // 3 + len(request.to_json())
        if part and (size + one > MOST_BYTES or len(part) == MOST_REQUESTS):
            yield part
            part, size = [], 0
        part.append(request)
        size += one
    if part:
        yield part
