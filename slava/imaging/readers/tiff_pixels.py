"""The pixels of one TIFF page, also where some of its strips are gone.

It must not know tags other than those that say how pixels are stored.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from slava.imaging.readers.refused import Refused
from slava.imaging.readers.shape import Picture, as_picture

LEAST_SHARE = 0.5
"""A damaged picture of which fewer rows than this are left is refused."""

_MIN_IS_WHITE, _PALETTE = 0, 3


def read_pixels(page: Any, data: bytes, number: int = 1) -> Picture:
    """Decode one page.

    Parameters
    ----------
    page : tifffile.TiffPage
    data : bytes
        The whole file.
    number : int
        Which of the page's planes, where it has several.

    Returns
    -------
    Picture
        With what the user should know.

    Raises
    ------
    Refused
        When fewer than ``LEAST_SHARE`` of the rows can be decoded.
    """
    warnings: list[str] = []
    try:
        if len(page.dataoffsets) < np.prod(page.chunked):  # it would be filled up without a word
            raise ValueError("some of its strips or tiles are nowhere")
        stored = page.asarray()
    except Exception as error:
        stored, warnings = _rescue(page, data, error)
    if page.photometric == _PALETTE and page.colormap is not None:
        return Picture(_through_palette(np.squeeze(stored), page.colormap), 1, tuple(warnings))
    if page.photometric == _MIN_IS_WHITE and stored.dtype.kind in "ub":
        stored = _inverted(stored, page)
    picture = as_picture(stored, page.axes, number)
    return replace(picture, warnings=(*warnings, *picture.warnings))


def _inverted(stored: NDArray[Any], page: Any) -> NDArray[Any]:
    if stored.dtype.kind == "b":
        return ~stored
    return np.asarray((1 << int(page.bitspersample)) - 1 - stored, dtype=stored.dtype)


def _through_palette(indices: NDArray[Any], palette: NDArray[Any]) -> NDArray[Any]:
    """Grey where every colour in use is grey, else RGB; 8 bits, as palettes are stored."""
    colours = palette if palette.max() < 256 else palette >> 8
    colours = np.asarray(colours, dtype=np.uint8)
    used = np.unique(indices)
    if (colours[0, used] == colours[1, used]).all() and (
        colours[0, used] == colours[2, used]
    ).all():
        return colours[0][indices]
    return np.moveaxis(colours[:, indices], 0, -1)


def _rescue(page: Any, data: bytes, error: Exception) -> tuple[NDArray[Any], list[str]]:
    """Every segment that can still be decoded; the others are zero."""
    height = int(page.imagelength)
    if page.dtype is None or 0 in page.shaped:
        raise Refused("its pixels are of no kind that can be read.", "Export it again.") from error
    # tifffile's own five axes: separate sample, depth, length, width, contiguous sample
    whole = np.zeros(page.shaped, page.dtype)
    there = np.zeros(page.shaped[:4], bool)
    for index in range(min(len(page.dataoffsets), len(page.databytecounts))):
        _place(page, data, index, whole, there)
    rows = int(there.all(axis=(0, 1, 3)).sum())
    if rows < LEAST_SHARE * height:
        raise Refused(
            f"it is damaged: only {rows} of its {height} rows can be read.",
            "Copy or export it again from the microscope.",
        ) from error
    said = f"The file is damaged: {height - rows} of its {height} rows are missing and shown black."
    return whole.reshape(page.shape), [said]


def _place(
    page: Any, data: bytes, index: int, whole: NDArray[Any], there: NDArray[np.bool_]
) -> None:
    segment = _segment(page, data, index)
    if segment is None:
        return
    values, (plane, z, y, x, _), rows = segment
    part = whole[plane, z : z + values.shape[0], y : y + values.shape[1], x : x + values.shape[2]]
    values = values[: part.shape[0], : part.shape[1], : part.shape[2]]
    part[: values.shape[0], : values.shape[1], : values.shape[2]] = values
    there[plane, z : z + values.shape[0], y : y + rows, x : x + values.shape[2]] = True


def _segment(page: Any, data: bytes, index: int) -> Any:
    """Decoded values (depth, rows, columns, samples), where they go, and how many rows are true."""
    begin, length = page.dataoffsets[index], page.databytecounts[index]
    held = data[begin : begin + length]
    if not held:
        return None
    lost = 0
    if page.compression == tifffile.COMPRESSION.NONE:
        _, shape = page.decode(None, index)[1:]
        needed = _bytes_of(page, shape)
        if length < needed:
            return None
        lost = needed - min(len(held), needed)
        held = held[:needed] + bytes(lost)
    try:
        values, place, shape = page.decode(held, index, jpegtables=page.jpegtables)
    except Exception:
        return None
    if values is None:
        return None
    values = values[..., : shape[-1]]
    rows = values.shape[1]
    return values, place, rows - -(-lost * rows // max(len(held), 1))


def _bytes_of(page: Any, shape: tuple[int, ...]) -> int:
    depth, rows, columns, samples = shape
    return depth * rows * -(-columns * samples * int(page.bitspersample) // 8)
