"""The way to a kept judgement: nothing lost, nothing paid twice, nothing sent unasked."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import pytest

from slava.domain import MicrographId
from slava.errors import BadInput
from slava.evaluation import judging_job
from slava.evaluation.judge_replies import judgements_of
from slava.evaluation.judging import ATTEMPTS, JudgeTask, judge_requests
from slava.metrics.judge_prompts import Candidate
from slava.metrics.judge_trust import place_effect
from slava.metrics.judged import spread
from slava.teacher.consent import Consent
from slava.teacher.progress import Drafted
from slava.teacher.terms import Terms
from tests.evaluation.fake_judge import (
    MEASURES,
    MODEL,
    QUICK,
    Connect,
    Elsewhere,
    FakeJudge,
    answers_in,
    every_reply_is_kept,
    job_of,
    measure_of,
    plan_of,
    price,
    tasks,
    told,
)
from tests.teacher.book import MemoryLedger

COST = price().cost_usd(1000, 300)


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
