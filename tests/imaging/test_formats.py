"""Formats of which there is no sample: written small, read whole."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from slava.errors import UnreadableMicrograph
from slava.imaging.inspect import Inspected, inspect_micrograph
from slava.imaging.readers import hdf5
from tests.imaging.scientific_files import (
    tvips_tag,
    write_dm,
    write_jeol_img,
    write_olympus,
    write_velox,
)
from tests.imaging.vendor_files import fei_text, specimen, write_tiff

SEVERAL = "The file holds {} pictures; this is {}. On the command line --frame N takes another."


@pytest.fixture(autouse=True)
def extra() -> None:
    pytest.importorskip("rsciio", reason="the extra `formats` is not installed")
    pytest.importorskip("h5py", reason="the extra `formats` is not installed")


def assert_is(found: Inspected, pixels: Any, *, nm_per_px: float | None) -> None:
    """The pixels as they were written, and this pixel size or none."""
    np.testing.assert_array_equal(found.grey, pixels)
    assert found.grey.dtype == pixels.dtype
    if nm_per_px is None:
        assert found.micrograph.calibration is None
    else:
        assert found.micrograph.nm_per_px == pytest.approx(nm_per_px, rel=1e-6)


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.float32])
def test_gatan(tmp_path: Path, version: int, dtype: Any) -> None:
    pixels = specimen(40, 60, dtype)
    path = tmp_path / f"a.dm{version}"
    write_dm(path, pixels, scale=0.5, unit="nm", version=version)
    found = inspect_micrograph(path)
    assert_is(found, pixels, nm_per_px=0.5)
    said = found.micrograph.instrument
    assert (said.vendor, said.accelerating_voltage_kv, said.magnification) == ("Gatan", 200, 50_000)
    assert said.modality == "TEM"
    assert found.micrograph.warnings == ()


@pytest.mark.parametrize("unit", ["1/nm", "mrad"])
def test_a_diffraction_pattern_has_no_length(tmp_path: Path, unit: str) -> None:
    path = write_dm(tmp_path / "a.dm4", specimen(40, 60), scale=0.02, unit=unit)
    micrograph = inspect_micrograph(path).micrograph
    assert micrograph.calibration is None
    assert micrograph.warnings == (
        f"Its pixels are {unit}, as in a diffraction pattern: they have no length.",
    )


def test_a_stack_of_gatan(tmp_path: Path) -> None:
    stack = np.stack([specimen(40, 60, np.uint16, seed) for seed in range(3)])
    path = write_dm(tmp_path / "a.dm4", stack, scale=2.0, unit="nm")
    for number, name in ((1, "the first"), (3, "number 3")):
        found = inspect_micrograph(path, number=number)
        assert_is(found, stack[number - 1], nm_per_px=2.0)
        assert found.micrograph.warnings == (SEVERAL.format(3, name),)
    with pytest.raises(UnreadableMicrograph, match="it holds 3 pictures, and 4 is none of them"):
        inspect_micrograph(path, number=4)


def test_velox(tmp_path: Path) -> None:
    stack = np.stack([specimen(40, 60, np.uint16, seed) for seed in range(2)])
    path = write_velox(tmp_path / "a.emd", stack, nm_per_px=0.25)
    found = inspect_micrograph(path, number=2)
    assert_is(found, stack[1], nm_per_px=0.25)
    said = found.micrograph.instrument
    assert (said.vendor, said.model, said.modality) == ("FEI Company", "Model 5", "STEM")
    assert said.accelerating_voltage_kv == 300
    assert found.micrograph.warnings == (SEVERAL.format(2, "number 2"),)


def test_velox_diffraction(tmp_path: Path) -> None:
    path = write_velox(tmp_path / "a.emd", specimen(40, 60)[None], nm_per_px=1e7, unit="1/m")
    micrograph = inspect_micrograph(path).micrograph
    assert micrograph.calibration is None
    assert "they have no length" in micrograph.warnings[0]


@pytest.mark.parametrize("chunks", [None, (40_000, 40_000, 1)])
def test_an_emd_file_that_claims_more_than_it_holds(tmp_path: Path, chunks: Any) -> None:
    """Only claimed: nothing of that size is ever written or allocated."""
    import h5py

    path = write_velox(tmp_path / "a.emd", specimen(40, 60)[None], nm_per_px=1.0)
    with h5py.File(path, "a") as file:
        file.create_dataset("Data/claimed", (40_000, 40_000, 9), "u1", chunks=chunks)
    with pytest.raises(UnreadableMicrograph, match="it is cut off or damaged"):
        inspect_micrograph(path)


def test_an_hdf5_file_that_is_never_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = tmp_path / "endless.py"
    endless.write_text("import time\nwhile True: time.sleep(0.1)\n", encoding="utf-8")
    monkeypatch.setattr(hdf5, "PROGRAM", endless)
    monkeypatch.setattr(hdf5, "WAITS", 0.1)
    path = write_velox(tmp_path / "a.emd", specimen(40, 60)[None], nm_per_px=1.0)
    with pytest.raises(UnreadableMicrograph, match="it is cut off or damaged"):
        inspect_micrograph(path)


def test_emd_of_berkeley(tmp_path: Path) -> None:
    from rsciio.emd import file_writer

    pixels = specimen(40, 60, np.uint16)
    file_writer(str(tmp_path / "a.emd"), signal(pixels, 3.0, "nm"))
    assert_is(inspect_micrograph(tmp_path / "a.emd"), pixels, nm_per_px=3.0)


def signal(pixels: Any, scale: float, unit: str, names: str = "yx") -> dict[str, Any]:
    """What the writers of rosettasciio take."""
    axes = [
        {
            "name": name,
            "size": size,
            "scale": scale,
            "offset": 0.0,
            "units": unit,
            "navigate": name == "t",
            "index_in_array": place,
            "_type": "UniformDataAxis",
        }
        for place, (name, size) in enumerate(zip(names, pixels.shape, strict=True))
    ]
    general = {"title": "drawn", "date": "2020-01-01", "time": "12:00:00"}
    return {
        "data": pixels,
        "axes": axes,
        "metadata": {"General": general, "Signal": {"signal_type": ""}},
        "original_metadata": {},
        "attributes": {"_lazy": False},
    }


@pytest.mark.parametrize(("unit", "warns"), [("nm", "how large the camera's"), ("1/nm", "1/nm")])
def test_a_stream_of_tvips(tmp_path: Path, unit: str, warns: str) -> None:
    """Its header has whole nanometres: those of the camera, which calibrate nothing."""
    from rsciio.tvips import file_writer

    stack = np.stack([specimen(40, 60, np.uint16, seed) for seed in range(3)])
    path = tmp_path / "a_000.tvips"
    file_writer(str(path), signal(stack, 15.0, unit, "tyx"), show_progressbar=False)
    found = inspect_micrograph(path, number=2)
    assert_is(found, stack[1], nm_per_px=None)
    assert found.micrograph.instrument.vendor == "TVIPS"
    assert warns in found.micrograph.warnings[-1]


def test_jeol_analysis_station(tmp_path: Path) -> None:
    pixels = specimen(48, 64)
    path = write_jeol_img(tmp_path / "a.img", pixels, scan_mm=128.0, mag=1000.0)
    found = inspect_micrograph(path)
    assert_is(found, pixels, nm_per_px=2000.0)
    said = found.micrograph.instrument
    assert (said.vendor, said.magnification, said.accelerating_voltage_kv) == ("JEOL", 1000, 15)
    assert (said.modality, said.acquired_at) == ("SEM", "2017-09-22T12:00:00")


def test_tiff_of_tvips(tmp_path: Path) -> None:
    pixels = specimen(40, 60, np.uint16)
    path = write_tiff(tmp_path / "a.tif", pixels, [tvips_tag(0.75, 200_000)])
    found = inspect_micrograph(path)
    assert_is(found, pixels, nm_per_px=0.75)
    said = found.micrograph.instrument
    assert (said.vendor, said.modality, said.accelerating_voltage_kv) == ("TVIPS", "TEM", 200)


def test_tiff_of_olympus(tmp_path: Path) -> None:
    pixels = specimen(40, 60)
    found = inspect_micrograph(write_olympus(tmp_path / "a.tif", pixels, nm_per_px=12.5))
    assert_is(found, pixels, nm_per_px=12.5)
    assert found.micrograph.instrument.vendor == "Olympus"
    assert found.micrograph.instrument.magnification == 20_000


@pytest.mark.parametrize(
    "layout", [{"bigtiff": True}, {"tile": (32, 32)}, {"byteorder": ">", "compression": "lzw"}]
)
@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_calibrated_tiff_in_every_layout(tmp_path: Path, layout: Any, dtype: Any) -> None:
    pixels = specimen(96, 128, dtype)
    tag = (34682, "s", 0, fei_text(128, 96), True)
    found = inspect_micrograph(write_tiff(tmp_path / "a.tif", pixels, [tag], **layout))
    assert_is(found, pixels, nm_per_px=7.5)
    assert found.micrograph.bit_depth == pixels.dtype.itemsize * 8


def test_not_a_number_is_left_out_of_what_is_shown(tmp_path: Path) -> None:
    pixels = specimen(96, 128, np.float32) + 0.5
    pixels[0, :3] = np.nan, np.inf, -3e38
    tag = (34682, "s", 0, fei_text(128, 96), True)
    found = inspect_micrograph(write_tiff(tmp_path / "a.tif", pixels, [tag]), databar="always")
    assert (found.grey[0, :3] == pixels[1:].min()).all() or found.grey.min() >= 0.5
    assert np.isfinite(found.grey).all()
    assert "3 values are not numbers" in found.micrograph.warnings[0]
    assert found.micrograph.nm_per_px == pytest.approx(7.5)


def pages(path: Path, *stored: Any, **more: Any) -> Path:
    """A TIFF of several directories, the first of an FEI instrument."""
    tag = (34682, "s", 0, fei_text(128, 96), True)
    with tifffile.TiffWriter(path, **more) as writer:
        for place, pixels in enumerate(stored):
            tags = [] if place else [tag]
            writer.write(pixels, contiguous=False, metadata=None, extratags=tags)
    return path


@pytest.mark.parametrize("more", [{}, {"bigtiff": True}])
def test_a_page_of_the_same_size_has_the_pixel_size_of_the_first(tmp_path: Path, more: Any) -> None:
    first, second = specimen(96, 128), specimen(96, 128, seed=1)
    path = pages(tmp_path / "a.tif", first, second, **more)
    assert_is(inspect_micrograph(path), first, nm_per_px=7.5)
    found = inspect_micrograph(path, number=2)
    assert_is(found, second, nm_per_px=7.5)
    assert found.micrograph.warnings == (SEVERAL.format(2, "number 2"),)


def test_a_page_of_another_size_has_no_pixel_size(tmp_path: Path) -> None:
    small = specimen(48, 64, seed=1)
    path = pages(tmp_path / "a.tif", specimen(96, 128), small)
    assert_is(inspect_micrograph(path, number=2), small, nm_per_px=None)


@pytest.mark.parametrize("truncate", [False, True])
def test_a_slice_of_an_imagej_stack(tmp_path: Path, truncate: bool) -> None:
    stack = np.stack([specimen(96, 128, np.uint16, seed) for seed in range(4)])
    tifffile.imwrite(
        tmp_path / "a.tif",
        stack,
        imagej=True,
        resolution=(2.0, 2.0),
        metadata={"unit": "nm", "axes": "ZYX"},
        truncate=truncate,
    )
    for number in (1, 3):
        found = inspect_micrograph(tmp_path / "a.tif", number=number)
        assert_is(found, stack[number - 1], nm_per_px=0.5)
        assert "holds 4 pictures" in found.micrograph.warnings[0]
    with pytest.raises(UnreadableMicrograph, match="it holds 4 pictures, and 5 is none"):
        inspect_micrograph(tmp_path / "a.tif", number=5)


def test_planes_within_one_page(tmp_path: Path) -> None:
    stack = np.stack([specimen(96, 128, seed=seed) for seed in range(5)])
    tifffile.imwrite(tmp_path / "a.tif", stack, volumetric=True, tile=(1, 16, 16))
    found = inspect_micrograph(tmp_path / "a.tif", number=5)
    assert_is(found, stack[4], nm_per_px=None)


def test_a_picture_of_a_gif(tmp_path: Path) -> None:
    shown = [Image.fromarray(specimen(96, 128, seed=seed)) for seed in range(3)]
    shown[0].save(tmp_path / "a.gif", save_all=True, append_images=shown[1:])
    found = inspect_micrograph(tmp_path / "a.gif", number=2)
    assert found.grey.shape == (96, 128)
    assert np.abs(found.grey.astype(int) - specimen(96, 128, seed=1)).max() < 40
    assert "this is number 2" in found.micrograph.warnings[0]


def test_a_page_of_a_packed_file(tmp_path: Path) -> None:
    second = specimen(96, 128, seed=1)
    data = pages(tmp_path / "a.tif", specimen(96, 128), second).read_bytes()
    (tmp_path / "a.tif.gz").write_bytes(gzip.compress(data))
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("a.tif", data)
    for name in ("a.tif.gz", "b.zip"):
        assert_is(inspect_micrograph(tmp_path / name, number=2), second, nm_per_px=7.5)


@pytest.mark.parametrize("number", [0, -1, 2])
def test_a_number_that_a_single_picture_has_not(tmp_path: Path, number: int) -> None:
    write_tiff(tmp_path / "a.tif", specimen())
    Image.fromarray(specimen()).save(tmp_path / "a.png")
    for name in ("a.tif", "a.png"):
        with pytest.raises(UnreadableMicrograph, match=rf"it holds one picture, and {number} is"):
            inspect_micrograph(tmp_path / name, number=number)
