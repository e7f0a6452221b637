"""Requests to a judge, known by their content. Texts alone go out, no micrograph.

It must not know how requests are sent, nor what becomes of the replies.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slava.domain import MicrographId
from slava.errors import BadInput
from slava.metrics.judge_prompts import (
    Candidate,
    JudgedMeasure,
    JudgePrompt,
    judge_prompt,
    judging_order,
)
from slava.packs import Criterion
from slava.teacher.ledger import RequestId
from slava.teacher.prices import Price, text_tokens

ATTEMPTS = 3
"""So often a judge is asked at most until its reply has a score for every answer."""
SAMPLING = ("temperature", "top_p", "seed")
"""What models that reason do not take."""
_SEEDS_APART = 1_000_000
"""Between the attempts of one repeat, so that more repeats share no seed with them."""
_WRITTEN = (768, 256)
"""Tokens written at most: in any case, and for each answer."""
_THOUGHTS = 4096
"""More of them for models that may think first: without sampling, or without a price."""
_LIKELY = (30, 130)
"""The same as a rule; for what is likely, not for the cap."""

Turn = tuple[JudgedMeasure, str, int]
"""Measure, item and repeat: what one reply is wanted for."""


@dataclass(frozen=True, slots=True)
class JudgeTask:
    """Answers to one question that are judged together, by one measure."""

    measure: JudgedMeasure
    item: str
    """Unique among the tasks of a measure; says item and level where there are several."""
    micrograph_id: MicrographId
    """What the texts are about."""
    question: str
    benchmark: str
    candidates: tuple[Candidate, ...]
    """Answers with the titles of their models."""
    criteria: tuple[Criterion, ...] = ()
    """The rubric of a pack; the five of GlassLLaVA for none."""


@dataclass(frozen=True, slots=True)
class JudgeRequest:
    """One request to a judge, ready to be sent."""

    id: RequestId
    """SHA-256 of body, host and seed: the same judgement is never paid twice."""
    prompt: JudgePrompt
    micrograph_id: MicrographId
    body: Mapping[str, Any]
    """The JSON that is sent, byte for byte."""
    repeat: int
    """0, 1, 2 ..."""
    attempt: int
    """0; above that it is sent only when the reply to the attempt before it gave no score."""
    tokens_read: int
    tokens_written: int
    """At most."""
    cost_usd: float
    """At most."""
    likely_usd: float

    @property
    def micrograph_ids(self) -> tuple[MicrographId, ...]:
        return (self.micrograph_id,)

    @property
    def turn(self) -> Turn:
        return self.prompt.measure, self.prompt.item, self.repeat

    def to_json(self) -> str:
        """Everything, as the book keeps it."""
        asked = self.prompt
        return json.dumps(
            {
                "request": self.body,
                "judged": {
                    "measure": asked.measure,
                    "item": asked.item,
                    "micrograph": self.micrograph_id,
                    "letters": asked.letters,
                    "criteria": asked.criteria,
                    "seed": asked.seed,
                    "version": asked.version,
                    "repeat": self.repeat,
                    "attempt": self.attempt,
                },
                "at_most": [self.tokens_read, self.tokens_written, self.cost_usd],
                "likely_usd": self.likely_usd,
            },
            ensure_ascii=False,
            sort_keys=True,
        )


def judge_requests(
    tasks: Sequence[JudgeTask],
    model: str,
    price: Price,
    *,
    host: str = "",
    repeats: int = 1,
    seed: int = 0,
    again: int = 0,
) -> tuple[JudgeRequest, ...]:
    """Every request that judging may need, further attempts among them.

    The order of tasks is drawn anew for every repeat, that of answers and criteria for every
    request; all tasks come once before any comes again.

    Parameters
    ----------
    host
        Of the judge: the same name elsewhere is another judge.
    again
        Above 0 for judging anew what was judged before.

    Raises
    ------
    BadInput
        If a task cannot be judged, or two are the same.
    """
    if repeats < 1:
        raise BadInput(f"repeats must be at least 1, not {repeats}.")
    known = {f"{t.measure}/{t.item}": t for t in tasks}
    if len(known) != len(tasks):
        raise BadInput("two of the tasks for the judge are about the same item by one measure.")
    return tuple(
        _request(known[key], model, price, repeat, attempt, seed, {"host": host, "again": again})
        for repeat in range(repeats)
        for key in judging_order(sorted(known), seed + repeat)
        for attempt in range(ATTEMPTS)
    )


def _request(
    task: JudgeTask,
    model: str,
    price: Price,
    repeat: int,
    attempt: int,
    seed: int,
    besides: Mapping[str, Any],
) -> JudgeRequest:
    try:
        prompt = judge_prompt(
            task.measure,
            task.item,
            task.question,
            task.benchmark,
            task.candidates,
            criteria=task.criteria,
            seed=seed + repeat + attempt * _SEEDS_APART,
        )
    except ValueError as error:
        raise BadInput(f"{task.measure}: {error}.") from None
    answers = len(prompt.letters)
    thinks = price.free or not price.row.sampling
    written = _WRITTEN[0] + _WRITTEN[1] * answers + (_THOUGHTS if thinks else 0)
    body = {**prompt.body(model), price.row.limit_key: written}
    if not price.row.sampling:
        body = {k: v for k, v in body.items() if k not in SAMPLING}
    read = text_tokens(prompt.system, prompt.text, json.dumps(prompt.schema))
    return JudgeRequest(
        _id_of(body, {"seed": prompt.seed, **{k: v for k, v in besides.items() if v}}),
        prompt,
        task.micrograph_id,
        body,
        repeat,
        attempt,
        read,
        written,
        price.cost_usd(read, written),
        price.cost_usd(read, _LIKELY[0] + _LIKELY[1] * answers),
    )


def _id_of(body: Mapping[str, Any], besides: Mapping[str, Any]) -> RequestId:
    """The seed counts where it is not sent too, or all repeats would be one; so does the host."""
    told = json.dumps({**besides, **body}, sort_keys=True, separators=(",", ":"))
    return RequestId(hashlib.sha256(told.encode()).hexdigest())
