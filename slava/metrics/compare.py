"""Two models on the same rows, measure by measure: intervals, differences, and what is chance.

It must not know what a measure means, only that larger is better.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from slava.metrics.bootstrap import (
    CONFIDENCE,
    RESAMPLES,
    Interval,
    PairedTest,
    holm,
    paired_test,
    resampled_means,
)

Better = Literal["first", "second", "undecided"]

LEVEL = 1 - CONFIDENCE
"""A difference with a smaller p-value is called one."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One measure of two models."""

    first: float
    second: float
    """Means."""
    test: PairedTest
    """Its p-value holds for all measures at once (after Holm)."""
    better: Better


def intervals(
    columns: Mapping[str, Sequence[float]], *, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, Interval]:
    """A 95 % interval of the mean of every column, from the same resampled rows.

    Parameters
    ----------
    columns
        Values of each measure; all in the same order of rows.

    Raises
    ------
    ValueError
        If columns are empty or of different lengths.
    """
    if not columns:
        return {}
    table = np.column_stack([np.asarray(c, dtype=np.float64) for c in columns.values()])
    if not len(table):
        raise ValueError("there are no values to average")
    means = resampled_means(table, resamples=resamples, seed=seed)
    tail = (1 - CONFIDENCE) / 2
    lows, highs = np.quantile(means, (tail, 1 - tail), axis=0)
    return {
        name: Interval(float(mean), float(low), float(high), len(table))
        for name, mean, low, high in zip(columns, table.mean(axis=0), lows, highs, strict=True)
    }


def compare(
    first: Mapping[str, Sequence[float]],
    second: Mapping[str, Sequence[float]],
    *,
    resamples: int = 10 * RESAMPLES,
    seed: int = 0,
) -> dict[str, Compared]:
    """Test every measure that both models have.

    Raises
    ------
    ValueError
        If the rows of a measure are not as many.
    """
    shared = [name for name in first if name in second]
    tests = [
        paired_test(first[name], second[name], resamples=resamples, seed=seed) for name in shared
    ]
    adjusted = holm([test.p_value for test in tests])
    found = {}
    for name, test, p_value in zip(shared, tests, adjusted, strict=True):
        better: Better = "undecided"
        if p_value < LEVEL:
            better = "first" if test.difference > 0 else "second"
        means = float(np.mean(first[name])), float(np.mean(second[name]))
        found[name] = Compared(*means, replace(test, p_value=p_value), better)
    return found
