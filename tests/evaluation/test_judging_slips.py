"""A judge that slips: replies without a score are kept, shown, and asked for again."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from slava.evaluation.judge_replies import judgements_of
from slava.evaluation.judging import ATTEMPTS
from slava.metrics.judged import spread
from tests.evaluation.fake_judge import (
    MODEL,
    Connect,
    FakeJudge,
    Slip,
    every_reply_is_kept,
    job_of,
    plan_of,
    tasks,
    told,
)
from tests.teacher.book import MemoryLedger
from tests.teacher.fake_server import Fault

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


def test_scores_of_two_replies_are_enough_and_a_third_is_not_paid(
    judge: FakeJudge, connect: Connect, ledger: MemoryLedger, tmp_path: Path
) -> None:
    plan = plan_of(judge, ledger, tasks(1))
    first, second, _ = plan.requests
    alike = first.prompt.letters == second.prompt.letters
    judge.slips.extend(
        ["missing", "too_high" if alike else "missing"]
    )  # the other answer each time
    done = job_of(plan, connect(), ledger, tmp_path).run()
    assert done.outcomes == {"invalid": 2}
    found = judgements_of(plan.requests, ledger, MODEL)
    assert sorted(both[-1].state for both in found.values()) == ["scored", "scored"]
    assert plan_of(judge, ledger, tasks(1)).left == 0
    again = job_of(plan, connect(), ledger, tmp_path).run()
    assert (again.found, again.attempts) == (2, 0)
