"""Micrographs: bytes unharmed, duplicates known, calibrations with their history."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from slava.domain import Calibration
from slava.errors import UnreadableMicrograph
from store import Store
from tests.store.plain_reader import PlainReader


def test_the_original_bytes_are_kept_under_their_hash(store: Store, file: Path) -> None:
    added = store.micrographs.add_micrograph(file)
    path = store.micrographs.original_path(added.micrograph.id)
    assert not added.duplicate
    assert path.read_bytes() == file.read_bytes()
    assert path.name == hashlib.sha256(file.read_bytes()).hexdigest() + ".png"
    assert path.parent == store.workspace / "micrographs"


def test_a_record_comes_back_as_it_was_found(store: Store, file: Path, reader: PlainReader) -> None:
    added = store.micrographs.add_micrograph(file, sidecar=b"nm_per_px=2.5").micrograph
    found = reader(file, sidecar=b"nm_per_px=2.5").micrograph
    assert added.calibration == found.calibration == Calibration(2.5, "sidecar", "beside")
    assert added.instrument == found.instrument
    assert (added.width_px, added.height_px) == (56, 48)
    assert added == store.micrographs.get_micrograph(added.id)
    assert added.added_at


def test_the_same_bytes_twice_are_one_micrograph(store: Store, file: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.png"
    copy.write_bytes(file.read_bytes())
    first = store.micrographs.add_micrograph(file)
    second = store.micrographs.add_micrograph(copy)
    assert second.duplicate
    assert second.micrograph == first.micrograph
    assert store.micrographs.count_micrographs() == 1


def test_the_pixels_are_those_of_the_file(store: Store, file: Path) -> None:
    added = store.micrographs.add_micrograph(file).micrograph
    with Image.open(file) as opened:
        assert np.array_equal(store.micrographs.read_grey(added.id), np.asarray(opened))


def test_a_file_that_is_no_micrograph_changes_nothing(store: Store, tmp_path: Path) -> None:
    bad = tmp_path / "letter.png"
    bad.write_text("Dear colleague")
    with pytest.raises(UnreadableMicrograph):
        store.micrographs.add_micrograph(bad)
    assert store.micrographs.list_micrographs() == []
    assert list((store.workspace / "micrographs").iterdir()) == []
