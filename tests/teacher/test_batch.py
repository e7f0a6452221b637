"""The Batch API: half the price, found again after a kill, nothing paid twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from slava.errors import BadInput
from slava.teacher.batch import BatchJob
from slava.teacher.consent import Consent
from slava.teacher.plan import Plan
from slava.teacher.sent_log import SentLog
from tests.teacher.book import PRICE, MemoryLedger, Shelf
from tests.teacher.conftest import Connect
from tests.teacher.fake_server import FakeTeacher

COST = PRICE.cost_usd(1000, 300, batch=True)


def batch_of(
    shelf: Shelf, plan: Plan, teacher: Any, ledger: MemoryLedger, folder: Path, cap: float = 5.0
) -> BatchJob:
    return BatchJob(
        plan.requests,
        teacher,
        ledger,
        SentLog(folder),
        shelf.read,
        PRICE,
        Consent(plan.payload_hash, cap),
        is_confidential=shelf.is_confidential,
    )


def test_a_batch_goes_up_and_comes_back_at_half_the_price(
    fake: FakeTeacher, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    shelf = Shelf(2)
    plan = shelf.plan(host=fake.host, aspects=("size", "basics"))
    fake.order(None, "refusal", "500")
    job = batch_of(shelf, plan, connect(), ledger, tmp_path)
    first = job.submit()
    assert (first.state, first.outcomes) == ("waiting", {"sent": 4})
    done = job.wait(0.01)
    assert (done.state, done.pairs) == ("done", 2)
    assert done.outcomes == {"answered": 2, "refused": 1, "failed": 1}
    assert done.spent_usd == pytest.approx(3 * COST)
    assert len(ledger.pairs) == 2
    again = batch_of(shelf, plan, connect(), ledger, tmp_path)
    again.submit()
    assert again.wait(0.01).outcomes == {"answered": 3, "refused": 1}
    assert set(fake.paid.values()) == {1}
    assert len(fake.batches) == 2


@pytest.mark.parametrize("moment", ["uploading", "creating", "waiting"])
def test_a_batch_is_found_again_after_a_kill(
    moment: str,
    fake: FakeTeacher,
    connect: Connect,
    ledger: MemoryLedger,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The book says ``sent`` and the process is gone: at the next start that is uncertain."""
    shelf = Shelf()
    plan = shelf.plan(host=fake.host, aspects=("size", "basics"))
    job = batch_of(shelf, plan, connect(), ledger, tmp_path)
    if moment == "waiting":
        job.submit()
    else:
        place = job._teacher.api.files if moment == "uploading" else job._teacher.api.batches
        monkeypatch.setattr(place, "create", _killed)
        with pytest.raises(KeyboardInterrupt):
            job.submit()
    for request in ledger.list_requests(state="sent"):
        ledger.finish(request.id, "uncertain")
    again = batch_of(shelf, plan, connect(), ledger, tmp_path)
    again.submit()
    assert again.wait(0.01).outcomes == {"answered": 2}
    assert len(fake.batches) == 1
    assert set(fake.paid.values()) == {1}


def _killed(**_: object) -> None:
    raise KeyboardInterrupt


def test_the_cap_and_confidence_hold_for_batches(
    fake: FakeTeacher, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    shelf = Shelf()
    plan = shelf.plan(host=fake.host)
    with pytest.raises(BadInput, match=r"more than the cap of 0\.0100"):
        batch_of(shelf, plan, connect(), ledger, tmp_path, 0.01).submit()
    shelf.confidential = set(shelf.known)
    with pytest.raises(BadInput, match="confidential"):
        batch_of(shelf, plan, connect(), ledger, tmp_path).submit()
    assert fake.files == {}
