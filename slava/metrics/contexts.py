"""One simple question at four levels of context: none, and with one, two and three attributes.

After GlassLLaVA's context assessment: an attribute is about the material type, the appearance, the
properties, the processing conditions, or something else; it must not answer the question, directly
or indirectly. Attributes come from the category, from measured facts and from what a paper says;
nothing is made up. The user's own notes and the instrument are left out: the questions go to a
judge. It must not know who answers or judges.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal, get_args

from slava.domain import Fact
from slava.domain.conversation import ContextLevel
from slava.metrics.labels import names_defect
from slava.packs import PackClass
from slava.teacher.checks.quantities import quantities_in
from slava.teacher.checks.text import content_stems, sentences

ContextType = Literal["material_type", "appearance", "properties", "processing_conditions", "other"]
TYPES: tuple[ContextType, ...] = get_args(ContextType)
LEVELS: tuple[ContextLevel, ...] = ("none", "basic", "moderate", "high")
"""With 0, 1, 2 and 3 attributes."""

ANSWERED = 0.5
"""Share of an answer's own words that context may not reach."""
_NEAR = 0.1
_LONGEST_WORDS = 40

_WITHHELD = frozenset({"instrument", "detector"})
_TYPE_OF_FACT: tuple[tuple[ContextType, str], ...] = (
    ("properties", r"_diameter_|_intercept_|^lattice_|^period$|grain_size_number"),
    (
        "appearance",
        r"_count$|circularity|aspect_ratio|solidity|coverage|porosity|^orientation|"
        r"order_parameter|^texture_",
    ),
)
_PROCESSED = re.compile(
    r"\b(?:anneal\w*|sinter\w*|calcin\w*|etch\w*|deposit\w*|sputter\w*|spin-?coat\w*|electrospun|"
    r"electrospinning|heat[- ]treat\w*|temper\w*|quench\w*|cast\w*|extru\w*|roll(?:ed|ing)|"
    r"polish\w*|dr(?:ied|ying)|synthesi[sz]\w*|prepared|fabricated|grown|exposed|immersed|cur(?:ed|ing)|"
    r"melt(?:ed|ing)?|pressed|pressure|°\s?C|hydrothermal\w*|coated|irradiat\w*)\b|°\s?C",
    re.IGNORECASE,
)
_PROPERTY = re.compile(
    r"\b(?:hardness|modulus|strength|conductiv\w+|toughness|density|viscosity|refractive|thermal|"
    r"mechanical|optical|magnetic|electrical|melting point|band ?gap|elastic\w*|ductil\w*)\b",
    re.IGNORECASE,
)

_ABOUT: tuple[tuple[str, str, str], ...] = (
    (
        "size",
        r"\blarge\b|\bsizes?\b|diamet|\bwid(?:e|th)|thick|dimension|\bbig\b|\bsmall\b|\blong\b|"
        r"distribut",
        r"_diameter_|_intercept_|grain_size_number",
    ),
    ("count", r"how many|\bnumber\b|\bcount", r"_count$"),
    ("cover", r"poro|cover|densely|density|packed", r"coverage|porosity"),
    ("direction", r"align|orient|direction", r"orientation|order_parameter|lattice_direction"),
    ("lattice", r"period|spacing|lattice|pattern|arrang|regular", r"^lattice_|^period$"),
    (
        "scale",
        r"\bscales?\b|magnif|field of view|pixel",
        r"^field_|^pixel_size$|^magnification$",
    ),
    ("texture", r"rough|smooth|texture", r"^texture_"),
    ("quality", r"sharp|focus|\bnois|quality|artefact|artifact|technique", r"^quality_"),
    ("voltage", r"voltage|\bkV\b|beam|technique", r"accelerating_voltage|working_distance"),
    (
        "shape",
        r"\bshape|round|spher|circular|elongat|morpholog",
        r"circularity|aspect_ratio|solidity",
    ),
)
"""What is asked for, the words of a question that ask for it, and the facts that tell it."""

_ASKS_MATERIAL = re.compile(
    r"\b(?:what|which)\b[^?]{0,40}\b(?:material|kind|type|category|class|specimen|sample)|"
    r"\bwhat (?:is|are) (?:this|these|shown|depicted|seen)|identify the|what does it show",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Attribute:
    """One thing told besides the question."""

    type: ContextType
    text: str
    """As it stands in a question: ``mean diameter: 120 nm``."""
    fact: str = ""
    """The name of the fact that it comes from."""


@dataclass(frozen=True, slots=True)
class ContextQuestion:
    """The same question with more or less told before it."""

    level: ContextLevel
    question: str
    attributes: tuple[Attribute, ...]


def attributes_of(
    facts: Sequence[Fact], category: PackClass | None = None, passages: Sequence[str] = ()
) -> tuple[Attribute, ...]:
    """Everything that may be told of a micrograph, by type.

    Parameters
    ----------
    passages
        What a paper says of it. Sentences about processing or properties are taken as they stand,
        others are not: nobody knows whether they answer a question.
    """
    found = [] if category is None else [Attribute("material_type", f"it shows {category.phrase}")]
    for fact in facts:
        if fact.name not in _WITHHELD:
            label = fact.label[:1].lower() + fact.label[1:]
            found.append(Attribute(_type_of(fact), f"{label}: {fact.text}", fact.name))
    for passage in passages:
        for sentence in sentences(passage):
            if len(sentence.split()) > _LONGEST_WORDS:
                continue
            text = " ".join(sentence.split()).rstrip(".")
            if _PROCESSED.search(text):
                found.append(Attribute("processing_conditions", text))
            elif _PROPERTY.search(text):
                found.append(Attribute("properties", text))
    return tuple(found)


def leak(attribute: Attribute, question: str, answer: str) -> str:
    """Why an attribute answers the question, in a few words; empty where it does not."""
    if attribute.type == "material_type" and _ASKS_MATERIAL.search(question):
        return "the question asks for the material"
    for name, asked, telling in _ABOUT:
        told = attribute.fact and re.search(telling, attribute.fact)
        if told and re.search(asked, question, re.IGNORECASE):
            return f"the question asks for it ({name})"
    if names_defect(attribute.text) and names_defect(question):
        return "the question asks for defects"
    if _shares_a_number(attribute.text, question, answer):
        return "the answer holds the same number"
    if _reached([attribute], question, answer) >= ANSWERED:
        return "it holds half of the answer's own words"
    return ""


def context_questions(
    question: str, answer: str, attributes: Sequence[Attribute], *, seed: int = 0
) -> tuple[ContextQuestion, ...]:
    """The question at every level that there are attributes for; each level adds one to the last.

    Attributes are of different types as far as there are any, the first about the material or its
    appearance if possible. Together they never hold half of the answer's own words.

    Parameters
    ----------
    answer
        The benchmark, which no attribute may give away.
    seed
        Decides which attributes are taken, together with ``question``.
    """
    chosen: list[Attribute] = []
    for attribute in _in_order(attributes, random.Random(f"{seed}/{question}")):
        if len(chosen) == len(LEVELS) - 1:
            break
        if leak(attribute, question, answer):
            continue
        if _reached([*chosen, attribute], question, answer) < ANSWERED:
            chosen.append(attribute)
    return tuple(
        ContextQuestion(level, _worded(question, chosen[:k]), tuple(chosen[:k]))
        for k, level in enumerate(LEVELS[: len(chosen) + 1])
    )


def type_counts(
    questions: Sequence[ContextQuestion],
) -> dict[ContextLevel, dict[ContextType, int]]:
    """How often each type of attribute stands in the questions of each level."""
    counts = {level: Counter[ContextType]() for level in LEVELS[1:]}
    for asked in questions:
        if asked.attributes:
            counts[asked.level].update(a.type for a in asked.attributes)
    return {level: {t: counter[t] for t in TYPES} for level, counter in counts.items()}


def level_table(
    scores: Sequence[tuple[str, ContextLevel, float]],
) -> dict[str, dict[ContextLevel, float]]:
    """Mean score by category and level, for a heat map; cells without a score are missing.

    Parameters
    ----------
    scores
        Category of the question, its level, and the score of its answer.
    """
    cells: dict[str, dict[ContextLevel, list[float]]] = {}
    for category, level, score in scores:
        cells.setdefault(category, {}).setdefault(level, []).append(score)
    return {
        category: {level: fmean(levels[level]) for level in LEVELS if level in levels}
        for category, levels in cells.items()
    }


def gain(table: Mapping[str, Mapping[ContextLevel, float]]) -> dict[str, float]:
    """Per category, how much higher the highest level scores than no context at all."""
    return {
        category: levels["high"] - levels["none"]
        for category, levels in table.items()
        if "high" in levels and "none" in levels
    }


def _type_of(fact: Fact) -> ContextType:
    for kind, pattern in _TYPE_OF_FACT:
        if re.search(pattern, fact.name):
            return kind
    return "other"


def _in_order(attributes: Sequence[Attribute], chance: random.Random) -> list[Attribute]:
    """At random, but one of each type before a second of any; material or appearance first."""
    by_type: dict[ContextType, list[Attribute]] = {}
    for attribute in chance.sample(list(attributes), len(attributes)):
        by_type.setdefault(attribute.type, []).append(attribute)
    types = chance.sample(list(TYPES), len(TYPES))
    types.sort(key=lambda t: t not in ("material_type", "appearance"))
    first, rest = types[:1], chance.sample(types[1:], len(types) - 1)
    rounds = max((len(group) for group in by_type.values()), default=0)
    return [
        by_type[kind][k]
        for k in range(rounds)
        for kind in (*first, *rest)
        if k < len(by_type.get(kind, ()))
    ]


def _worded(question: str, attributes: Sequence[Attribute]) -> str:
    if not attributes:
        return question
    return f"Known of the specimen: {'; '.join(a.text for a in attributes)}. {question}"


def _shares_a_number(text: str, question: str, answer: str) -> bool:
    asked = quantities_in(question)
    for told in quantities_in(text):
        for said in quantities_in(answer):
            if told.dimension != said.dimension or told.dimension == "other":
                continue
            slack = _NEAR * max(abs(told.low), 1e-12)
            near = told.low - slack <= said.high and said.low <= told.high + slack
            known = any((q.low, q.high) == (said.low, said.high) for q in asked)
            if near and not known:
                return True
    return False


def _reached(attributes: Sequence[Attribute], question: str, answer: str) -> float:
    """Share of the words that only the answer has which stand among the attributes too."""
    own = set(content_stems(answer)) - set(content_stems(question)) - {"ye", "no"}
    told = {s for a in attributes for s in content_stems(a.text)}
    return len(own & told) / len(own) if own else 0.0
