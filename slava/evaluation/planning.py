"""What is asked: every question of a test set, of every model, at every level of context.

It must not know how models answer.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from slava.domain import (
    ContextLevel,
    EvaluationSpec,
    Fact,
    Micrograph,
    MicrographId,
    ModelEntry,
    TestItem,
)
from slava.metrics.contexts import attributes_of, context_questions
from slava.packs import Pack


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A micrograph that is asked about."""

    micrograph: Micrograph
    facts: tuple[Fact, ...]
    """Of its file and of measuring it."""
    read: Callable[[], NDArray[Any]]
    """Its grey values, (height_px, width_px)."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to one model."""

    item: TestItem
    model: ModelEntry
    level: ContextLevel
    question: str
    """With the attributes of its level, where context stands in the question."""
    shown: MicrographId
    """Another than the item's where ``swapped``."""
    swapped: bool = False


Known = Callable[[MicrographId], Subject]


def asks_of(
    spec: EvaluationSpec, items: Sequence[TestItem], known: Known, pack: Pack
) -> tuple[Ask, ...]:
    """Everything that is asked, model by model, micrograph by micrograph.

    Given answers stand at the last level, beside what the models say with all they are told. With
    ``reliance`` among the measures, each question is asked once more at the last level, with
    another micrograph in the place of its own.
    """
    asked = [(item, tuple(_worded(spec, item, known, pack))) for item in items]
    others = swaps(items, spec.seed) if "reliance" in spec.measures else {}
    asks: list[Ask] = []
    for model in spec.models:
        for item, wordings in asked:
            if model.is_given:
                if model.given_name in item.given:
                    said = Ask(item, model, spec.levels[-1], item.question, item.micrograph_id)
                    asks.append(said)
                continue
            asks += [
                Ask(item, model, level, question, item.micrograph_id)
                for level, question in wordings
            ]
            if item.id in others and wordings:
                level, question = wordings[-1]
                asks.append(Ask(item, model, level, question, others[item.id], swapped=True))
    return tuple(asks)


def count_asks(spec: EvaluationSpec, items: Sequence[TestItem]) -> int:
    """At most so many answers are wanted; told without measuring anything."""
    swapped = len(swaps(items, spec.seed)) if "reliance" in spec.measures else 0
    total = 0
    for model in spec.models:
        if model.is_given:
            total += sum(model.given_name in item.given for item in items)
        else:
            total += len(items) * len(spec.levels) + swapped
    return total


def swaps(items: Sequence[TestItem], seed: int) -> dict[str, MicrographId]:
    """For every item another micrograph of the test set, of another category where there is one."""
    categories = {item.micrograph_id: item.category for item in items}
    micrographs = sorted(categories)
    found: dict[str, MicrographId] = {}
    for item in items:
        others = [m for m in micrographs if m != item.micrograph_id]
        unlike = [m for m in others if categories[m] != item.category]
        if others:
            found[item.id] = random.Random(f"{seed}/{item.id}").choice(unlike or others)
    return found


def _worded(
    spec: EvaluationSpec, item: TestItem, known: Known, pack: Pack
) -> Iterator[tuple[ContextLevel, str]]:
    """The question at every level that is wanted, in the order of the levels."""
    if spec.way == "facts" or item.classes:
        yield from ((level, item.question) for level in spec.levels)
        return
    category = next((c for c in pack.classes if c.label == item.category), None)
    attributes = attributes_of(known(item.micrograph_id).facts, category)
    for asked in context_questions(item.question, item.reference, attributes, seed=spec.seed):
        if asked.level in spec.levels:
            yield asked.level, asked.question
