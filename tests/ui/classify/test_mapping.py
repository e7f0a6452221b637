"""The library as a map."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.ui.classify.library import added, answered, taken_in
from tests.ui.conftest import until
from ui.services import Services


def test_the_library_is_laid_out_as_a_map(services: Services, folder: Path, tmp_path: Path) -> None:
    taken_in(services, folder)
    first = services.classifying.map_of("texture")
    assert first is not None
    assert first[1].method == "pca"
    until(lambda: services.classifying.mapping.laid == 1, 120)
    query = added(services, tmp_path / "query.png", "rows", 50)
    answered(services, query)
    found = services.classifying.map_of("texture")
    assert found is not None
    index, laid = found
    assert (laid.method, laid.points.shape) == ("tsne", (19, 2))
    assert np.isfinite(laid.points).all()
    assert laid.points.min() >= 0
    assert laid.points.max() <= 1
    nearest = index.nearest(index.vectors[index.row_of(query) or 0], 4, exclude_ids={query})
    near = [index.row_of(n.demonstration.micrograph_id) or 0 for n in nearest]
    at = laid.points[index.row_of(query) or 0]
    assert np.linalg.norm(laid.points[near] - at, axis=1).min() < 0.5
