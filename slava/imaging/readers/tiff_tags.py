"""What the tags of a TIFF say, as far as they are whole. None of it is interpreted here."""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Any

import tifffile

MAX_TAG_BYTES = 1 << 24

_PLAIN = {
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
}
_RAW = {34118: "Zeiss"}
"""Tags whose bytes are wanted as they are."""
_PARSED: tuple[tuple[str, str, Set[int]], ...] = (
    ("fei", "fei_metadata", {34680, 34682}),
    ("imagej", "imagej_metadata", {270, 50838, 50839}),
    ("olympus", "sis_metadata", {33471, 33560}),
    ("tvips", "tvips_metadata", {37706}),
)
"""Our key, the property of ``tifffile.TiffFile`` that parses it, and the tags it stands in."""


def read_tags(
    opened: tifffile.TiffFile, page: Any, size_bytes: int
) -> tuple[dict[str, Any], list[str]]:
    """The tags of a page under our names.

    A further picture of a stack has what the first one says, where it has the same size: only
    then is the first one's pixel size its own. A tag whose value reaches beyond the end of the
    file is left out: of ``PixelSize=496`` there may be only ``4`` left.

    Returns
    -------
    dict
        ``tiff`` for plain tags; ``fei``, ``imagej``, ``olympus``, ``tvips`` where they occur.
    list of str
        What was left out.
    """
    cut = {tag.code for tag in page.tags if tag.valueoffset + tag.valuebytecount > size_bytes}
    plain = {
        name: value
        for code, name in _PLAIN.items()
        if code not in cut and (value := _value(page, code)) is not None
    }
    first = opened.pages.first
    alike = (page.imagewidth, page.imagelength) == (first.imagewidth, first.imagelength)
    if page.index and alike:
        plain = read_tags(opened, first, size_bytes)[0]["tiff"] | plain
    plain |= {name: raw for code, name in _RAW.items() if (raw := _raw(opened, page, code, cut))}
    tags: dict[str, Any] = {"tiff": plain}
    warnings = []
    if cut or _entries(opened, page) > len(page.tags):
        warnings.append("Part of the file's metadata is missing or damaged and was left out.")
    for key, attribute, codes in _PARSED:
        if codes & cut or not alike:
            continue
        try:
            value = getattr(opened, attribute)
        except Exception:
            warnings.append(f"Its {key} metadata is damaged and was left out.")
            continue
        if isinstance(value, dict) and value:
            tags[key] = value
    return tags, warnings


def attempt(get: Callable[[], Any]) -> Any:
    """What ``get`` returns; ``None`` when it fails, as it may on damaged tags."""
    try:
        return get()
    except Exception:
        return None


def _value(page: Any, code: int) -> Any:
    return attempt(lambda: page.tags.valueof(code))


def _raw(opened: tifffile.TiffFile, page: Any, code: int, cut: Set[int]) -> bytes | None:
    tag = page.tags.get(code)
    if tag is None or code in cut or not 4 < tag.count <= MAX_TAG_BYTES:
        return None
    return _bytes_at(opened, tag.valueoffset, tag.count)


def _entries(opened: tifffile.TiffFile, page: Any) -> int:
    """How many entries the page's directory has, whole or not."""
    width = 8 if opened.is_bigtiff else 2
    order = "big" if opened.byteorder == ">" else "little"
    count = _bytes_at(opened, page.offset, width)
    return int.from_bytes(count or b"", order)  # type: ignore[arg-type]


def _bytes_at(opened: tifffile.TiffFile, offset: int, count: int) -> bytes | None:
    def read() -> bytes:
        opened.filehandle.seek(offset)
        return bytes(opened.filehandle.read(count))

    return attempt(read)
