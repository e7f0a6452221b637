"""How far a mean can be trusted: bootstrap intervals and paired tests, all from a seed.

Intervals are percentiles of the means of resampled rows (Efron 1979); the test flips the signs of
paired differences (Fisher's randomisation). It must not know what the numbers measure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95
RESAMPLES = 1000
EXACT_UP_TO = 13
"""Up to so many differences that are not 0 every flip of signs is tried, instead of a sample."""

_TIE = 1e-9
"""Sums nearer to each other than this share are the same but for rounding."""
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean, and where it would lie with other rows of the same kind."""

    mean: float
    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class PairedTest:
    """What two models differ by on the same rows."""

    difference: float
    """Mean of the first less mean of the second."""
    low: float
    high: float
    """95 % interval of the difference: both models lose and keep the same rows."""
    p_value: float
    """Two-sided: how often signs at random give a difference at least as large."""
    count: int


def mean_interval(
    values: Sequence[float] | NDArray[np.float64],
    *,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Percentile bootstrap of a mean.

    Raises
    ------
    ValueError
        If there are no values, one is not finite, or an option is out of its range.
    """
    told = _checked(values)
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be between 0 and 1, got {confidence!r}")
    means = resampled_means(told[:, None], resamples=resamples, seed=seed)[:, 0]
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, (tail, 1 - tail))
    return Interval(float(told.mean()), float(low), float(high), len(told))


def resampled_means(
    table: NDArray[np.float64], *, resamples: int = RESAMPLES, seed: int = 0
) -> NDArray[np.float64]:
    """Column means of rows drawn with replacement, (resamples, columns); a row stays whole."""
    if resamples < 1:
        raise ValueError(f"resamples must be at least 1, got {resamples!r}")
    random = np.random.default_rng(seed)
    rows = len(table)
    means = np.empty((resamples, table.shape[1]))
    at_once = max(1, _BLOCK // (rows * table.shape[1]))
    for start in range(0, resamples, at_once):
        drawn = random.integers(rows, size=(min(at_once, resamples - start), rows))
        means[start : start + at_once] = table[drawn].mean(axis=1)
    return means


def paired_test(
    first: Sequence[float] | NDArray[np.float64],
    second: Sequence[float] | NDArray[np.float64],
    *,
    resamples: int = 10 * RESAMPLES,
    seed: int = 0,
) -> PairedTest:
    """Compare two models on the same rows: bootstrap interval and randomisation test.

    Raises
    ------
    ValueError
        As :func:`mean_interval`, or if the lengths differ.
    """
    these, those = _checked(first), _checked(second)
    if len(these) != len(those):
        raise ValueError(f"paired rows must be as many: {len(these)} and {len(those)}")
    apart = these - those
    interval = mean_interval(apart, resamples=min(resamples, RESAMPLES), seed=seed)
    return PairedTest(
        interval.mean, interval.low, interval.high, _p_value(apart, resamples, seed), len(apart)
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values of several tests made at once, after Holm (1979): larger, never above 1."""
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, k in enumerate(sorted(range(len(p_values)), key=lambda k: p_values[k])):
        largest = max(largest, (len(p_values) - rank) * p_values[k])
        adjusted[k] = min(1.0, largest)
    return adjusted


def _p_value(apart: NDArray[np.float64], resamples: int, seed: int) -> float:
    apart = apart[apart != 0]
    observed = abs(float(apart.sum())) * (1 - _TIE)
    if observed == 0:
        return 1.0
    if len(apart) <= EXACT_UP_TO:
        flips = np.arange(2 ** len(apart))[:, None] >> np.arange(len(apart)) & 1
        return float(np.mean(np.abs((1 - 2 * flips) @ apart) >= observed))
    random = np.random.default_rng(seed)
    reached, left = 0, resamples
    while left:
        take = min(left, max(1, _BLOCK // len(apart)))
        signs = 1.0 - 2.0 * random.integers(2, size=(take, len(apart)))
        reached += int(np.sum(np.abs(signs @ apart) >= observed))
        left -= take
    return (reached + 1) / (resamples + 1)


def _checked(values: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    told = np.asarray(values, dtype=np.float64)
    if told.ndim != 1 or not len(told):
        raise ValueError("there are no values to average")
    if not np.isfinite(told).all():
        raise ValueError("a value to average is not a finite number")
    return told
