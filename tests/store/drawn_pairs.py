"""Pairs for the tests of the store: one line each, known by their number."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from slava.domain import Drafting, MicrographId, PairId, QAPair
from store import Store
from tests.store.plain_reader import write_micrograph


def add_micrographs(store: Store, folder: Path, count: int = 2) -> list[MicrographId]:
    paths = [write_micrograph(folder / f"m{seed}.png", seed) for seed in range(count)]
    return [store.micrographs.add_micrograph(path).micrograph.id for path in paths]


def a_pair(number: int, ids: Iterable[MicrographId], **other: Any) -> QAPair:
    """Pair ``number`` about all of ``ids``."""
    known: dict[str, Any] = {
        "question": f"What is shown in number {number}?",
        "answer": f"Fibres of {number} µm.",
        "aspect": ("size", "shape")[number % 2],
        "category": "fibres",
        "drafting": Drafting("api.example.org", "teacher-1", "pack-1"),
    }
    return QAPair(PairId(f"p{number:03}"), tuple(ids), **(known | other))


def add_pairs(store: Store, folder: Path, count: int) -> list[PairId]:
    """Pairs 0 ... ``count`` - 1, about two micrographs in turn."""
    ids = add_micrographs(store, folder)
    pairs = [a_pair(number, [ids[number % 2]]) for number in range(count)]
    return list(store.pairs.add_pairs(pairs).added)
