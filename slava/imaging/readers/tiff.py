"""TIFF in all its dialects through tifffile: first page, its pixels and what its tags say.

It must not know what a vendor's tag means; ``slava.imaging.vendors`` does.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import tifffile

from slava.imaging.frame import Frame
from slava.imaging.readers.refused import Refused, check_size
from slava.imaging.readers.tiff_pixels import read_pixels

MAX_TAG_BYTES = 1 << 24
_PLAIN_TAGS = {
    270: "ImageDescription",
    271: "Make",
    272: "Model",
    282: "XResolution",
    283: "YResolution",
    296: "ResolutionUnit",
    305: "Software",
    306: "DateTime",
    34683: "ThermoXML",
    40092: "XPComment",
    40093: "XPAuthor",
    50431: "TESCAN",
    65003: "GatanUnitX",
    65009: "GatanScaleX",
    65010: "GatanScaleY",
}
_RAW_TAGS = {34118: "Zeiss"}
"""Tags whose bytes are wanted as they are."""
_PARSED: tuple[tuple[str, str], ...] = (
    ("fei", "fei_metadata"),
    ("imagej", "imagej_metadata"),
    ("olympus", "sis_metadata"),
    ("tvips", "tvips_metadata"),
)
"""Our key and the property of ``tifffile.TiffFile`` that parses it."""


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
        raise _no_directory(error) from error
    with opened:
        page = _first_page(opened)
        check_size(page.imagewidth, page.imagelength)
        _check_samples(page)
        pixels, warnings = read_pixels(page, data)
        tags, unread = _tags(opened, page)
        return Frame(pixels, "TIFF", _bits(page), tags, (*_pages(opened), *warnings, *unread))


def _no_directory(error: Exception) -> Refused:
    return Refused(
        f"it begins like a TIFF, but its directory cannot be read ({_brief(error)}): "
        "it is cut off or damaged.",
        "Copy or export it again.",
    )


def _first_page(opened: tifffile.TiffFile) -> Any:
    try:
        return opened.pages[0].aspage()
    except Exception as error:
        raise _no_directory(error) from error


def _check_samples(page: Any) -> None:
    planes = page.samplesperpixel * page.imagedepth
    if planes > 4:  # more than colour and its transparency
        check_size(page.imagewidth, page.imagelength * planes)


def _bits(page: Any) -> int:
    bits = page.bitspersample
    return int(bits[0] if isinstance(bits, tuple) else bits)


def _pages(opened: tifffile.TiffFile) -> list[str]:
    count = _try(lambda: len(opened.pages)) or 1
    described = _try(lambda: int((opened.imagej_metadata or {}).get("images", 1))) or 1
    count = max(count, described)
    return [f"The file holds {count} pictures; this is the first."] if count > 1 else []


def _tags(opened: tifffile.TiffFile, page: Any) -> tuple[dict[str, Any], list[str]]:
    found = ((name, _tag(page, code)) for code, name in _PLAIN_TAGS.items())
    plain = {name: value for name, value in found if value is not None}
    plain |= {name: raw for code, name in _RAW_TAGS.items() if (raw := _raw(opened, page, code))}
    tags: dict[str, Any] = {"tiff": plain}
    unread = []
    for key, attribute in _PARSED:
        try:
            value = getattr(opened, attribute)
        except Exception:
            unread.append(f"Its {key} metadata is damaged and was left out.")
            continue
        if isinstance(value, dict) and value:
            tags[key] = value
    return tags, unread


def _raw(opened: tifffile.TiffFile, page: Any, code: int) -> bytes | None:
    tag = page.tags.get(code)
    if tag is None or not 4 < tag.count <= MAX_TAG_BYTES:
        return None
    return _try(lambda: _read_at(opened, tag.valueoffset, tag.count))


def _read_at(opened: tifffile.TiffFile, offset: int, count: int) -> bytes:
    opened.filehandle.seek(offset)
    return bytes(opened.filehandle.read(count))


def _tag(page: Any, code: int) -> Any:
    return _try(lambda: page.tags.valueof(code))


def _try(get: Callable[[], Any]) -> Any:
    try:
        return get()
    except Exception:
        return None


def _brief(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text[:80] or type(error).__name__
