"""Real defects by the built-in encoder, untrained on them: neighbours, and what is masked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from slava.retrieval import Query, classify, open_encoder
from slava.retrieval.labelled import list_labelled
from slava.retrieval.library import read_library

pytestmark = pytest.mark.real_data
PER_CLASS = 12


def test_neighbours_by_the_builtin_encoder(real_data: Path) -> None:
    files = list_labelled(real_data / "neu_sdd").files
    taken = [f for c in sorted({f.label for f in files}) for f in files if f.label == c]
    some = [f for k, f in enumerate(taken) if k % 240 < PER_CLASS]
    encoder = open_encoder("builtin")
    library = read_library(some, encoder)
    index = library.index(encoder.key)
    assert np.linalg.norm(index.vectors, axis=1) == pytest.approx(1, abs=1e-5)
    right = 0
    for row, entry in enumerate(library.entries):
        query = Query(entry.small, entry.id, entry.group, index.vectors[row])
        found = classify(query, index, encoder)
        assert entry.id not in {n.demonstration.micrograph_id for n in found.neighbours}
        right += found.ranked_fused[0].label == entry.label
    assert right / len(library.entries) >= 0.7
