"""The form in which a teacher has to answer, and the reading of what it did answer.

An answer becomes pairs when all of it is sound; a refusal, a truncation, invalid JSON or an empty
answer is named and kept, and no pair is made of any part of it. It must not know how answers come.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from slava.domain import Drafting, PairId, PairKind, QAPair
from slava.teacher.envelope import open_envelope
from slava.teacher.ledger import RequestState
from slava.teacher.pairs import conversation_id, with_id
from slava.teacher.subject import Ask

_Text = Annotated[str, Field(pattern=r"\S", max_length=8000)]
_REFUSALS = re.compile(
    r"^\W*(i['’]m sorry|i am sorry|sorry,|i can(?:no|['’])t (?:help|assist|comply|do)"
    r"|i(?:['’]m| am) (?:unable|not able) to|i won['’]t)",
    re.IGNORECASE,
)
_FENCE = re.compile(r"^\s*```(?:json)?\s*(.*?)\s*```\s*$", re.DOTALL)


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Pair(_Answer):
    question: _Text
    paraphrases: list[_Text] = Field(max_length=20)
    concise: _Text
    detailed: _Text


class _Pairs(_Answer):
    pairs: list[_Pair] = Field(min_length=1, max_length=4)


class _Caption(_Answer):
    concise: _Text
    detailed: _Text


class _Turn(_Answer):
    aspect: _Text
    question: _Text
    observation: _Text
    reasoning: _Text
    answer: _Text


class _Turns(_Answer):
    turns: list[_Turn] = Field(min_length=1, max_length=60)


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of one answer."""

    state: RequestState
    pairs: tuple[QAPair, ...] = ()
    reason: str = ""
    """Why there are no pairs, in one sentence."""
    tokens: tuple[int, int] | None = None
    """Read and written, as the teacher counts; None where it does not say."""


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


_STRING = {"type": "string"}


def _list(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": dict(items)}


PAIRS_SCHEMA = _object(
    {
        "pairs": _list(
            _object(
                {
                    "question": _STRING,
                    "paraphrases": _list(_STRING),
                    "concise": _STRING,
                    "detailed": _STRING,
                }
            )
        )
    }
)
CAPTION_SCHEMA = _object({"concise": _STRING, "detailed": _STRING})
TURNS_SCHEMA = _object(
    {
        "turns": _list(
            _object(
                {
                    "aspect": _STRING,
                    "question": _STRING,
                    "observation": _STRING,
                    "reasoning": _STRING,
                    "answer": _STRING,
                }
            )
        )
    }
)
SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "question_answer_pairs": PAIRS_SCHEMA,
    "caption": CAPTION_SCHEMA,
    "conversation": TURNS_SCHEMA,
}


def read_answer(body: str, ask: Ask, drafting: Drafting) -> Reading:
    """Make pairs of the body of a chat completion, or say why not.

    Parameters
    ----------
    body
        As it came.
    ask
        What was asked.
    drafting
        What every pair is to say of its origin.
    """
    told = open_envelope(body)
    reading = Reading(told.state, reason=told.reason, tokens=told.tokens)
    if told.state != "answered":
        return reading
    return replace(reading, **_parsed(told.words, ask, drafting))


def _parsed(content: str, ask: Ask, drafting: Drafting) -> dict[str, Any]:
    fenced = _FENCE.match(content)
    try:
        data = json.loads(fenced[1] if fenced else content)
    except ValueError:
        if _REFUSALS.match(content):
            words = " ".join(content.split())[:200]
            return {"state": "refused", "reason": f"the teacher refused: {words}"}
        return {"state": "invalid", "reason": "the answer is no JSON."}
    try:
        return {"state": "answered", "pairs": _pairs(data, ask, drafting)}
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the answer"
        more = f" ({error.error_count()} faults)" if error.error_count() > 1 else ""
        words = f"{where}: {str(first['msg']).lower()}{more}"
        words = f"the answer is not of the form asked for: {words}."
        return {"state": "invalid", "reason": words}


def _pairs(data: Any, ask: Ask, drafting: Drafting) -> tuple[QAPair, ...]:
    if ask.schema_name == "caption":
        caption = _Caption.model_validate(data)
        return (_pair(ask, drafting, "caption", ask.question, caption.concise, caption.detailed),)
    if ask.schema_name == "conversation":
        return _turns(_Turns.model_validate(data).turns, ask, drafting)
    kind: PairKind = "comparison" if ask.template == "comparison" else "vqa"
    found = _Pairs.model_validate(data).pairs
    levels = ("simple", "complex") if len(found) > 1 and ask.template == "vqa" else ("",)
    made = []
    for at, told in enumerate(found):
        pair = _pair(
            ask, drafting, kind, told.question, told.concise, told.detailed, told.paraphrases
        )
        level = levels[at] if at < len(levels) else ""
        made.append(replace(pair, extra={**pair.extra, "complexity": level}) if level else pair)
    return tuple(made)


def _turns(turns: list[_Turn], ask: Ask, drafting: Drafting) -> tuple[QAPair, ...]:
    """A turn's detailed answer leads from what is seen by reasoning to its concise one."""
    shared = conversation_id(ask.micrograph_ids, [t.question for t in turns], drafting)
    made = []
    for at, turn in enumerate(turns):
        steps = " ".join(s.strip() for s in (turn.observation, turn.reasoning, turn.answer))
        pair = _pair(ask, drafting, "conversation", turn.question, turn.answer, steps)
        aspect = _aspect(turn.aspect, at, len(turns), ask)
        made.append(with_id(replace(pair, aspect=aspect, conversation=shared, position=at)))
    return tuple(made)


def _aspect(said: str, at: int, turns: int, ask: Ask) -> str:
    """The label that a turn names, or that of its place where there is a turn for each."""
    if said.strip() in ask.aspects:
        return said.strip()
    return ask.aspects[at] if turns == len(ask.aspects) else ""


def _pair(
    ask: Ask,
    drafting: Drafting,
    kind: PairKind,
    question: str,
    answer: str,
    detailed: str,
    paraphrases: list[str] | None = None,
) -> QAPair:
    others = [p.strip() for p in paraphrases or [] if p.strip() != question.strip()]
    extra: dict[str, object] = {}
    if ask.contrast:
        extra["contrast"] = ask.contrast
    if ask.contrast == "heterogeneity":
        extra["crops"] = [[s.crop.left, s.crop.top, s.crop.right, s.crop.bottom] for s in ask.shots]
    return with_id(
        QAPair(
            id=PairId(""),
            micrograph_ids=ask.micrograph_ids,
            question=question.strip(),
            answer=answer.strip(),
            detailed=detailed.strip(),
            paraphrases=tuple(dict.fromkeys(others)),
            kind=kind,
            aspect=ask.aspect,
            category=ask.category,
            group=ask.group,
            drafting=drafting,
            extra=extra,
        )
    )
