"""How a micrograph is shown: 8 bits for the eye, a pyramid for the viewer, a preview as PNG.

Everything here is for looking. No measurement may start from what it returns.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slava.domain import Box

TILE_PX = 512
LOW_PERCENT, HIGH_PERCENT = 0.35, 99.65
_ENOUGH_PIXELS = 250_000


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """How often grey values occur between ``lowest`` and ``highest``, in equal bins."""

    counts: NDArray[np.int64]
    lowest: float
    highest: float


def display_range(grey: NDArray[Any], within: Box | None = None) -> tuple[float, float]:
    """The grey values to be shown black and white: robust percentiles of the specimen.

    Parameters
    ----------
    grey : ndarray, (height_px, width_px)
    within : Box, optional
        The specimen without the databar, whose pure black and white would spoil the percentiles.

    Returns
    -------
    low, high : float
        ``low < high``.
    """
    values = _sample(_cut(grey, within))
    low, high = (float(v) for v in np.percentile(values, [LOW_PERCENT, HIGH_PERCENT]))
    if not high > low:
        low, high = float(values.min()), float(values.max())
    return (low, high) if high > low else (low, low + 1.0)


def stretch(
    grey: NDArray[Any], within: Box | None = None, limits: tuple[float, float] | None = None
) -> NDArray[np.uint8]:
    """Grey values as 8 bits, stretched linearly between ``limits``.

    Parameters
    ----------
    grey : ndarray, (height_px, width_px)
        Any depth.
    within : Box, optional
        Where :func:`display_range` looks, when ``limits`` are not given.
    limits : (float, float), optional

    Returns
    -------
    ndarray of uint8, same shape
    """
    low, high = limits or display_range(grey, within)
    if grey.dtype == np.uint8:
        return _ramp(np.arange(256), low, high)[grey]
    if grey.dtype == np.uint16:
        return _ramp(np.arange(65536), low, high)[grey]
    return _ramp(grey, low, high)


def pyramid(grey: NDArray[Any]) -> list[NDArray[Any]]:
    """The picture, halved by means of 2 x 2 pixels until it fits into one tile.

    Returns
    -------
    list of ndarray
        The picture itself first; the last has no side above ``TILE_PX``. All in its own depth.
    """
    levels = [np.ascontiguousarray(grey)]
    while max(levels[-1].shape) > TILE_PX:
        levels.append(_halved(levels[-1]))
    return levels


def preview_png(grey: NDArray[Any], size_px: int | None = None, within: Box | None = None) -> bytes:
    """A PNG of 8 bits, stretched, no side above ``size_px``.

    The contrast is that of the whole picture, so a preview looks like the picture.
    """
    from PIL import Image

    limits = display_range(grey, within)
    if size_px is not None:
        while min(grey.shape) > 1 and max(grey.shape) >= 2 * size_px:
            grey = _halved(grey)
    shown = Image.fromarray(stretch(grey, limits=limits))
    if size_px is not None:
        shown.thumbnail((size_px, size_px))
    buffer = io.BytesIO()
    shown.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def histogram(grey: NDArray[Any], bins: int = 256, within: Box | None = None) -> Histogram:
    """Counts of grey values in ``bins`` equal steps from the lowest to the highest."""
    values = _cut(grey, within)
    lowest, highest = float(values.min()), float(values.max())
    top = highest if highest > lowest else lowest + 1.0
    counts, _ = np.histogram(values, bins=bins, range=(lowest, top))
    return Histogram(counts.astype(np.int64), lowest, highest)


def _cut(grey: NDArray[Any], within: Box | None) -> NDArray[Any]:
    if within is None or within.width_px < 1 or within.height_px < 1:
        return grey
    return grey[within.top : within.bottom, within.left : within.right]


def _sample(grey: NDArray[Any]) -> NDArray[Any]:
    """Every n-th row and column of a large picture: percentiles need no more."""
    step = max(1, int(np.sqrt(grey.size / _ENOUGH_PIXELS)))
    return grey[::step, ::step]


def _ramp(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    scaled = (values.astype(np.float32) - np.float32(low)) * np.float32(255.0 / (high - low))
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


def _halved(grey: NDArray[Any]) -> NDArray[Any]:
    """Means of 2 x 2 pixels; a last odd row or column is left out."""
    step_y, step_x = (2 if side > 1 else 1 for side in grey.shape)
    rows, columns = (side // 2 if side > 1 else 1 for side in grey.shape)
    is_float, small = grey.dtype.kind == "f", grey.dtype in (np.uint8, np.uint16)
    total = np.zeros((rows, columns), np.float64 if is_float else np.uint32 if small else np.int64)
    for y in range(step_y):
        for x in range(step_x):
            total += grey[y : rows * step_y : step_y, x : columns * step_x : step_x]
    count = step_y * step_x
    return (total / count if is_float else (total + count // 2) // count).astype(grey.dtype)
