"""The job against a server with faults: what becomes of each, what is paid, what is kept."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from slava.errors import BadInput, BadSetting
from slava.teacher.client import NotTaken, OpenAITeacher, Unsure
from slava.teacher.consent import Consent
from slava.teacher.drafting import DraftingJob
from slava.teacher.progress import Drafted
from slava.teacher.terms import Backoff, Terms
from tests.teacher.book import PRICE, QUICK, MemoryLedger, Shelf
from tests.teacher.conftest import Connect
from tests.teacher.fake_server import FakeTeacher, Fault

COST = PRICE.cost_usd(1000, 300)
ONE = ("size",)


def wait_for(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.005)


# ---------------------------------------------------------------------- the whole way
def test_every_aspect_becomes_a_pair_that_says_where_it_comes_from(
    fake: FakeTeacher, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    shelf = Shelf()
    plan = shelf.plan(host=fake.host)
    done = shelf.job(plan, connect(), ledger, tmp_path).run()
    assert (done.state, done.done, done.pairs) == ("done", 10, 10)
    assert done.spent_usd == pytest.approx(10 * COST)
    assert done.maybe_usd == 0
    assert {p.aspect for p in ledger.pairs.values()} == {
        a for r in plan.requests for a in r.ask.aspects
    }
    for pair in ledger.pairs.values():
        request = ledger.requests[pair.drafting.request_id]  # type: ignore[index]
        assert pair.drafting.teacher == fake.host
        assert pair.drafting.model == "gpt-4o"
        assert pair.drafting.prompt_version.startswith("nanomaterials@2/vqa/")
        assert pair.drafting.parameters["temperature"] == 0.2
        assert pair.drafting.facts[0].startswith("Calibration: 3.2 nm per pixel")
        assert pair.paraphrases
        assert pair.detailed
        assert (pair.category, pair.group) == ("particles", "paper 1")
        assert json.loads(request.raw_response)["choices"]
        assert request.cost_usd == pytest.approx(COST)
        assert request.tokens == (1000, 300)


def test_captions_conversations_and_comparisons(
    connect: Connect, ledger: MemoryLedger, tmp_path: Path, fake: FakeTeacher
) -> None:
    shelf = Shelf(2)
    ids = tuple(shelf.known)
    plan = shelf.plan(
        host=fake.host,
        templates=("caption", "conversation"),
        groups=(("dissimilar_within", ids), ("heterogeneity", ids[:1])),
    )
    turns = [
        {"aspect": a, "question": f"{a}?", "observation": "O.", "reasoning": "R.", "answer": "A."}
        for a in ("basics", "Morphology and structure")
    ]

    def answer(body: Any) -> str:
        from tests.teacher.fake_server import answer_by_schema

        name = body["response_format"]["json_schema"]["name"]
        return json.dumps({"turns": turns}) if name == "conversation" else answer_by_schema(body)

    fake.answer = answer
    done = shelf.job(plan, connect(), ledger, tmp_path).run()
    assert done.outcomes == {"answered": 6}
    kinds = sorted(p.kind for p in ledger.pairs.values())
    assert kinds == ["caption"] * 2 + ["comparison"] * 2 + ["conversation"] * 4
    first, second = sorted(
        (p for p in ledger.pairs.values() if p.micrograph_ids == ids[:1] and p.conversation),
        key=lambda p: p.position,
    )
    assert first.conversation == second.conversation
    assert (first.aspect, first.detailed) == ("basics", "O. R. A.")
    assert second.aspect == ""
    contrasts = {p.extra["contrast"]: p for p in ledger.pairs.values() if p.kind == "comparison"}
    assert contrasts["dissimilar_within"].micrograph_ids == ids
    assert len(contrasts["heterogeneity"].extra["crops"]) == 4  # type: ignore[arg-type]


# ---------------------------------------------------------------------- faults
KEPT: dict[Fault, tuple[str, str]] = {
    "refusal": ("refused", "the teacher refused: I cannot look at this."),
    "refusal_text": ("refused", "the teacher refused: I'm sorry"),
    "filter": ("refused", "a content filter of the teacher stopped it."),
    "truncated": ("truncated", "the answer was cut at the token limit."),
    "no_json": ("invalid", "the answer is no JSON."),
    "wrong_form": ("invalid", "the answer is not of the form asked for: pairs.0.paraphrases"),
    "empty": ("invalid", "the answer is empty."),
    "not_openai": ("invalid", "the answer is not of the OpenAI protocol."),
}


@pytest.mark.parametrize("fault", sorted(KEPT))
def test_an_answer_that_is_none_is_kept_raw_and_never_a_pair(
    fault: Fault, fake: FakeTeacher, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    state, reason = KEPT[fault]
    shelf = Shelf()
    plan = shelf.plan(host=fake.host, aspects=ONE)
    fake.order(fault)
    done = shelf.job(plan, connect(), ledger, tmp_path).run()
    assert done.outcomes == {state: 1}
    assert ledger.pairs == {}
    kept = ledger.requests[plan.requests[0].id]
    assert kept.reason.startswith(reason)
    assert kept.raw_response.encode() == fake.answers[kept.id]
    at_most = plan.requests[0].cost_usd
    assert kept.cost_usd == pytest.approx(at_most if fault == "not_openai" else COST)
    again = shelf.job(plan, connect(), ledger, tmp_path).run()
    assert (again.found, sum(fake.arrived.values())) == (1, 1), "it is not paid again by itself"
    terms = Terms(1, QUICK, again=(state,))  # type: ignore[arg-type]
    fake.honours_keys = False
    asked = shelf.job(plan, connect(), ledger, tmp_path, terms=terms).run()
    assert asked.outcomes == {"answered": 1}
    assert len(ledger.pairs) == 1


@pytest.mark.parametrize("fault", ["429", "500", "cut_unpaid", "cut", "timeout"])
def test_a_fault_of_the_way_is_tried_again_and_paid_once(
    fault: Fault, fake: FakeTeacher, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    shelf = Shelf()
    plan = shelf.plan(host=fake.host, aspects=ONE)
    fake.order(fault, fault, None)
    fake.slow_s = 0.6
    teacher = connect(timeout_s=0.3 if fault == "timeout" else 5.0)
    done = shelf.job(plan, teacher, ledger, tmp_path).run()
    assert (done.state, done.outcomes, done.attempts) == ("done", {"answered": 1}, 3)
    assert list(fake.paid.values()) == [1]
    assert done.spent_usd == pytest.approx(COST)
    assert done.maybe_usd == 0


@pytest.mark.parametrize("fault", ["cut", "cut_unpaid", "timeout"])
def test_without_honoured_keys_what_may_be_paid_is_shown_and_not_sent_again(
    fault: Fault, fake: FakeTeacher, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    shelf = Shelf()
    fake.honours_keys, fake.slow_s = False, 0.6
    teacher = connect(honours_keys=False, timeout_s=0.3 if fault == "timeout" else 5.0)
    plan = shelf.plan(host=teacher.host, aspects=ONE)
    fake.order(fault)
    for _ in range(2):
        done = shelf.job(plan, teacher, ledger, tmp_path).run()
        assert done.outcomes == {"uncertain": 1}
        assert done.maybe_usd == pytest.approx(plan.requests[0].cost_usd)
    kept = ledger.requests[plan.requests[0].id]
    assert "may" in kept.reason
    assert "be paid" in kept.reason
    assert sum(fake.arrived.values()) == 1
    terms = Terms(1, QUICK, resend_uncertain=True)
    done = shelf.job(plan, connect(honours_keys=False), ledger, tmp_path, terms=terms).run()
    assert done.outcomes == {"answered": 1}
    assert done.maybe_usd == pytest.approx(plan.requests[0].cost_usd), "the first may be paid too"


def test_a_doubt_outlives_a_later_refusal(
    fake: FakeTeacher, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    shelf = Shelf()
    plan = shelf.plan(host=fake.host, aspects=ONE)
    fake.fault_of = lambda _key, times: "cut" if times == 1 else "429"
    done = shelf.job(plan, connect(), ledger, tmp_path).run()
    assert done.outcomes == {"uncertain": 1}
    assert ledger.states() == ["uncertain"], "the first attempt was paid"
    assert done.maybe_usd == pytest.approx(plan.requests[0].cost_usd)
    again = shelf.job(plan, connect(), ledger, tmp_path).run()
    assert again.outcomes == {"uncertain": 1}
    fake.fault_of = None
    assert shelf.job(plan, connect(), ledger, tmp_path).run().outcomes == {"answered": 1}
    assert list(fake.paid.values()) == [1]


def test_retry_after_holds_all_requests(
    fake: FakeTeacher, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    shelf = Shelf()
    plan = shelf.plan(host=fake.host, aspects=("size", "basics", "surface"))
    fake.retry_after = "0.4"
    fake.order("429")
    began = time.monotonic()
    done = shelf.job(plan, connect(), ledger, tmp_path, terms=Terms(1, QUICK)).run()
    assert done.outcomes == {"answered": 3}
    assert time.monotonic() - began > 0.4


def test_an_expired_key_ends_the_job_and_nothing_is_lost(
    fake: FakeTeacher, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    shelf = Shelf()
    plan = shelf.plan(host=fake.host)
    done = shelf.job(plan, connect("sk-expired"), ledger, tmp_path, terms=Terms(1, QUICK)).run()
    assert done.state == "failed"
    assert "answered 401" in done.reason
    assert "SLAVA_TEACHER_API_KEY" in done.reason
    assert "sk-expired" not in done.reason
    assert fake.paid.total() == 0
    again = shelf.job(plan, connect(), ledger, tmp_path).run()
    assert again.outcomes == {"answered": 10}


def test_an_empty_account_ends_the_job_at_once(
    fake: FakeTeacher, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    shelf = Shelf()
    fake.fault_of = lambda _key, _n: "quota"
    plan = shelf.plan(host=fake.host)
    done = shelf.job(plan, connect(), ledger, tmp_path, terms=Terms(1, QUICK)).run()
    assert done.state == "failed"
    assert "no money left" in done.reason
    assert sum(fake.arrived.values()) == 1


def test_a_server_that_is_down_is_not_hammered(
    fake: FakeTeacher, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    shelf = Shelf()
    fake.fault_of = lambda _key, _n: "500"
    plan = shelf.plan(host=fake.host)
    done = shelf.job(plan, connect(), ledger, tmp_path, terms=Terms(1, Backoff(2, 0.01))).run()
    assert (done.state, done.outcomes) == ("failed", {"failed": 5})
    assert done.reason.startswith("5 requests in a row failed")
    assert sum(fake.arrived.values()) == 10


def test_one_bad_request_does_not_stop_the_others(
    fake: FakeTeacher, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    shelf = Shelf()
    fake.order("400")
    done = shelf.job(
        shelf.plan(host=fake.host), connect(), ledger, tmp_path, terms=Terms(1, QUICK)
    ).run()
    assert (done.state, done.outcomes) == ("done", {"failed": 1, "answered": 9})


def test_nothing_answers(ledger: MemoryLedger) -> None:
    teacher = OpenAITeacher("http://127.0.0.1:9/v1", "k", timeout_s=1)
    with pytest.raises(NotTaken, match=r"nothing answers at 127\.0\.0\.1:9") as caught:
        teacher.send({"model": "m", "messages": []}, "k")  # type: ignore[arg-type]
    teacher.close()
    assert caught.value.again


def test_micrographs_leave_encrypted_or_stay_near() -> None:
    with pytest.raises(BadSetting, match="not encrypted"):
        OpenAITeacher("http://api.example.com/v1", "k")


def test_only_what_is_needed_stands_in_the_header(fake: FakeTeacher, connect: Connect) -> None:
    connect().send({"model": "m", "messages": [{"role": "user", "content": "x"}]}, "k1")  # type: ignore[arg-type]
    assert set(fake.headers[0]) == {
        "host", "accept", "accept-encoding", "connection", "authorization", "content-type",
        "content-length", "user-agent", "idempotency-key",
    }  # fmt: skip
    assert fake.headers[0]["user-agent"] == "slava"
    assert fake.headers[0]["idempotency-key"] == "k1"


def test_the_key_is_in_no_message(fake: FakeTeacher, connect: Connect) -> None:
    fake.order("cut")
    with pytest.raises(Unsure) as caught:
        connect().send({"model": "m", "messages": []}, "k1")  # type: ignore[arg-type]
    assert "sk-valid" not in str(caught.value)


# ---------------------------------------------------------------------- consent and secrecy
def test_nothing_is_sent_without_consent_to_exactly_this(
    fake: FakeTeacher, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    shelf = Shelf()
    plan, other = shelf.plan(host=fake.host), shelf.plan(host=fake.host, aspects=ONE)
    for consent, words in (
        (None, "nothing is sent without your consent"),
        (Consent(other.payload_hash, 1.0), "is not what was agreed to"),
        (Consent(shelf.plan(host="elsewhere.example").payload_hash, 1.0), "not what was agreed"),
        (Consent(plan.payload_hash, None), "give a cost cap"),
    ):
        with pytest.raises(BadInput, match=words):
            shelf.job(plan, connect(), ledger, tmp_path, consent=consent)
    assert fake.bodies == []
    assert ledger.requests == {}


def test_confidential_since_it_was_agreed_to_is_refused(
    fake: FakeTeacher, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    shelf = Shelf(2)
    job = shelf.job(shelf.plan(host=fake.host), connect(), ledger, tmp_path)
    shelf.confidential = set(list(shelf.known)[:1])
    with pytest.raises(BadInput, match="confidential, never sent"):
        job.run()
    assert fake.bodies == []


def test_what_left_is_logged_before_it_leaves(
    fake: FakeTeacher, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    shelf = Shelf()
    plan = shelf.plan(host=fake.host, aspects=("size", "basics"))
    fake.order("cut")
    shelf.job(plan, connect(), ledger, tmp_path).run()
    lines = [json.loads(line) for line in (tmp_path / "sent.jsonl").read_text().splitlines()]
    assert len(lines) == 3
    assert {line["request_id"] for line in lines} == {r.id for r in plan.requests}
    assert all(line["host"] == fake.host for line in lines)
    assert all(line["micrographs"] == list(shelf.known) for line in lines)
    assert all(line["bytes"] > plan.requests[0].picture_bytes for line in lines)


# ---------------------------------------------------------------------- money
@pytest.mark.parametrize("honours_keys", [True, False])
def test_the_cap_is_never_exceeded_whatever_happens(
    honours_keys: bool,
    fake: FakeTeacher,
    connect: Connect,
    ledger: MemoryLedger,
    tmp_path: Path,
) -> None:
    shelf = Shelf(3)
    plan = shelf.plan(host=fake.host)
    fake.honours_keys = honours_keys
    faults: list[Fault | None] = ["cut", None, "refusal", "cut", "500", "truncated", None, "429"]
    fake.fault_of = lambda key, n: faults[(int(key[:4], 16) + n) % len(faults)]
    cap = plan.requests[0].cost_usd * 6.5
    seen: list[Drafted] = []
    terms = Terms(4, QUICK, resend_uncertain=not honours_keys)
    done = shelf.job(
        plan, connect(honours_keys=honours_keys), ledger, tmp_path, cap, terms=terms,
        on_change=seen.append,
    ).run()  # fmt: skip
    assert done.state == "capped"
    assert fake.paid_usd(2.5, 10.0) <= cap
    assert all(now.spent_usd + now.maybe_usd <= cap + 1e-9 for now in seen)
    assert done.spent_usd <= fake.paid_usd(2.5, 10.0) + 1e-9


def test_a_higher_cap_goes_on_where_the_lower_one_stopped(
    fake: FakeTeacher, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    shelf = Shelf()
    plan = shelf.plan(host=fake.host)
    cap = plan.requests[0].cost_usd * 3.2
    first = shelf.job(plan, connect(), ledger, tmp_path, cap).run()
    assert first.state == "capped"
    assert 3 <= first.pairs < 10
    second = shelf.job(plan, connect(), ledger, tmp_path, 5.0).run()
    assert second.state == "done"
    assert second.found == first.pairs
    assert set(fake.paid.values()) == {1}
    assert second.spent_usd == pytest.approx(10 * COST)


def test_the_second_time_nothing_is_paid(
    fake: FakeTeacher, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    shelf = Shelf()
    plan = shelf.plan(host=fake.host)
    shelf.job(plan, connect(), ledger, tmp_path).run()
    arrived = sum(fake.arrived.values())
    done = shelf.job(shelf.plan(host=fake.host), connect(), ledger, tmp_path).run()
    assert (done.state, done.found, done.attempts) == ("done", 10, 0)
    assert sum(fake.arrived.values()) == arrived == fake.paid.total() == 10


# ---------------------------------------------------------------------- steering
def test_pausing_cancelling_and_going_on(
    fake: FakeTeacher, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    shelf = Shelf()
    plan = shelf.plan(host=fake.host)
    job: list[DraftingJob] = []

    def on_change(now: Drafted) -> None:
        if now.done == 2:
            job[0].control.pause()

    job.append(
        shelf.job(plan, connect(), ledger, tmp_path, terms=Terms(1, QUICK), on_change=on_change)
    )
    thread = threading.Thread(target=job[0].run)
    thread.start()
    wait_for(lambda: job[0].progress.state == "paused")
    wait_for(lambda: job[0].progress.flying == 0)
    assert job[0].progress.done == 2
    assert job[0].progress.eta_s is None
    on_change_now, job[0]._tell = job[0]._tell, None
    assert on_change_now is not None
    job[0].control.cancel()
    thread.join(20)
    assert job[0].progress.state == "cancelled"
    done = shelf.job(plan, connect(), ledger, tmp_path).run()
    assert (done.state, done.found, done.pairs) == ("done", 2, 8)
    assert set(fake.paid.values()) == {1}


def test_no_more_requests_are_on_their_way_than_wished(
    fake: FakeTeacher, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    shelf = Shelf()
    fake.slow_s = 0.05
    fake.fault_of = lambda _key, _n: "slow"
    plan = shelf.plan(host=fake.host)
    done = shelf.job(plan, connect(), ledger, tmp_path, terms=Terms(3, QUICK)).run()
    assert done.done == 10
    assert 1 < fake.most_at_once <= 3


def test_a_full_disk_pauses_and_the_paid_answer_is_kept_when_there_is_space_again(
    fake: FakeTeacher, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    shelf = Shelf()
    plan = shelf.plan(host=fake.host, aspects=("size", "basics"))
    ledger.fail_next = 1
    job = shelf.job(plan, connect(), ledger, tmp_path, terms=Terms(1, QUICK))
    thread = threading.Thread(target=job.run)
    thread.start()
    wait_for(lambda: job.progress.state == "paused")
    assert "No space left on device" in job.progress.reason
    assert "then resume" in job.progress.reason
    job.control.resume()
    thread.join(20)
    assert job.progress.outcomes == {"answered": 2}
    assert sum(fake.arrived.values()) == 2


def test_a_failing_check_does_not_cost_a_paid_answer(
    fake: FakeTeacher, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    def broken(*_: object) -> dict:
        raise ZeroDivisionError

    shelf = Shelf()
    plan = shelf.plan(host=fake.host, aspects=ONE)
    done = shelf.job(plan, connect(), ledger, tmp_path, check=broken).run()
    assert done.pairs == len(ledger.pairs) == 1
