"""A way to the judge with faults, and processes that end: nothing lost, nothing paid twice."""

from __future__ import annotations

import json
import random
import threading
from pathlib import Path

import pytest

from slava.evaluation import judging_job
from slava.evaluation.judge_replies import judgements_of
from slava.evaluation.judging import ATTEMPTS
from slava.teacher.progress import Drafted
from slava.teacher.terms import Backoff, Terms
from store import Store
from tests.evaluation.fake_judge import (
    MEASURES,
    MODEL,
    QUICK,
    Connect,
    FakeJudge,
    Slip,
    every_reply_is_kept,
    job_of,
    plan_of,
    price,
    tasks,
    told,
)
from tests.store.plain_reader import PlainReader
from tests.teacher.book import MemoryLedger
from tests.teacher.fake_server import Fault

COST = price().cost_usd(1000, 300)


@pytest.mark.parametrize("fault", ["429", "500", "cut_unpaid", "cut", "timeout"])
def test_a_fault_of_the_way_is_tried_again_and_paid_once(
    fault: Fault, judge: FakeJudge, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    judge.order(fault, fault, None)
    judge.slow_s = 0.6
    plan = plan_of(judge, ledger, tasks(1))
    server = connect(timeout_s=0.3 if fault == "timeout" else 5.0)
    done = job_of(plan, server, ledger, tmp_path).run()
    assert (done.state, done.outcomes, done.attempts) == ("done", {"answered": 1}, 3)
    assert len(told(plan, ledger)) == 2
    every_reply_is_kept(judge, ledger)


@pytest.mark.parametrize("fault", ["cut", "timeout"])
def test_what_may_be_paid_is_not_sent_again_by_itself(
    fault: Fault, judge: FakeJudge, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    judge.honours_keys, judge.slow_s = False, 0.6
    judge.order(fault)
    server = connect(honours_keys=False, timeout_s=0.3 if fault == "timeout" else 5.0)
    for left in (2, 1):
        plan = plan_of(judge, ledger, tasks(2))
        assert plan.left == left
        done = job_of(plan, server, ledger, tmp_path).run()
        assert done.outcomes == {"uncertain": 1, "answered": 1}
        assert done.maybe_usd == pytest.approx(plan.requests[0].cost_usd)
    assert sum(judge.arrived.values()) == 2
    assert len(told(plan, ledger)) == 2
    terms = Terms(1, QUICK.backoff, resend_uncertain=True)
    done = job_of(plan, connect(honours_keys=False), ledger, tmp_path, terms=terms).run()
    assert done.outcomes == {"answered": 2}


def test_a_local_judge_that_costs_nothing_is_asked_again(
    judge: FakeJudge, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    judge.honours_keys = False
    judge.order("cut")
    plan = plan_of(judge, ledger, tasks(1), model="qwen-local")
    done = job_of(plan, connect(honours_keys=False), ledger, tmp_path, cap_usd=None).run()
    assert done.outcomes == {"answered": 1}


def test_in_a_storm_nothing_is_lost_and_nothing_is_paid_twice(
    judge: FakeJudge, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    chance = random.Random(5)
    faults: list[Fault] = [
        "429", "500", "cut", "cut_unpaid", "empty", "truncated", "not_openai", "refusal", "no_json",
    ]  # fmt: skip
    slips: list[Slip] = ["prose", "missing", "twice", "too_high", "too_low", "words", "na"]
    judge.fault_of = lambda _key, times: (
        chance.choice(faults) if times < 3 and chance.random() < 0.3 else None
    )
    judge.slips.extend(chance.choice(slips) if chance.random() < 0.3 else None for _ in range(400))
    plan = plan_of(judge, ledger, tasks(10, MEASURES), repeats=2)
    terms = Terms(4, Backoff(6, 0.01, 0.02))
    done = job_of(plan, connect(), ledger, tmp_path, terms=terms).run()
    assert done.state == "done"
    assert set(done.outcomes) == {"answered", "invalid", "refused", "truncated"}
    assert done.done == done.total == len(ledger.requests)
    every_reply_is_kept(judge, ledger)
    assert done.spent_usd <= plan.cost_usd
    assert plan_of(judge, ledger, tasks(10, MEASURES), repeats=2).left == 0
    found = judgements_of(plan.requests, ledger, MODEL)
    for judgements in found.values():
        for measure in MEASURES:
            one = [j for j in judgements if j.measure == measure]
            sound = [j for j in one if j.state in ("scored", "not_applicable")]
            assert len(sound) <= 2
            assert len(sound) == 2 or len(one) - len(sound) >= ATTEMPTS
    raws = {json.loads(r.raw_response)["choices"][0]["message"]["content"]
            for r in ledger.requests.values() if "choices" in r.raw_response}  # fmt: skip
    assert len(raws) > 10


def test_an_answer_that_cannot_even_be_read_is_kept(
    judge: FakeJudge,
    connect: Connect,
    ledger: MemoryLedger,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(self: object, *_: object) -> None:
        raise ZeroDivisionError("a fault of the program")

    monkeypatch.setattr(judging_job.JudgingJob, "_read", broken)
    plan = plan_of(judge, ledger, tasks(1))
    done = job_of(plan, connect(), ledger, tmp_path).run()
    assert done.outcomes == {"invalid": 1}
    assert done.spent_usd == pytest.approx(plan.requests[0].cost_usd), "at most, as nobody knows"
    every_reply_is_kept(judge, ledger)
    assert len(told(plan, ledger)) == 2


# ---------------------------------------------------------------------- stopped and started
def test_a_restart_asks_only_for_what_is_missing(
    judge: FakeJudge, connect: Connect, tmp_path: Path
) -> None:
    workspace = tmp_path / "workspace"
    wanted = tasks(6, ["overall_quality", "defect_detection"])
    judge.slips.extend(["too_high", None, "prose"])
    running: list[judging_job.JudgingJob] = []

    def stop(now: Drafted) -> None:
        if now.done >= 5:
            running[0].control.cancel()

    with Store.open(workspace, inspect=PlainReader()) as store:
        plan = plan_of(judge, store.drafts, wanted)
        running.append(
            job_of(plan, connect(), store.drafts, store.layout.root / "logs", on_change=stop)
        )
        done = running[0].run()
        assert done.state == "cancelled"
        before = judge.paid.total()
        assert 5 <= before < 12
    with Store.open(workspace, inspect=PlainReader()) as store:
        again = plan_of(judge, store.drafts, wanted)
        assert again.payload_hash == plan.payload_hash
        assert 0 < again.left < plan.left
        assert again.cost_usd < plan.cost_usd
        done = job_of(again, connect(), store.drafts, store.layout.root / "logs").run()
        assert (done.state, done.found) == ("done", before)
        assert judge.paid.total() == done.total == 14
        every_reply_is_kept(judge, store.drafts)
        assert sum(judge.arrived.values()) == 14
        assert len(told(again, store.drafts)) == 24 + 3
        assert store.drafts.list_jobs() == [], "no drafting job"
        assert store.drafts.spent(judging_job.job_id_of(again)) == pytest.approx(14 * COST)
        assert store.pairs.count_pairs() == 0


def test_a_process_that_ended_on_the_way_leaves_it_uncertain(
    judge: FakeJudge, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    plan = plan_of(judge, ledger, tasks(2))
    first = plan.requests[0]
    ledger.begin(first.id, first.to_json(), first.cost_usd, judging_job.job_id_of(plan))
    ledger.mark_sent(first.id)
    server = connect(honours_keys=False)
    done = job_of(plan, server, ledger, tmp_path).run()
    assert done.outcomes == {"uncertain": 1, "answered": 1}
    assert done.maybe_usd == pytest.approx(first.cost_usd)
    done = job_of(plan, connect(), ledger, tmp_path).run()
    assert done.outcomes == {"answered": 2}
    assert judge.paid.total() == 2


def test_a_full_disk_pauses_and_the_paid_reply_is_kept_when_there_is_space_again(
    judge: FakeJudge, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    paused = threading.Event()
    plan = plan_of(judge, ledger, tasks(2))
    ledger.fail_next = 1
    job = job_of(
        plan, connect(), ledger, tmp_path,
        on_change=lambda now: paused.set() if now.state == "paused" else None,
    )  # fmt: skip
    thread = threading.Thread(target=job.run)
    thread.start()
    assert paused.wait(20)
    assert "No space left on device" in job.progress.reason
    job.control.resume()
    thread.join(20)
    assert job.progress.outcomes == {"answered": 2}
    every_reply_is_kept(judge, ledger)
