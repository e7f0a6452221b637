"""Vectors of pairs: nearest first, of one encoder, among those that a filter means."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from slava.domain import EncoderKey, PairId
from slava.errors import BadInput
from store import PairFilter, Store
from tests.store.drawn_pairs import add_pairs

KEY = EncoderKey("sentences", "v1", 3)
OTHER = EncoderKey("sentences", "v2", 3)


def towards(*numbers: float) -> NDArray[np.float32]:
    return np.array(numbers, dtype=np.float32)


@pytest.fixture
def ids(store: Store, tmp_path: Path) -> list[PairId]:
    ids = add_pairs(store, tmp_path, 4)
    vectors = (towards(1, 0, 0), towards(0, 5, 0), towards(3, 3, 0))
    store.pair_vectors.record_vectors(KEY, dict(zip(ids, vectors, strict=False)))
    return ids


def test_the_nearest_come_first_whatever_their_length(store: Store, ids: list[PairId]) -> None:
    found = store.pair_vectors.nearest(KEY, towards(0, 0.1, 0))
    assert [i for i, _ in found] == [ids[1], ids[2], ids[0]]
    assert [near for _, near in found] == pytest.approx([1, 0.5**0.5, 0], abs=1e-6)
    assert [i for i, _ in store.pair_vectors.nearest(KEY, towards(1, 0, 0), 1)] == [ids[0]]


def test_only_those_that_a_filter_means_are_found(store: Store, ids: list[PairId]) -> None:
    wanted = PairFilter(aspect="size")
    found = store.pair_vectors.nearest(KEY, towards(0, 1, 0), wanted=wanted)
    assert [i for i, _ in found] == [ids[2], ids[0]]
    assert store.pair_vectors.nearest(KEY, towards(0, 1, 0), wanted=PairFilter(aspect="x")) == []


def test_encoders_are_not_mixed_and_missing_ones_are_told(store: Store, ids: list[PairId]) -> None:
    assert store.pair_vectors.list_missing(KEY) == [ids[3]]
    assert store.pair_vectors.list_missing(OTHER, 2) == ids[:2]
    assert store.pair_vectors.nearest(OTHER, towards(1, 0, 0)) == []
    kept = store.pair_vectors.record_vectors(
        KEY, {ids[3]: towards(0, 0, 1), PairId("gone"): towards(1, 0, 0)}
    )
    assert kept == 1
    assert store.pair_vectors.nearest(KEY, towards(0, 0, 1), 1)[0][0] == ids[3]
    store.pair_vectors.record_vectors(KEY, {ids[3]: towards(-1, 0, 0)})
    assert store.pair_vectors.nearest(KEY, towards(0, 0, 1), 4)[-1][1] == pytest.approx(0)


def test_pairs_that_are_gone_are_not_found(store: Store, ids: list[PairId]) -> None:
    store.pair_vectors.nearest(KEY, towards(1, 0, 0))
    first = store.pairs.get_pair(ids[0]).pair.micrograph_ids[0]
    store.micrographs.remove_micrograph(first)
    assert [i for i, _ in store.pair_vectors.nearest(KEY, towards(1, 0, 0))] == [ids[1]]


@pytest.mark.parametrize("vector", [towards(1, 2), towards(0, 0, 0), towards(np.nan, 0, 0)])
def test_a_vector_that_points_nowhere_is_refused(
    store: Store, ids: list[PairId], vector: NDArray[np.float32]
) -> None:
    with pytest.raises(BadInput):
        store.pair_vectors.record_vectors(KEY, {ids[0]: vector})
    with pytest.raises(BadInput):
        store.pair_vectors.nearest(KEY, vector)
