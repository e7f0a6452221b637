"""Pairs that share anything stay in one part."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slava.domain import MicrographId, QAPair
from slava.errors import BadSetting
from slava.handoff.splitting import FRACTIONS, split_pairs
from tests.exchange.samples import pair

MICROGRAPHS = [MicrographId(f"{number:064x}") for number in range(12)]


@st.composite
def linked(draw: st.DrawFn) -> list[QAPair]:
    count = draw(st.integers(1, 25))
    return [
        pair(
            f"question {number}?",
            "answer",
            draw(st.lists(st.sampled_from(MICROGRAPHS), min_size=1, max_size=2, unique=True)),
            group=draw(st.sampled_from(["", "", "", "paper 1", "paper 2"])),
            conversation=draw(st.sampled_from(["", "", "", "talk"])),
            category=draw(st.sampled_from(["a", "b", "c"])),
        )
        for number in range(count)
    ]


@given(
    linked(),
    st.dictionaries(st.sampled_from(MICROGRAPHS), st.sampled_from(["", "sample 1", "sample 2"])),
    st.lists(st.lists(st.sampled_from(MICROGRAPHS), min_size=2, max_size=3), max_size=2),
    st.integers(0, 5),
)
def test_nothing_leaks(
    pairs: list[QAPair],
    groups: dict[MicrographId, str],
    alike: list[list[MicrographId]],
    seed: int,
) -> None:
    parts = split_pairs(pairs, groups=groups, alike=alike, seed=seed)
    assert set(parts) == {one.id for one in pairs}
    told: dict[str, set[str]] = {}
    for one in pairs:
        for micrograph_id in one.micrograph_ids:
            names = [micrograph_id, groups.get(micrograph_id, ""), one.group, one.conversation]
            for name in filter(None, names):
                told.setdefault(name, set()).add(parts[one.id])
    for lookalikes in alike:
        told[str(lookalikes)] = {part for i in lookalikes for part in told.get(i, set())}
    assert all(len(found) <= 1 for found in told.values())
    shuffled = random.Random(seed).sample(pairs, len(pairs))
    assert split_pairs(shuffled, groups=groups, alike=alike[::-1], seed=seed) == parts


def test_fractions_are_kept_in_every_category() -> None:
    pairs = [
        pair(
            f"{category}{number}?",
            "a",
            [MicrographId(f"{category}{number:063x}")],
            category=category,
        )
        for category, count in (("a", 200), ("b", 50), ("c", 20))
        for number in range(count)
    ]
    parts = split_pairs(pairs, seed=3)
    counts = Counter((one.category, parts[one.id]) for one in pairs)
    for category, count in (("a", 200), ("b", 50), ("c", 20)):
        for part, share in FRACTIONS.items():
            assert counts[category, part] == pytest.approx(share * count, abs=1)


def test_another_seed_is_another_split() -> None:
    pairs = [pair("q?", str(n), [MicrographId(f"{n:064x}")]) for n in range(50)]
    assert split_pairs(pairs, seed=1) != split_pairs(pairs, seed=2)


def test_no_part_is_empty_while_there_are_bundles() -> None:
    three = [pair("q?", str(n), [MicrographId(f"{n:064x}")]) for n in range(3)]
    assert sorted(split_pairs(three).values()) == ["test", "train", "validation"]
    assert set(split_pairs(three[:1]).values()) == {"train"}


@pytest.mark.parametrize(
    "shares", [(0.0, 0.5, 0.5), (0.8, 0.1, 0.2), (1.2, -0.1, -0.1), (float("nan"), 0.5, 0.5)]
)
def test_fractions_that_are_none_are_refused(shares: tuple[float, float, float]) -> None:
    train, validation, test = shares
    wanted = {"train": train, "validation": validation, "test": test}
    with pytest.raises(BadSetting, match="add up to 1"):
        split_pairs([pair()], fractions=wanted)  # type: ignore[arg-type]
