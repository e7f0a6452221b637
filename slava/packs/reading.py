"""Packs as TOML: what is allowed in one, and everything that is wrong with one at once.

It must not know where pack files lie.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from slava.packs.pack import (
    AnswerLength,
    Aspect,
    Contrast,
    Criterion,
    Pack,
    PackClass,
    PictureKind,
)

Label = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]{0,63}$")]
Text = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"\S")]
Question = Annotated[str, Field(max_length=600, pattern=r"\S.*\?\s*$")]

_LABEL_WORDS = "must be lower-case letters, digits and _ (at most 64)"
_WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is no key of a pack",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "model_type": "must be a table",
    "dict_type": "must be a table",
    "string_too_short": "must not be empty",
}
_LINE = re.compile(r"\(at line (\d+), column (\d+)\)")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Class(_Strict):
    label: Label
    title: Text
    phrase: Text


class _Aspect(_Strict):
    label: Label
    title: Text
    question: Question
    guidance: str = ""
    complex_question: Question | None = None


class _Length(_Strict):
    concise_most_words: int = Field(45, ge=5, le=200)
    detailed_fewest_sentences: int = Field(3, ge=1, le=20)
    detailed_most_words: int = Field(220, ge=20, le=1000)


class _Criterion(_Strict):
    label: Label
    title: Text
    text: Text


class _Comparisons(_Strict):
    similar_across: Question | None = None
    dissimilar_within: Question | None = None
    heterogeneity: Question | None = None


class _Pack(_Strict):
    id: Label
    title: Text
    version: int = Field(1, ge=1)
    source: str = ""
    picture: PictureKind = "electron micrograph"
    subject: Text = "a material"
    instructions: list[Text] = Field(default_factory=list, max_length=40)
    banned_abbreviations: list[Text] = Field(default_factory=list, max_length=500)
    paraphrases: int = Field(3, ge=0, le=10)
    caption: str = ""
    length: _Length = Field(default_factory=lambda: _Length.model_validate({}))
    comparisons: _Comparisons = Field(default_factory=_Comparisons)
    classes: list[_Class] = Field(max_length=200)
    aspects: list[_Aspect] = Field(min_length=1, max_length=60)
    rubric: list[_Criterion] = Field(default_factory=list, max_length=40)


def read_pack(text: str, name: str) -> tuple[Pack | None, list[str]]:
    """A pack, or everything that is wrong with its text.

    Parameters
    ----------
    text
        The TOML.
    name
        The file's name: it stands before every complaint, and its stem must be the pack's id.

    Returns
    -------
    pack, problems
        No pack where there is a problem; each reads ``FILE: KEY WHAT IS WRONG``.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return None, [f"{name}: {_syntax(str(error))}"]
    problems: list[str] = []
    found: _Pack | None = None
    try:
        found = _Pack.model_validate(data)
    except ValidationError as error:
        problems += [f"{name}: {_complaint(one)}" for one in error.errors()]
    problems += [f"{name}: {words}" for words in _beyond_types(data, name)]
    if found is None or problems:
        return None, problems
    return _as_pack(found), []


def _syntax(words: str) -> str:
    place = _LINE.search(words)
    where = f"line {place[1]}, column {place[2]}: " if place else ""
    return f"{where}no TOML ({_LINE.sub('', words).strip()})"


def _complaint(error: Any) -> str:
    kind = str(error["type"])
    if kind == "string_pattern_mismatch":
        question = r"\?" in str(error["ctx"]["pattern"])
        shown = f"{error['input']!r} "
        words = shown + ("must end with a question mark" if question else _LABEL_WORDS)
        if error["ctx"]["pattern"] == r"\S":
            words = "must not be empty"
    elif kind == "literal_error":
        words = f"{error['input']!r} must be {error['ctx']['expected']}"
    else:
        words = _WORDS.get(kind) or str(error["msg"][:1]).lower() + str(error["msg"][1:])
    return f"{_key(error['loc'])} {words}"


def _key(place: tuple[int | str, ...]) -> str:
    """``aspects[2].question``, counting from 1 as people do."""
    key = ""
    for part in place:
        if isinstance(part, int):
            key += f"[{part + 1}]"
        else:
            key += f".{part}" if key else part
    return key


def _beyond_types(data: dict[str, Any], name: str) -> list[str]:
    """What only the whole can tell: the id against the file's name, labels that occur twice."""
    problems = []
    stem = name.rsplit("/", 1)[-1].removesuffix(".toml")
    if isinstance(data.get("id"), str) and data["id"] != stem:
        problems.append(f"id {data['id']!r} must be the file's name, {stem!r}")
    for table in ("classes", "aspects", "rubric"):
        rows = data.get(table)
        listed = rows if isinstance(rows, list) else []
        labels = [r.get("label") for r in listed if isinstance(r, dict)]
        counted = Counter(label for label in labels if isinstance(label, str))
        problems += [
            f"{table}: {one!r} stands there {n} times" for one, n in counted.items() if n > 1
        ]
    return problems


def _as_pack(found: _Pack) -> Pack:
    contrasts: tuple[Contrast, ...] = ("similar_across", "dissimilar_within", "heterogeneity")
    asked = [(c, getattr(found.comparisons, c)) for c in contrasts]
    return Pack(
        id=found.id,
        title=found.title,
        classes=tuple(PackClass(c.label, c.title, c.phrase) for c in found.classes),
        aspects=tuple(
            Aspect(a.label, a.title, a.question, a.guidance, a.complex_question or "")
            for a in found.aspects
        ),
        version=found.version,
        picture=found.picture,
        subject=found.subject,
        instructions=tuple(found.instructions),
        banned_abbreviations=tuple(found.banned_abbreviations),
        paraphrases=found.paraphrases,
        length=AnswerLength(**found.length.model_dump()),
        caption=found.caption,
        comparisons=tuple((c, q) for c, q in asked if q),
        rubric=tuple(Criterion(c.label, c.title, c.text) for c in found.rubric),
        source=found.source,
    )
