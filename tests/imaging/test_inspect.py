"""A file becomes a record; files of real instruments become the right one."""

from __future__ import annotations

import gzip
import io
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from slava.domain import Databar
from slava.errors import UnreadableMicrograph
from slava.imaging.inspect import inspect_micrograph, to_record
from tests.imaging.vendor_files import (
    inspected,
    specimen,
    strip,
    write_fei,
    write_tiff,
)


def test_the_record_has_the_promised_keys(tmp_path: Path) -> None:
    record = to_record(inspected(write_fei(tmp_path / "a.tif")))
    promised = (
        "width_px height_px bit_depth nm_per_px calibration_source field_width_um magnification "
        "accelerating_voltage_kv working_distance_mm detector vendor modality warnings"
    )
    assert set(promised.split()) <= set(record)
    assert json.loads(json.dumps(record)) == record
    assert (record["width_px"], record["height_px"], record["bit_depth"]) == (128, 108, 8)
    assert record["field_width_um"] == pytest.approx(0.96)


def test_the_id_is_the_hash_of_the_bytes(tmp_path: Path) -> None:
    import hashlib

    path = write_tiff(tmp_path / "a.tif", specimen())
    micrograph = inspected(path)
    assert micrograph.id == hashlib.sha256(path.read_bytes()).hexdigest()
    assert micrograph.size_bytes == path.stat().st_size


def test_the_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_fei(tmp_path / "a.tif")
    reads: list[Path] = []
    true_read = Path.read_bytes

    def counted(self: Path) -> bytes:
        reads.append(self)
        return true_read(self)

    monkeypatch.setattr(Path, "read_bytes", counted)
    inspect_micrograph(path)
    assert reads == [path]


def test_a_databar_is_found_where_nobody_tells(tmp_path: Path) -> None:
    pixels = np.vstack([specimen(480, 640), strip(640)])
    Image.fromarray(pixels).save(tmp_path / "a.png")
    micrograph = inspected(tmp_path / "a.png")
    assert micrograph.databar == Databar(480, 536)
    assert micrograph.picture.height_px == 480


def scientific_extra() -> None:
    pytest.importorskip("rsciio", reason="the extra `formats` is not installed")


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    true_import = importlib.import_module

    def without(name: str, package: str | None = None) -> Any:
        if name.startswith("rsciio"):
            raise ModuleNotFoundError("No module named 'rsciio'", name="rsciio")
        return true_import(name, package)

    monkeypatch.setattr(importlib, "import_module", without)
    (tmp_path / "a.dm3").write_bytes(b"\0\0\0\x03\0\0\0\0")
    with pytest.raises(UnreadableMicrograph, match="need the extra `formats`") as caught:
        inspect_micrograph(tmp_path / "a.dm3")
    assert 'pip install "slava[formats]"' in str(caught.value)


@pytest.mark.real_data
def test_vendor_files_within_one_percent(real_data: Path) -> None:
    folder = real_data / "vendor"
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    voltages: list[bool] = []
    magnifications: list[bool] = []
    for name, truth in expected.items():
        try:
            micrograph = inspected(folder / name)
        except UnreadableMicrograph:
            assert truth["px"] is None, name
            continue
        if truth["px"] is None or "TRAP" in truth["src"]:
            assert micrograph.calibration is None, name
        else:
            assert micrograph.nm_per_px == pytest.approx(truth["px"] * 1e9, rel=0.01), name
        said = micrograph.instrument
        if truth.get("kV"):
            voltages.append(said.accelerating_voltage_kv == pytest.approx(truth["kV"], rel=0.02))
        if truth.get("mag"):
            magnifications.append(said.magnification == pytest.approx(truth["mag"], rel=0.02))
        if truth.get("wd_mm"):
            assert said.working_distance_mm == pytest.approx(truth["wd_mm"], rel=0.02), name
        if truth.get("image_rows"):
            assert micrograph.databar == Databar(truth["image_rows"], truth["total_rows"]), name
    assert np.mean(voltages) >= 0.9
    assert np.mean(magnifications) >= 0.9


@pytest.mark.real_data
def test_scientific_formats(real_data: Path) -> None:
    scientific_extra()
    folder = real_data / "vendor" / "rosettasciio"
    for path in folder.rglob("*"):
        if path.suffix not in (".dm3", ".emd", ".ser", ".elid"):
            continue
        if path.suffix == ".emd" and find_spec("h5py") is None:
            with pytest.raises(UnreadableMicrograph, match="its package h5py is not installed"):
                inspected(path)
            continue
        micrograph = inspected(path)
        assert micrograph.calibration is not None, path.name
        assert micrograph.instrument.accelerating_voltage_kv in (15, 200, 300), path.name
        assert micrograph.instrument.modality != "unknown", path.name
    for path in folder.rglob("*SAED*.gz"):
        assert inspected(path).calibration is None
        with tifffile.TiffFile(io.BytesIO(gzip.decompress(path.read_bytes()))) as opened:
            np.testing.assert_array_equal(inspect_micrograph(path).grey, opened.asarray())


@pytest.mark.real_data
def test_cut_vendor_files_are_refused(real_data: Path, tmp_path: Path) -> None:
    for source in (real_data / "vendor").rglob("*"):
        if source.suffix.lower() in (".tif", ".bmp", ".dm3", ".ser", ".emd", ".elid"):
            path = tmp_path / f"cut{source.suffix}"
            path.write_bytes(source.read_bytes()[:5000])
            with pytest.raises(UnreadableMicrograph):
                inspect_micrograph(path)
