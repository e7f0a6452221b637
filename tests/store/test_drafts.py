"""The book of requests to a teacher: what may have been paid is known after any end."""

from __future__ import annotations

from pathlib import Path

import pytest

from slava.domain import Flag, MicrographId, PairId
from slava.errors import BadSetting, NotFound
from slava.teacher.ledger import JobId, Ledger, RequestId
from store import Judgement, Store
from tests.store.drawn_pairs import a_pair, add_micrographs
from tests.store.plain_reader import PlainReader

FIRST, SECOND = RequestId("1" * 64), RequestId("2" * 64)
JOB, OTHER = JobId("job"), JobId("other")


@pytest.fixture
def ledger(store: Store) -> Ledger:
    return store.drafts


def test_a_request_is_written_down_step_by_step(ledger: Ledger) -> None:
    assert ledger.get(FIRST) is None
    begun = ledger.begin(FIRST, '{"model": "m"}', 0.25, JOB)
    assert (begun.state, begun.attempts, begun.cost_usd) == ("prepared", 0, 0.0)
    assert (begun.payload_json, begun.estimated_cost_usd) == ('{"model": "m"}', 0.25)
    ledger.mark_sent(FIRST)
    sent = ledger.get(FIRST)
    assert sent is not None
    assert (sent.state, sent.attempts) == ("sent", 1)
    assert begun.prepared_at <= sent.sent_at
    ledger.finish(FIRST, "refused", '{"refusal": "no"}', 0.1, (800, 20), reason="It refused.")
    ended = ledger.get(FIRST)
    assert ended is not None
    assert (ended.state, ended.raw_response, ended.tokens) == (
        "refused",
        '{"refusal": "no"}',
        (800, 20),
    )
    assert (ended.cost_usd, ended.reason) == (0.1, "It refused.")
    assert ended.finished_at >= sent.sent_at


def test_an_answer_and_its_pairs_are_there_together_or_not_at_all(
    store: Store, tmp_path: Path
) -> None:
    about = add_micrographs(store, tmp_path)
    good, bad = a_pair(0, about), a_pair(1, [MicrographId("0" * 64)])
    store.drafts.begin(FIRST, "{}", 0.1, JOB)
    store.drafts.mark_sent(FIRST)
    with pytest.raises(NotFound):
        store.drafts.finish(FIRST, "answered", "{}", 0.1, (1, 1), [good, bad])
    kept = store.drafts.get(FIRST)
    assert kept is not None
    assert (kept.state, kept.cost_usd) == ("sent", 0.0)
    assert store.pairs.count_pairs() == 0
    flags = {good.id: [Flag("length", "Long.", 0.5)]}
    store.drafts.finish(FIRST, "answered", "{}", 0.1, (1, 1), [good], flags)
    assert store.pairs.get_pair(good.id).flags == tuple(flags[good.id])
    store.reviews.record_review(good.id, "ann", Judgement("accepted"))
    store.drafts.finish(FIRST, "answered", "{}", 0.1, (1, 1), [good])
    assert store.pairs.get_pair(PairId(good.id)).state == "accepted"
    assert store.drafts.spent(JOB) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("state", "becomes"),
    [("answered", "answered"), ("uncertain", "uncertain"), ("failed", "prepared")],
)
def test_only_what_is_not_paid_is_prepared_again(ledger: Ledger, state: str, becomes: str) -> None:
    ledger.begin(FIRST, "old", 0.1, JOB)
    ledger.mark_sent(FIRST)
    ledger.finish(FIRST, state, reason="so")  # type: ignore[arg-type]
    again = ledger.begin(FIRST, "new", 0.2, OTHER)
    assert again.state == becomes
    renewed = becomes == "prepared"
    assert (again.payload_json, again.job_id) == (("new", OTHER) if renewed else ("old", JOB))
    ledger.mark_sent(FIRST)
    sent = ledger.get(FIRST)
    assert sent is not None
    assert (sent.state, sent.attempts) == ("sent", 2)


def test_requests_are_listed_and_their_cost_is_added_up(ledger: Ledger) -> None:
    for number, job in ((FIRST, JOB), (SECOND, OTHER), (RequestId("0"), JOB)):
        ledger.begin(number, "{}", 0.1, job)
        ledger.mark_sent(number)
    ledger.finish(FIRST, "invalid", "x", 0.1)
    ledger.finish(SECOND, "truncated", "x", 0.2)
    assert [r.id for r in ledger.list_requests()] == [FIRST, SECOND, "0"]
    assert [r.id for r in ledger.list_requests(JOB)] == [FIRST, "0"]
    assert [r.id for r in ledger.list_requests(JOB, "sent")] == ["0"]
    assert (ledger.spent(JOB), ledger.spent(OTHER)) == pytest.approx((0.1, 0.2))
    assert ledger.spent() == pytest.approx(0.3)
    assert ledger.spent(JobId("none")) == 0.0


def test_what_was_on_its_way_when_the_process_ended_is_uncertain(tmp_path: Path) -> None:
    with Store.open(tmp_path, inspect=PlainReader()) as store:
        store.drafts.add_job(JOB, 2, cap_usd=1.5, settings={"pack": "p"})
        for request in (FIRST, SECOND):
            store.drafts.begin(request, "{}", 0.1, JOB)
        store.drafts.mark_sent(FIRST)
    with Store.open(tmp_path, inspect=PlainReader()) as store:
        assert [r.state for r in store.drafts.list_requests()] == ["uncertain", "prepared"]
        job = store.drafts.get_job(JOB)
        assert (job.status, job.total, job.cap_usd, job.settings) == (
            "interrupted",
            2,
            1.5,
            {"pack": "p"},
        )


def test_jobs_go_on_and_end(store: Store) -> None:
    assert store.drafts.add_job(JOB, 3).status == "running"
    assert store.drafts.set_job_status(JOB, "paused").finished_at == ""
    ended = store.drafts.set_job_status(JOB, "stopped", "The cap was reached.")
    assert (ended.status, ended.reason) == ("stopped", "The cap was reached.")
    assert ended.finished_at
    again = store.drafts.add_job(JOB, 5, cap_usd=2.0)
    assert (again.status, again.total, again.finished_at) == ("running", 5, "")
    assert [job.id for job in store.drafts.list_jobs()] == [JOB]


def test_what_is_not_there_or_cannot_be_is_refused(store: Store) -> None:
    with pytest.raises(NotFound):
        store.drafts.mark_sent(FIRST)
    with pytest.raises(NotFound):
        store.drafts.finish(FIRST, "failed")
    with pytest.raises(NotFound):
        store.drafts.set_job_status(JOB, "done")
    store.drafts.begin(FIRST, "{}", 0.1, JOB)
    store.drafts.add_job(JOB, 1)
    with pytest.raises(BadSetting):
        store.drafts.finish(FIRST, "sent")
    with pytest.raises(BadSetting):
        store.drafts.set_job_status(JOB, "lost")  # type: ignore[arg-type]
