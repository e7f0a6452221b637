"""Figures of every answer: against references, facts, labels and numbers; no judge is asked.

It must not know how answers are kept or shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from slava.domain import (
    Answered,
    ContextLevel,
    EvaluationSpec,
    MicrographId,
    TestItem,
)
from slava.evaluation.columns import FIGURES
from slava.evaluation.results import Figure
from slava.metrics.grounded import Grounded, ground
from slava.metrics.labels import says_category, says_defect
from slava.metrics.reliance import SAME_ROUGE
from slava.metrics.text import row_scorer
from slava.packs import Pack
from slava.teacher.checks.known import Known, Rules, rules_of
from slava.teacher.checks.quantities import Quantity, quantities_in
from slava.teacher.checks.text import plain

WITHIN = 0.2
"""A number within this share of the one asked for is near enough: as the published comparisons."""

_SIZE_WORDS = frozenset(
    {"size", "sizes", "large", "small", "big", "diameter", "width", "wide", "thick", "thickness",
     "length", "long", "scale", "dimension", "dimensions", "magnification"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scored:
    """What is made of one answer."""

    figures: dict[str, float] = field(default_factory=dict)
    said_category: str = ""
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Given:
    """One answer to be scored."""

    item: TestItem
    level: ContextLevel
    answered: Answered
    swapped: str = ""


class Scorer:
    """Makes figures of answers; made once for many.

    Parameters
    ----------
    known_of
        What is known of a micrograph, for the grounded figures; ``None`` where it is gone.
    wordnet
        Where WordNet is, if nltk does not find it. Without it METEOR is left out, by name.
    """

    def __init__(
        self,
        spec: EvaluationSpec,
        pack: Pack,
        known_of: Callable[[MicrographId], Known | None],
        wordnet: Path | None = None,
    ) -> None:
        from slava.metrics.wordnet import WAY_OUT, find_wordnet  # takes nltk

        self._measures, self._pack, self._known = frozenset(spec.measures), pack, known_of
        self._rules: Rules = rules_of(pack)
        found = find_wordnet(wordnet) if "text" in self._measures else None
        self._texts = row_scorer(found) if "text" in self._measures else None
        self._near: Callable[[str, str], float] | None = None
        self.left_out: dict[str, str] = {}
        """Measure to why it is missing."""
        if "text" in self._measures and found is None:
            self.left_out["meteor"] = WAY_OUT

    def score(self, given: Given) -> Scored:
        """The figures of one answer; an answer that failed has none."""
        item, answered = given.item, given.answered
        if answered.error:
            return Scored()
        figures: dict[str, float] = {}
        flags: tuple[str, ...] = ()
        said = self._category(item, answered)
        if self._texts is not None and item.reference and not item.classes:
            told = self._texts(item.reference, answered.answer)
            figures.update((name, value) for name, value in told.items() if value is not None)
        known = self._known(item.micrograph_id) if "grounded" in self._measures else None
        if known is not None and not item.classes:
            held = ground(item.question, answered.answer, known, self._rules)
            figures.update(_grounded(item, held))
            flags = tuple(flag.detail for flag in held.flags)
        if "category" in self._measures and item.classes:
            figures["category_right"] = float(said == item.category)
            if answered.ranked:
                first = [label for label, _ in answered.ranked[:3]]
                figures["category_top3"] = float(item.category in first)
        if "defect" in self._measures and item.defect is not None:
            figures["defect_right"] = float(says_defect(answered.answer) is item.defect)
        if "quantity" in self._measures and item.quantity:
            figures.update(quantity_figures(item.quantity, answered.answer))
        if "reliance" in self._measures and given.swapped:
            figures.update(self._reliance(item, answered.answer, given.swapped))
        return Scored(figures, said, flags)

    def _category(self, item: TestItem, answered: Answered) -> str:
        if answered.ranked:
            return answered.ranked[0][0]
        if not item.classes:
            return ""
        if set(item.classes) <= set(self._pack.labels):
            return says_category(answered.answer, self._pack) or ""
        return named_class(answered.answer, item.classes)

    def _reliance(self, item: TestItem, own: str, swapped: str) -> dict[str, float]:
        near = self._nearness()
        same = plain(own) == plain(swapped) or near(own, swapped) > SAME_ROUGE
        figures = {"relies": float(not same)}
        if item.reference and not item.classes:
            gain = near(item.reference, own) - near(item.reference, swapped)
            figures["nearer"] = 0.5 if gain == 0 else float(gain > 0)
        return figures

    def _nearness(self) -> Callable[[str, str], float]:
        if self._near is None:
            from rouge_score.rouge_scorer import RougeScorer

            scorer = RougeScorer(["rougeL"])
            self._near = lambda a, b: float(scorer.score(a, b)["rougeL"].fmeasure)
        return self._near


def quantity_figures(wanted: str, answer: str) -> dict[str, float]:
    """How near an answer's number comes to the one asked for, and whether it gives any.

    The first number of the same dimension counts: the rest tells the spread, or the field of view.
    Empty where ``wanted`` holds no number.
    """
    truth = next((q for q in quantities_in(wanted) if q.exact and q.low >= 0), None)
    if truth is None:
        return {}
    if truth.low == 0:
        none = any(q.dimension == truth.dimension and q.high == 0 for q in quantities_in(answer))
        return {"quantity_within": float(none)}
    errors = [_error(truth, said) for said in quantities_in(answer)]
    known = [error for error in errors if error is not None]
    if not known:
        return {"quantity_within": 0.0}
    return {
        "quantity_within": float(known[0] <= WITHIN),
        "quantity_error": min(10.0, known[0]),
    }


def named_class(answer: str, classes: Sequence[str]) -> str:
    """The one label whose title an answer names; empty where it names none or several."""
    from slava.retrieval.showing import title_of  # takes scipy

    said = f" {plain(answer)} "
    named = [label for label in classes if f" {plain(title_of(label))} " in said]
    inside = [a for a in named if any(a != b and title_of(a) in title_of(b) for b in named)]
    kept = [label for label in named if label not in inside]
    return kept[0] if len(kept) == 1 else ""


def figures_of(spec: EvaluationSpec, present: set[str]) -> tuple[Figure, ...]:
    """The columns that at least one answer has, in the order of the tables."""
    return tuple(
        figure
        for measure, figures in FIGURES.items()
        if measure in spec.measures or measure == "judged"
        for figure in figures
        if figure.name in present
    )


def _error(truth: Quantity, said: Quantity) -> float | None:
    if said.dimension != truth.dimension or said.low == 0 or said.high == float("inf"):
        return None
    middle = (said.low + said.high) / 2
    return abs(middle - truth.low) / truth.low


def _grounded(item: TestItem, held: Grounded) -> dict[str, float]:
    figures = {
        "nothing_invented": float(
            not held.count("invented_element") and not held.count("uncalibrated_unit")
        )
    }
    if held.checkable:
        figures["numbers_right"] = 1 - held.count("wrong_number") / held.checkable
    if not held.calibrated and _SIZE_WORDS & set(plain(item.question).split()):
        figures["declines"] = float(held.declines)
    return figures
