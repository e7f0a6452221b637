"""What is told of an evaluation before it begins, and while it goes on. Records only."""

from __future__ import annotations

from dataclasses import dataclass

from slava.domain import EvaluationId, EvaluationSpec
from ui.services.evaluation_desk import Readiness
from ui.services.job import Progress


@dataclass(frozen=True, slots=True)
class EvaluatingNow(Progress):
    """How far an evaluation, or the taking in of a test set, has come."""

    evaluation: EvaluationId | None = None
    """``None`` while a test set is taken in."""
    test_set: str = ""
    """The id of the test set that was taken in, once it is there."""
    model: str = ""
    """Who is being asked, or judges."""
    judging: bool = False
    """Whether a judge is asked, instead of models."""
    found: int = 0
    """Answers that were there already."""
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a plan tells before anything is asked."""

    spec: EvaluationSpec
    answers: int
    """At most so many are wanted."""
    readiness: Readiness
    there: int = 0
    """About so many of them are there already."""
