"""Small files of scientific formats, made by the tests where no library writes them."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

Pixels = NDArray[Any]


# ---------------------------------------------------------------- Gatan DM3 and DM4
_DM_TYPES = {"<i2": (1, 2), "<f4": (2, 6), "|u1": (6, 10), "<u2": (10, 4), "<f8": (12, 7)}
"""NumPy's name: Gatan's number of the kind of data, and of an element of an array."""


def write_dm(
    path: Path, pixels: Pixels, *, scale: float, unit: str, version: int = 4, volts: float = 2e5
) -> Path:
    """A DigitalMicrograph file of one picture or stack, little-endian."""
    kind, element = _DM_TYPES[pixels.dtype.str]
    sides = pixels.shape[::-1]
    axes = [{"Origin": 0.0, "Scale": scale, "Units": unit} for _ in sides]
    image = {
        "ImageData": {
            "Calibrations": {
                "Brightness": {"Origin": 0.0, "Scale": 1.0, "Units": ""},
                "Dimension": dict(enumerate(axes)),
            },
            "Data": (element, pixels),
            "DataType": kind,
            "Dimensions": dict(enumerate(sides)),
            "PixelDepth": pixels.dtype.itemsize,
        },
        "ImageTags": {
            "Microscope Info": {
                "Illumination Mode": "TEM",
                "Operation Mode": "IMAGING",
                "Voltage": volts,
                "Indicated Magnification": 50000.0,
                "Name": "Model 7",
            }
        },
        "Name": "drawn",
    }
    body = _dm_group({"ImageList": {0: image}}, version, root=True)
    size = struct.pack(">q" if version == 4 else ">l", len(body))
    path.write_bytes(struct.pack(">l", version) + size + struct.pack(">l", 1) + body + bytes(8))
    return path


def _dm_long(number: int, version: int) -> bytes:
    return struct.pack(">q" if version == 4 else ">l", number)


def _dm_group(tags: dict[Any, Any], version: int, *, root: bool = False) -> bytes:
    entries = b"".join(_dm_entry(name, value, version) for name, value in tags.items())
    size = b"" if root or version == 3 else _dm_long(len(entries), version)
    return b"\1\0" + size + _dm_long(len(tags), version) + entries


def _dm_entry(name: str | int, value: Any, version: int) -> bytes:
    plain = b"" if isinstance(name, int) else name.encode()
    head = struct.pack(">H", len(plain)) + plain
    if isinstance(value, dict):
        return b"\x14" + head + _dm_group(value, version)
    info, content = _dm_value(value)
    words = b"".join(_dm_long(word, version) for word in (len(info), *info))
    skipped = _dm_long(4 + len(words) + len(content), version) if version == 4 else b""
    return b"\x15" + head + skipped + b"%%%%" + words + content


def _dm_value(value: Any) -> tuple[tuple[int, ...], bytes]:
    if isinstance(value, str):
        return (20, 4, len(value)), value.encode("utf-16-le")
    if isinstance(value, int):
        return (5,), struct.pack("<L", value)
    if isinstance(value, float):
        return (7,), struct.pack("<d", value)
    element, pixels = value
    return (20, element, pixels.size), pixels.tobytes()


# ---------------------------------------------------------------- EMD of Velox
def write_velox(path: Path, stack: Pixels, *, nm_per_px: float, unit: str = "m") -> Path:
    """An EMD file as Velox writes it; ``stack`` is (frames, height_px, width_px)."""
    import h5py

    scale = nm_per_px * 1e-9 if unit == "m" else nm_per_px
    said = {
        "Core": {"MetadataDefinitionVersion": "7.9"},
        "Instrument": {"Manufacturer": "FEI Company", "InstrumentModel": "Model 5"},
        "Acquisition": {"AcquisitionStartDatetime": {"DateTime": "1500000000"}},
        "Optics": {
            "AccelerationVoltage": "300000",
            "OperatingMode": "2",
            "NominalMagnification": "80000",
        },
        "BinaryResult": {
            "PixelSize": {"width": str(scale), "height": str(scale)},
            "Offset": {"x": "0", "y": "0"},
            "PixelUnitX": unit,
            "PixelUnitY": unit,
            "DetectorIndex": "0",
        },
        "Detectors": {"Detector-0": {"DetectorName": "HAADF", "ExposureTime": "0.1"}},
        "Scan": {"FrameTime": "0.5"},
        "CustomProperties": {},
    }
    text = np.zeros((60000, stack.shape[0]), np.uint8)
    content = np.frombuffer(json.dumps(said).encode(), np.uint8)
    text[: len(content)] = content[:, None]
    with h5py.File(path, "w") as file:
        strings = h5py.special_dtype(vlen=bytes)
        version = json.dumps({"format": "Velox", "version": "1.11"}).encode()
        file.create_dataset("Version", data=np.array([version], object), dtype=strings)
        image = file.create_group("Data/Image/00000000000000000000000000000001")
        image.create_dataset("Data", data=np.moveaxis(stack, 0, -1))
        image.create_dataset("Metadata", data=text)
    return path


# ---------------------------------------------------------------- JEOL Analysis Station
def write_jeol_img(path: Path, pixels: NDArray[np.uint8], *, scan_mm: float, mag: float) -> Path:
    """An IMG file: ``scan_mm`` is the width of the picture at magnification one."""
    height, width = pixels.shape
    tree = {
        "Instrument": {
            "ScanSize": np.float32(scan_mm),
            "Mag": np.float32(mag),
            "AccV": np.float32(15),
        },
        "Image": {
            "Title": "drawn",
            "Created": np.float64(43_000.5),
            "Size": np.array([width, height], np.int32),
            "Bits": pixels.ravel(),
        },
    }
    head = struct.pack("<I", 52) + b"JED-2200:IMG".ljust(32, b"\0") + struct.pack("<3I", 0, 0, 48)
    path.write_bytes(head + bytes(12) + _jeol_tree(tree) + b"\0")
    return path


_JEOL_TYPES = {"int32": 3, "float32": 4, "float64": 5, "uint8": 6}


def _jeol_tree(tree: dict[str, Any]) -> bytes:
    parts = []
    for name, value in tree.items():
        word = name.encode() + b"\0"
        head = b"\1" + struct.pack("<i", len(word)) + word
        if isinstance(value, dict):
            parts.append(head + struct.pack("<2i", 0, 0) + _jeol_tree(value) + b"\xff")
            continue
        if isinstance(value, str):
            kind, content = 12, value.encode() + b"\0"
        else:
            kind, content = _JEOL_TYPES[str(value.dtype)], value.tobytes()
        parts.append(head + struct.pack("<2i", kind, len(content)) + content + b"\xff")
    return b"".join(parts)


# ---------------------------------------------------------------- private tags of TIFF
def tvips_tag(nm_per_px: float, volts: float) -> tuple[Any, ...]:
    """The tag of TVIPS EM-MENU, version 2."""
    first = np.zeros((), np.dtype(tifffile.TIFF.TVIPS_HEADER_V1).newbyteorder("<"))
    first["Version"], first["Magnification"] = 2, 40_000
    second = np.zeros((), np.dtype(tifffile.TIFF.TVIPS_HEADER_V2).newbyteorder("<"))
    second["PixelSizeX"] = second["PixelSizeY"] = nm_per_px
    second["TemHighTension"], second["Magic"] = volts, 0xAAAAAAAA
    content = first.tobytes() + second.tobytes()
    return (37706, "B", len(content), content, True)


def write_olympus(path: Path, pixels: Pixels, *, nm_per_px: float) -> Path:
    """A TIFF with the block of Olympus SIS, whose lengths are multiples of 1e-9 m."""
    head = struct.pack("<4s6xhhhhh6x32sH", b"SIS0", 30, 12, 5, 3, 119, b"drawn", 1)
    said = struct.pack("<10xhdd8xd2x34s32s", -9, nm_per_px, nm_per_px, 20_000, b"Camera", b"")
    block = head + struct.pack("<hhI", 1, 1, 1 << 30) + said
    extra = (33560, "B", len(block), block, True)
    tifffile.imwrite(path, pixels, metadata=None, extratags=[extra])
    with tifffile.TiffFile(path) as opened:
        begin = opened.pages[0].tags[33560].valueoffset
    data = bytearray(path.read_bytes())
    data[begin + 64 : begin + 68] = struct.pack("<I", begin + 68)  # where its numbers stand
    path.write_bytes(data)
    return path
