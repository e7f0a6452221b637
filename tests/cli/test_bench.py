"""Opening a micrograph for a command, with a workspace that remembers."""

from __future__ import annotations

import builtins
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from slava.domain import Calibration
from slava.errors import UnreadableMicrograph
from slava.imaging.inspect import inspect_micrograph
from store import Store
from tests.store.plain_reader import PlainReader, write_micrograph
from ui.commands.bench import Bench

SIDECAR = "[SemImageFile]\nPixelSize=12.5\n"


def test_the_workspace_does_not_read_again_what_the_command_has_read(
    store: Store, reader: PlainReader, file: Path
) -> None:
    file.with_suffix(".txt").write_text(SIDECAR, encoding="utf-8")
    bench = Bench(store, None)
    first, grey = bench.open(file)
    second, _ = bench.open(file)
    assert reader.reads == 0
    assert first == second == store.micrographs.get_micrograph(first.id)
    assert first.nm_per_px == 12.5
    assert np.array_equal(grey, np.asarray(Image.open(file)))
    assert store.micrographs.original_path(first.id).read_bytes() == file.read_bytes()
    assert store.micrographs.read_sidecar(first.id) == SIDECAR.encode()


def test_a_sidecar_that_came_later_is_added_to_what_is_known(store: Store, file: Path) -> None:
    bench = Bench(store, None)
    assert bench.open(file)[0].nm_per_px is None
    file.with_suffix(".txt").write_text(SIDECAR, encoding="utf-8")
    micrograph, _ = bench.open(file)
    assert store.micrographs.read_sidecar(micrograph.id) == SIDECAR.encode()
    assert store.micrographs.count_micrographs() == 1


def test_what_the_user_gives_stands_above_what_the_workspace_knows(
    store: Store, file: Path
) -> None:
    store.micrographs.add_micrograph(file, sidecar=b"nm_per_px=7")
    micrograph, _ = Bench(store, Calibration(2.0, "manual", "--nm-per-px")).open(file)
    assert micrograph.nm_per_px == 2.0
    assert store.micrographs.get_micrograph(micrograph.id).nm_per_px == 2.0


def test_a_file_that_changes_after_it_was_inspected_is_kept_as_it_was(
    store: Store, file: Path
) -> None:
    inspected = inspect_micrograph(file)
    before = file.read_bytes()
    write_micrograph(file, seed=2)
    added = store.micrographs.add_inspected(file, inspected).micrograph
    assert store.micrographs.original_path(added.id).read_bytes() == before
    without = replace(
        inspected, content=None, micrograph=replace(inspected.micrograph, id="f" * 64)
    )
    with pytest.raises(UnreadableMicrograph, match="it changed while it was being read"):
        store.micrographs.add_inspected(file, without)
    assert store.micrographs.count_micrographs() == 1


def test_a_new_file_is_read_once(store: Store, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[Path] = []
    true_open = io.open

    def counted(path: object, *args: Any, **more: Any) -> Any:
        reads.append(Path(str(path)))
        return true_open(path, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(io, "open", counted)
    monkeypatch.setattr(builtins, "open", counted)
    Bench(store, None).open(file, "never")
    assert reads.count(file) == 1
