"""Text of an unknown encoding, as instruments from several countries write it."""

from __future__ import annotations

import codecs

_EMI = b"JK\0\x02"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode(data: bytes) -> str:
    """The text of some bytes: by its mark, else UTF-16 where every other byte is zero, else
    UTF-8, else Windows-1252. It never fails; what cannot be read becomes a replacement sign."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    if data.startswith(_EMI):
        return data.decode("latin-1")  # binary with XML in it
    head = data[:2000]
    if head and head[1::2].count(0) > 0.4 * len(head[1::2]):
        return data.decode("utf-16-le", "replace")
    if head and head[::2].count(0) > 0.4 * len(head[::2]):
        return data.decode("utf-16-be", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
