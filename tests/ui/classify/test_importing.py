"""Labelled micrographs taken in: folders, tables, drawings, conflicts."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image

from slava.errors import BadInput
from store import Labelling
from tests.ui.classify.library import taken_in
from tests.ui.textures import texture
from ui.services import Services


def test_a_folder_of_class_folders_becomes_a_labelled_library(
    services: Services, folder: Path
) -> None:
    (folder / "rows" / "broken.tif").write_bytes(b"these are words")
    (folder / "dots" / "sample A").mkdir()
    Image.fromarray(texture("dots", 99)).save(folder / "dots" / "sample A" / "more.png")
    (folder / "nothing").mkdir()
    job = taken_in(services, folder).job.now
    assert job is not None
    assert (job.state, job.total, job.done, job.labelled) == ("done", 20, 20, 19)
    assert [f.split(":")[0] for f in job.failures] == ["broken.tif"]
    assert job.notes == ("the class 'nothing' is empty; it is left out.",)
    labels = services.store.labels.list_labelled()
    assert {(r.provenance, r.set_by) for r in labels} == {("folder", "import")}
    assert [r.group for r in labels if r.group] == ["labelled/sample A"]
    standing = services.classifying.standing("texture")
    assert standing.counts == {"columns": 6, "dots": 7, "rows": 6}
    assert (standing.unlabelled, standing.missing) == (0, 0)


def test_equal_bytes_under_two_labels_are_reported_and_get_none(
    services: Services, folder: Path
) -> None:
    shutil.copy(folder / "dots" / "dots 0.png", folder / "rows" / "copy.png")
    job = taken_in(services, folder).job.now
    assert job is not None
    (conflict,) = job.conflicts
    assert "copy.png" in conflict
    assert "'dots'" in conflict
    assert "'rows'" in conflict
    assert services.classifying.standing("texture").unlabelled == 1


def test_a_label_that_is_there_stays_and_the_conflict_is_told(
    services: Services, folder: Path
) -> None:
    known = services.store.micrographs.add_micrograph(folder / "rows" / "rows 1.png").micrograph
    services.store.labels.set_label(Labelling(known.id, "scratches"))
    job = taken_in(services, folder).job.now
    assert job is not None
    assert (job.known, len(job.conflicts)) == (1, 1)
    assert "'scratches' here: that one stays" in job.conflicts[0]
    record = services.store.labels.get_label(known.id)
    assert record is not None
    assert record.label == "scratches"


def test_taking_in_again_changes_nothing(services: Services, folder: Path) -> None:
    taken_in(services, folder)
    job = taken_in(services, folder).job.now
    assert job is not None
    assert (job.known, job.labelled, job.conflicts) == (18, 0, ())
    first = services.store.labels.list_labelled()[0]
    assert len(services.store.labels.list_history(first.micrograph_id)) == 1


def test_a_folder_without_classes_is_refused_in_words(services: Services, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no labelled micrograph"):
        services.classifying.add_labelled(tmp_path, "texture")
    with pytest.raises(BadInput, match="neither a folder nor a CSV"):
        services.classifying.add_labelled(tmp_path / "gone", "texture")


def test_a_table_gives_labels_too(services: Services, folder: Path) -> None:
    table = folder / "labels.csv"
    table.write_text("file,label,group\nrows/rows 0.png,a,s1\ndots/dots 0.png,b,s2\n")
    taken_in(services, table)
    labels = services.store.labels.list_labelled()
    assert {(r.label, r.provenance) for r in labels} == {("a", "table"), ("b", "table")}


def test_a_library_can_be_drawn(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.services.importing.DRAWN_OF_EACH", 1)
    monkeypatch.setattr("ui.services.importing.DRAWN_PX", (96, 72))
    services.classifying.add_drawings("texture")
    services.classifying.importing.job.wait()
    labels = services.store.labels.list_labelled()
    assert len(labels) == 10
    assert {r.provenance for r in labels} == {"drawing"}
