"""Pixels come out as they went in, by content, whatever the file is called."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from slava.errors import UnreadableMicrograph
from slava.imaging.frame import Frame, grey
from slava.imaging.read import read_frame
from tests.imaging.vendor_files import specimen, write_tiff

DEPTHS = [np.uint8, np.uint16, np.int16, np.uint32, np.float32, np.float64]


@pytest.mark.parametrize("dtype", DEPTHS)
@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "lzw", "deflate", "packbits"])
def test_tiff_pixels_are_unharmed(
    tmp_path: Path, dtype: Any, byteorder: str, compression: str | None
) -> None:
    pixels = specimen(dtype=dtype)
    path = write_tiff(tmp_path / "a.tif", pixels, byteorder=byteorder, compression=compression)
    frame = read_frame(path)
    np.testing.assert_array_equal(frame.pixels, pixels)
    assert frame.pixels.dtype == np.dtype(dtype)
    assert frame.pixels.dtype.isnative
    assert (frame.format, frame.warnings) == ("TIFF", ())
    assert frame.bit_depth == np.dtype(dtype).itemsize * 8


@pytest.mark.parametrize(
    "layout",
    [
        {"tile": (32, 32)},
        {"tile": (32, 32), "compression": "deflate", "predictor": True},
        {"bigtiff": True},
        {"rowsperstrip": 7},
        {"planarconfig": "separate", "photometric": "rgb"},
    ],
)
def test_tiff_in_every_layout(tmp_path: Path, layout: dict[str, Any]) -> None:
    pixels = specimen(70, 90, np.uint16)
    stored = pixels
    if "planarconfig" in layout:
        stored = np.stack([pixels, pixels // 2, pixels // 3])
        pixels = np.moveaxis(stored, 0, -1)
    frame = read_frame(write_tiff(tmp_path / "a.tif", stored, **layout))
    np.testing.assert_array_equal(frame.pixels, pixels)


def test_float_tiff_with_not_a_number_opens_and_says_so(tmp_path: Path) -> None:
    pixels = specimen(dtype=np.float32) + 0.5
    pixels[3, 4], pixels[5, 6] = np.nan, np.inf
    frame = read_frame(write_tiff(tmp_path / "a.tif", pixels))
    assert frame.warnings == ("2 values are not numbers; they are shown as the darkest.",)
    assert np.isnan(frame.pixels[3, 4])
    shown = grey(frame)
    assert np.isfinite(shown).all()
    assert shown[3, 4] == shown.min()


def test_first_of_several_pages(tmp_path: Path) -> None:
    pages = np.stack([specimen(seed=k) for k in range(3)])
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        for page in pages:
            writer.write(page, contiguous=False)
    frame = read_frame(path)
    np.testing.assert_array_equal(frame.pixels, pages[0])
    assert frame.warnings[0].startswith("The file holds 3 pictures; this is the first.")


def test_an_imagej_stack_is_its_first_slice(tmp_path: Path) -> None:
    pages = np.stack([specimen(seed=k) for k in range(4)])
    tifffile.imwrite(tmp_path / "a.tif", pages, imagej=True)
    frame = read_frame(tmp_path / "a.tif")
    np.testing.assert_array_equal(frame.pixels, pages[0])
    assert "4 pictures" in frame.warnings[0]


def test_white_is_zero_is_turned_round(tmp_path: Path) -> None:
    pixels = specimen()
    frame = read_frame(write_tiff(tmp_path / "a.tif", pixels, photometric="miniswhite"))
    np.testing.assert_array_equal(frame.pixels, 255 - pixels)


def test_a_grey_palette_gives_its_grey_values(tmp_path: Path) -> None:
    pixels = specimen()
    ramp = np.tile(np.arange(256, dtype=np.uint16) * 257, (3, 1))
    ramp[:, 5] = (65535, 0, 0)  # a colour for annotations, not used in the picture
    pixels[pixels == 5] = 6
    frame = read_frame(write_tiff(tmp_path / "a.tif", pixels, photometric="palette", colormap=ramp))
    np.testing.assert_array_equal(frame.pixels, pixels)


def test_a_palette_colour_in_use_is_shown_in_colour(tmp_path: Path) -> None:
    pixels = np.maximum(specimen(), 6)
    pixels[:4] = 5
    ramp = np.tile(np.arange(256, dtype=np.uint16) * 257, (3, 1))
    ramp[:, 5] = (65535, 0, 0)
    frame = read_frame(write_tiff(tmp_path / "a.tif", pixels, photometric="palette", colormap=ramp))
    assert frame.pixels.shape == (*pixels.shape, 3)
    assert tuple(frame.pixels[0, 0]) == (255, 0, 0)
    np.testing.assert_array_equal(grey(frame)[4:], pixels[4:])


@pytest.mark.parametrize("bits", [1, 4, 12])
def test_packed_depths_say_their_bits(tmp_path: Path, bits: int) -> None:
    pixels = (specimen(32, 64, np.uint16) >> (16 - bits)).astype(
        np.uint16 if bits > 8 else np.uint8
    )
    stored = pixels.astype(bool) if bits == 1 else pixels
    more: dict[str, Any] = {} if bits == 1 else {"bitspersample": bits}
    path = write_tiff(tmp_path / "a.tif", stored, photometric="minisblack", **more)
    frame = read_frame(path)
    assert frame.bit_depth == bits
    np.testing.assert_array_equal(frame.pixels, pixels * (255 if bits == 1 else 1))


def as_png(pixels: NDArray[Any]) -> bytes:
    import imagecodecs

    return bytes(imagecodecs.png_encode(pixels))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_png_pixels_are_unharmed(tmp_path: Path, dtype: Any, channels: int) -> None:
    planes = [specimen(dtype=dtype, seed=k) for k in range(channels)]
    pixels = planes[0] if channels == 1 else np.stack(planes, -1)
    (tmp_path / "a.png").write_bytes(as_png(pixels))
    frame = read_frame(tmp_path / "a.png")
    expected = planes[0] if channels < 3 else pixels[..., :3]
    np.testing.assert_array_equal(frame.pixels, expected)
    assert (frame.format, frame.bit_depth) == ("PNG", np.dtype(dtype).itemsize * 8)


@pytest.mark.parametrize("name", ["a.bmp", "a.png", "a.gif"])
@pytest.mark.parametrize("mode", ["L", "P"])
def test_lossless_pictures_through_pillow(tmp_path: Path, name: str, mode: str) -> None:
    pixels = specimen()
    picture = Image.fromarray(pixels)
    if mode == "P":
        picture = Image.fromarray(pixels, "L").convert("P")
        picture.putpalette([v for g in range(256) for v in (g, g, g)])
    picture.save(tmp_path / name)
    frame = read_frame(tmp_path / name)
    np.testing.assert_array_equal(grey(frame), pixels)
    assert frame.warnings == ()


def test_jpeg(tmp_path: Path) -> None:
    Image.fromarray(specimen()).save(tmp_path / "a.jpg", quality=95)
    frame = read_frame(tmp_path / "a.jpg")
    assert (frame.format, frame.bit_depth, frame.pixels.shape) == ("JPEG", 8, (96, 128))


@pytest.mark.parametrize(("mode", "bits"), [("1", 1), ("I;16", 16), ("RGBA", 8), ("LA", 8)])
def test_rarer_png_modes(tmp_path: Path, mode: str, bits: int) -> None:
    if mode == "I;16":
        Image.fromarray(specimen(dtype=np.uint16)).save(tmp_path / "a.png")
    else:
        Image.fromarray(specimen()).convert(mode).save(tmp_path / "a.png")
    frame = read_frame(tmp_path / "a.png")
    assert frame.bit_depth == bits
    assert grey(frame).shape == (96, 128)


def test_the_format_is_found_by_content(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(as_png(specimen()))
    frame = read_frame(tmp_path / "a.tif")
    assert frame.format == "PNG"
    assert frame.warnings == ("The name ends in .tif, but the file is a PNG.",)


def test_a_packed_micrograph(tmp_path: Path) -> None:
    pixels = specimen(dtype=np.uint16)
    inner = io.BytesIO()
    tifffile.imwrite(inner, pixels)
    (tmp_path / "a.tif.gz").write_bytes(gzip.compress(inner.getvalue()))
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("folder/a.tif", inner.getvalue())
    for name in ("a.tif.gz", "b.zip"):
        frame = read_frame(tmp_path / name)
        np.testing.assert_array_equal(frame.pixels, pixels)
        assert frame.warnings == ()


@pytest.mark.parametrize(
    "name", ["日本語 ×200.tif", "a b;c&d'.tif", "ünïcödé-\u202e.tif", "no_suffix"]
)
def test_strange_names(tmp_path: Path, name: str) -> None:
    frame = read_frame(write_tiff(tmp_path / name, specimen()))
    assert frame.pixels.shape == (96, 128)


def test_grey_of_colour_is_luma_and_leaves_grey_pixels_alone() -> None:
    pixels = np.zeros((2, 2, 3), np.uint8)
    pixels[0, 0] = (255, 0, 0)
    pixels[0, 1] = (0, 255, 0)
    pixels[1] = 201
    np.testing.assert_array_equal(grey(Frame(pixels, "PNG", 8)), [[76, 150], [201, 201]])


def test_grey_of_equal_channels_is_one_of_them() -> None:
    plane = specimen(dtype=np.uint16)
    shown = grey(Frame(np.stack([plane] * 3, -1), "PNG", 16))
    assert shown.dtype == np.uint16
    np.testing.assert_array_equal(shown, plane)


def test_tiff_that_lost_its_last_rows_opens_with_a_warning(tmp_path: Path) -> None:
    pixels = specimen(100, 128)
    path = write_tiff(tmp_path / "a.tif", pixels, rowsperstrip=1)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) - 20 * 128])
    frame = read_frame(path)
    assert frame.warnings == (
        "The file is damaged: 20 of its 100 rows are missing and shown black.",
    )
    np.testing.assert_array_equal(frame.pixels[:80], pixels[:80])
    assert (frame.pixels[80:] == 0).all()


def test_one_strip_cut_in_its_middle_keeps_the_rows_before(tmp_path: Path) -> None:
    pixels = specimen(100, 128, np.uint16)
    path = write_tiff(tmp_path / "a.tif", pixels, rowsperstrip=100)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) - 30 * 256 - 10])
    frame = read_frame(path)
    np.testing.assert_array_equal(frame.pixels[:69], pixels[:69])
    assert "31 of its 100 rows are missing" in frame.warnings[0]


def test_a_damaged_tile_is_black_and_the_others_are_there(tmp_path: Path) -> None:
    pixels = specimen(128, 128)
    path = write_tiff(tmp_path / "a.tif", pixels, tile=(32, 32), compression="deflate")
    with tifffile.TiffFile(path) as opened:
        begin = opened.pages[0].dataoffsets[-1]
    data = bytearray(path.read_bytes())
    data[begin : begin + 40] = b"\xff" * 40
    path.write_bytes(data)
    frame = read_frame(path)
    np.testing.assert_array_equal(frame.pixels[:96], pixels[:96])
    np.testing.assert_array_equal(frame.pixels[96:, :96], pixels[96:, :96])
    assert "32 of its 128 rows" in frame.warnings[0]


@pytest.mark.parametrize(("claimed", "ends"), [(120, "shown"), (9600, "refused")])
def test_rows_that_are_nowhere_are_told(tmp_path: Path, claimed: int, ends: str) -> None:
    pixels = specimen(96, 128)
    path = write_tiff(tmp_path / "a.tif", pixels, rowsperstrip=8)
    with tifffile.TiffFile(path) as opened:
        entry = opened.pages[0].tags[257].offset
    data = bytearray(path.read_bytes())
    data[entry + 2 : entry + 12] = struct.pack("<HII", 4, 1, claimed)
    path.write_bytes(data)
    if ends == "refused":
        with pytest.raises(UnreadableMicrograph, match="only 96 of its 9600 rows"):
            read_frame(path)
        return
    frame = read_frame(path)
    np.testing.assert_array_equal(frame.pixels[:96], pixels)
    assert "24 of its 120 rows are missing" in frame.warnings[0]
