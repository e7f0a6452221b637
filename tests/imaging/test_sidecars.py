"""What is believed of a sidecar, of a hand-drawn line, and what contradicts the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from slava.domain import Databar
from slava.errors import UnreadableMicrograph
from slava.imaging.calibrate import find_sidecar
from slava.imaging.inspect import inspect_micrograph, to_record
from slava.imaging.vendors import sidecar_of
from tests.imaging.vendor_files import (
    calibrated,
    hitachi_text,
    inspected,
    jeol_text,
    specimen,
    tescan_hdr,
    write_fei,
    write_tiff,
)


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


def test_a_jeol_sidecar_without_a_size_is_used_with_a_warning(tmp_path: Path) -> None:
    Image.fromarray(specimen(96, 128)).save(tmp_path / "a.bmp")
    text = "\r\n".join(line for line in jeol_text(1, 1).splitlines() if "SIZE" not in line)
    (tmp_path / "a.txt").write_text(text + "\r\n", encoding="ascii")
    micrograph = inspected(tmp_path / "a.bmp")
    assert calibrated(micrograph)[0] == pytest.approx(2000)
    assert "does not say for which size" in micrograph.warnings[0]


@given(st.sampled_from([jeol_text(128, 96), hitachi_text(128, 96), tescan_hdr()]), st.data())
def test_a_cut_sidecar_never_gives_another_number(text: str, data: st.DataObject) -> None:
    """However much is missing, a pixel size is the right one or none."""
    whole = sidecar_of(text.encode())
    kept = sidecar_of(text.encode()[: data.draw(st.integers(0, len(text)))])
    assert whole is not None
    assert kept is None or kept.nm_per_px in (None, whole.nm_per_px)
