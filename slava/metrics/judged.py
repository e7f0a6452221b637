"""What a judge said, as records: parsed, repeated, overruled by a person.

Whatever a judge replies becomes a :class:`Judgement` that keeps the reply as it came; only what is
in range has a score. It must not know how a judge is reached: it takes a function.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean, pstdev
from typing import Any, Literal, Protocol

from slava.metrics.judge_prompts import RANGES, Candidate, JudgedMeasure, JudgePrompt, judge_prompt
from slava.metrics.kin import same_family
from slava.packs import Criterion

State = Literal["scored", "not_applicable", "out_of_range", "invalid"]
"""``invalid``: no JSON, no such answer, no number; out of range is not clipped."""

_THOUGHTS = re.compile(r"<think>.*?</think>", re.DOTALL)
_MOST_BRACES = 100
"""Further opening braces of a reply are not looked at."""
_NA = frozenset({"na", "n/a", "not applicable"})


class Judge(Protocol):
    """Answers a prompt with text: a model behind the teacher's client, or a function in a test."""

    def __call__(self, prompt: JudgePrompt) -> str: ...


@dataclass(frozen=True, slots=True)
class Judgement:
    """One score of one answer by one judge, with the reply that it was read from."""

    measure: JudgedMeasure
    item: str
    model: str
    """Who gave the answer."""
    judge: str
    state: State
    score: float | None
    """In the range of its measure; ``None`` unless ``scored``."""
    reason: str = ""
    """The judge's own, or what was wrong with the reply."""
    criteria: Mapping[str, float] = field(default_factory=dict)
    raw: str = ""
    version: str = ""
    seed: int = 0
    place: int = 0
    """0, 1, 2 ... where the answer stood among those judged with it."""
    same_family: bool = False
    """Whether the judge is of the teacher's family: it then grades what its kin wrote."""
    overruled_by: str = ""
    """The person whose score stands here; ``judge_score`` keeps the judge's."""
    judge_score: float | None = None

    @property
    def counts(self) -> bool:
        """Whether it enters a mean."""
        return self.state == "scored"


@dataclass(frozen=True, slots=True)
class Spread:
    """Repeated judgements of one answer."""

    mean: float | None
    std: float | None
    """Of the repeats, divided by their number; ``None`` without a score."""
    lowest: float | None
    highest: float | None
    scored: int
    repeats: int


def read_judgements(
    raw: str, prompt: JudgePrompt, judge: str, *, same_family: bool = False
) -> tuple[Judgement, ...]:
    """One judgement per answer of the prompt, in the order shown. Any text is taken."""

    def made(letter: str, state: State, score: float | None, reason: str, **more: Any) -> Judgement:
        return Judgement(
            prompt.measure,
            prompt.item,
            prompt.letters[letter],
            judge,
            state,
            score,
            reason,
            raw=raw,
            version=prompt.version,
            seed=prompt.seed,
            place=list(prompt.letters).index(letter),
            same_family=same_family,
            **more,
        )

    said, fault = _entries(raw, prompt)
    found = []
    for letter in prompt.letters:
        entry = said.get(letter)
        if entry is None:
            found.append(made(letter, "invalid", None, fault or f"Nothing is said of {letter}."))
            continue
        state, score, problem = _score(entry.get("score"), prompt.measure)
        reason = entry.get("reason")
        told = reason.strip() if isinstance(reason, str) else ""
        found.append(made(letter, state, score, problem or told, criteria=_criteria(entry, prompt)))
    return tuple(found)


def judge_item(
    measure: JudgedMeasure,
    item: str,
    question: str,
    benchmark: str,
    candidates: Sequence[Candidate],
    judge: Judge,
    judge_name: str,
    *,
    criteria: Sequence[Criterion] = (),
    repeats: int = 1,
    seed: int = 0,
    teacher: str = "",
    on_judged: Callable[[tuple[Judgement, ...]], None] = lambda _: None,
) -> tuple[Judgement, ...]:
    """Ask a judge ``repeats`` times, each time in another order of answers and criteria.

    Parameters
    ----------
    teacher
        The model that wrote the benchmark or drafted what the model was trained on; a judge of its
        family is flagged.
    on_judged
        Gets the judgements of every reply as it comes.

    Raises
    ------
    ValueError
        As :func:`~slava.metrics.judge_prompts.judge_prompt`; or if ``repeats`` is below 1.
    """
    if repeats < 1:
        raise ValueError(f"repeats must be at least 1, got {repeats!r}")
    kin = same_family(judge_name, teacher)
    all_of_them: list[Judgement] = []
    for k in range(repeats):
        prompt = judge_prompt(
            measure, item, question, benchmark, candidates, criteria=criteria, seed=seed + k
        )
        told = read_judgements(judge(prompt), prompt, judge_name, same_family=kin)
        on_judged(told)
        all_of_them += told
    return tuple(all_of_them)


def spread(judgements: Sequence[Judgement]) -> Spread:
    """How far the repeats of one answer lie apart."""
    scores = [j.score for j in judgements if j.counts and j.score is not None]
    if not scores:
        return Spread(None, None, None, None, 0, len(judgements))
    return Spread(
        fmean(scores), pstdev(scores), min(scores), max(scores), len(scores), len(judgements)
    )


def overrule(judgement: Judgement, score: float | None, person: str) -> Judgement:
    """A person's score in the place of the judge's, which is kept; ``None`` is not applicable.

    Raises
    ------
    ValueError
        If the score is out of the range of its measure, or nobody is named.
    """
    if not person.strip():
        raise ValueError("whoever overrules a judge must be named")
    state: State = "not_applicable"
    if score is not None:
        state, _, problem = _score(score, judgement.measure)
        if state != "scored":
            raise ValueError(problem)
    kept = judgement.judge_score if judgement.overruled_by else judgement.score
    return replace(
        judgement, state=state, score=score, overruled_by=person.strip(), judge_score=kept
    )


def _entries(raw: str, prompt: JudgePrompt) -> tuple[dict[str, dict[str, Any]], str]:
    """The entry of each letter, and what is wrong with the reply as a whole."""
    objects = _objects(raw)
    if len(objects) != 1:
        return {}, f"The reply holds {len(objects) or 'no'} JSON objects with judgements, not one."
    told = objects[0]
    entries = told.get("judgements")
    if entries is None and len(prompt.letters) == 1:
        entries = [{"answer": next(iter(prompt.letters)), **told}]
    if not isinstance(entries, list):
        return {}, "The reply has no list of judgements."
    found: dict[str, dict[str, Any]] = {}
    for entry in entries:
        if isinstance(entry, dict) and isinstance(letter := entry.get("answer"), str):
            if letter in found:
                return {}, f"The reply judges {letter} twice."
            found[letter] = entry
    return found, ""


def _objects(raw: str) -> list[dict[str, Any]]:
    """The JSON objects of a reply that speak of judgements, whatever stands around them."""
    text = _THOUGHTS.sub("", raw)
    decoder = json.JSONDecoder(parse_constant=str)
    found, start = [], text.find("{")
    for _ in range(_MOST_BRACES):
        if start < 0:
            break
        after = start + 1
        try:
            told, after = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            told = None
        if isinstance(told, dict) and ("judgements" in told or "score" in told):
            found.append(told)
        start = text.find("{", after)
    return found


def _score(value: object, measure: JudgedMeasure) -> tuple[State, float | None, str]:
    """State, score and what is wrong with it."""
    low, high = RANGES[measure]
    if value is None or (isinstance(value, str) and value.strip().lower() in _NA):
        if measure == "defect_detection" and value is not None:
            return "not_applicable", None, ""
        return "invalid", None, f"{value!r} is no score of {measure}."
    try:
        score = math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        score = math.nan
    if not math.isfinite(score):
        return "invalid", None, f"{value!r} is no number."
    if not low <= score <= high or (measure == "defect_detection" and score not in (0, 1)):
        return "out_of_range", None, f"{score:g} is not within {low:g} to {high:g}."
    return "scored", score, ""


def _criteria(entry: dict[str, Any], prompt: JudgePrompt) -> dict[str, float]:
    """What was given for each criterion, as far as it is in range."""
    given = entry.get("criteria")
    found = {}
    if isinstance(given, dict):
        for label in prompt.criteria:
            _, score, _ = _score(given.get(label), prompt.measure)
            if score is not None:
                found[label] = score
    return found
