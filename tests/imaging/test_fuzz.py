"""Real files that went wrong: a sample of what ``benchmarks/fuzz.py`` goes through in thousands."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from benchmarks.fuzz import fuzz, mutation, specimens
from benchmarks.mutations import mutate
from tests.imaging.vendor_files import specimen, write_tiff

COUNT = int(os.environ.get("SLAVA_FUZZ_COUNT", "60"))
"""2000 are the whole of it, which takes minutes."""


@pytest.mark.real_data
def test_mutated_files_are_micrographs_or_refused(real_data: Path) -> None:
    results = list(fuzz(specimens(real_data), range(COUNT)))
    assert [result for result in results if result.fault] == []
    assert {result.outcome for result in results} == {"micrograph", "refused"}
    assert len(results) == COUNT


def test_a_mutation_is_the_same_every_time(tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "a.tif", specimen())
    for index in range(30):
        assert mutation([path], index) == mutation([path], index)


def test_what_is_packed_is_changed_inside(tmp_path: Path) -> None:
    data = gzip.compress(bytes(1000))
    seen = set()
    for seed in range(40):
        changed, name = mutate(data, np.random.default_rng(seed))
        if name.endswith("inside"):
            assert isinstance(gzip.decompress(changed), bytes)
        seen.add(name.endswith("inside"))
    assert seen == {True, False}
