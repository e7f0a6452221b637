"""Figures of a classification against hand-counted ones."""

from __future__ import annotations

import pytest

from slava.metrics import confusion_matrix, per_class, top_accuracy

TRUTH = ["a", "a", "a", "b", "b", "c"]
SAID = ["a", "a", "b", "b", "b", "a"]
LABELS = ["a", "b", "c"]


def test_confusion_and_figures_per_class() -> None:
    counts = confusion_matrix(TRUTH, SAID, LABELS)
    assert counts.tolist() == [[2, 1, 0], [0, 2, 0], [1, 0, 0]]
    figures = per_class(counts, LABELS)
    assert figures["a"].precision == pytest.approx(2 / 3)
    assert figures["a"].recall == pytest.approx(2 / 3)
    assert figures["b"].f1 == pytest.approx(2 * (2 / 3) / (2 / 3 + 1))
    assert (figures["c"].precision, figures["c"].recall, figures["c"].f1) == (0, 0, 0)
    assert [figures[label].support for label in LABELS] == [3, 2, 1]


def test_top_n() -> None:
    rankings = [["a", "b", "c"], ["b", "a", "c"], ["c", "b", "a"]]
    assert [top_accuracy(rankings, ["a", "a", "a"], n) for n in (1, 2, 3)] == [
        pytest.approx(1 / 3),
        pytest.approx(2 / 3),
        1,
    ]


def test_nothing_to_judge_and_unknown_labels() -> None:
    with pytest.raises(ValueError, match="nothing to judge"):
        top_accuracy([], [], 1)
    with pytest.raises(KeyError):
        confusion_matrix(["z"], ["a"], LABELS)
