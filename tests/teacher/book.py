"""A book of requests in memory, and drawn micrographs to draft about."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slava.domain import (
    Calibration,
    Databar,
    Fact,
    Flag,
    Instrument,
    Micrograph,
    MicrographId,
    PairId,
    QAPair,
)
from slava.errors import NotFound
from slava.packs import load_pack
from slava.teacher.consent import Consent
from slava.teacher.drafting import DraftingJob
from slava.teacher.ledger import DraftRequest, JobId, RequestId, RequestState
from slava.teacher.plan import Plan, Wanted, make_plan
from slava.teacher.prices import load_prices
from slava.teacher.sent_log import SentLog
from slava.teacher.subject import Subject
from slava.teacher.terms import Backoff, Terms

SECRET_NAME = "Kowalczyk_project_Zephyr_0042.tif"
MODEL = "gpt-4o"
PRICE = load_prices().of(MODEL)
QUICK = Backoff(attempts=4, first_s=0.01, most_s=0.02)


class MemoryLedger:
    """The protocol of the book, for as long as the test runs."""

    def __init__(self) -> None:
        self.requests: dict[RequestId, DraftRequest] = {}
        self.pairs: dict[PairId, QAPair] = {}
        self.flags: dict[PairId, tuple[Flag, ...]] = {}
        self.history: list[tuple[RequestId, str]] = []
        self.fail_next = 0
        """So many writes of an answer fail as on a full disk."""
        self._guard = threading.RLock()

    def begin(
        self, request_id: RequestId, payload_json: str, estimated_cost: float, job_id: JobId
    ) -> DraftRequest:
        with self._guard:
            known = self.requests.get(request_id)
            if known is None:
                known = DraftRequest(request_id, job_id, "prepared", payload_json, estimated_cost)
            elif known.state in ("prepared", "failed"):
                known = replace(known, job_id=job_id, state="prepared", reason="")
            self.requests[request_id] = known
            return known

    def mark_sent(self, request_id: RequestId) -> None:
        self._change(request_id, "sent", attempts=self.requests[request_id].attempts + 1)

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
        with self._guard:
            if state == "answered" and self.fail_next:
                self.fail_next -= 1
                raise OSError(28, "No space left on device")
            cost = self.requests[request_id].cost_usd + cost_usd
            self._change(
                request_id, state, raw_response=raw_response, cost_usd=cost, tokens=tokens,
                reason=reason,
            )  # fmt: skip
            self.pairs |= {p.id: p for p in pairs}
            self.flags |= {k: tuple(v) for k, v in (flags or {}).items()}

    def get(self, request_id: RequestId) -> DraftRequest | None:
        with self._guard:
            return self.requests.get(request_id)

    def list_requests(
        self, job_id: JobId | None = None, state: RequestState | None = None
    ) -> list[DraftRequest]:
        with self._guard:
            return [
                r
                for r in self.requests.values()
                if job_id in (None, r.job_id) and state in (None, r.state)
            ]

    def spent(self, job_id: JobId | None = None) -> float:
        return sum(r.cost_usd for r in self.list_requests(job_id))

    def states(self) -> list[str]:
        return sorted(r.state for r in self.requests.values())

    def _change(self, request_id: RequestId, state: RequestState, **changes: Any) -> None:
        with self._guard:
            if request_id not in self.requests:
                raise NotFound(f"no request {request_id}")
            self.requests[request_id] = replace(self.requests[request_id], state=state, **changes)
            self.history.append((request_id, state))


def drawn(seed: int = 0, **changes: Any) -> tuple[Micrograph, NDArray[np.uint16]]:
    """A calibrated micrograph of 16 bits with a databar, and its grey values."""
    rng = np.random.default_rng(seed)
    grey = rng.integers(500, 4000, (160, 200)).astype(np.uint16)
    grey[140:] = 65535
    micrograph = Micrograph(
        MicrographId(hashlib.sha256(grey.tobytes()).hexdigest()),
        SECRET_NAME,
        "TIFF",
        200,
        160,
        16,
        grey.nbytes,
        calibration=Calibration(3.2, "sidecar", f"{SECRET_NAME}.hdr"),
        instrument=Instrument("TESCAN", "MIRA-Kowalczyk", acquired_at="2024-05-06T07:08:09"),
        databar=Databar(140, 160),
        notes="client: Zephyr Ltd, do not tell",
    )
    return replace(micrograph, **changes), grey


FACTS = (
    Fact("particle_diameter_mean", "Mean particle diameter", 452.0, "nm", 31.0, "watershed"),
    Fact("pixel_size", "Pixel size", 3.2, "nm", None, f"sidecar ({SECRET_NAME}.hdr)"),
    Fact("instrument", "Instrument", "TESCAN MIRA-Kowalczyk", "", None, "the file's metadata"),
)


class Shelf:
    """Drawn micrographs by id."""

    def __init__(self, count: int = 1, **changes: Any) -> None:
        both = [drawn(seed, **changes) for seed in range(count)]
        self.known = {m.id: (m, grey) for m, grey in both}
        self.confidential: set[MicrographId] = set()

    @property
    def subjects(self) -> list[Subject]:
        return [Subject(m, FACTS, "particles", "paper 1") for m, _ in self.known.values()]

    def read(self, micrograph_id: MicrographId) -> tuple[Micrograph, Any]:
        return self.known[micrograph_id]

    def is_confidential(self, micrograph_id: MicrographId) -> bool:
        return micrograph_id in self.confidential

    def plan(self, host: str = "127.0.0.1", **wanted: Any) -> Plan:
        chosen = Wanted(wanted.pop("pack", load_pack()), **wanted)
        return make_plan(self.subjects, chosen, read=self.read, host=host, model=MODEL, price=PRICE)

    def job(
        self,
        plan: Plan,
        teacher: Any,
        ledger: Any,
        folder: Any,
        cap_usd: float | None = 5.0,
        **more: Any,
    ) -> DraftingJob:
        terms = more.pop("terms", Terms(4, QUICK))
        return DraftingJob(
            plan.requests,
            teacher,
            ledger,
            SentLog(folder),
            self.read,
            PRICE,
            more.pop("consent", Consent(plan.payload_hash, cap_usd)),
            is_confidential=self.is_confidential,
            terms=terms,
            **more,
        )
