"""Are the numbers of an answer borne out, is anything invented, is what is unknown left unsaid?

Measures that need no judge: they hold an answer against the calibration and the measured facts of
its micrograph, with the very checks that drafted pairs go through (:mod:`slava.teacher.checks`).
It must not know who answered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from slava.domain import Flag, PairId, QAPair
from slava.teacher.checks.invented_element import invented_element
from slava.teacher.checks.known import Known, Rules
from slava.teacher.checks.quantities import Quantity, quantities_in
from slava.teacher.checks.subjects import Subject, facts_about, subject_of
from slava.teacher.checks.text import sentences
from slava.teacher.checks.uncalibrated_unit import PHYSICAL, uncalibrated_unit
from slava.teacher.checks.wrong_number import wrong_number

_EXTENT = r"\b(?:size|scale|dimension|length|diameter|width|nm|nanomet|micromet|physical)"
_CANNOT = (
    r"\b(?:unknown|(?:cannot|can't|can not|could not) (?:be )?"
    r"(?:tell|told|say|said|stated?|give|given|determined?|measured?|estimated?))"
)
_UNKNOWN_SCALE = re.compile(
    r"(?:not|un)[- ]?calibrat|(?:no|without(?: an?)?) (?:calibration|scale(?: bar)?)\b|"
    rf"{_EXTENT}[^.;]{{0,50}}(?:{_CANNOT}|\bnot (?:known|given|available))|"
    rf"{_CANNOT}[^.;]{{0,60}}{_EXTENT}",
    re.IGNORECASE,
)
_NEXT_WORDS = re.compile(r"(?:\W+[\w-]+){0,4}")


@dataclass(frozen=True, slots=True)
class Grounded:
    """One answer held against what is known of its micrograph."""

    quantities: int
    """Numbers that carry a unit, or count something that was counted."""
    checkable: int
    """Those among them that a fact speaks of."""
    flags: tuple[Flag, ...]
    """Contradicted numbers, physical lengths without a calibration, invented elements."""
    calibrated: bool
    declines: bool
    """Whether it says that the physical scale is not known, and gives no physical length."""

    def count(self, kind: str) -> int:
        """How many flags there are of a kind."""
        return sum(flag.kind == kind for flag in self.flags)


@dataclass(frozen=True, slots=True)
class GroundedFigures:
    """Shares over many answers; ``None`` where there is nothing to divide by."""

    answers: int
    checkable: int
    numbers_right: float | None
    """Of the numbers that a fact speaks of, within the tolerance."""
    numbers_per_answer: float
    with_invented_elements: float
    """Of all answers. So for the next."""
    with_wrong_numbers: float
    uncalibrated: int
    with_invented_scale: float | None
    """Of the answers about uncalibrated micrographs. So for the next."""
    declining: float | None


def ground(question: str, answer: str, known: Known, rules: Rules | None = None) -> Grounded:
    """Hold one answer against the facts of its micrograph."""
    held = rules or Rules()
    pair = QAPair(PairId(""), (known.micrograph.id,), question, answer)
    by_id = {known.micrograph.id: known}
    flags = (
        *wrong_number(pair, by_id, held),
        *uncalibrated_unit(QAPair(PairId(""), pair.micrograph_ids, "", answer), by_id, held),
        *invented_element(pair, by_id, held),
    )
    told, checkable = 0, sum(flag.kind == "wrong_number" for flag in flags)
    wrong = " ".join(flag.detail for flag in flags if flag.kind == "wrong_number")
    physical = False
    for sentence in sentences(answer):
        quantities = quantities_in(sentence)
        for k, quantity in enumerate(quantities):
            physical |= quantity.dimension in PHYSICAL
            subject = _subject(sentence, quantities, k)
            counts = quantity.dimension not in ("number", "other") or subject.name
            told += bool(counts)
            words = sentence[quantity.start : quantity.end].strip()
            if counts and f"“{words}”" not in wrong:
                checkable += _speaks(quantity, subject, known)
    calibrated = known.nm_per_px is not None
    declines = not calibrated and not physical and bool(_UNKNOWN_SCALE.search(answer))
    return Grounded(max(told, checkable), checkable, flags, calibrated, declines)


def grounded_figures(answers: Sequence[Grounded]) -> GroundedFigures:
    """Sum up many answers.

    Raises
    ------
    ValueError
        If there are none.
    """
    if not answers:
        raise ValueError("there is no answer to judge")
    checkable = sum(a.checkable for a in answers)
    wrong = sum(a.count("wrong_number") for a in answers)
    blind = [a for a in answers if not a.calibrated]
    return GroundedFigures(
        answers=len(answers),
        checkable=checkable,
        numbers_right=(checkable - wrong) / checkable if checkable else None,
        numbers_per_answer=sum(a.quantities for a in answers) / len(answers),
        with_invented_elements=_share(answers, "invented_element"),
        with_wrong_numbers=_share(answers, "wrong_number"),
        uncalibrated=len(blind),
        with_invented_scale=_share(blind, "uncalibrated_unit") if blind else None,
        declining=sum(a.declines for a in blind) / len(blind) if blind else None,
    )


def _share(answers: Sequence[Grounded], kind: str) -> float:
    return sum(a.count(kind) > 0 for a in answers) / len(answers)


def _subject(sentence: str, quantities: Sequence[Quantity], k: int) -> Subject:
    """Of what the quantity is claimed; a plain number before a kind of object counts it."""
    subject = subject_of(sentence, quantities, k)
    quantity = quantities[k]
    if subject.name or quantity.dimension != "number":
        return subject
    following = _NEXT_WORDS.match(sentence, quantity.end)
    short = sentence[quantity.start : following.end() if following else quantity.end]
    alone = quantities_in(short)[:1]
    objects = subject_of(short, alone, 0).objects if alone else ""
    return Subject("count", objects) if objects else Subject()


def _speaks(quantity: Quantity, subject: Subject, known: Known) -> bool:
    """Whether a fact with a number speaks of the same, in a unit that can be compared."""
    if quantity.dimension in ("length", "pixel_size") and known.nm_per_px is None:
        return False
    return any(not isinstance(f.value, str) for f in facts_about(subject, known.facts))
