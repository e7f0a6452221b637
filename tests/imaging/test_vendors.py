"""What instruments write into their files is understood."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from slava.domain import Databar, Micrograph
from slava.imaging.vendors.quantity import length_nm, moment, number, size, words
from tests.imaging.vendor_files import (
    calibrated,
    inspected,
    specimen,
    write_fei,
    write_tescan,
    write_tiff,
    write_zeiss,
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


def test_fei_of_the_old_kind_has_no_pixel_size(tmp_path: Path) -> None:
    text = "[DatabarData]\r\nflAccV=10000\r\nflWD=9.8\r\nMagnification=5000\r\n"
    micrograph = inspected(
        write_tiff(tmp_path / "a.tif", specimen(), [(34680, "s", 0, text, True)])
    )
    assert micrograph.calibration is None
    said = micrograph.instrument
    assert (said.accelerating_voltage_kv, said.working_distance_mm) == (10, 9.8)
    assert said.magnification == 5000


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


def test_hitachi_comment_in_the_tiff(tmp_path: Path) -> None:
    comment = "PixelSize=165.3646\r\nCondition=Vacc=15.0kV Mag=x600 WD=7.9mm\r\nSignalName=BSE\r\n"
    raw = comment.encode("utf-16-le")
    path = write_tiff(tmp_path / "a.tif", specimen(), [(40092, "B", len(raw), raw, True)])
    micrograph = inspected(path)
    assert calibrated(micrograph)[:2] == (pytest.approx(165.3646), "metadata")
    assert micrograph.instrument.magnification == 600
    assert micrograph.instrument.working_distance_mm == pytest.approx(7.9)


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


PHENOM = """<?xml version="1.0"?><FeiImage><time>2019-08-07T09:37:31</time>
<instrument><type>Model XL</type></instrument><acquisition><scan>
<highVoltage unit="kV">-15</highVoltage><detectors><BSD><mixFactor>1</mixFactor></BSD>
<SED><mixFactor>0</mixFactor></SED></detectors></scan></acquisition>
<workingDistance unit="mm">8.14</workingDistance>
<pixelWidth unit="{unit}">35.4</pixelWidth></FeiImage>"""

VELOX = """<Metadata xmlns="http://example.org/m"><Instrument>
<Manufacturer>FEI Company</Manufacturer>
<InstrumentClass>Model T</InstrumentClass></Instrument><Optics><AccelerationVoltage>200000
</AccelerationVoltage></Optics><BinaryResult><PixelSize><X unit="{unit}">1.5e-10</X>
</PixelSize></BinaryResult></Metadata>"""


def thermo_xml(tmp_path: Path, text: str) -> Micrograph:
    raw = text.encode("ascii")
    return inspected(write_tiff(tmp_path / "a.tif", specimen(), [(34683, "s", 0, raw, True)]))


def test_phenom_tiff(tmp_path: Path) -> None:
    micrograph = thermo_xml(tmp_path, PHENOM.format(unit="nm"))
    assert calibrated(micrograph) == (35.4, "metadata", "pixelWidth in tag 34683")
    said = micrograph.instrument
    assert (said.vendor, said.model, said.detector) == ("Phenom", "Model XL", "BSD")
    assert said.accelerating_voltage_kv == 15
    assert said.working_distance_mm == pytest.approx(8.14)
    assert thermo_xml(tmp_path, PHENOM.format(unit="rad")).calibration is None


def test_velox_tiff(tmp_path: Path) -> None:
    micrograph = thermo_xml(tmp_path, VELOX.format(unit="m"))
    assert calibrated(micrograph)[0] == pytest.approx(0.15)
    assert micrograph.instrument.accelerating_voltage_kv == 200
    assert thermo_xml(tmp_path, VELOX.format(unit="1/m")).calibration is None


@pytest.mark.parametrize(
    "text", ["<FeiImage>", "<a/>", "<!DOCTYPE a [<!ENTITY x 'y'>]><FeiImage/>"]
)
def test_damaged_xml_is_harmless(tmp_path: Path, text: str) -> None:
    assert thermo_xml(tmp_path, text).calibration is None


def test_ome_tiff(tmp_path: Path) -> None:
    more = {"PhysicalSizeX": 12.5, "PhysicalSizeXUnit": "nm", "axes": "YX"}
    tifffile.imwrite(tmp_path / "a.ome.tif", specimen(), ome=True, metadata=more)
    micrograph = inspected(tmp_path / "a.ome.tif")
    assert calibrated(micrograph) == (12.5, "metadata", "PhysicalSizeX of OME")


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
