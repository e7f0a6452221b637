"""A pair as plain values of JSON and back, with nothing lost.

The names are those of :class:`~slava.domain.pair.QAPair`. What cannot be a pair is named field by
field; it must not know in which file a record stood.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, get_args

from slava.domain import Drafting, MicrographId, PairId, PairKind, QAPair

KINDS: tuple[PairKind, ...] = get_args(PairKind)

_TEXTS = ("answer", "detailed", "aspect", "category", "group", "conversation")
_DRAFTING_TEXTS = ("model", "prompt_version", "request_id")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def to_record(pair: QAPair) -> dict[str, Any]:
    """Every field of a pair under its own name, in values that JSON has words for."""
    by = pair.drafting
    return {
        "id": pair.id,
        "micrograph_ids": list(pair.micrograph_ids),
        "question": pair.question,
        "paraphrases": list(pair.paraphrases),
        "answer": pair.answer,
        "detailed": pair.detailed,
        "kind": pair.kind,
        "aspect": pair.aspect,
        "category": pair.category,
        "group": pair.group,
        "conversation": pair.conversation,
        "position": pair.position,
        "drafting": {
            "teacher": by.teacher,
            "model": by.model,
            "prompt_version": by.prompt_version,
            "parameters": _finite(dict(by.parameters)),
            "request_id": by.request_id,
            "facts": list(by.facts),
        },
        "extra": _finite(dict(pair.extra)),
    }


def from_record(record: Mapping[str, Any]) -> QAPair:
    """The pair that :func:`to_record` has written; fields that are missing are empty.

    Raises
    ------
    ValueError
        Naming everything that is wrong with it.
    """
    wrong: list[str] = []
    ids = strings(record, "micrograph_ids", wrong)
    wrong += [f"micrograph id {i[:20]!r} is no SHA-256" for i in ids if not _SHA256.fullmatch(i)]
    if not ids:
        wrong.append("it has no micrograph")
    question = text(record, "question", wrong)
    texts = {name: text(record, name, wrong) for name in _TEXTS}
    kind = record.get("kind", "vqa")
    if kind not in KINDS:
        wrong.append(f"kind {kind!r} is none of {', '.join(KINDS)}")
    if not question.strip() and kind != "caption":
        wrong.append("it has no question")
    if not texts["answer"].strip():
        wrong.append("it has no answer")
    position = record.get("position", 0)
    if type(position) is not int or not 0 <= position < 2**31:
        wrong.append(f"the position {str(position)[:20]} is no number from 0")
    paraphrases = strings(record, "paraphrases", wrong)
    drafting = _drafting(mapping(record, "drafting", wrong), wrong)
    extra = mapping(record, "extra", wrong)
    identity = text(record, "id", wrong)
    if wrong:
        raise ValueError("; ".join(wrong))
    return QAPair(
        id=PairId(identity),
        micrograph_ids=tuple(MicrographId(i) for i in ids),
        question=question,
        paraphrases=tuple(paraphrases),
        kind=kind,
        position=position,
        drafting=drafting,
        extra=dict(extra),
        **texts,
    )


def text(record: Mapping[str, Any], name: str, wrong: list[str]) -> str:
    """A field that is text or missing; anything else is told in ``wrong``."""
    value = record.get(name, "")
    if isinstance(value, str):
        return _whole(value)
    wrong.append(f"{name} is {_kind(value)}, not text")
    return ""


def strings(record: Mapping[str, Any], name: str, wrong: list[str]) -> list[str]:
    """A field that is a list of texts or missing."""
    value = record.get(name, [])
    if isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value):
        return [_whole(one) for one in value]
    wrong.append(f"{name} is {_kind(value)}, not a list of texts")
    return []


def mapping(record: Mapping[str, Any], name: str, wrong: list[str]) -> Mapping[str, Any]:
    """A field that is an object or missing."""
    value = record.get(name, {})
    if isinstance(value, Mapping):
        return value
    wrong.append(f"{name} is {_kind(value)}, not an object")
    return {}


def _drafting(record: Mapping[str, Any], wrong: list[str]) -> Drafting:
    parameters = mapping(record, "parameters", wrong)
    for name, value in parameters.items():
        if value is not None and not isinstance(value, (str, int, float)):
            wrong.append(f"the parameter {name!r} is {_kind(value)}, not a number or text")
        elif isinstance(value, float) and not math.isfinite(value):
            wrong.append(f"the parameter {name!r} is not finite")
    said = {name: text(record, name, wrong) for name in _DRAFTING_TEXTS}
    return Drafting(
        teacher=text(record, "teacher", wrong) or "local",
        parameters=dict(parameters),
        facts=tuple(strings(record, "facts", wrong)),
        **said,
    )


def _whole(value: str) -> str:
    """Text without lone surrogates, which no file of UTF-8 can hold."""
    return value.encode("utf-8", "replace").decode("utf-8")


def _finite(value: Any) -> Any:
    """Numbers that JSON has no word for as text."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _finite(one) for key, one in value.items()}
    return [_finite(one) for one in value] if isinstance(value, (list, tuple)) else value


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false"}
    if value is None:
        return "nothing"
    return names.get(type(value), "a number")
