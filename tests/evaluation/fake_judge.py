"""FakeJudge: the fake teacher's server, answering as a judge, with slips of a judge to order.

Faults of the way (timeouts, cuts, 429, 500, bodies that are none) are the fake teacher's.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from slava.domain import JudgeChoice, MicrographId
from slava.evaluation.judge_replies import judgements_of
from slava.evaluation.judging import JudgeTask
from slava.evaluation.judging_job import JudgePlan, JudgingJob, make_judge_plan
from slava.metrics.judge_prompts import RANGES, Candidate, JudgedMeasure
from slava.metrics.judged import Judgement
from slava.teacher.client import OpenAITeacher
from slava.teacher.consent import Consent
from slava.teacher.ledger import RequestId
from slava.teacher.prices import Price, load_prices
from slava.teacher.sent_log import SentLog
from slava.teacher.terms import Backoff, Terms
from tests.teacher.fake_server import FakeTeacher

Slip = Literal["prose", "missing", "twice", "too_high", "too_low", "words", "na", "thoughts"]

MEASURES: tuple[JudgedMeasure, ...] = tuple(RANGES)
MODEL = "gpt-4o"
Connect = Callable[..., OpenAITeacher]
QUICK = Terms(1, Backoff(4, 0.01, 0.02))


def measure_of(body: Mapping[str, Any]) -> JudgedMeasure:
    """What a request asks to be judged, by the form it wants."""
    schema = body["response_format"]["json_schema"]["schema"]
    fields = schema["properties"]["judgements"]["items"]["properties"]
    if "criteria" in fields:
        return "overall_quality"
    return "defect_detection" if "anyOf" in fields["score"] else "feature_identification"


def answers_in(body: Mapping[str, Any]) -> dict[str, str]:
    """Letter to answer, in the order shown."""
    text = body["messages"][1]["content"]
    return dict(json.loads(text[text.index("{") :])["answers"])


def by_length(answer: str, _place: int) -> float:
    """0 to 1: the longer the better, wherever it stands."""
    return min(1.0, len(answer) / 40)


@dataclass
class FakeJudge(FakeTeacher):
    """Start with ``with FakeJudge() as judge:``."""

    taste: Callable[[str, int], float] = by_length
    """0 to 1, of an answer and its place."""
    slips: deque[Slip | None] = field(default_factory=deque)
    """The next replies have these, one each."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.answer = self.judge

    def judge(self, body: Mapping[str, Any]) -> str:
        """The content of a reply."""
        measure = measure_of(body)
        low, high = RANGES[measure]
        told = [
            self._entry(letter, self._score(measure, self.taste(answer, place)), body)
            for place, (letter, answer) in enumerate(answers_in(body).items())
        ]
        slip = self.slips.popleft() if self.slips else None
        if slip == "prose":
            return "All of them are about as good as the benchmark."
        if slip == "missing":
            told = told[:-1]
        if slip == "twice":
            told.append({**told[0], "score": low})
        scores: dict[Any, Any] = {"too_high": high + 1, "too_low": low - 1, "words": "very good"}
        if slip in scores or slip == "na":
            told[0]["score"] = scores.get(slip, "NA")
        written = json.dumps({"judgements": told})
        if slip == "thoughts":
            return f'<think>A first: {{"score": 3}}</think>\n```json\n{written}\n```\nThat is all.'
        return written

    def _score(self, measure: JudgedMeasure, liking: float) -> float:
        low, high = RANGES[measure]
        return round(liking) if measure == "defect_detection" else low + (high - low) * liking

    def _entry(self, letter: str, score: float, body: Mapping[str, Any]) -> dict[str, Any]:
        schema = body["response_format"]["json_schema"]["schema"]
        fields = schema["properties"]["judgements"]["items"]["properties"]
        entry = {"answer": letter, "reason": f"Because of {letter}.", "score": score}
        if "criteria" in fields:
            entry["criteria"] = dict.fromkeys(fields["criteria"]["properties"], score)
        return entry


class Elsewhere:
    """The same server, as if it stood on another machine."""

    own_machine = False

    def __init__(self, near: OpenAITeacher) -> None:
        self._near = near
        self.host, self.honours_keys = near.host, near.honours_keys

    def send(self, body: Mapping[str, Any], request_id: RequestId) -> str:
        return self._near.send(body, request_id)

    def close(self) -> None: ...


def tasks(
    items: int = 3,
    measures: Sequence[JudgedMeasure] = ("overall_quality",),
    models: Sequence[str] = ("base", "adapter"),
) -> list[JudgeTask]:
    """Questions about micrographs ``m0``, ``m1``, ...; later models say more."""
    return [
        JudgeTask(
            measure,
            f"item{k}",
            MicrographId(f"m{k}"),
            f"What is seen in {k}?",
            f"Particles of {k} nm, no defects.",
            tuple(Candidate(f"Particles {k}" + " here" * at, m) for at, m in enumerate(models)),
        )
        for measure in measures
        for k in range(items)
    ]


def price(model: str = MODEL) -> Price:
    return load_prices().of(model, own_machine=True)


def plan_of(
    judge: FakeJudge, ledger: Any, wanted: Sequence[JudgeTask], repeats: int = 1, **more: Any
) -> JudgePlan:
    model = more.pop("model", MODEL)
    return make_judge_plan(
        wanted,
        JudgeChoice(judge.url, model, repeats=repeats),
        price(model),
        ledger,
        is_confidential=more.pop("is_confidential", lambda _: False),
        **more,
    )


def job_of(plan: JudgePlan, server: Any, ledger: Any, folder: Any, **more: Any) -> JudgingJob:
    consent = more.pop("consent", Consent(plan.payload_hash, more.pop("cap_usd", 50.0)))
    return JudgingJob(
        plan,
        server,
        ledger,
        SentLog(folder),
        consent,
        is_confidential=more.pop("is_confidential", lambda _: False),
        terms=more.pop("terms", QUICK),
        **more,
    )


def told(plan: Any, ledger: Any, teacher: str = "") -> list[Judgement]:
    found = judgements_of(plan.requests, ledger, MODEL, teacher)
    return [one for both in found.values() for one in both]


def every_reply_is_kept(judge: FakeJudge, ledger: Any) -> None:
    """What was paid is in the book as it came, each once."""
    kept = {r.id: r.raw_response.encode() for r in ledger.list_requests() if r.raw_response}
    assert kept == {k: judge.answers[k] for k in judge.paid}
    assert set(judge.paid.values()) <= {1}
