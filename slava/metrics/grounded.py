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
from slava.teacher.checks.uncalibrated_unit import PHYSICAL, uncalibrated_unit
from slava.teacher.checks.wrong_number import hold_numbers, wrong_number

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
    numbers = list(hold_numbers(answer, [known], held))
    told = sum(n.claims or n.quantity.dimension not in ("number", "other") for n in numbers)
    checkable = sum(n.checked for n in numbers)
    physical = any(n.quantity.dimension in PHYSICAL for n in numbers)
    calibrated = known.nm_per_px is not None
    declines = not calibrated and not physical and bool(_UNKNOWN_SCALE.search(answer))
    return Grounded(told, checkable, flags, calibrated, declines)


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
