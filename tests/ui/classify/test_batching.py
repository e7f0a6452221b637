"""Many micrographs classified one by one: the table, pausing, what takes long."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from slava.errors import BadInput, ModelError
from tests.ui.classify.library import QUIET, taken_in
from tests.ui.conftest import until
from tests.ui.textures import CLASSES, texture
from ui.present import works
from ui.services import Services
from ui.services.batching import COLUMNS, Batch, BatchRow, to_csv


def test_a_folder_is_classified_file_by_file(
    services: Services, folder: Path, tmp_path: Path
) -> None:
    taken_in(services, folder)
    (queries := tmp_path / "=queries").mkdir()
    for seed, label in enumerate(CLASSES, start=60):
        Image.fromarray(texture(label, seed)).save(queries / f"{label}.png")
    Image.fromarray(np.full((96, 96), 120, np.uint8)).save(queries / "flat.png")
    (queries / "words.tif").write_bytes(b"these are words")
    batching = services.classifying.batching
    batching.begin(queries, QUIET)
    until(lambda: (batch := batching.job.now) is not None and batch.state == "done")
    batch = batching.job.now
    assert batch is not None
    by_name = {Path(row.file).name: row for row in batch.rows}
    assert {label: by_name[f"{label}.png"].label for label in CLASSES} == {c: c for c in CLASSES}
    assert by_name["flat.png"].abstained
    assert "words.tif" in by_name["words.tif"].error
    lines = to_csv(batch).splitlines()
    assert len(lines) == 6
    assert lines[0].startswith("file,label,probability")
    assert services.classifying.standing("texture").unlabelled == 4
    batching.job.dismiss()
    assert batching.job.now is None


def test_a_batch_is_paused_and_cancelled(
    services: Services, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken_in(services, folder)
    monkeypatch.setattr("ui.services.batching.TOGETHER", 1)
    batching = services.classifying.batching
    batching.begin(folder, QUIET)
    batching.job.pause()
    until(lambda: (batch := batching.job.now) is not None and batch.state == "paused")
    with pytest.raises(ModelError, match="a batch is under way"):
        batching.begin(folder, QUIET)
    batching.job.cancel()
    until(lambda: (batch := batching.job.now) is not None and batch.state == "cancelled")
    batch = batching.job.now
    assert batch is not None
    assert len(batch.rows) < batch.total


def test_what_is_selected_is_classified_with_the_model_and_without_itself(
    services: Services, folder: Path
) -> None:
    taken_in(services, folder)
    ids = [r.micrograph_id for r in services.store.labels.list_labelled()[:3]]
    batching = services.classifying.batching
    batching.begin_selected(ids, replace(QUIET, ask_model=True))
    batching.job.wait()
    batch = batching.job.now
    assert batch is not None
    assert (batch.state, batch.title, batch.done) == ("done", "3 selected", 3)
    assert [row.micrograph_id for row in batch.rows] == ids
    assert all(row.model in CLASSES and 0 < row.model_probability < 1 for row in batch.rows)
    assert all(row.nearest and row.nearest != row.file for row in batch.rows)
    first = dict(zip(COLUMNS, to_csv(batch).splitlines()[1].split(","), strict=True))
    assert first["model"] == batch.rows[0].model
    with pytest.raises(BadInput, match="no micrograph is selected"):
        batching.begin_selected([], QUIET)


def test_what_takes_long_waits_for_a_yes(
    services: Services, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken_in(services, folder)
    monkeypatch.setattr("ui.services.batching.ASK_ABOVE_S", 0.0)
    batching = services.classifying.batching
    batching.begin(folder, QUIET)
    until(lambda: (batch := batching.job.now) is not None and batch.state == "paused")
    batch = batching.job.now
    assert batch is not None
    assert (batch.done, batch.total, batch.note) == (8, 18, "go on?")
    shown = works.batch(batch, "base")
    assert shown is not None
    assert re.search(r"^8 of 18 · about \d+ s left · paused · go on\?$", shown["text"])
    batching.job.resume()
    batching.job.wait()
    assert batching.job.now is not None
    assert (batching.job.now.state, batching.job.now.done) == ("done", 18)


def test_text_that_a_spreadsheet_would_run_is_quoted() -> None:
    batch = Batch("f", (BatchRow("=cmd.tif", error="=x"),), total=1)
    assert to_csv(batch).splitlines()[1].startswith("'=cmd.tif,")
