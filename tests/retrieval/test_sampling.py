"""Six ways to choose demonstrations, and the vote of what was chosen."""

from __future__ import annotations

import numpy as np
import pytest

from slava.domain import Demonstration, Neighbour, Strategy
from slava.errors import BadSetting
from slava.retrieval.sampling import STRATEGIES, metric_of, sample_demonstrations, strategy_of
from slava.retrieval.vote import ranked, vote
from tests.retrieval.test_index import index_of

INDEX = index_of(90)
QUERY = INDEX.vectors[4]  # of class c1


def chosen(strategy: Strategy, k: int = 6, **options) -> tuple[Neighbour, ...]:
    return sample_demonstrations(INDEX, QUERY, k, strategy, exclude_ids={"id4"}, **options)


def ids(found: tuple[Neighbour, ...]) -> list[str]:
    return [n.demonstration.micrograph_id for n in found]


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("k", [0, 1, 6])
def test_each_gives_k_different_ones_without_the_query(strategy: Strategy, k: int) -> None:
    found = ids(chosen(strategy, k))
    assert len(set(found)) == len(found) == k
    assert "id4" not in found


def test_similar_are_the_nearest() -> None:
    assert ids(chosen("similar")) == ids(INDEX.nearest(QUERY, 6, exclude_ids={"id4"}))


def test_random_is_repeatable_and_changes_with_the_seed() -> None:
    assert ids(chosen("random", seed=3)) == ids(chosen("random", seed=3))
    assert ids(chosen("random", seed=3)) != ids(chosen("random", seed=4))


def test_balanced_shows_every_class() -> None:
    labels = [n.demonstration.label for n in chosen("balanced")]
    assert sorted(labels) == ["c0", "c0", "c1", "c1", "c2", "c2"]


def test_other_categories_and_dissimilar_within() -> None:
    others = chosen("other_categories")
    assert {n.demonstration.label for n in chosen("other_categories", label="c1")} == {"c0", "c2"}
    nearest = INDEX.nearest(QUERY, 1, exclude_ids={"id4"})[0].demonstration.label
    assert nearest not in {n.demonstration.label for n in others}
    within = chosen("dissimilar_within", label="c1")
    assert {n.demonstration.label for n in within} == {"c1"}
    assert [n.similarity for n in within] == sorted(n.similarity for n in within)


def test_diverse_ones_are_less_alike_than_the_nearest() -> None:
    def mean_likeness(found: tuple[Neighbour, ...]) -> float:
        rows = [INDEX.row_of(i) for i in ids(found)]
        like = INDEX.vectors[rows] @ INDEX.vectors[rows].T
        return float(like[~np.eye(len(rows), dtype=bool)].mean())

    assert mean_likeness(chosen("diverse", diversity=0.5)) < mean_likeness(chosen("similar"))


def test_pinned_come_first_and_count() -> None:
    found = ids(chosen("similar", 3, pinned=["id80", "id4", "gone"]))
    assert found[0] == "id80"
    assert len(found) == 3
    assert "id4" not in found


def test_fewer_where_the_library_has_no_more() -> None:
    small = index_of(4)
    assert len(sample_demonstrations(small, small.vectors[0], 9)) == 4


@pytest.mark.parametrize("k", [-1, 65])
def test_k_out_of_range_is_refused(k: int) -> None:
    with pytest.raises(BadSetting, match="not in 0"):
        chosen("similar", k)


def test_names_are_checked() -> None:
    assert strategy_of("other-categories") == "other_categories"
    with pytest.raises(BadSetting, match="none of similar"):
        strategy_of("best")
    with pytest.raises(BadSetting, match="none of cosine"):
        metric_of("taxi")
    with pytest.raises(BadSetting, match="no class of the library"):
        chosen("other_categories", label="c9")


def neighbour(label: str, similarity: float) -> Neighbour:
    return Neighbour(Demonstration("i", label), similarity)


def test_the_nearer_weigh_more_and_all_labels_stay_possible() -> None:
    p = vote([neighbour("a", 0.9), neighbour("b", 0.6), neighbour("b", 0.6)], ("a", "b", "c"))
    assert p.sum() == pytest.approx(1)
    assert p[0] > p[1] > p[2] > 0
    assert [r.label for r in ranked(("a", "b", "c"), p)] == ["a", "b", "c"]


def test_without_neighbours_all_labels_are_alike() -> None:
    assert vote([], ("a", "b")).tolist() == [0.5, 0.5]
    assert vote([neighbour("z", 1.0)], ("a", "b")).tolist() == [0.5, 0.5]
