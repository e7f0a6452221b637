"""Labels given by hand, one or many at once, and taken back."""

from __future__ import annotations

from pathlib import Path

from tests.ui.classify.library import added
from ui.services import Services


def test_labels_are_given_one_by_one_and_taken_back(services: Services, tmp_path: Path) -> None:
    ids = [added(services, tmp_path / f"{n}.png", "rows", n) for n in range(3)]
    labels = services.classifying.labels
    assert labels.next_unlabelled() == ids[0]
    assert labels.next_unlabelled((ids[0],)) == ids[1]
    labels.give(ids[0], "rows", suggested=True)
    labels.give(ids[1], "dots")
    assert labels.next_unlabelled() == ids[2]
    history = services.store.labels.list_labelled()
    assert {r.provenance for r in history} == {"suggestion", "hand"}
    assert labels.undo() == ids[1]
    assert labels.next_unlabelled() == ids[1]
    assert labels.undo() == ids[0]
    assert labels.undo() is None
    assert services.store.labels.count_labels() == {}


def test_many_get_a_label_at_once_and_one_undo_takes_all_of_it_back(
    services: Services, tmp_path: Path
) -> None:
    ids = [added(services, tmp_path / f"{n}.png", "rows", n) for n in range(3)]
    labels = services.classifying.labels
    labels.give(ids[0], "dots")
    labels.give_all(ids, "rows")
    assert services.store.labels.count_labels() == {"rows": 3}
    assert labels.undo() == ids[0]
    assert services.store.labels.count_labels() == {"dots": 1}


def test_what_was_removed_meanwhile_is_passed_over(services: Services, tmp_path: Path) -> None:
    ids = [added(services, tmp_path / f"{n}.png", "rows", n) for n in range(2)]
    labels = services.classifying.labels
    labels.give(ids[0], "rows")
    labels.give(ids[1], "rows")
    services.remove_micrograph(ids[1])
    assert labels.undo() == ids[0]
