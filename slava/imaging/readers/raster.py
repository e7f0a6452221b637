"""PNG, JPEG, BMP, GIF through Pillow; 16-bit colour PNG, which it rounds, through imagecodecs."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import BmpImagePlugin, GifImagePlugin, Image, JpegImagePlugin, PngImagePlugin

from slava.imaging.frame import Frame
from slava.imaging.readers.refused import Refused, check_number, check_size
from slava.imaging.readers.shape import as_picture

_OPENERS: dict[str, Any] = {
    # The classes themselves: Image.open has one limit of pixels for the whole process.
    "PNG": PngImagePlugin.PngImageFile,
    "JPEG": JpegImagePlugin.JpegImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "GIF": GifImagePlugin.GifImageFile,
}
_AS_RGB = {"RGBA", "RGBX", "CMYK", "YCbCr", "LAB", "HSV", "RGBa"}
_MANY_SAMPLES = {2, 4, 6}  # PNG specification, 11.2.2: colour, grey with alpha, colour with alpha


def read_raster(data: bytes, name: str, number: int = 1) -> Frame:
    """Read one picture of a PNG, JPEG, BMP or GIF, the first if nothing is said.

    Raises
    ------
    Refused
        When it is cut off, damaged or too large, or has no picture with this number.
    """
    try:
        opened = _OPENERS[name](io.BytesIO(data))
    except Exception as error:
        raise _damaged(name) from error
    check_size(*opened.size)
    tags = {"info": {k: v for k, v in opened.info.items() if isinstance(v, (str, int, float))}}
    try:
        count = int(getattr(opened, "n_frames", 1))
    except Exception as error:
        raise _damaged(name) from error
    check_number(number, count)
    try:
        if number > 1:
            opened.seek(number - 1)
        pixels, bits = _decode(opened, data, name)
    except Exception as error:
        raise _damaged(name) from error
    picture = as_picture(pixels)
    return Frame(picture.pixels, name, bits, tags, picture.warnings, number, count)


def _damaged(name: str) -> Refused:
    return Refused(
        f"it begins like {name}, but cannot be decoded: it is cut off or damaged.",
        "Copy or export it again.",
    )


def _decode(opened: Image.Image, data: bytes, name: str) -> tuple[NDArray[Any], int]:
    if name == "PNG" and data[24] == 16 and data[25] in _MANY_SAMPLES:
        import imagecodecs

        pixels = imagecodecs.png_decode(data)
        return pixels[..., :3] if pixels.shape[-1] > 2 else pixels[..., 0], 16
    opened.load()
    if opened.mode in ("P", "PA"):
        return _through_palette(opened), 8
    if opened.mode in _AS_RGB:
        opened = opened.convert("RGB")
    if opened.mode in ("LA", "La"):
        opened = opened.getchannel("L")
    pixels = np.asarray(opened)
    if opened.mode in ("I", "I;16", "I;16B", "I;16L"):
        return pixels.astype(np.uint16), 16
    return pixels, 1 if opened.mode == "1" else 8


def _through_palette(opened: Image.Image) -> NDArray[Any]:
    """Grey where every colour in use is grey, else RGB."""
    colours = np.asarray(opened.convert("RGB"))
    first = colours[..., :1]
    return colours[..., 0] if (colours == first).all() else colours
