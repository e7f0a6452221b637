"""Figures of a classification: top-n accuracy, confusion, precision, recall and F1 per class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """Figures of one class, 0..1; 0 where a share has nothing to divide by."""

    precision: float
    recall: float
    f1: float
    support: int
    """How many micrographs truly belong to the class."""


def top_accuracy(rankings: Sequence[Sequence[str]], truth: Sequence[str], n: int) -> float:
    """Share of rankings (labels, most probable first) that hold the truth among the first ``n``.

    Raises
    ------
    ValueError
        If there is nothing to judge, or lengths differ.
    """
    if not truth:
        raise ValueError("there is nothing to judge")
    right = sum(label in ranking[:n] for ranking, label in zip(rankings, truth, strict=True))
    return right / len(truth)


def confusion_matrix(
    truth: Sequence[str], said: Sequence[str], labels: Sequence[str]
) -> NDArray[np.int64]:
    """How often row's class was called column's class, (len(labels), len(labels)).

    Raises
    ------
    KeyError
        If a label is none of ``labels``.
    """
    place = {label: k for k, label in enumerate(labels)}
    counts = np.zeros((len(labels), len(labels)), dtype=np.int64)
    for true, called in zip(truth, said, strict=True):
        counts[place[true], place[called]] += 1
    return counts


def per_class(counts: NDArray[np.int64], labels: Sequence[str]) -> dict[str, ClassFigures]:
    """Figures of every class from a confusion matrix whose rows are the truth."""
    figures = {}
    for k, label in enumerate(labels):
        right, called, support = (
            int(counts[k, k]),
            int(counts[:, k].sum()),
            int(counts[k].sum()),
        )
        precision = right / called if called else 0.0
        recall = right / support if support else 0.0
        both = precision + recall
        f1 = 2 * precision * recall / both if both else 0.0
        figures[label] = ClassFigures(precision, recall, f1, support)
    return figures
