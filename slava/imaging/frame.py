"""What a file holds: its pixels unharmed and what is written beside them.

Here are the record and the choice of the grey values. It must not know how files are read,
nor what any vendor's tags mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_PIXELS = 400_000_000
"""A picture that claims more than this is refused from its header, before anything is decoded."""

LARGEST, SMALLEST = 1e12, 1e-20
"""No detector gives larger numbers; one that is nearer to zero is taken for zero."""

_LUMA = (19595, 38470, 7471)
"""0.299, 0.587 and 0.114 of 2^16."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture as a file stores it.

    ``pixels`` is (height_px, width_px), or (height_px, width_px, 3) in colour, in the numbers
    of the file: nothing is stretched or rounded. ``bit_depth`` is that of one stored sample.
    ``tags`` holds what the file says, sorted by where it says it (``fei``, ``zeiss``,
    ``tiff`` ...), not yet interpreted.
    """

    pixels: NDArray[Any]
    format: str
    bit_depth: int
    tags: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    number: int = 1
    """Which of the file's pictures it is, from 1."""
    count: int = 1
    """How many the file holds."""

    @property
    def width_px(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height_px(self) -> int:
        return int(self.pixels.shape[0])


def grey(frame: Frame) -> NDArray[Any]:
    """The grey values of a frame, in its own depth.

    A picture whose three channels agree gives one of them untouched; a really coloured one its
    luma 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), which leaves every grey pixel as it is.
    Floating point values that are no numbers, or larger than any detector's, become the darkest
    of the others.

    Returns
    -------
    ndarray, (height_px, width_px), dtype of ``frame.pixels``
    """
    pixels = frame.pixels
    if pixels.ndim == 3:
        pixels = _one_channel(pixels)
    return _finite(pixels) if pixels.dtype.kind == "f" else pixels


def _one_channel(pixels: NDArray[Any]) -> NDArray[Any]:
    if _is_grey(pixels[::16]) and _is_grey(pixels):
        return np.ascontiguousarray(pixels[..., 0])
    if pixels.dtype not in (np.uint8, np.uint16):
        luma = pixels.astype(np.float64) @ np.array(_LUMA) / sum(_LUMA)
        return np.asarray(luma, dtype=pixels.dtype)
    # The weights add up to 2^16, so a sum of 16-bit samples just fits into 32 bits.
    weighted = pixels[..., 0].astype(np.uint32)
    weighted *= _LUMA[0]
    for channel in (1, 2):
        weighted += pixels[..., channel] * np.uint32(_LUMA[channel])
    weighted += 1 << 15
    return (weighted >> 16).astype(pixels.dtype)


def _is_grey(pixels: NDArray[Any]) -> bool:
    red = pixels[..., 0]
    return np.array_equal(red, pixels[..., 1]) and np.array_equal(red, pixels[..., 2])


def believable(pixels: NDArray[Any]) -> NDArray[np.bool_]:
    """Which floating point values can be grey values at all, same shape."""
    return np.asarray(np.abs(pixels) <= LARGEST)  # never true of what is no number


def _finite(pixels: NDArray[Any]) -> NDArray[Any]:
    known = believable(pixels)
    if not known.all():
        pixels = np.where(known, pixels, pixels[known].min()).astype(pixels.dtype)
    span = np.abs(pixels)
    tiny = (span < SMALLEST) & (span > 0)
    return np.where(tiny, 0, pixels).astype(pixels.dtype) if tiny.any() else pixels
