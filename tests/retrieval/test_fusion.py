"""Pooled voters: calibrated, never worse than the best on what they were fitted on."""

from __future__ import annotations

import numpy as np
import pytest

from slava.errors import BadInput
from slava.retrieval.fusion import Fusion, accuracy, fit_fusion, fit_temperature, softmax


def voters(n: int, strengths: dict[str, float], classes: int = 4, seed: int = 0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, n)
    one_hot = np.eye(classes)[truth]
    said = {k: softmax(s * one_hot + rng.normal(size=one_hot.shape)) for k, s in strengths.items()}
    return said, truth


def test_independent_voters_are_better_together() -> None:
    said, truth = voters(400, {"knn": 2.0, "encoder": 2.0})
    fusion = fit_fusion(said, truth)
    fresh, other = voters(2000, {"knn": 2.0, "encoder": 2.0}, seed=1)
    assert accuracy(fusion.fuse(fresh), other) > max(accuracy(p, other) for p in fresh.values())


@pytest.mark.parametrize("n", [20, 120])
def test_a_model_that_guesses_harms_nothing(n: int) -> None:
    said, truth = voters(n, {"knn": 5.0, "model": 0.0})
    fusion = fit_fusion(said, truth)
    fresh, other = voters(2000, {"knn": 5.0, "model": 0.0}, seed=1)
    assert accuracy(fusion.fuse(fresh), other) >= accuracy(fresh["knn"], other) - 0.005


def test_a_model_that_knows_earns_its_weight() -> None:
    said, truth = voters(120, {"knn": 1.0, "model": 4.0})
    fusion = fit_fusion(said, truth)
    assert fusion.weights["model"] > 0.5
    assert accuracy(fusion.fuse(said), truth) > accuracy(said["knn"], truth)


def test_probabilities_are_calibrated_by_a_temperature() -> None:
    said, truth = voters(3000, {"knn": 2.0})
    sure = softmax(3 * np.log(said["knn"]))
    assert fit_temperature(sure, truth) == pytest.approx(
        3 * fit_temperature(said["knn"], truth), rel=0.1
    )


def test_one_voter_alone_and_none() -> None:
    p = np.array([0.7, 0.2, 0.1])
    assert Fusion().fuse({"model": p}).argmax() == 0
    assert Fusion(weights={"knn": 1.0}).fuse({"model": p}).tolist() == pytest.approx(p.tolist())
    with pytest.raises(ValueError, match="no voter"):
        Fusion().fuse({})


def test_the_threshold_lies_below_what_known_classes_reach() -> None:
    said, truth = voters(100, {"knn": 3.0})
    nearest = np.random.default_rng(0).uniform(0.8, 0.95, 100)
    fusion = fit_fusion(said, truth, nearest)
    assert fusion.least_similarity is not None
    assert 0.3 < fusion.least_similarity < 0.8


def test_there_and_back_as_json() -> None:
    said, truth = voters(60, {"knn": 3.0, "encoder": 3.0})
    fusion = fit_fusion(said, truth, np.linspace(0.5, 0.9, 60))
    assert Fusion.from_json(fusion.to_json()) == fusion
    for text in ("", "[]", '{"format": 2}', '{"format": 1, "x": 0}'):
        with pytest.raises(BadInput, match="no fusion"):
            Fusion.from_json(text)


def test_nothing_to_fit_on_gives_the_default() -> None:
    assert fit_fusion({"knn": np.zeros((0, 3))}, np.zeros(0, np.int64)) == Fusion()
