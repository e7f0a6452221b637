"""What is compared with what."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from slava.domain import MicrographId
from slava.errors import BadSetting
from slava.packs import load_pack
from slava.teacher.comparisons import choose_groups, contrasts_of
from tests.retrieval.test_index import index_of

INDEX = index_of(30)
IDS = tuple(MicrographId(i) for i in INDEX.ids)
LABEL = dict(zip(INDEX.ids, INDEX.labels, strict=True))


def test_across_are_the_most_similar_of_other_categories() -> None:
    groups = choose_groups(INDEX, IDS, ["similar_across"])
    assert groups
    for contrast, (one, *others) in groups:
        assert contrast == "similar_across"
        assert len(others) == 2
        assert LABEL[one] not in {LABEL[i] for i in others}
        alike = INDEX.vectors @ INDEX.vectors[INDEX.row_of(one)]
        best = max(alike[k] for k, i in enumerate(INDEX.ids) if LABEL[i] != LABEL[one])
        assert alike[INDEX.row_of(others[0])] == best


def test_within_are_the_least_similar_of_the_same_category() -> None:
    for _, (one, *others) in choose_groups(INDEX, IDS, ["dissimilar_within"], together=2):
        assert {LABEL[i] for i in others} == {LABEL[one]}
        alike = INDEX.vectors @ INDEX.vectors[INDEX.row_of(one)]
        same = [k for k, i in enumerate(INDEX.ids) if LABEL[i] == LABEL[one] and i != one]
        assert INDEX.row_of(others[0]) == same[int(np.argmin(alike[same]))]


def test_the_same_micrographs_are_compared_once_and_only_those_that_are_meant() -> None:
    some = IDS[:6]
    groups = choose_groups(INDEX, some, ["similar_across", "dissimilar_within"], together=2)
    sets = [(c, frozenset(ids)) for c, ids in groups]
    assert len(set(sets)) == len(sets)
    assert {i for _, ids in groups for i in ids} <= set(some)


def test_without_a_label_only_parts_are_compared() -> None:
    bare = replace(INDEX, labels=["", *INDEX.labels[1:]])
    groups = choose_groups(bare, IDS[:1], ["similar_across", "dissimilar_within", "heterogeneity"])
    assert groups == (("heterogeneity", IDS[:1]),)
    assert choose_groups(None, IDS[:2], ["similar_across"]) == ()
    assert all(IDS[0] not in ids for _, ids in choose_groups(bare, IDS, ["similar_across"]))


def test_names_of_comparisons() -> None:
    pack = load_pack()
    assert contrasts_of("all", pack) == ("similar_across", "dissimilar_within", "heterogeneity")
    assert contrasts_of("heterogeneity, similar-across", pack) == (
        "similar_across",
        "heterogeneity",
    )
    assert contrasts_of("", pack) == ()
    with pytest.raises(BadSetting, match="'colour', 'size': no comparison of nanomaterials"):
        contrasts_of("colour,size", pack)
    with pytest.raises(BadSetting, match=r"7 micrographs together is not in 2\.\.6"):
        choose_groups(INDEX, IDS, ["similar_across"], together=7)
