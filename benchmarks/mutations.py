"""Ways in which a file goes wrong, each the same every time for the same number.

It must not know what reads the files.
"""

from __future__ import annotations

import gzip
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable

import numpy as np
import tifffile

Change = Callable[[bytearray, np.random.Generator], bytearray]

ODD_NUMBERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF)
HUGE_NUMBERS = (20_000, 60_000, 0xFFFF, 1_000_000, 0x1000_0000, 0x7FFF_FFFF, 0xFFFF_FFFF)
ODD_TEXTS = (b"0", b"-1", b"1e999", b"-1e-999", b"nan", b"inf", b"999999999999", b"", b"\xff")
SIZE_TAGS = (256, 257, 258, 259, 262, 273, 277, 278, 279, 284, 317, 322, 323, 324, 325, 339)
"""Tags of a TIFF that say how large, how deep and where its pixels are."""


def flip_bits(data: bytearray, rng: np.random.Generator) -> bytearray:
    """One to 64 bits, as a bad memory or a bad line does."""
    for place in _places(data, rng, int(rng.integers(1, 65))):
        data[place] ^= 1 << int(rng.integers(8))
    return data


def overwrite_run(data: bytearray, rng: np.random.Generator) -> bytearray:
    """A run of zeros, of ones, or of noise: a lost sector."""
    length = int(2 ** rng.uniform(0, 13))
    begin = int(_places(data, rng, 1)[0])
    fill = (bytes(length), b"\xff" * length, rng.bytes(length))[int(rng.integers(3))]
    end = min(begin + length, len(data))
    data[begin:end] = fill[: end - begin]
    return data


def truncate(data: bytearray, rng: np.random.Generator) -> bytearray:
    """A copy that broke off."""
    return data[: int(rng.integers(0, len(data)))]


def edit_header(data: bytearray, rng: np.random.Generator) -> bytearray:
    """One to four fields of the header say something odd."""
    for place in rng.choice(_fields(data), int(rng.integers(1, 5))):
        width = int(rng.choice([1, 2, 4]))
        _put(data, int(place), int(rng.choice(ODD_NUMBERS)), width, bool(rng.integers(2)))
    return _sealed(data)


def claim_huge(data: bytearray, rng: np.random.Generator) -> bytearray:
    """A field that says how large something is names a huge number."""
    for place, big_endian in _size_fields(data, rng):
        _put(data, place, int(rng.choice(HUGE_NUMBERS)), 4, big_endian)
    return _sealed(data)


def edit_numbers(data: bytearray, rng: np.random.Generator) -> bytearray:
    """Numbers written as text become others, or none."""
    found = list(re.finditer(rb"(?<![\w.])-?\d[\d.eE+-]*", data))
    if not found:
        return flip_bits(data, rng)
    chosen = {int(k) for k in rng.choice(len(found), int(rng.integers(1, 7)))}
    for k in sorted(chosen, reverse=True):
        begin, end = found[k].span()
        text = ODD_TEXTS[int(rng.integers(len(ODD_TEXTS)))]
        data[begin:end] = text.ljust(end - begin)[: end - begin] if rng.integers(4) else text
    return data


def swap_blocks(data: bytearray, rng: np.random.Generator) -> bytearray:
    """Two blocks of the same length change places."""
    length = int(min(2 ** rng.uniform(2, 13), len(data) // 2))
    one, other = sorted(int(place) for place in _places(data, rng, 2))
    other = max(min(other, len(data) - length), 0)
    first, second = data[one : one + length], data[other : other + length]
    data[other : other + len(second)] = first[: len(second)].ljust(len(second), b"\0")
    data[one : one + len(first)] = second[: len(first)].ljust(len(first), b"\0")
    return data


def insert_garbage(data: bytearray, rng: np.random.Generator) -> bytearray:
    """Bytes that do not belong there."""
    begin = int(_places(data, rng, 1)[0])
    data[begin:begin] = rng.bytes(int(2 ** rng.uniform(0, 12)))
    return data


def lose_block(data: bytearray, rng: np.random.Generator) -> bytearray:
    """Bytes that are gone, with everything after them moved up."""
    begin = int(_places(data, rng, 1)[0])
    del data[begin : begin + int(2 ** rng.uniform(0, 14))]
    return data


CHANGES: tuple[Change, ...] = (
    flip_bits,
    overwrite_run,
    truncate,
    edit_header,
    claim_huge,
    edit_numbers,
    swap_blocks,
    insert_garbage,
    lose_block,
)


def mutate(data: bytes, rng: np.random.Generator) -> tuple[bytes, str]:
    """A changed file, and the name of the change; what is packed is mostly changed inside."""
    change = CHANGES[int(rng.integers(len(CHANGES)))]
    inside = rng.random() < 0.75
    if inside and data[:2] == b"\x1f\x8b":
        return gzip.compress(bytes(change(bytearray(gzip.decompress(data)), rng)), 1), (
            f"{change.__name__} inside"
        )
    if inside and data[:4] == b"PK\x03\x04":
        return _repacked(data, change, rng), f"{change.__name__} inside"
    return bytes(change(bytearray(data), rng)), change.__name__


def _repacked(data: bytes, change: Change, rng: np.random.Generator) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(packed, "w") as new:
        name = old.namelist()[int(rng.integers(len(old.namelist())))]  # only one file is read
        new.writestr(name, bytes(change(bytearray(old.read(name)), rng)))
    return packed.getvalue()


def _places(data: bytearray, rng: np.random.Generator, count: int) -> np.ndarray:
    """Where to change: mostly at the two ends, where what matters stands."""
    share = rng.choice([1.0, 0.05, 4096 / (len(data) + 4096)], count)
    places = (rng.random(count) * share * len(data)).astype(int)
    places = np.where(rng.random(count) < 0.3, len(data) - 1 - places, places)
    return np.clip(places, 0, max(len(data) - 1, 0))


def _fields(data: bytearray) -> np.ndarray:
    """Offsets of the fields of a header: of a TIFF its directory, of others the first bytes."""
    tags = _tags(data)
    if tags:
        return np.array([offset + part for offset, _ in tags.values() for part in (0, 2, 4, 8)])
    return np.arange(4, min(1024, max(len(data) - 8, 5)), 2)


def _size_fields(data: bytearray, rng: np.random.Generator) -> list[tuple[int, bool]]:
    """Offset and byte order of one or two fields that say a size."""
    tags = _tags(data)
    if tags:
        sizes = [place for code, place in tags.items() if code in SIZE_TAGS]
        chosen = rng.choice(len(sizes), min(len(sizes), int(rng.integers(1, 3))), replace=False)
        return [(sizes[k][0] + 8, sizes[k][1]) for k in chosen]
    if data[:4] == b"\x89PNG":
        return [(int(rng.choice([16, 20])), True)]
    if data[:2] == b"BM":
        return [(int(rng.choice([2, 10, 14, 18, 22, 28, 34, 46])), False)]
    frame = re.search(rb"\xff[\xc0-\xc2]", data) if data[:2] == b"\xff\xd8" else None
    if frame:
        return [(frame.start() + 5, True)]
    return [(int(rng.integers(4, max(min(len(data) - 4, 4096), 5))), bool(rng.integers(2)))]


def _tags(data: bytearray) -> dict[int, tuple[int, bool]]:
    """Of a TIFF's first directory: tag, and offset of its entry with the file's byte order."""
    if data[:4] not in (b"II*\0", b"MM\0*"):
        return {}
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as opened:
        page = opened.pages[0].aspage()
        return {tag.code: (tag.offset, opened.byteorder == ">") for tag in page.tags}


def _put(data: bytearray, place: int, number: int, width: int, big_endian: bool) -> None:
    packed = struct.pack((">" if big_endian else "<") + "I", number)
    part = packed[-width:] if big_endian else packed[:width]
    data[place : place + width] = part[: max(len(data) - place, 0)]


def _sealed(data: bytearray) -> bytearray:
    """The check sum of a PNG's header made right again, so that its odd size is believed."""
    if data[:4] == b"\x89PNG" and len(data) > 33:
        data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    return data
