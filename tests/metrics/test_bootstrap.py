"""Intervals and paired tests against scipy's, and on cases that can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from slava.metrics.bootstrap import holm, mean_interval, paired_test
from slava.metrics.compare import compare, intervals

VALUES = st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=30)


def drawn(count: int, mean: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, 1, count)


def test_the_interval_is_scipys() -> None:
    values = drawn(80, 5)
    ours = mean_interval(values, resamples=4000)
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=4000, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    assert ours.low == pytest.approx(theirs.low, abs=0.02)
    assert ours.high == pytest.approx(theirs.high, abs=0.02)
    assert ours.mean == pytest.approx(values.mean())


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    hits = 0
    for seed in range(200):
        interval = mean_interval(drawn(40, 3, seed), resamples=300, seed=seed)
        hits += interval.low <= 3 <= interval.high
    assert 0.88 <= hits / 200 <= 0.99


@settings(max_examples=40, deadline=None)
@given(VALUES, st.integers(0, 5))
def test_intervals_hold_their_mean_and_repeat(values: list[float], seed: int) -> None:
    interval = mean_interval(values, resamples=50, seed=seed)
    assert min(values) - 1e-9 <= interval.low <= interval.high <= max(values) + 1e-9
    assert interval == mean_interval(values, resamples=50, seed=seed)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=2, max_size=9))
def test_few_pairs_are_tested_exactly_as_scipy_does(rows: list[tuple[int, int]]) -> None:
    first, second = [float(a) for a, _ in rows], [float(b) for _, b in rows]
    theirs = stats.permutation_test(
        (first, second),
        lambda a, b, axis: np.mean(a - b, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=np.inf,
    ).pvalue
    assert paired_test(first, second, resamples=10).p_value == pytest.approx(min(1.0, theirs))


def test_many_pairs_are_tested_as_the_t_test_says() -> None:
    first, second = drawn(60, 0.35), drawn(60, 0, 1)
    test = paired_test(first, second, resamples=8000)
    assert test.p_value == pytest.approx(stats.ttest_rel(first, second).pvalue, abs=0.02)
    assert test.difference == pytest.approx((first - second).mean())
    assert test.low < test.difference < test.high


def test_the_order_of_the_models_turns_the_sign_only() -> None:
    first, second = drawn(20, 1), drawn(20, 0, 1)
    ab, ba = paired_test(first, second), paired_test(second, first)
    assert ab.p_value == ba.p_value < 0.05
    assert (ab.low, ab.high) == pytest.approx((-ba.high, -ba.low))


def test_no_difference_is_no_finding() -> None:
    test = paired_test([0.5] * 30, [0.5] * 30)
    assert (test.p_value, test.low, test.high) == (1.0, 0.0, 0.0)


def test_holm() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_models_are_compared_measure_by_measure() -> None:
    first = {"rouge1": drawn(50, 2), "bleu2": drawn(50, 0), "only": drawn(50, 0)}
    second = {"rouge1": drawn(50, 0, 1), "bleu2": drawn(50, 0, 2)}
    found = compare(first, second, resamples=500)
    assert list(found) == ["rouge1", "bleu2"]
    assert found["rouge1"].better == "first"
    assert found["bleu2"].better == "undecided"
    assert compare(second, first, resamples=500)["rouge1"].better == "second"


def test_columns_are_resampled_together() -> None:
    values = drawn(30, 1)
    told = intervals({"a": values, "b": 2 * values})
    assert told["b"].low == pytest.approx(2 * told["a"].low)
    assert told["a"].low == pytest.approx(mean_interval(values).low)
    assert intervals({}) == {}


@pytest.mark.parametrize("values", [[], [1.0, float("nan")], [[1.0], [2.0]]])
def test_nothing_to_average_is_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match="average"):
        mean_interval(values)


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="confidence"):
        mean_interval([1.0], confidence=1)
    with pytest.raises(ValueError, match="resamples"):
        mean_interval([1.0], resamples=0)
    with pytest.raises(ValueError, match="as many"):
        paired_test([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="average"):
        intervals({"a": []})
