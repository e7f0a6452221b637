"""TIFF in all its dialects through tifffile: first page, its pixels and what its tags say.

It must not know what a vendor's tag means; ``slava.imaging.vendors`` does.
"""

from __future__ import annotations

import io
from typing import Any

import tifffile

from slava.imaging.frame import Frame
from slava.imaging.readers.refused import Refused, check_size
from slava.imaging.readers.tiff_pixels import read_pixels
from slava.imaging.readers.tiff_tags import attempt, read_tags


def read_tiff(data: bytes) -> Frame:
    """Read the first picture of a TIFF.

    Raises
    ------
    Refused
        When it holds no picture that can be used.
    """
    try:
        opened = tifffile.TiffFile(io.BytesIO(data))
    except Exception as error:
        raise _no_directory() from error
    with opened:
        page = _first_page(opened)
        check_size(page.imagewidth, page.imagelength)
        _check_samples(page)
        pixels, warnings = read_pixels(page, data)
        tags, unread = read_tags(opened, page, len(data))
        return Frame(pixels, "TIFF", _bits(page), tags, (*_pages(opened), *warnings, *unread))


def _no_directory() -> Refused:
    return Refused(
        "it begins like a TIFF, but its directory cannot be read: it is cut off or damaged.",
        "Copy or export it again.",
    )


def _first_page(opened: tifffile.TiffFile) -> Any:
    try:
        return opened.pages[0].aspage()
    except Exception as error:
        raise _no_directory() from error


def _check_samples(page: Any) -> None:
    planes = page.samplesperpixel * page.imagedepth
    if planes > 4:  # more than colour and its transparency
        check_size(page.imagewidth, page.imagelength * planes)


def _bits(page: Any) -> int:
    bits = page.bitspersample
    return int(bits[0] if isinstance(bits, tuple) else bits)


def _pages(opened: tifffile.TiffFile) -> list[str]:
    count = attempt(lambda: len(opened.pages)) or 1
    described = attempt(lambda: int((opened.imagej_metadata or {}).get("images", 1))) or 1
    count = max(count, described)
    return [f"The file holds {count} pictures; this is the first."] if count > 1 else []
