"""Small files as instruments write them, made by the tests: pixels, tags and sidecars."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from slava.domain import Micrograph
from slava.imaging.inspect import inspect_micrograph


def specimen(
    height: int = 96, width: int = 128, dtype: Any = np.uint8, seed: int = 0
) -> NDArray[Any]:
    """Noise over a slope: no two rows alike, no flat places."""
    rng = np.random.default_rng(seed)
    slope = np.linspace(40, 200, width)[None, :] + np.linspace(-20, 20, height)[:, None]
    picture = np.clip(slope + rng.normal(0, 12, (height, width)), 0, 255)
    top = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1.0
    return (picture / 255 * top).astype(dtype)


def strip(
    width: int, height: int = 56, background: int = 0, ink: int = 255, lines: int = 2
) -> NDArray[np.uint8]:
    """A databar with lines of text and a bar, as the instruments burn it in."""
    picture = Image.new("L", (width, height), background)
    draw = ImageDraw.Draw(picture)
    for line in range(lines):
        y = 6 + line * (height - 12) // lines
        for x in range(10, width - 150, 170):
            draw.text((x, y), "EHT = 5.00 kV WD 4.1 mm", fill=ink)
    draw.line((width - 120, height // 2, width - 40, height // 2), fill=ink, width=3)
    return np.asarray(picture)


def write_tiff(
    path: Path, pixels: NDArray[Any], extratags: list[tuple[Any, ...]] | None = None, **more: Any
) -> Path:
    tifffile.imwrite(path, pixels, extratags=extratags or [], metadata=None, **more)
    return path


def fei_text(width: int, height: int, **changes: str) -> str:
    """The INI text of an FEI file whose pixel is 7.5 nm."""
    values = {
        "PixelWidth": "7.5e-009",
        "PixelHeight": "7.5e-009",
        "HV": "15000",
        "WD": "0.00987",
        "HFW": f"{7.5e-9 * width:.6g}",
        "ResolutionX": str(width),
        "ResolutionY": str(height),
        "Canvas": "0.4144",
        "Beam": "EBeam",
        "Scan": "EScan",
        **changes,
    }
    return "\r\n".join(
        [
            "[User]",
            "User=operator",
            "[System]",
            "SystemType=Model 3",
            "[Beam]",
            f"HV={values['HV']}",
            f"Beam={values['Beam']}",
            f"Scan={values['Scan']}",
            f"[{values['Beam']}]",
            f"HV={values['HV']}",
            f"HFW={values['HFW']}",
            f"WD={values['WD']}",
            f"[{values['Scan']}]",
            f"PixelWidth={values['PixelWidth']}",
            f"PixelHeight={values['PixelHeight']}",
            "[Image]",
            f"ResolutionX={values['ResolutionX']}",
            f"ResolutionY={values['ResolutionY']}",
            f"MagCanvasRealWidth={values['Canvas']}",
            "[Detectors]",
            "Number=1",
            "Name=TLD",
            "[PrivateFei]",
            "TimeOfCreation=05.03.2021 14:56:37",
            "",
        ]
    )


def write_fei(
    path: Path,
    width: int = 128,
    height: int = 96,
    databar: int = 12,
    tag: int = 34682,
    dtype: Any = np.uint8,
    **changes: str,
) -> Path:
    pixels = np.vstack([specimen(height, width, dtype), np.zeros((databar, width), dtype)])
    text = fei_text(width, height, **changes)
    return write_tiff(path, pixels, [(tag, "s", 0, text, True)])


def zeiss_text(width: int, height: int, **changes: str | None) -> bytes:
    """The text of a SmartSEM file whose pixel is 2.93 nm and whose monitor's is 5.86 nm."""
    entries: dict[str, str | None] = {
        "DP_SEM": "Sem = Model 40",
        "DP_DETECTOR_CHANNEL": "Signal A = InLens",
        "DP_IMAGE_STORE": f"Store resolution = {width} * {height}",
        "AP_PIXEL_SIZE": "Pixel Size = 5.86 nm",
        "AP_IMAGE_PIXEL_SIZE": "Image Pixel Size = 2.93 nm",
        "AP_WIDTH": f"Width = {2.93e-3 * width:.5f} µm",
        "AP_MAG": "Mag = 100.00 K X",
        "AP_ACTUALKV": "EHT = 3.00 kV",
        "AP_WD": "WD = 2.7 mm",
        "AP_DATE": "Date :16 Jan 2019",
        "AP_TIME": "Time :18:32:57",
        **changes,
    }
    lines = ["0", "0", "2.93e-009", "100000"]
    for key, value in entries.items():
        lines += [key, value] if value is not None else []
    return "\r\n".join([*lines, ""]).encode("cp1252")


def write_zeiss(path: Path, width: int = 128, height: int = 96, **changes: str | None) -> Path:
    text = zeiss_text(width, height, **changes)
    return write_tiff(path, specimen(height, width), [(34118, "s", 0, text, True)])


def tescan_lines(strip_rows: int = 16, /, **changes: str) -> dict[str, str]:
    return {
        "Date": "2023-03-24",
        "Device": "TESCAN Model",
        "ImageStripSize": str(strip_rows),
        "Magnification": "59999.85148301",
        "PixelSizeX": "0.000000004537772",
        "PixelSizeY": "0.000000004537772",
        "Time": "08:08:25",
        "Detector": "E-T",
        "HV": "10000.0",
        "WD": "0.003847444",
        **changes,
    }


def write_tescan(path: Path, strip_rows: int = 16, **changes: str) -> Path:
    body = "\n".join(f"{k}={v}" for k, v in tescan_lines(strip_rows, **changes).items())
    blob = b"\x10\x00\x00\x00\x01\x00preview=\xff\xd8\xff\x00" + body.encode() + b"\n\x00\x00"
    pixels = np.vstack([specimen(96, 128), np.zeros((strip_rows, 128), np.uint8)])
    return write_tiff(path, pixels, [(50431, "B", len(blob), blob, True)])


def tescan_hdr(**changes: str) -> str:
    lines = [f"{k}={v}" for k, v in tescan_lines(16, **changes).items()]
    return "\r\n".join(["[MAIN]", *lines[:7], "[SEM]", *lines[7:], ""])


def hitachi_text(width: int, height: int, **changes: str) -> str:
    entries = {
        "InstructName": "Model S",
        "Date": "2021/06/23",
        "Time": "16:38:33",
        "DataSize": f"{width}x{height}",
        "PixelSize": "496.0938",
        "SignalName": "BSE",
        "AcceleratingVoltage": "15000 Volt",
        "Magnification": "200",
        "WorkingDistance": "7706.35 um",
        **changes,
    }
    return "\r\n".join(["[SemImageFile]", *(f"{k}={v}" for k, v in entries.items()), ""])


def jeol_text(width: int, height: int, **changes: str) -> str:
    entries = {
        "$CM_ACCEL_VOLT": "7.00",
        "$CM_MAG": "95",
        "$$SM_WD": "10.52",
        "$CM_DETECTOR_NAME": "SEI",
        "$CM_DATE": "2020/08/31",
        "$CM_TIME": "15:32:31",
        "$CM_INSTRUMENT": "Model F",
        "$$SM_MICRON_BAR": "50",
        "$$SM_MICRON_MARKER": "100um",
        "$CM_FULL_SIZE": f"{width} {height}",
        **changes,
    }
    return "\r\n".join(["$SEM_DATA_VERSION 1", *(f"{k} {v}" for k, v in entries.items()), ""])


def inspected(path: Path, **more: Any) -> Micrograph:
    return inspect_micrograph(path, **more).micrograph


def calibrated(micrograph: Micrograph) -> tuple[float, str, str]:
    assert micrograph.calibration is not None
    return (
        micrograph.calibration.nm_per_px,
        micrograph.calibration.source,
        micrograph.calibration.detail,
    )
