"""Vectors: bit for bit, one matrix for each encoder, never mixed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from slava.domain import EncoderKey, MicrographId
from slava.errors import BadInput
from store import Store
from store.verify import verify_workspace
from tests.store.plain_reader import PlainReader, write_micrograph

KEY = EncoderKey("builtin", "0123456789ab", 8)
OTHERS = (
    EncoderKey("timm:vit", "0123456789ab", 8),
    EncoderKey("builtin", "ba9876543210", 8),
    EncoderKey("builtin", "0123456789ab", 9),
)


@pytest.fixture
def ids(store: Store, tmp_path: Path) -> list[MicrographId]:
    paths = [write_micrograph(tmp_path / f"m{seed}.png", seed) for seed in range(3)]
    return [store.micrographs.add_micrograph(path).micrograph.id for path in paths]


def vector(seed: int, key: EncoderKey = KEY) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=key.dimension).astype(np.float32)


def test_vectors_come_back_bit_for_bit_as_one_matrix(store: Store, ids: list[MicrographId]) -> None:
    made = {micrograph_id: vector(n) for n, micrograph_id in enumerate(ids)}
    assert store.vectors.record_vectors(KEY, made) == 3
    loaded = store.vectors.load_vectors(KEY)
    assert loaded.key == KEY
    assert loaded.ids == tuple(sorted(ids))
    assert sorted(loaded.names) == ["m0.png", "m1.png", "m2.png"]
    assert loaded.matrix.dtype == np.float32
    for row, micrograph_id in zip(loaded.matrix, loaded.ids, strict=True):
        assert np.array_equal(row, made[micrograph_id])


def test_without_vectors_the_matrix_is_empty(store: Store) -> None:
    loaded = store.vectors.load_vectors(KEY)
    assert (loaded.ids, loaded.matrix.shape) == ((), (0, 8))
    assert store.vectors.count_vectors() == {}


@pytest.mark.parametrize("other", OTHERS, ids=["name", "preprocessing", "dimension"])
def test_vectors_of_another_encoder_are_never_mixed(
    store: Store, ids: list[MicrographId], other: EncoderKey
) -> None:
    store.vectors.record_vectors(KEY, {ids[0]: vector(1)})
    store.vectors.record_vectors(other, {ids[1]: vector(2, other), ids[0]: vector(3, other)})
    assert store.vectors.load_vectors(KEY).ids == (ids[0],)
    assert np.array_equal(store.vectors.load_vectors(KEY).matrix[0], vector(1))
    assert store.vectors.count_vectors() == {KEY: 1, other: 2}
    assert set(store.vectors.list_missing(KEY)) == {ids[1], ids[2]}
    assert store.vectors.list_missing(other) == [ids[2]]
    store.vectors.remove_vectors(other)
    assert store.vectors.count_vectors() == {KEY: 1, other: 0}


def test_a_vector_made_again_takes_the_place_of_the_old(
    store: Store, ids: list[MicrographId]
) -> None:
    store.vectors.record_vectors(KEY, {ids[0]: vector(1)})
    store.vectors.record_vectors(KEY, {ids[0]: vector(2)})
    assert np.array_equal(store.vectors.load_vectors(KEY).matrix, vector(2)[np.newaxis])


def test_vectors_of_what_is_gone_are_passed_over(store: Store, ids: list[MicrographId]) -> None:
    gone = MicrographId("0" * 64)
    assert store.vectors.record_vectors(KEY, {gone: vector(1), ids[0]: vector(2)}) == 1
    store.micrographs.remove_micrograph(ids[0])
    assert store.vectors.load_vectors(KEY).ids == ()
    assert verify_workspace(store).ok


@pytest.mark.parametrize(
    "wrong", [np.zeros(7, np.float32), np.full(8, np.nan, np.float32)], ids=["shape", "nan"]
)
def test_a_vector_that_is_none_is_refused(
    store: Store, ids: list[MicrographId], wrong: np.ndarray
) -> None:
    with pytest.raises(BadInput):
        store.vectors.record_vectors(KEY, {ids[1]: vector(1), ids[0]: wrong})
    assert store.vectors.load_vectors(KEY).ids == ()


def test_many_vectors_survive_the_process(tmp_path: Path, reader: PlainReader) -> None:
    with Store.open(tmp_path / "w", inspect=reader) as store:
        kept = [
            store.micrographs.add_micrograph(write_micrograph(tmp_path / f"{n}.png", n, 4))
            for n in range(20)
        ]
        ids = [added.micrograph.id for added in kept]
        store.vectors.record_vectors(KEY, {i: vector(n) for n, i in enumerate(ids)})
    with Store.open(tmp_path / "w", inspect=reader) as store:
        assert store.vectors.load_vectors(KEY).matrix.shape == (20, 8)


def test_cut_vectors_are_found_by_verify(store: Store, ids: list[MicrographId]) -> None:
    store.vectors.record_vectors(KEY, {ids[0]: vector(1)})
    with store.database.writing() as transaction:
        transaction.run("UPDATE vectors SET vector = 'abc'::BLOB")
    assert verify_workspace(store).problems == (
        "1 vectors of the encoder 'builtin' are cut. Embed its micrographs again.",
    )
