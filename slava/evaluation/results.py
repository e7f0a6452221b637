"""What an evaluation found: every answer with its figures, and whose it is.

One row per item, model and context level; tables, plots and files are made of these rows alone. It
must not know how answers or figures came about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from slava.domain import AnswerKey, ContextLevel, Evaluation, ModelEntry, PersonScore, TestItem
from slava.metrics.judged import Judgement


@dataclass(frozen=True, slots=True)
class Figure:
    """One column of figures."""

    name: str
    """Such as ``bleu2`` or ``overall_quality``."""
    title: str
    """For people."""
    low: float
    high: float
    """The range of a single answer's figure."""
    larger_is_better: bool = True
    share: bool = False
    """Whether an answer has 0 or 1, so that the mean is a share of the answers."""
    told: str = ""
    """One sentence: what it measures, and against what."""


@dataclass(frozen=True, slots=True)
class Row:
    """One answer with what is made of it."""

    key: AnswerKey
    """Of the answer beside its reference: what people's scores are kept under."""
    item: TestItem
    model: str
    """The title of its :class:`~slava.domain.ModelEntry`."""
    level: ContextLevel
    asked: str
    """The question as the model got it."""
    context: str
    answer: str
    error: str
    seconds: float
    figures: Mapping[str, float] = field(default_factory=dict)
    """By the names of :class:`Figure`; a figure that does not apply is missing."""
    said_category: str = ""
    """The category that the answer names; empty where it names none or several."""
    swapped: str = ""
    """What was answered with another micrograph in its place."""
    judgements: tuple[Judgement, ...] = ()
    """Every one, repeats and invalid ones too."""
    scores: tuple[PersonScore, ...] = ()
    """The newest of each person and measure."""
    flags: tuple[str, ...] = ()
    """What the grounded checks hold against it, in words."""
    notices: tuple[str, ...] = ()
    """What must be known of it, such as that the adapter did not give it."""


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that a report or the window shows of an evaluation."""

    evaluation: Evaluation
    models: tuple[ModelEntry, ...]
    figures: tuple[Figure, ...]
    """Those that at least one row has, in the order of the tables."""
    rows: tuple[Row, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Measure to the reason why it is missing and the way to have it."""
    notes: tuple[str, ...] = ()
    """What a reader must know: a judge of the teacher's family, answers that failed, a truth that
    covers few items."""
