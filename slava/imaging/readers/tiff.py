"""TIFF in all its dialects through tifffile: one page, its pixels and what its tags say.

It must not know what a vendor's tag means; ``slava.imaging.vendors`` does.
"""

from __future__ import annotations

import io
from typing import Any

import tifffile

from slava.imaging.frame import Frame
from slava.imaging.readers.refused import Refused, check_number, check_size
from slava.imaging.readers.shape import Picture, as_picture
from slava.imaging.readers.tiff_pixels import read_pixels
from slava.imaging.readers.tiff_tags import attempt, read_tags


def read_tiff(data: bytes, number: int = 1) -> Frame:
    """Read one picture of a TIFF, the first if nothing is said.

    Raises
    ------
    Refused
        When it holds no picture that can be used, or none with this number.
    """
    try:
        opened = tifffile.TiffFile(io.BytesIO(data))
    except Exception as error:
        raise _no_directory() from error
    with opened:
        pages, described = _counts(opened)
        page = _page(opened, number if pages > 1 else 1)
        check_size(page.imagewidth, page.imagelength)
        _check_samples(page)
        if pages > 1 or described <= 1:
            picture = read_pixels(page, data, 1 if pages > 1 else number)
        else:
            picture = _described(opened, page, data, number, described)
        tags, unread = read_tags(opened, page, len(data))
        count = max(pages, described, 1 if pages > 1 else picture.count)
        said = (*picture.warnings, *unread)
        return Frame(picture.pixels, "TIFF", _bits(page), tags, said, number, count)


def _no_directory() -> Refused:
    return Refused(
        "it begins like a TIFF, but its directory cannot be read: it is cut off or damaged.",
        "Copy or export it again.",
    )


def _counts(opened: tifffile.TiffFile) -> tuple[int, int]:
    """How many pages there are, and how many pictures ImageJ says there are."""
    described = attempt(lambda: int((opened.imagej_metadata or {}).get("images", 1)))
    return attempt(lambda: len(opened.pages)) or 1, described or 1


def _page(opened: tifffile.TiffFile, number: int) -> Any:
    if number != 1:
        check_number(number, len(opened.pages))
    try:
        return opened.pages[number - 1].aspage()
    except Exception as error:
        raise _no_directory() from error


def _described(
    opened: tifffile.TiffFile, page: Any, data: bytes, number: int, count: int
) -> Picture:
    """A picture of a stack that has one directory for all: they follow upon each other."""
    if number == 1:
        return read_pixels(page, data)
    check_number(number, count)
    series = opened.series[0]
    if series.nbytes > len(data):
        raise Refused("its stack is cut off.", "Copy or export it again.")
    return as_picture(series.asarray(), series.axes, number)


def _check_samples(page: Any) -> None:
    planes = page.samplesperpixel * page.imagedepth
    if planes > 4:  # more than colour and its transparency
        check_size(page.imagewidth, page.imagelength * planes)


def _bits(page: Any) -> int:
    bits = page.bitspersample
    return int(bits[0] if isinstance(bits, tuple) else bits)
