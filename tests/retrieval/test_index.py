"""The index finds what a full sort finds, and refuses what is not its encoder's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slava.domain import EncoderKey
from slava.errors import BadInput
from slava.retrieval.encoder import check_key, unit
from slava.retrieval.index import Index, top_rows

KEY = EncoderKey("test", "0", 16)


def index_of(n: int, classes: int = 3, seed: int = 0, groups: int = 0) -> Index:
    vectors = unit(np.random.default_rng(seed).normal(size=(n, 16)))
    return Index(
        KEY,
        [f"id{k}" for k in range(n)],
        [f"c{k % classes}" for k in range(n)],
        [f"g{k % groups}" if groups else "" for k in range(n)],
        vectors,
        [f"{k}.tif" for k in range(n)],
    )


@pytest.mark.parametrize("n", [1, 5, 6000])
def test_nearest_are_those_of_a_full_sort(n: int) -> None:
    index = index_of(n)
    query = unit(np.random.default_rng(1).normal(size=(1, 16)))[0]
    found = [n.demonstration.micrograph_id for n in index.nearest(query, 9)]
    want = np.argsort(-(index.vectors @ query), kind="stable")[:9]
    assert found == [f"id{k}" for k in want]


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=60), st.integers(0, 70))
def test_top_rows_breaks_ties_by_place(values: list[int], k: int) -> None:
    found = top_rows(np.array(values, dtype=np.float32), k)
    assert found.tolist() == sorted(range(len(values)), key=lambda i: (-values[i], i))[:k]


def test_the_query_itself_and_its_group_can_be_left_out() -> None:
    index = index_of(60, groups=6)
    query = index.vectors[7]
    assert index.nearest(query, 1)[0].demonstration.micrograph_id == "id7"
    assert index.nearest(query, 1, exclude_ids={"id7"})[0].demonstration.micrograph_id != "id7"
    without = index.nearest(query, 60, exclude_groups={"g1"})
    assert len(without) == 50
    assert all(n.demonstration.group != "g1" for n in without)


def test_the_empty_group_is_never_left_out() -> None:
    index = index_of(10)
    assert len(index.nearest(index.vectors[0], 10, exclude_groups={""})) == 10


def test_unlabelled_rows_are_no_demonstrations() -> None:
    vectors = unit(np.random.default_rng(0).normal(size=(4, 16)))
    index = Index(KEY, list("abcd"), ["x", "", "y", ""], [""] * 4, vectors)
    assert {n.demonstration.micrograph_id for n in index.nearest(vectors[1], 4)} == {"a", "c"}
    assert len(index.nearest(vectors[1], 4, labelled_only=False)) == 4
    assert index.classes == ("x", "y")


def test_euclidean_tells_the_distance() -> None:
    index = index_of(20)
    (near,) = index.nearest(index.vectors[3], 1, "euclidean", exclude_ids={"id3"})
    row = index.row_of(near.demonstration.micrograph_id)
    assert near.distance == pytest.approx(
        np.linalg.norm(index.vectors[3] - index.vectors[row]), abs=1e-4
    )


def test_a_vector_of_another_length_is_refused() -> None:
    with pytest.raises(BadInput, match="not one of the encoder test"):
        index_of(5).nearest(np.zeros(8, np.float32), 1)


def test_vectors_of_another_encoder_are_refused() -> None:
    with pytest.raises(BadInput, match="Embed the micrographs again with test"):
        check_key(KEY, EncoderKey("test", "1", 16))


def test_rows_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ValueError, match="do not belong together"):
        Index(KEY, ["a"], ["x"], [""], np.zeros((2, 16), np.float32))
