"""Does an answer depend on the micrograph? Ask again with another one in its place.

A model that says the same of any micrograph has answered the question, not the picture. It must
not know who answers, nor how another micrograph is found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from slava.teacher.checks.text import plain

SAME_ROUGE = 0.95
"""Two answers that share more than this (ROUGE-L) say the same."""


@dataclass(frozen=True, slots=True)
class Reliance:
    """What became of the answers when the micrograph was swapped; 0..1."""

    answers: int
    changed: float
    """Share of the answers that are other ones."""
    difference: float
    """1 - ROUGE-L between the two answers, averaged."""
    nearer_with_own: float | None
    """Share of the references that the answer to the right micrograph comes nearer to than the
    swapped one; a tie is half. ``None`` without references."""


def reliance(
    own: Sequence[str], swapped: Sequence[str], references: Sequence[str] | None = None
) -> Reliance:
    """Compare answers to the same questions, asked with the right and with another micrograph.

    Raises
    ------
    ValueError
        If there is nothing to judge, or lengths differ.
    """
    from rouge_score.rouge_scorer import RougeScorer

    if not own:
        raise ValueError("there is nothing to judge")
    scorer = RougeScorer(["rougeL"])

    def near(one: str, other: str) -> float:
        return float(scorer.score(one, other)["rougeL"].fmeasure)

    alike = [1.0 if plain(a) == plain(b) else near(a, b) for a, b in zip(own, swapped, strict=True)]
    nearer = None
    if references is not None:
        gains = [near(r, a) - near(r, b) for r, a, b in zip(references, own, swapped, strict=True)]
        nearer = sum(0.5 if g == 0 else float(g > 0) for g in gains) / len(gains)
    return Reliance(
        answers=len(own),
        changed=sum(a <= SAME_ROUGE for a in alike) / len(alike),
        difference=1 - sum(alike) / len(alike),
        nearer_with_own=nearer,
    )
