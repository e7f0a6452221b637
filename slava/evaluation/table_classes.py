"""Which category was said of which: confusion matrix, precision, recall and F1 of every class.

An answer that names no category, or several, is wrong: it has a column of its own. It must not
know how tables are shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from slava.evaluation.results import Results, Row
from slava.metrics.classification import confusion_matrix, per_class

CATEGORY = "category"
"""Names of figures of categories begin with it."""
UNDECIDED = "(none or several)"


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often each category was called each other by one model."""

    model: str
    truth: tuple[str, ...]
    """Of the rows."""
    said: tuple[str, ...]
    """Of the columns: the same labels, then :data:`UNDECIDED` where it occurs."""
    counts: tuple[tuple[int, ...], ...]
    rows: Mapping[tuple[int, int], tuple[int, ...]]
    """Indices into :attr:`Results.rows` by row and column; empty cells are missing."""

    @property
    def accuracy(self) -> float:
        """Share of the answers on the diagonal."""
        right = sum(self.counts[k][k] for k in range(len(self.truth)))
        return right / sum(map(sum, self.counts))


@dataclass(frozen=True, slots=True)
class ClassBar:
    """The figures of one class by one model, 0..1."""

    model: str
    label: str
    precision: float
    recall: float
    f1: float
    support: int
    """How many answers are about micrographs of the class."""
    rows: tuple[int, ...]
    """Where the class is the truth, or was said."""


def confusion(results: Results, model: str) -> Confusion | None:
    """The matrix of one model over all levels; ``None`` where it was not asked for categories."""
    places = [
        place
        for place, row in enumerate(results.rows)
        if row.model == model and _names_categories(row)
    ]
    if not places:
        return None
    truth = [results.rows[place].item.category for place in places]
    said = [results.rows[place].said_category or UNDECIDED for place in places]
    known = tuple(sorted({*truth, *said} - {UNDECIDED}))
    labels = (*known, UNDECIDED)
    counts = confusion_matrix(truth, said, labels)
    columns = labels if UNDECIDED in said else known
    rows: dict[tuple[int, int], tuple[int, ...]] = {}
    for place, true, called in zip(places, truth, said, strict=True):
        cell = (labels.index(true), labels.index(called))
        rows[cell] = (*rows.get(cell, ()), place)
    kept = tuple(tuple(int(n) for n in counts[k][: len(columns)]) for k in range(len(known)))
    return Confusion(model, known, columns, kept, rows)


def class_bars(results: Results, model: str) -> tuple[ClassBar, ...]:
    """Precision, recall and F1 of every class by one model; empty without categories."""
    matrix = confusion(results, model)
    if matrix is None:
        return ()
    labels = (*matrix.truth, UNDECIDED)
    pairs = [(labels[i], labels[j]) for (i, j), places in matrix.rows.items() for _ in places]
    counts = confusion_matrix([t for t, _ in pairs], [s for _, s in pairs], labels)
    figures = per_class(counts, labels)
    return tuple(
        ClassBar(
            model,
            label,
            figures[label].precision,
            figures[label].recall,
            figures[label].f1,
            figures[label].support,
            tuple(sorted(p for cell, ps in matrix.rows.items() if k in cell for p in ps)),
        )
        for k, label in enumerate(matrix.truth)
    )


def _names_categories(row: Row) -> bool:
    """Whether the answer was held against the category of its micrograph.

    Answers to other questions may name a category by the way; they would only count when they do.
    """
    return bool(row.item.category) and any(name.startswith(CATEGORY) for name in row.figures)
