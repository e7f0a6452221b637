"""The class of one micrograph: neighbours, what is pinned and left out, the model beside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from tests.ui.classify.library import QUIET, added, answered, shown, taken_in
from tests.ui.textures import CLASSES, texture, write_textures
from ui.services import Services
from ui.services.classifying import Wish


def test_a_query_is_classified_by_its_neighbours(
    services: Services, folder: Path, tmp_path: Path
) -> None:
    taken_in(services, folder)
    query = added(services, tmp_path / "query.png", "rows", 50)
    found = answered(services, query)
    assert found.classification is not None
    assert found.classification.ranked_fused[0].label == "rows"
    assert not found.classification.abstained
    assert len(found.classification.neighbours) == 5
    assert query not in shown(found)
    assert "rows" in found.classification.rationale
    assert found.validated_on == 18


def test_k_strategy_and_metric_change_the_answer_at_once(
    services: Services, folder: Path, tmp_path: Path
) -> None:
    taken_in(services, folder)
    query = added(services, tmp_path / "query.png", "dots", 50)
    answered(services, query)
    for k in (1, 8):
        assert len(shown(services.classifying.answer(query, Wish(k, **_rest())))) == k
    near = services.classifying.answer(query, Wish(3, metric="euclidean", **_rest()))
    assert near.classification is not None
    assert near.classification.neighbours[0].distance is not None
    balanced = services.classifying.answer(query, Wish(3, "balanced", **_rest()))
    assert balanced.classification is not None
    labels = {n.demonstration.label for n in balanced.classification.neighbours}
    assert labels == set(CLASSES)


def _rest() -> dict[str, object]:
    return {"encoder": "texture", "ask_model": False}


def test_demonstrations_are_pinned_left_out_and_swapped(
    services: Services, folder: Path, tmp_path: Path
) -> None:
    taken_in(services, folder)
    query = added(services, tmp_path / "query.png", "columns", 50)
    before = shown(answered(services, query))
    out = Wish(encoder="texture", ask_model=False, put_aside=(before[0],))
    after = shown(answered(services, query, out))
    assert before[0] not in after
    assert after[:4] == before[1:]
    far = services.store.labels.list_labelled()
    pinned = next(r.micrograph_id for r in far if r.label == "dots")
    assert shown(answered(services, query, Wish(pinned=(pinned,), **_rest())))[0] == pinned
    swapped = services.classifying.swap(query, QUIET, before[0])
    assert swapped.put_aside == (before[0],)
    found = answered(services, query, swapped)
    assert before[0] not in shown(found)
    assert swapped.pinned[0] in shown(found)
    assert swapped.pinned[0] not in before


def test_neighbours_of_the_own_source_can_be_left_out(services: Services, tmp_path: Path) -> None:
    folder = write_textures(tmp_path / "labelled", 4)
    (folder / "rows" / "sample A").mkdir()
    for seed in (20, 21, 22):
        path = folder / "rows" / "sample A" / f"a {seed}.png"
        Image.fromarray(texture("rows", seed)).save(path)
    taken_in(services, folder)
    query = next(r.micrograph_id for r in services.store.labels.list_labelled() if r.group)
    own = {r.micrograph_id for r in services.store.labels.list_labelled() if r.group}
    assert own.intersection(shown(answered(services, query, Wish(16, **_rest()))))
    apart = Wish(16, own_source_too=False, **_rest())
    assert not own.intersection(shown(answered(services, query, apart)))


def test_what_is_like_nothing_is_not_one_of_these_classes(
    services: Services, folder: Path, tmp_path: Path
) -> None:
    taken_in(services, folder)
    path = tmp_path / "flat.png"
    Image.fromarray(np.full((96, 96), 120, np.uint8)).save(path)
    query = services.store.micrographs.add_micrograph(path).micrograph.id
    found = answered(services, query)
    assert found.classification is not None
    assert found.classification.abstained
    assert "none of these classes" in found.classification.reason


def test_one_class_alone_is_answered_in_words(services: Services, tmp_path: Path) -> None:
    taken_in(services, write_textures(tmp_path / "labelled", 2, ("rows",)))
    query = added(services, tmp_path / "query.png", "rows", 50)
    found = answered(services, query)
    assert found.state == "failed"
    assert "one class, 'rows'" in found.error


def test_the_model_is_asked_beside_and_counts_only_where_nobody_else_speaks(
    services: Services, folder: Path, tmp_path: Path
) -> None:
    taken_in(services, folder)
    query = added(services, tmp_path / "query.png", "rows", 50)
    found = answered(services, query, Wish(encoder="texture"))
    assert found.classification is not None
    assert len(found.classification.ranked_model) == 3
    assert found.model_weight == 0
    assert found.classification.ranked_fused[0].label == "rows"
    alone = answered(services, query, Wish(0, encoder="texture"))
    assert alone.classification is not None
    assert alone.classification.neighbours == ()
    assert alone.classification.ranked_fused == alone.classification.ranked_model


def test_a_model_that_cannot_be_loaded_is_a_note(
    services: Services, folder: Path, tmp_path: Path
) -> None:
    taken_in(services, folder)
    services.choose_model("missing/model", "none", 64, 0.0)
    query = added(services, tmp_path / "query.png", "rows", 50)
    found = answered(services, query, Wish(encoder="texture"))
    assert found.state == "done"
    assert found.classification is not None
    assert found.classification.ranked_model == ()
    assert "missing/model is not on this machine" in found.classification.model_note
