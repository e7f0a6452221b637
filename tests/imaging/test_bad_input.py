"""Whatever a file is, reading it ends in a frame or in one clear error, and nothing is printed."""

from __future__ import annotations

import io
import os
import struct
import sys
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from slava.errors import SlavaError, UnreadableMicrograph
from slava.imaging.inspect import inspect_micrograph
from slava.imaging.read import frame_from_bytes, read_frame
from tests.imaging.vendor_files import fei_text, specimen, write_fei, write_tiff, zeiss_text


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def tiff_header(width: int, height: int, **more: int) -> bytes:
    """A TIFF of one strip that claims a size and holds next to nothing."""
    tags = {256: width, 257: height, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: height, 279: 64}
    tags |= {int(code[1:]): value for code, value in more.items()}
    body = b"".join(struct.pack("<HHII", code, 4, 1, value) for code, value in sorted(tags.items()))
    ifd = struct.pack("<H", len(tags)) + body + struct.pack("<I", 0)
    return b"II*\0" + struct.pack("<I", 8 + 64) + b"\0" * 64 + ifd


def as_bytes(name: str, **more: Any) -> bytes:
    buffer = io.BytesIO()
    if name == "tif":
        tifffile.imwrite(buffer, specimen(), **more)
    else:
        Image.fromarray(specimen()).save(buffer, {"jpg": "JPEG"}.get(name, name.upper()))
    return buffer.getvalue()


BAD: dict[str, tuple[bytes, str]] = {
    "empty.tif": (b"", "the file is empty."),
    "text.tif": (b"hello world\n" * 40, "it is a text file, not a micrograph."),
    "umlaut.png": ("Schlüßel µm\n".encode() * 9, "it is a text file, not a micrograph."),
    "page.svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG is a drawing"),
    "page.tif": (b"<?xml version='1.0'?>\n<!-- x -->\n<svg/>", "an SVG is a drawing"),
    "paper.pdf": (b"%PDF-1.7\n\x00\x01", "PDF files are not read."),
    "noise.tif": (b"\x00\x01\x02\x03" * 100, "it is no picture format that is known here."),
    "magic.tif": (b"II*\0", "its directory cannot be read"),
    "magic.png": (b"\x89PNG\r\n\x1a\n", "begins like PNG, but cannot be decoded"),
    "magic.bmp": (b"BM", "begins like BMP, but cannot be decoded"),
    "magic.jpg": (b"\xff\xd8\xff", "begins like JPEG, but cannot be decoded"),
    "cut.tif": (as_bytes("tif")[:2000], "it is damaged: only"),
    "cut.png": (as_bytes("png")[:2000], "it is cut off or damaged."),
    "cut.jpg": (as_bytes("jpg")[:1500], "it is cut off or damaged."),
    "cut.bmp": (as_bytes("bmp")[:3000], "it is cut off or damaged."),
    "cut.gz": (b"\x1f\x8b\x08\0\0\0", "it is cut off or damaged."),
    "cut.zip": (b"PK\x03\x04\0\0", "it is cut off or damaged."),
    "cut.dm3": (b"\0\0\0\x03\0\x01\x78\x7c", "DigitalMicrograph"),
    "cut.ser": (b"II\x97\x01\x10\x02\x22A\0\0RA", "TIA"),
    "cut.emd": (b"\x89HDF\r\n\x1a\n\0\0\0", "EMD"),
    "cut.elid": (b"BZh91AY&SY", "Phenom"),
    "lone.emi": (b"JK\0\2\0\0", "an .emi file only describes the .ser files beside it."),
    "zero.png": (png_header(0, 0), "damaged"),
    "zero.tif": (tiff_header(0, 0), "0 x 0 pixels"),
    "bomb.png": (png_header(60_000, 60_000), "60000 x 60000 pixels, more than the 400 megapixels"),
    "bomb.tif": (tiff_header(1_000_000, 1_000_000), "1000000 x 1000000 pixels, more than the 400"),
    "claim.tif": (tiff_header(20_000, 20_000), "only 0 of its 20000 rows can be read"),
    "planes.tif": (tiff_header(20_000, 20_000, t277=60_000), "more than the 400 megapixels"),
}


@pytest.mark.parametrize("name", BAD)
def test_one_clear_error(tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    content, reason = BAD[name]
    path = tmp_path / name
    path.write_bytes(content)
    begun = time.perf_counter()
    with pytest.raises(UnreadableMicrograph) as caught:
        inspect_micrograph(path)
    text = str(caught.value)
    assert text.startswith(f"{name}: ")
    assert reason in text
    assert "\n" not in text
    assert time.perf_counter() - begun < 30  # the first one imports a reader
    assert capfd.readouterr() == ("", "")


def test_a_folder_and_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UnreadableMicrograph, match="it is a folder, not a file"):
        read_frame(tmp_path)
    with pytest.raises(UnreadableMicrograph, match=r"gone\.png: there is no such file"):
        read_frame(tmp_path / "gone.png")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "a.tif", specimen())
    path.chmod(0)
    with pytest.raises(UnreadableMicrograph, match="you may not read this file"):
        read_frame(path)


def test_permission_denied_by_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_tiff(tmp_path / "a.tif", specimen())

    def denied(self: Path) -> bytes:
        raise PermissionError(13, "denied", str(self))

    monkeypatch.setattr(Path, "read_bytes", denied)
    with pytest.raises(UnreadableMicrograph, match=r"a\.tif: you may not read this file"):
        read_frame(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.tif")
    with pytest.raises(UnreadableMicrograph, match="not a plain file"):
        read_frame(tmp_path / "pipe.tif")


def test_a_name_that_no_file_can_have() -> None:
    with pytest.raises(UnreadableMicrograph, match="cannot be opened"):
        read_frame(Path("a\0b.tif"))


def test_corrupt_metadata_leaves_the_picture(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    changes: dict[str, Any] = {
        "PixelWidth": "not a number",
        "PixelHeight": "",
        "HV": "inf",
        "WD": "-3",
        "HFW": "0",
        "ResolutionX": "many",
        "ResolutionY": "-4",
    }
    inspected = inspect_micrograph(write_fei(tmp_path / "a.tif", databar=0, **changes))
    assert inspected.micrograph.calibration is None
    assert inspected.micrograph.instrument.vendor == "FEI"
    assert inspected.micrograph.instrument.accelerating_voltage_kv is None
    assert capfd.readouterr() == ("", "")


def test_an_absurd_pixel_size_is_refused(tmp_path: Path) -> None:
    path = write_fei(tmp_path / "a.tif", PixelWidth="7.5e20", PixelHeight="7.5e20")
    micrograph = inspect_micrograph(path).micrograph
    assert micrograph.calibration is None
    assert "which cannot be true" in micrograph.warnings[-1]


@pytest.mark.parametrize("kept", [1, 190, 260, 340])
def test_metadata_that_is_cut_off_is_not_believed(tmp_path: Path, kept: int) -> None:
    """The tag stands at the end of the file: half of ``7.5e-009`` would be another number."""
    path, text = write_fei(tmp_path / "a.tif"), fei_text(128, 96).encode()
    data = bytearray(path.read_bytes())
    entry = data.find((34682).to_bytes(2, "little"))
    data[entry + 8 : entry + 12] = len(data).to_bytes(4, "little")
    path.write_bytes(bytes(data) + text[:kept])
    assert kept < len(text)
    micrograph = inspect_micrograph(path).micrograph
    assert micrograph.calibration is None
    assert micrograph.warnings == (
        "Part of the file's metadata is missing or damaged and was left out.",
    )


def test_a_tag_of_random_bytes_leaves_the_picture(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, 4000, np.uint8).tobytes()
    for tag in (34118, 34680, 34682, 50431, 270, 40092, 65009):
        path = write_tiff(
            tmp_path / f"{tag}.tif", specimen(), [(tag, "B", len(noise), noise, True)]
        )
        frame = inspect_micrograph(path)
        assert frame.micrograph.calibration is None
        np.testing.assert_array_equal(frame.grey, specimen())


def small_files() -> dict[str, bytes]:
    def tiff(**more: Any) -> bytes:
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, specimen(24, 32), metadata=None, **more)
        return buffer.getvalue()

    def raster(kind: str) -> bytes:
        buffer = io.BytesIO()
        Image.fromarray(specimen(24, 32)).save(buffer, kind)
        return buffer.getvalue()

    return {
        "plain": tiff(),
        "strips": tiff(rowsperstrip=4, compression="lzw"),
        "tiles": tiff(tile=(16, 16), compression="deflate"),
        "jpeg_in_tiff": tiff(tile=(16, 16), compression="jpeg"),
        "fei": tiff(extratags=[(34682, "s", 0, fei_text(32, 24), True)]),
        "zeiss": tiff(extratags=[(34118, "s", 0, zeiss_text(32, 24), True)]),
        "png": raster("PNG"),
        "jpeg": raster("JPEG"),
        "bmp": raster("BMP"),
        "gif": raster("GIF"),
    }


SMALL = small_files()
EDITS = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=6)),
    min_size=1,
    max_size=6,
)


@pytest.mark.parametrize("kind", SMALL)
@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(edits=EDITS, cut=st.none() | st.floats(0, 1))
def test_changed_bytes_never_break_the_reader(
    kind: str, edits: list[tuple[float, bytes]], cut: float | None
) -> None:
    data = bytearray(SMALL[kind])
    for place, piece in edits:
        start = int(place * len(data))
        data[start : start + len(piece)] = piece
    if cut is not None:
        data = data[: int(cut * len(data))]
    begun = time.perf_counter()
    assert outcome(bytes(data), "changed.tif") in {"2 axes", "3 axes", "one line that names it"}
    assert time.perf_counter() - begun < 10


def outcome(data: bytes, name: str) -> str:
    """What came of reading some bytes; anything but a frame or our own error escapes."""
    try:
        return f"{frame_from_bytes(data, Path(name)).pixels.ndim} axes"
    except SlavaError as error:
        text = str(error)
    return "one line that names it" if text.startswith(f"{name}: ") and "\n" not in text else text


@settings(max_examples=150, deadline=None)
@given(
    start=st.sampled_from([b"II*\0", b"MM\0*", b"II+\0", b"BM", b"\xff\xd8\xff", b"GIF89a", b""]),
    rest=st.binary(max_size=400),
)
def test_random_bytes_never_break_the_reader(start: bytes, rest: bytes) -> None:
    assert outcome(start + rest, "random.tif") in {"2 axes", "3 axes", "one line that names it"}
