"""What a file is, by its first bytes. Its name is only believed when the two agree."""

from __future__ import annotations

import re

SCIENTIFIC = {"DigitalMicrograph", "TIA", "EMD", "Phenom", "TVIPS", "JEOL"}
"""Formats that rosettasciio reads, by its names."""

_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"BM", "BMP"),
    (b"\x1f\x8b", "GZIP"),
    (b"PK\x03\x04", "ZIP"),
    (b"\0\0\0\x03\0", "DigitalMicrograph"),
    (b"\0\0\0\x04\0", "DigitalMicrograph"),
    (b"II\x97\x01", "TIA"),
    (b"JK\0\x02", "EMI"),
    (b"\x89HDF\r\n\x1a\n", "EMD"),
    (b"BZh", "Phenom"),
    (b"\0\1\0\0\1\0\0\0", "TVIPS"),
    (b"\0\1\0\0\2\0\0\0", "TVIPS"),
    (b"GIF8", "GIF"),
    (b"%PDF", "PDF"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
)
_SUFFIXES = {
    "TIFF": {"tif", "tiff", "btf", "tf8"},
    "PNG": {"png"},
    "JPEG": {"jpg", "jpeg", "jpe", "jfif"},
    "BMP": {"bmp", "dib"},
    "GIF": {"gif"},
    "GZIP": {"gz"},
    "ZIP": {"zip"},
    "DigitalMicrograph": {"dm3", "dm4"},
    "TIA": {"ser"},
    "EMD": {"emd", "h5", "hdf5"},
    "Phenom": {"elid"},
    "TVIPS": {"tvips"},
    "JEOL": {"img"},
}
_JEOL = re.compile(rb"4\0\0\0[\x20-\x7e]{2}[\x20-\x7e\0]{30}")
_TEXT = re.compile(rb"[\t\n\r\x20-\x7e\x80-\xff]*")


def sniff(data: bytes) -> str | None:
    """The format's name, one of ``text``, ``SVG``, ``WebP``; ``None`` for none we know."""
    for start, name in _STARTS:
        if data.startswith(start):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if _JEOL.match(data):
        return "JEOL"
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not _TEXT.fullmatch(data[:4096]):
        return None
    return "SVG" if b"<svg" in head.lower() else "text"


def belongs(name: str, suffix: str) -> bool:
    """Whether files of this format carry this suffix (without the dot, any case)."""
    return suffix.lower() in _SUFFIXES.get(name, set())
