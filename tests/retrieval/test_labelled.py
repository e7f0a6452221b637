"""Labelled folders and tables: what is read, what is reported, what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from slava.domain import Box
from slava.errors import BadInput
from slava.retrieval.duplicates import find_duplicates, fingerprint
from slava.retrieval.hard import hard_rows
from slava.retrieval.labelled import library_warnings, list_labelled
from slava.retrieval.library import read_library
from slava.retrieval.parts import held_out_rows
from slava.retrieval.view import squares, thumbnail
from tests.retrieval.textures import KINDS, labelled_folder, texture


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return labelled_folder(tmp_path / "set", 4)


def test_a_folder_is_a_class_and_folders_in_it_are_groups(folder: Path) -> None:
    (folder / "dots" / "sample 2").mkdir()
    shutil.move(folder / "dots" / "dots_0.png", folder / "dots" / "sample 2")
    (folder / "dots" / "notes.txt").write_text("x")
    listed = list_labelled(folder)
    assert listed.labels == KINDS
    assert len(listed.files) == 16
    assert {f.group for f in listed.files if f.label == "dots"} == {"", "sample 2"}


def test_an_empty_class_is_left_out_and_said(folder: Path) -> None:
    (folder / "empty").mkdir()
    listed = list_labelled(folder)
    assert "empty" not in listed.labels
    assert "'empty' is empty" in listed.warnings[0]


def test_loose_files_have_no_label(folder: Path) -> None:
    shutil.copy(folder / "dots" / "dots_0.png", folder / "loose.png")
    assert "1 files beside" in list_labelled(folder).warnings[0]


def test_a_table_gives_file_label_group_and_part(folder: Path) -> None:
    table = folder / "set.csv"
    table.write_text(
        "file,label,group,part\ndots/dots_0.png,d,s1,queries\nnoise/noise_1.png,n,s1,demonstrations\n"
        "gone.png,n,,\ndots/dots_1.png,,,\n"
    )
    listed = list_labelled(table)
    assert [(f.label, f.group) for f in listed.files] == [("d", "s1"), ("n", "s1")]
    assert len(listed.warnings) == 2
    assert [f.label for f in list_labelled(table, part="queries").files] == ["d"]


@pytest.mark.parametrize(
    ("text", "says"),
    [("name,class\na,b\n", "file and label are needed"), ("", "lists no labelled")],
)
def test_a_table_without_the_columns_is_refused(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(BadInput, match=says):
        list_labelled(tmp_path / "a.csv")


def test_no_such_folder_and_an_empty_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="neither a folder nor a CSV"):
        list_labelled(tmp_path / "gone")
    with pytest.raises(BadInput, match="lists no labelled micrograph"):
        list_labelled(tmp_path)


def test_one_class_is_refused_and_a_small_one_is_said() -> None:
    with pytest.raises(BadInput, match="only the class 'a'"):
        library_warnings(["a", "a"], 5)
    (said,) = library_warnings(["a"] * 6 + ["b"] * 2, 5)
    assert "b (2)" in said


def test_duplicates_are_set_aside_and_conflicts_reported(folder: Path) -> None:
    shutil.copy(folder / "dots" / "dots_0.png", folder / "dots" / "again.png")
    shutil.copy(folder / "noise" / "noise_0.png", folder / "blobs" / "stolen.png")
    twice = Image.fromarray(texture("bands", 0)).resize((100, 100))
    twice.save(folder / "bands" / "larger.png")
    library = read_library(list_labelled(folder).files)
    assert len(library.entries) == 16 + 3 - 1 - 2  # one of two; both of the contradicting pair
    assert ("again.png", "dots_0.png") in library.duplicates
    assert library.conflicts == (("blobs/stolen.png", "noise/noise_0.png"),)
    near = [e.group for e in library.entries if e.name in ("bands_0.png", "larger.png")]
    assert near[0] == near[1] != ""
    assert len(library.warnings) == 3


def test_different_pictures_of_one_kind_are_no_duplicates() -> None:
    prints = np.stack([fingerprint(texture(k, s)) for k in KINDS for s in range(8)])
    ids = [str(k) for k in range(len(prints))]
    found = find_duplicates(ids, ["x"] * len(ids), prints)
    assert (found.exact, found.near, found.conflicts) == ((), (), ())


def test_brightness_and_depth_make_no_other_picture() -> None:
    plain = texture("blobs", 1)
    assert fingerprint(plain) @ fingerprint(plain.astype(np.uint16) * 150 + 900) > 0.999


def test_unreadable_files_are_counted_and_all_of_them_refused(folder: Path) -> None:
    (folder / "dots" / "dots_0.png").write_bytes(b"no picture")
    library = read_library(list_labelled(folder).files)
    assert len(library.entries) == 15
    assert "1 files could not be read" in library.warnings[0]
    only = [f for f in list_labelled(folder).files if f.file.name == "dots_0.png"]
    with pytest.raises(BadInput, match="none of 1 files"):
        read_library(only)


def test_held_out_rows_are_whole_groups_of_every_class() -> None:
    labels = ["a"] * 40 + ["b"] * 40
    groups = [f"{label}{k % 10}" for k, label in enumerate(labels)]
    rows = held_out_rows(labels, groups, 0.1)
    taken = {groups[r] for r in rows}
    assert {labels[r] for r in rows} == {"a", "b"}
    assert all(r in rows for r, group in enumerate(groups) if group in taken)
    assert 4 <= len(rows) <= 16
    assert held_out_rows(labels, groups, 0.1).tolist() == rows.tolist()
    assert len(held_out_rows(labels, [""] * 80, 0.1)) == 8
    assert len(held_out_rows(["a", "a", "b"], [""] * 3, 0.1)) == 0


def test_the_hard_ones_are_the_odd_ones_of_every_class() -> None:
    y, x = np.mgrid[:72, :72]
    rng = np.random.default_rng(0)
    plain = [
        (128 + 60 * np.sin(2 * np.pi * (x if kind else y) / 24) + rng.normal(0, 6, x.shape))
        for kind in (0, 1)
        for _ in range(10)
    ]
    labels = ["a"] * 10 + ["b"] * 10
    plain[3], plain[14] = (rng.normal(128, 60, x.shape) for _ in range(2))
    small = [thumbnail(p) for p in plain]
    assert hard_rows(small, labels, 0.1).tolist() == [3, 14]
    with pytest.raises(BadInput, match="at least two micrographs of c"):
        hard_rows(small[:3], ["a", "a", "c"])


def test_thumbnails_and_squares() -> None:
    small = thumbnail(np.random.default_rng(0).integers(0, 60000, (600, 900)).astype(np.uint16))
    assert small.shape == (256, 384)
    assert abs(float(small.mean()) - 128) < 2
    assert [s.shape for s in squares(small)] == [(256, 256), (256, 256)]
    assert [s.shape for s in squares(small[:, :270])] == [(256, 270)]
    assert thumbnail(np.full((40, 50), 7)).std() == 0


def test_letters_in_the_picture_are_masked(tmp_path: Path) -> None:
    from dataclasses import replace

    from slava.imaging.inspect import inspect_micrograph
    from slava.retrieval.view import specimen_view

    pixels = texture("noise", 0, (120, 160))
    pixels[10:20, 10:60] = 255
    Image.fromarray(pixels).save(tmp_path / "a.png")
    inspected = inspect_micrograph(tmp_path / "a.png")
    told = replace(inspected.micrograph, letters=(Box(10, 10, 60, 20),))
    seen = specimen_view(told, inspected.grey)
    assert seen.shape == (120, 160)
    assert seen[12:18, 12:58].max() < 200
    assert inspected.grey[15, 30] == 255
