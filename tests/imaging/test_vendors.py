"""What instruments say is understood, and what contradicts the file is refused."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from slava.domain import Databar, Micrograph
from slava.errors import BadSetting, UnreadableMicrograph
from slava.imaging.calibrate import find_sidecar, manual_calibration
from slava.imaging.inspect import inspect_micrograph, to_record
from slava.imaging.vendors import sidecar_of
from slava.imaging.vendors.quantity import length_nm, moment, number, size, words
from tests.imaging.vendor_files import (
    hitachi_text,
    jeol_text,
    specimen,
    strip,
    tescan_hdr,
    write_fei,
    write_tescan,
    write_tiff,
    write_zeiss,
)


def inspected(path: Path, **more: Any) -> Micrograph:
    return inspect_micrograph(path, **more).micrograph


def calibrated(micrograph: Micrograph) -> tuple[float, str, str]:
    assert micrograph.calibration is not None
    return (
        micrograph.calibration.nm_per_px,
        micrograph.calibration.source,
        micrograph.calibration.detail,
    )


@pytest.mark.parametrize("tag", [34680, 34682])
def test_fei(tmp_path: Path, tag: int) -> None:
    micrograph = inspected(write_fei(tmp_path / "a.tif", tag=tag, dtype=np.uint16))
    assert calibrated(micrograph) == (pytest.approx(7.5), "metadata", "EScan.PixelWidth")
    said = micrograph.instrument
    assert (said.vendor, said.model, said.detector, said.modality) == (
        "FEI",
        "Model 3",
        "TLD",
        "SEM",
    )
    assert said.accelerating_voltage_kv == pytest.approx(15)
    assert said.working_distance_mm == pytest.approx(9.87)
    assert said.magnification == pytest.approx(0.4144 / (7.5e-9 * 128))
    assert said.acquired_at == "2021-03-05T14:56:37"
    assert micrograph.databar == Databar(96, 108)
    assert micrograph.warnings == ()


def test_fei_without_a_databar(tmp_path: Path) -> None:
    assert inspected(write_fei(tmp_path / "a.tif", databar=0)).databar is None


def test_fei_ion_beam(tmp_path: Path) -> None:
    path = write_fei(tmp_path / "a.tif", Beam="IBeam", Scan="IScan", HV="30000")
    micrograph = inspected(path)
    assert calibrated(micrograph)[2] == "IScan.PixelWidth"
    assert micrograph.instrument.accelerating_voltage_kv == pytest.approx(30)


def test_fei_of_another_rendering_is_refused(tmp_path: Path) -> None:
    micrograph = inspected(write_fei(tmp_path / "a.tif", ResolutionX="256", ResolutionY="192"))
    assert micrograph.calibration is None
    assert micrograph.warnings == (
        "The file's metadata describes a picture of 256 x 192 px, but this file has 128 x 108 "
        "px: its pixel size belongs to another rendering and was refused.",
    )
    assert micrograph.instrument.accelerating_voltage_kv == pytest.approx(15)


def test_fei_pixels_that_are_not_square_are_told(tmp_path: Path) -> None:
    micrograph = inspected(write_fei(tmp_path / "a.tif", PixelHeight="9.5e-009"))
    assert micrograph.warnings == ("Its pixels are not square: 7.5 nm wide and 9.5 nm high.",)


def test_zeiss_takes_the_pixel_of_the_picture_not_of_the_monitor(tmp_path: Path) -> None:
    micrograph = inspected(write_zeiss(tmp_path / "a.tif"))
    assert calibrated(micrograph) == (pytest.approx(2.93), "metadata", "AP_IMAGE_PIXEL_SIZE")
    said = micrograph.instrument
    assert (said.vendor, said.model, said.detector) == ("Zeiss", "Model 40", "InLens")
    assert said.magnification == pytest.approx(100_000)
    assert said.accelerating_voltage_kv == pytest.approx(3)
    assert said.working_distance_mm == pytest.approx(2.7)
    assert said.acquired_at == "2019-01-16T18:32:57"


@pytest.mark.parametrize(
    ("written", "nm"),
    [("585.9 pm", 0.5859), ("1.172 µm", 1172.0), ("2.93 nm", 2.93), ("0.0001 mm", 100.0)],
)
def test_zeiss_units(tmp_path: Path, written: str, nm: float) -> None:
    path = write_zeiss(tmp_path / "a.tif", AP_IMAGE_PIXEL_SIZE=f"Image Pixel Size = {written}")
    assert calibrated(inspected(path))[0] == pytest.approx(nm)


def test_zeiss_without_the_pixel_size_uses_the_field_width(tmp_path: Path) -> None:
    micrograph = inspected(write_zeiss(tmp_path / "a.tif", AP_IMAGE_PIXEL_SIZE=None))
    assert calibrated(micrograph)[0] == pytest.approx(2.93, rel=1e-3)
    assert calibrated(micrograph)[2] == "AP_WIDTH over DP_IMAGE_STORE"


def test_zeiss_with_only_the_monitor_pixel_stays_uncalibrated(tmp_path: Path) -> None:
    path = write_zeiss(tmp_path / "a.tif", AP_IMAGE_PIXEL_SIZE=None, AP_WIDTH=None)
    assert inspected(path).calibration is None


def test_zeiss_low_voltage_in_volts(tmp_path: Path) -> None:
    micrograph = inspected(write_zeiss(tmp_path / "a.tif", AP_ACTUALKV="EHT = 500 V"))
    assert micrograph.instrument.accelerating_voltage_kv == pytest.approx(0.5)


def test_tescan_tag(tmp_path: Path) -> None:
    micrograph = inspected(write_tescan(tmp_path / "a.tif"))
    assert calibrated(micrograph)[:2] == (pytest.approx(4.537772), "metadata")
    assert micrograph.databar == Databar(96, 112)
    assert micrograph.instrument.accelerating_voltage_kv == pytest.approx(10)
    assert micrograph.instrument.working_distance_mm == pytest.approx(3.847444)
    assert micrograph.instrument.acquired_at == "2023-03-24T08:08:25"


@pytest.mark.parametrize("ending", [".hdr", "-png.hdr", ".HDR"])
def test_tescan_header_file(tmp_path: Path, ending: str) -> None:
    Image.fromarray(specimen(112, 128)).save(tmp_path / "a.png")
    (tmp_path / f"a{ending}").write_text(tescan_hdr(), encoding="utf-8")
    micrograph = inspected(tmp_path / "a.png")
    assert calibrated(micrograph) == (
        pytest.approx(4.537772),
        "sidecar",
        f"a{ending}: PixelSizeX",
    )
    assert micrograph.instrument.magnification == pytest.approx(60_000, rel=1e-4)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8", "utf-8-sig", "cp1252"])
def test_hitachi_sidecar_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    path = write_tiff(tmp_path / "粉-1 (x200).tif", specimen(96, 128))
    path.with_suffix(".txt").write_bytes(hitachi_text(128, 96).encode(encoding))
    micrograph = inspected(path)
    assert calibrated(micrograph)[:2] == (pytest.approx(496.0938), "sidecar")
    said = micrograph.instrument
    assert (said.vendor, said.model, said.detector) == ("Hitachi", "Model S", "BSE")
    assert said.accelerating_voltage_kv == pytest.approx(15)
    assert said.working_distance_mm == pytest.approx(7.70635)
    assert said.magnification == 200
    assert said.acquired_at == "2021-06-23T16:38:33"


def test_hitachi_comment_in_the_tiff(tmp_path: Path) -> None:
    comment = "PixelSize=165.3646\r\nCondition=Vacc=15.0kV Mag=x600 WD=7.9mm\r\nSignalName=BSE\r\n"
    raw = comment.encode("utf-16-le")
    path = write_tiff(tmp_path / "a.tif", specimen(), [(40092, "B", len(raw), raw, True)])
    micrograph = inspected(path)
    assert calibrated(micrograph)[:2] == (pytest.approx(165.3646), "metadata")
    assert micrograph.instrument.magnification == 600
    assert micrograph.instrument.working_distance_mm == pytest.approx(7.9)


def test_file_and_sidecar_that_disagree(tmp_path: Path) -> None:
    path = write_fei(tmp_path / "a.tif")
    (tmp_path / "a.txt").write_text(hitachi_text(128, 96), encoding="utf-8")
    micrograph = inspected(path)
    assert calibrated(micrograph)[:2] == (pytest.approx(7.5), "metadata")
    assert micrograph.warnings == (
        "The sidecar a.txt says 496.09 nm per pixel, the file itself 7.5; the file was believed.",
    )


@pytest.mark.parametrize("rows", [96, 90])
def test_jeol_sidecar_with_and_without_the_databar(tmp_path: Path, rows: int) -> None:
    Image.fromarray(specimen(96, 128)).save(tmp_path / "a.bmp")
    (tmp_path / "a.txt").write_text(jeol_text(128, rows), encoding="ascii")
    micrograph = inspected(tmp_path / "a.bmp")
    assert calibrated(micrograph)[:2] == (pytest.approx(2000), "sidecar")
    assert micrograph.databar == (None if rows == 96 else Databar(90, 96))
    assert micrograph.instrument.accelerating_voltage_kv == pytest.approx(7)
    assert micrograph.instrument.working_distance_mm == pytest.approx(10.52)
    assert micrograph.instrument.magnification == 95


@pytest.mark.parametrize("raster", [(256, 192), (205, 154), (128, 48), (64, 48)])
def test_a_sidecar_of_another_rendering_is_refused(tmp_path: Path, raster: tuple[int, int]) -> None:
    Image.fromarray(specimen(96, 128)).save(tmp_path / "a.bmp")
    (tmp_path / "a.txt").write_text(jeol_text(*raster), encoding="ascii")
    micrograph = inspected(tmp_path / "a.bmp")
    assert micrograph.calibration is None
    assert micrograph.warnings == (
        f"The sidecar a.txt describes a picture of {raster[0]} x {raster[1]} px, but this file "
        "has 128 x 96 px: its pixel size belongs to another rendering and was refused.",
    )
    assert micrograph.instrument.accelerating_voltage_kv == pytest.approx(7)
    assert to_record(micrograph)["calibration_source"] is None
    assert to_record(micrograph)["field_width_um"] is None


@given(width=st.integers(16, 400), height=st.integers(16, 400), share=st.floats(0.76, 1.0))
def test_only_the_same_width_is_believed(width: int, height: int, share: float) -> None:
    from slava.imaging.calibrate import calibrate
    from slava.imaging.frame import Frame

    frame = Frame(np.zeros((100, 128), np.uint8), "BMP", 8)
    account = calibrate(frame, jeol_text(width, height).encode())
    fits = width == 128 and 100 / height - 1 <= 0.35 and 1 - 100 / height <= 0.35
    assert (account.calibration is not None) == fits
    same = calibrate(frame, jeol_text(128, round(100 * share)).encode())
    assert same.calibration is not None


def test_a_sidecar_given_as_bytes_or_as_a_path(tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "0123.tif", specimen(96, 128))
    text = hitachi_text(128, 96).encode("utf-16")
    other = tmp_path / "elsewhere.txt"
    other.write_bytes(text)
    by_bytes = inspect_micrograph(path, name="grain.tif", sidecar=text)
    by_path = inspect_micrograph(path, sidecar=other)
    assert by_bytes.micrograph.name == "grain.tif"
    assert by_bytes.sidecar == by_path.sidecar == text
    assert calibrated(by_bytes.micrograph)[0] == pytest.approx(496.0938)
    assert calibrated(by_path.micrograph)[2] == "elsewhere.txt: PixelSize"


def test_a_text_that_is_nobodys_sidecar(tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "a.tif", specimen())
    (tmp_path / "a.txt").write_text("Notes: 5 nm per pixel?", encoding="utf-8")
    assert find_sidecar(path) is None
    assert inspected(path).warnings == ()
    given = inspected(path, sidecar=tmp_path / "a.txt")
    assert given.warnings == (
        "The sidecar a.txt is of no kind that is known here; it was not used.",
    )
    with pytest.raises(UnreadableMicrograph, match=r"none\.txt: the sidecar cannot be read"):
        inspect_micrograph(path, sidecar=tmp_path / "none.txt")


@given(st.binary(max_size=600))
def test_a_sidecar_of_any_bytes_is_harmless(data: bytes) -> None:
    sidecar_of(data)


@given(
    st.sampled_from([jeol_text(128, 96), hitachi_text(128, 96), tescan_hdr()]),
    st.lists(st.tuples(st.floats(0, 1), st.text(max_size=4)), max_size=8),
)
def test_a_damaged_sidecar_is_harmless(text: str, edits: list[tuple[float, str]]) -> None:
    from slava.imaging.calibrate import calibrate
    from slava.imaging.frame import Frame

    for place, piece in edits:
        at = int(place * len(text))
        text = text[:at] + piece + text[at + len(piece) :]
    calibrate(Frame(np.zeros((96, 128), np.uint8), "BMP", 8), text.encode("utf-8", "replace"))


@pytest.mark.parametrize(
    ("unit", "nm"), [("nm", 2.5), ("um", 2500.0), ("\\u00B5m", 2500.0), ("micron", 2500.0)]
)
def test_imagej_unit(tmp_path: Path, unit: str, nm: float) -> None:
    tifffile.imwrite(
        tmp_path / "a.tif", specimen(), imagej=True, resolution=(0.4, 0.4), metadata={"unit": unit}
    )
    assert calibrated(inspected(tmp_path / "a.tif"))[0] == pytest.approx(nm)


@pytest.mark.parametrize("unit", ["pixel", "inch", ""])
def test_imagej_without_a_length(tmp_path: Path, unit: str) -> None:
    tifffile.imwrite(
        tmp_path / "a.tif", specimen(), imagej=True, resolution=(0.4, 0.4), metadata={"unit": unit}
    )
    assert inspected(tmp_path / "a.tif").calibration is None


def test_reciprocal_units_are_no_lengths(tmp_path: Path) -> None:
    tifffile.imwrite(
        tmp_path / "a.tif",
        specimen(),
        imagej=True,
        resolution=(0.4, 0.4),
        metadata={"unit": "1/nm"},
    )
    micrograph = inspected(tmp_path / "a.tif")
    assert micrograph.calibration is None
    assert "diffraction" in micrograph.warnings[0]


@pytest.mark.parametrize("dpi", [72, 96, 150, 300, 25400])
def test_the_resolution_of_a_printed_page_is_no_calibration(tmp_path: Path, dpi: int) -> None:
    for unit in ("INCH", "CENTIMETER"):
        write_tiff(tmp_path / "a.tif", specimen(), resolution=(dpi, dpi), resolutionunit=unit)
        assert inspected(tmp_path / "a.tif").calibration is None
    Image.fromarray(specimen()).save(tmp_path / "a.png", dpi=(dpi, dpi))
    assert inspected(tmp_path / "a.png").calibration is None


def test_gatan_tiff(tmp_path: Path) -> None:
    def write(unit: str) -> Path:
        tags = [(65003, "s", 0, unit, True), (65009, "d", 1, 0.25, True)]
        return write_tiff(tmp_path / "a.tif", specimen(), tags)

    assert calibrated(inspected(write("nm")))[0] == pytest.approx(0.25)
    assert inspected(write("1/nm")).calibration is None


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


def test_manual_calibration() -> None:
    calibration = manual_calibration(250.0, 1000.0)
    assert (calibration.nm_per_px, calibration.source) == (4.0, "manual")
    assert calibration.detail == "250.0 px are 1000 nm"
    for length_px, length in ((0, 1), (-1, 1), (1, 0), (float("nan"), 1), (1, float("inf"))):
        with pytest.raises(BadSetting, match="must be above 0"):
            manual_calibration(length_px, length)
    with pytest.raises(BadSetting, match="Check the unit"):
        manual_calibration(1.0, 1e12)


def test_quantities() -> None:
    assert length_nm("100um") == pytest.approx(1e5)
    assert length_nm("2.93 nm") == pytest.approx(2.93)
    assert length_nm("3.5") is None
    assert length_nm("3 kV") is None
    assert number("15000 Volt") == 15000
    assert number(float("nan")) is None
    assert number(True) is None
    assert size("1024 * 768") == (1024, 768)
    assert size("1280x960") == (1280, 960)
    assert size("0 0") is None
    assert moment("nonsense", "%Y") is None
    assert words("  a\x00\n b ") == "a b"


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
