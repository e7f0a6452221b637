"""What a teacher was asked and what it answered and cost: nothing paid is paid again.

It keeps :class:`slava.teacher.ledger.Ledger`. Every call is one transaction that is on the disk
when it returns; an answer and its pairs are written in the same one. It must not know how pairs
are made of an answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from slava.domain import Flag, PairId, QAPair
from slava.errors import BadSetting, NotFound
from slava.teacher.ledger import DraftRequest, JobId, RequestId, RequestState
from store.clock import now
from store.database import Database, Row
from store.pair_adding import insert_pairs
from store.waiting import Waiting

JobStatus = Literal["running", "paused", "done", "stopped", "failed", "interrupted"]

_REQUEST = (
    "id, job_id, state, payload_json, estimated_cost_usd, raw_response, cost_usd, tokens_read, "
    "tokens_written, reason, attempts, prepared_at, sent_at, finished_at"
)
_JOB = "id, total, status, cap_usd, settings, reason, started_at, finished_at"


@dataclass(frozen=True, slots=True)
class DraftJob:
    """Requests that were wanted together."""

    id: JobId
    total: int
    """How many requests it is going to make."""
    status: JobStatus
    cap_usd: float | None
    """It stops before it costs more."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What was chosen: enough to go on with it."""
    reason: str = ""
    """Why it did not end as wished."""
    started_at: str = ""
    finished_at: str = ""


class Drafts:
    """``store.drafts``."""

    def __init__(self, database: Database, waiting: Waiting) -> None:
        self._database, self._waiting = database, waiting

    def begin(
        self, request_id: RequestId, payload_json: str, estimated_cost: float, job_id: JobId
    ) -> DraftRequest:
        """Write down a request before it is sent; see :meth:`Ledger.begin`."""
        with self._database.writing() as transaction:
            row = transaction.row("SELECT state FROM draft_requests WHERE id = ?", request_id)
            if row is None:
                transaction.run(
                    f"INSERT INTO draft_requests ({_REQUEST}, seq) SELECT ?, ?, 'prepared', ?, ?, "
                    "'', 0, 0, 0, '', 0, ?, '', '', coalesce(max(seq) + 1, 0) FROM draft_requests",
                    *(request_id, job_id, payload_json, float(estimated_cost), now()),
                )
            elif row[0] in ("prepared", "failed"):
                transaction.run(
                    "UPDATE draft_requests SET job_id = ?, state = 'prepared', payload_json = ?, "
                    "estimated_cost_usd = ?, reason = '', prepared_at = ? WHERE id = ?",
                    *(job_id, payload_json, float(estimated_cost), now(), request_id),
                )
        return self._require(request_id)

    def mark_sent(self, request_id: RequestId) -> None:
        """It leaves now.

        Raises
        ------
        NotFound
            When there is no such request.
        """
        self._require(request_id)
        with self._database.writing() as transaction:
            transaction.run(
                "UPDATE draft_requests SET state = 'sent', attempts = attempts + 1, sent_at = ? "
                "WHERE id = ?",
                *(now(), request_id),
            )

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
        """Write down what became of it, with its pairs and their flags, all or nothing.

        Raises
        ------
        NotFound
            When there is no such request, or a pair speaks of a micrograph that is gone.
        BadSetting
            When a request cannot end in this state.
        """
        if state not in get_args(RequestState) or state in ("prepared", "sent"):
            raise BadSetting(f"A request to a teacher cannot end as {state!r}.")
        self._require(request_id)
        moment = now()
        with self._database.writing() as transaction:
            insert_pairs(transaction, pairs, flags or {}, moment)
            transaction.run(
                "UPDATE draft_requests SET state = ?, raw_response = ?, cost_usd = cost_usd + ?, "
                "tokens_read = ?, tokens_written = ?, reason = ?, finished_at = ? WHERE id = ?",
                *(state, raw_response, float(cost_usd), *tokens, reason, moment, request_id),
            )
        if pairs:
            self._waiting.changed()

    def get(self, request_id: RequestId) -> DraftRequest | None:
        """The request, or ``None``."""
        row = self._database.row(f"SELECT {_REQUEST} FROM draft_requests WHERE id = ?", request_id)
        return _request_from(row) if row else None

    def list_requests(
        self, job_id: JobId | None = None, state: RequestState | None = None
    ) -> list[DraftRequest]:
        """Requests in the order in which they were prepared."""
        rows = self._database.rows(
            f"SELECT {_REQUEST} FROM draft_requests WHERE coalesce(job_id = ?, true) "
            "AND coalesce(state = ?, true) ORDER BY seq",
            *(job_id, state),
        )
        return [_request_from(row) for row in rows]

    def list_outcomes(self, job_id: JobId, state: RequestState, limit: int) -> list[DraftRequest]:
        """The first requests of a job that are in a state, without what came back."""
        columns = _REQUEST.replace("raw_response", "'' AS raw_response")
        rows = self._database.rows(
            f"SELECT {columns} FROM draft_requests WHERE job_id = ? AND state = ? "
            "ORDER BY seq LIMIT ?",
            *(job_id, state, int(limit)),
        )
        return [_request_from(row) for row in rows]

    def count_outcomes(self) -> dict[JobId, dict[RequestState, int]]:
        """How many requests of every job are in each state."""
        counts: dict[JobId, dict[RequestState, int]] = {}
        for job_id, state, count in self._database.rows(
            "SELECT job_id, state, count(*) FROM draft_requests GROUP BY job_id, state "
            "ORDER BY state"
        ):
            counts.setdefault(JobId(job_id), {})[state] = int(count)
        return counts

    def spent(self, job_id: JobId | None = None) -> float:
        """USD that the requests of a job, or all, have cost for certain."""
        row = self._database.row(
            "SELECT coalesce(sum(cost_usd), 0) FROM draft_requests "
            "WHERE coalesce(job_id = ?, true)",
            job_id,
        )
        return float(row[0]) if row else 0.0

    def interrupt_sent(self) -> int:
        """Requests that an ended process had sent become ``uncertain``. Returns how many."""
        with self._database.writing() as transaction:
            found = transaction.rows(
                "UPDATE draft_requests SET state = 'uncertain', "
                "reason = 'sLAVA ended before the answer came; it may have been paid.' "
                "WHERE state = 'sent' RETURNING id"
            )
            transaction.run("UPDATE draft_jobs SET status = 'interrupted' WHERE status = 'running'")
        return len(found)

    def add_job(
        self,
        job_id: JobId,
        total: int,
        cap_usd: float | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> DraftJob:
        """Begin a job; one of this id that is there goes on with the new total and cap."""
        with self._database.writing() as transaction:
            transaction.run(
                f"INSERT INTO draft_jobs ({_JOB}) VALUES (?, ?, 'running', ?, ?, '', ?, '') "
                "ON CONFLICT (id) DO UPDATE SET total = excluded.total, status = 'running', "
                "cap_usd = excluded.cap_usd, settings = excluded.settings, reason = '', "
                "finished_at = ''",
                *(job_id, int(total), cap_usd, json.dumps(dict(settings or {})), now()),
            )
        return self.get_job(job_id)

    def get_job(self, job_id: JobId) -> DraftJob:
        """The job.

        Raises
        ------
        NotFound
            When there is none of this id.
        """
        row = self._database.row(f"SELECT {_JOB} FROM draft_jobs WHERE id = ?", job_id)
        if row is None:
            raise NotFound(f"There is no drafting job {job_id!r}. Choose one from the list.")
        return _job_from(row)

    def list_jobs(self) -> list[DraftJob]:
        """Last begun first."""
        rows = self._database.rows(f"SELECT {_JOB} FROM draft_jobs ORDER BY started_at DESC, id")
        return [_job_from(row) for row in rows]

    def set_job_status(self, job_id: JobId, status: JobStatus, reason: str = "") -> DraftJob:
        """Say how a job goes on or has ended."""
        if status not in get_args(JobStatus):
            known = ", ".join(get_args(JobStatus))
            raise BadSetting(f"A drafting job cannot be {status!r}. Use one of: {known}.")
        self.get_job(job_id)
        ended = "" if status in ("running", "paused") else now()
        with self._database.writing() as transaction:
            transaction.run(
                "UPDATE draft_jobs SET status = ?, reason = ?, finished_at = ? WHERE id = ?",
                *(status, reason, ended, job_id),
            )
        return self.get_job(job_id)

    def _require(self, request_id: RequestId) -> DraftRequest:
        found = self.get(request_id)
        if found is None:
            raise NotFound(f"There is no request {request_id!r} to a teacher. Prepare it first.")
        return found


def _request_from(row: Row) -> DraftRequest:
    said = dict(zip(_REQUEST.split(", "), row, strict=True))
    tokens = (said.pop("tokens_read"), said.pop("tokens_written"))
    return DraftRequest(**said, tokens=tokens)


def _job_from(row: Row) -> DraftJob:
    job_id, total, status, cap_usd, settings, *rest = row
    return DraftJob(job_id, total, status, cap_usd, json.loads(settings), *rest)
