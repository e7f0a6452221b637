"""The way to a kept judgement, against a judge with faults: nothing lost, nothing paid twice."""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from slava.domain import MicrographId
from slava.errors import BadInput
from slava.evaluation import judging_job
from slava.evaluation.judging import ATTEMPTS, JudgeTask, judge_requests, judgements_of
from slava.metrics.judge_prompts import Candidate
from slava.metrics.judge_trust import place_effect
from slava.metrics.judged import Judgement, spread
from slava.teacher.client import OpenAITeacher
from slava.teacher.consent import Consent
from slava.teacher.progress import Drafted
from slava.teacher.terms import Backoff, Terms
from store import Store
from tests.evaluation.fake_judge import (
    MEASURES,
    MODEL,
    QUICK,
    Elsewhere,
    FakeJudge,
    Slip,
    answers_in,
    job_of,
    measure_of,
    plan_of,
    price,
    tasks,
)
from tests.store.plain_reader import PlainReader
from tests.teacher.book import MemoryLedger
from tests.teacher.fake_server import Fault

Connect = Callable[..., OpenAITeacher]
COST = price().cost_usd(1000, 300)


@pytest.fixture
def judge() -> Iterator[FakeJudge]:
    with FakeJudge() as server:
        yield server


@pytest.fixture
def connect(judge: FakeJudge) -> Iterator[Connect]:
    opened: list[OpenAITeacher] = []

    def connected(**more: Any) -> OpenAITeacher:
        options = {"timeout_s": 5.0, "honours_keys": True, **more}
        opened.append(OpenAITeacher(judge.url, "sk-valid", **options))
        return opened[-1]

    yield connected
    for one in opened:
        one.close()


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


def told(plan: Any, ledger: Any, teacher: str = "") -> list[Judgement]:
    found = judgements_of(plan.requests, ledger, MODEL, teacher)
    return [one for both in found.values() for one in both]


def every_reply_is_kept(judge: FakeJudge, ledger: Any) -> None:
    """What was paid is in the book as it came, each once."""
    kept = {r.id: r.raw_response.encode() for r in ledger.list_requests() if r.raw_response}
    assert kept == {k: judge.answers[k] for k in judge.paid}
    assert set(judge.paid.values()) <= {1}


# ---------------------------------------------------------------------- the whole way
def test_from_answers_to_judgements_that_keep_their_replies(
    judge: FakeJudge, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    plan = plan_of(judge, ledger, tasks(4, MEASURES), repeats=2)
    assert (plan.turns, plan.left, len(plan.requests)) == (24, 24, 24 * ATTEMPTS)
    done = job_of(plan, connect(), ledger, tmp_path).run()
    assert (done.state, done.total, done.outcomes) == ("done", 24, {"answered": 24})
    assert (done.pairs, done.maybe_usd) == (48, 0)
    assert done.spent_usd == pytest.approx(24 * COST)
    assert done.spent_usd <= plan.cost_usd
    found = judgements_of(plan.requests, ledger, MODEL, "claude-3")
    assert set(found) == {(f"item{k}", m) for k in range(4) for m in ("base", "adapter")}
    for (item, model), judgements in found.items():
        assert Counter(j.measure for j in judgements) == dict.fromkeys(MEASURES, 2)
        for one in judgements:
            assert (one.item, one.model, one.judge, one.state) == (item, model, MODEL, "scored")
            assert "judgements" in json.loads(one.raw)
            assert not one.same_family
            assert bool(one.criteria) is (one.measure == "overall_quality")
    every_reply_is_kept(judge, ledger)
    assert {r.job_id for r in ledger.requests.values()} == {judging_job.job_id_of(plan)}
    for body in judge.bodies:
        assert (body["temperature"], body["top_p"]) == (0.2, 0.2)
        assert "adapter" not in json.dumps(body)
        assert "item" not in body["messages"][1]["content"].split("{")[-1]
    lines = [json.loads(line) for line in (tmp_path / "sent.jsonl").read_text().splitlines()]
    assert len(lines) == 24
    assert {m for line in lines for m in line["micrographs"]} == {f"m{k}" for k in range(4)}


def test_what_is_shown_is_what_leaves(
    judge: FakeJudge, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    plan = plan_of(judge, ledger, tasks(3))
    shown = plan.payload()
    job_of(plan, connect(), ledger, tmp_path).run()
    assert judge.bodies == shown[:3]
    assert plan.payload(2) == shown[:2]
    summary = plan.summary()
    assert summary["host"] == judge.host
    assert summary["replies_left"] == 3
    assert summary["pictures"] == 0
    assert summary["cost_usd_likely"] < summary["cost_usd_at_most"]
    kept = json.loads(next(iter(ledger.requests.values())).payload_json)
    assert kept["judged"]["measure"] == "overall_quality"
    assert set(kept["judged"]["letters"].values()) == {"base", "adapter"}


def test_the_second_evaluation_pays_only_for_what_is_new(
    judge: FakeJudge, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    first = plan_of(judge, ledger, tasks(3))
    job_of(first, connect(), ledger, tmp_path).run()
    again = plan_of(judge, ledger, tasks(3))
    assert (again.left, again.cost_usd, again.payload_hash) == (0, 0, first.payload_hash)
    more = plan_of(judge, ledger, tasks(4), repeats=2)
    assert (more.turns, more.left) == (8, 5)
    done = job_of(more, connect(), ledger, tmp_path).run()
    assert (done.found, done.attempts, done.total) == (3, 5, 8)
    assert judge.paid.total() == 8
    assert len(told(more, ledger)) == 16
    every_reply_is_kept(judge, ledger)


def test_repeats_have_a_spread(
    judge: FakeJudge, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    chance = random.Random(3)
    judge.taste = lambda _answer, _place: chance.random()
    plan = plan_of(judge, ledger, tasks(2), repeats=5)
    job_of(plan, connect(), ledger, tmp_path).run()
    for judgements in judgements_of(plan.requests, ledger, MODEL).values():
        found = spread(judgements)
        assert (found.scored, found.repeats) == (5, 5)
        assert found.std
        assert found.std > 1


# ---------------------------------------------------------------------- place, order, kin
def test_places_are_drawn_and_a_liking_for_the_first_shows(
    judge: FakeJudge, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    wanted = tasks(40)
    fair = plan_of(judge, ledger, wanted)
    job_of(fair, connect(), ledger, tmp_path).run()
    firsts = Counter(r.prompt.letters["A"] for r in fair.requests if r.attempt == 0)
    assert min(firsts.values()) >= 10
    effect = place_effect(told(fair, ledger))
    assert effect is not None
    scores = {j.model: j.score for j in told(fair, ledger)}
    assert abs(effect) < abs(scores["base"] - scores["adapter"]) * 0.5  # type: ignore[operator]
    judge.taste = lambda _answer, place: 0.9 if place == 0 else 0.5
    other = MemoryLedger()
    judge.answers.clear()
    biased = plan_of(judge, other, wanted)
    job_of(biased, connect(), other, tmp_path).run()
    assert place_effect(told(biased, other)) == pytest.approx(40)
    means = {m: spread([j for j in told(biased, other) if j.model == m]).mean for m in firsts}
    assert abs(means["base"] - means["adapter"]) < 20  # type: ignore[operator]


def test_the_order_of_tasks_is_drawn_and_all_come_once_before_any_comes_again() -> None:
    requests = judge_requests(tasks(12), MODEL, price(), repeats=2, seed=4)
    asked = [r.prompt.item for r in requests if r.attempt == 0]
    assert set(asked[:12]) == set(asked[12:])
    assert asked[:12] != asked[12:]
    assert asked[:12] != sorted(asked[:12])
    assert len({r.id for r in requests}) == len(requests)
    same = judge_requests(tasks(12)[::-1], MODEL, price(), repeats=2, seed=4)
    assert [r.id for r in same] == [r.id for r in requests]
    more = {r.id for r in judge_requests(tasks(12), MODEL, price(), repeats=3, seed=4)}
    assert {r.id for r in requests} < more


def test_a_judge_of_the_teachers_family_is_flagged(
    judge: FakeJudge, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    plan = plan_of(judge, ledger, tasks(1), teacher="gpt-4.1-mini")
    assert any("family gpt" in note for note in plan.notes)
    assert not plan_of(judge, ledger, tasks(1), teacher="claude-3-opus").notes
    job_of(plan, connect(), ledger, tmp_path).run()
    assert all(j.same_family for j in told(plan, ledger, "gpt-4.1-mini"))
    assert not any(j.same_family for j in told(plan, ledger, "claude-3-opus"))


def test_what_a_model_does_not_take_is_left_out_and_said() -> None:
    thinking = price("gpt-5")
    assert not thinking.row.sampling
    requests = judge_requests(
        tasks(1, ["defect_detection"], ["base"]), "gpt-5", thinking, repeats=3
    )
    for request in requests:
        assert not {"temperature", "top_p", "seed", "max_tokens"} & request.body.keys()
        assert request.body["max_completion_tokens"] > 4000
    assert len({r.id for r in requests}) == 9, "repeats differ all the same"
    local = judge_requests(tasks(1), "some-local-model", price("some-local-model"))
    assert local[0].cost_usd == 0
    assert local[0].body["temperature"] == 0.2


# ---------------------------------------------------------------------- slips of the judge
UNSOUND: dict[Slip, tuple[str, str]] = {
    "prose": ("invalid", "The reply holds no JSON objects"),
    "missing": ("invalid", "Nothing is said of B."),
    "twice": ("invalid", "The reply judges A twice."),
    "too_high": ("out_of_range", "101 is not within 0 to 100."),
    "too_low": ("out_of_range", "-1 is not within 0 to 100."),
    "words": ("invalid", "'very good' is no number."),
    "na": ("invalid", "'NA' is no score of overall_quality."),
}


@pytest.mark.parametrize("slip", sorted(UNSOUND))
def test_a_reply_without_a_score_is_kept_shown_and_asked_again_under_another_seed(
    slip: Slip, judge: FakeJudge, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    state, reason = UNSOUND[slip]
    judge.slips.append(slip)
    plan = plan_of(judge, ledger, tasks(1))
    done = job_of(plan, connect(), ledger, tmp_path).run()
    assert (done.total, done.outcomes) == (2, {"invalid": 1, "answered": 1})
    every_reply_is_kept(judge, ledger)
    seeds = [body["seed"] for body in judge.bodies]
    assert len(set(seeds)) == 2
    found = judgements_of(plan.requests, ledger, MODEL)
    states = [j for both in found.values() for j in both if j.state != "scored"]
    assert {(j.state, j.seed) for j in states} == {(state, seeds[0])}
    assert all(j.reason.startswith(reason) and j.raw for j in states)
    for both in found.values():
        assert both[-1].state == "scored"
        assert spread(both).scored == 1, "one of each repeat counts"
    kept = ledger.requests[plan.requests[0].id]
    assert kept.state == "invalid"
    assert kept.reason
    again = job_of(plan, connect(), ledger, tmp_path).run()
    assert (again.found, again.attempts) == (2, 0)


def test_it_is_not_asked_for_ever(
    judge: FakeJudge, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    judge.slips.extend(["prose", "twice", "too_high", "prose"])
    plan = plan_of(judge, ledger, tasks(1))
    done = job_of(plan, connect(), ledger, tmp_path).run()
    assert (done.state, done.outcomes) == ("done", {"invalid": ATTEMPTS})
    assert done.spent_usd <= plan.cost_usd
    found = judgements_of(plan.requests, ledger, MODEL)
    by_model = {k[1]: [j.state for j in v] for k, v in found.items()}
    letter_a = plan.requests[2].prompt.letters["A"]
    assert by_model.pop(letter_a) == ["invalid", "invalid", "out_of_range"]
    assert by_model.popitem()[1] == ["invalid", "invalid", "scored"]
    again = plan_of(judge, ledger, tasks(1))
    assert again.left == 0
    every_reply_is_kept(judge, ledger)


def test_na_is_an_answer_where_it_may_be_one_and_thoughts_do_no_harm(
    judge: FakeJudge, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    judge.slips.extend(["na", "thoughts"])
    plan = plan_of(judge, ledger, tasks(2, ["defect_detection"]))
    done = job_of(plan, connect(), ledger, tmp_path).run()
    assert done.outcomes == {"answered": 2}
    states = Counter(j.state for j in told(plan, ledger))
    assert states == {"not_applicable": 1, "scored": 3}
    assert any("<think>" in j.raw for j in told(plan, ledger))


BODIES: dict[Fault, tuple[str, str]] = {
    "refusal": ("refused", "the judge refused: I cannot look at this."),
    "filter": ("refused", "a content filter of the judge stopped it."),
    "truncated": ("truncated", "the answer was cut at the token limit."),
    "empty": ("invalid", "the answer is empty."),
    "not_openai": ("invalid", "the answer is not of the OpenAI protocol."),
    "no_json": ("invalid", "The reply holds no JSON objects"),
}


@pytest.mark.parametrize("fault", sorted(BODIES))
def test_a_body_that_is_no_judgement_is_kept_as_it_came(
    fault: Fault, judge: FakeJudge, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    state, reason = BODIES[fault]
    judge.order(fault)
    plan = plan_of(judge, ledger, tasks(1))
    done = job_of(plan, connect(), ledger, tmp_path).run()
    assert done.outcomes == {state: 1, "answered": 1}
    every_reply_is_kept(judge, ledger)
    unsound = [j for j in told(plan, ledger) if j.state == "invalid"]
    assert len(unsound) == 2
    assert all(j.reason.startswith(reason) for j in unsound)
    assert spread(told(plan, ledger)).scored == 2


# ---------------------------------------------------------------------- faults of the way
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


# ---------------------------------------------------------------------- consent, cap, secrecy
def test_nothing_is_sent_without_consent_to_exactly_this(
    judge: FakeJudge, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    plan, other = plan_of(judge, ledger, tasks(2)), plan_of(judge, ledger, tasks(3))
    for consent, words in (
        (None, "nothing is sent without your consent"),
        (Consent(other.payload_hash, 1.0), "is not what was agreed to"),
        (Consent(plan.payload_hash, None), "give a cost cap"),
    ):
        with pytest.raises(BadInput, match=words):
            job_of(plan, connect(), ledger, tmp_path, consent=consent)
    assert judge.bodies == []
    assert ledger.requests == {}


def test_the_cap_is_obeyed_with_slips_and_a_higher_one_goes_on(
    judge: FakeJudge, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    judge.slips.extend(["prose", None] * 3)
    plan = plan_of(judge, ledger, tasks(10))
    cap = plan.requests[0].cost_usd * 4.2
    seen: list[Drafted] = []
    terms = Terms(4, QUICK.backoff)
    job = job_of(plan, connect(), ledger, tmp_path, cap_usd=cap, terms=terms, on_change=seen.append)
    done = job.run()
    assert done.state == "capped"
    assert all(now.spent_usd + now.maybe_usd <= cap + 1e-9 for now in seen)
    assert judge.paid_usd(2.5, 10.0) <= cap
    done = job_of(plan, connect(), ledger, tmp_path).run()
    assert done.state == "done"
    assert done.spent_usd == pytest.approx(judge.paid_usd(2.5, 10.0))
    every_reply_is_kept(judge, ledger)


def test_answers_about_confidential_micrographs_stay_on_this_machine(
    judge: FakeJudge, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    secret = {MicrographId("m1")}
    plan = plan_of(judge, ledger, tasks(3))
    job = job_of(plan, Elsewhere(connect()), ledger, tmp_path, is_confidential=secret.__contains__)
    with pytest.raises(BadInput, match="confidential, never sent to a judge: m1"):
        job.run()
    gateway = job_of(plan, connect(), ledger, tmp_path, is_confidential=secret.__contains__)
    with pytest.raises(BadInput, match="confidential"):  # near, but it costs money
        gateway.run()
    assert judge.bodies == []
    assert ledger.requests == {}
    held = plan_of(judge, ledger, tasks(3), is_confidential=secret.__contains__)
    assert held.held == ("m1",)
    assert {r.micrograph_id for r in held.requests} == {"m0", "m2"}
    local = plan_of(
        judge, ledger, tasks(3), model="qwen-local", is_confidential=secret.__contains__
    )
    assert local.held == ()
    done = job_of(
        local, connect(), ledger, tmp_path, cap_usd=None, is_confidential=secret.__contains__
    ).run()
    assert done.outcomes == {"answered": 3}
    far = job_of(local, Elsewhere(connect()), ledger, tmp_path, cap_usd=None,
                 is_confidential=secret.__contains__)  # fmt: skip
    with pytest.raises(BadInput, match="confidential"):
        far.run()


def test_confidential_since_it_was_agreed_to_is_refused(
    judge: FakeJudge, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    plan = plan_of(judge, ledger, tasks(4))
    secret: set[MicrographId] = set()
    last = [r for r in plan.requests if r.attempt == 0][-1]

    def on_change(now: Drafted) -> None:
        if now.done == 1:
            secret.add(last.micrograph_id)

    done = job_of(
        plan, connect(), ledger, tmp_path, is_confidential=secret.__contains__, on_change=on_change
    ).run()
    assert done.outcomes == {"answered": 3, "failed": 1}
    assert last.id not in judge.arrived


# ---------------------------------------------------------------------- tasks
def test_tasks_that_make_no_sense_are_refused() -> None:
    one = tasks(1)[0]
    with pytest.raises(BadInput, match="two of the tasks"):
        judge_requests([one, one], MODEL, price())
    with pytest.raises(BadInput, match="repeats must be at least 1"):
        judge_requests([one], MODEL, price(), repeats=0)
    empty = JudgeTask("overall_quality", "x", MicrographId("m"), "Q?", " ", one.candidates)
    with pytest.raises(BadInput, match="without a benchmark"):
        judge_requests([empty], MODEL, price())


def test_two_items_with_the_same_texts_share_a_reply(
    judge: FakeJudge, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    judge.slips.extend(["prose", None, None])
    answer = (Candidate("Pores.", "base"),)
    wanted = [
        JudgeTask("feature_identification", f"item{k}", MicrographId(f"m{k}"), "Q?", "B.", answer)
        for k in range(2)
    ]
    plan = plan_of(judge, ledger, wanted)
    done = job_of(plan, connect(), ledger, tmp_path).run()
    assert (done.total, done.outcomes) == (2, {"invalid": 1, "answered": 1})
    found = judgements_of(plan.requests, ledger, MODEL)
    for item in ("item0", "item1"):
        assert [j.state for j in found[item, "base"]] == ["invalid", "scored"]


def test_the_fake_judge_sees_what_it_is_asked(judge: FakeJudge) -> None:
    for measure in MEASURES:
        body = judge_requests(tasks(1, [measure]), MODEL, price())[0].body
        assert measure_of(body) == measure
        assert sorted(answers_in(body).values()) == ["Particles 0", "Particles 0 here"]
