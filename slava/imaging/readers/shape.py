"""Makes one picture of whatever array a file holds: grey (H, W) or colour (H, W, 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slava.imaging.readers.refused import Refused, check_number


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One picture of an array."""

    pixels: NDArray[Any]
    """(height_px, width_px) or (height_px, width_px, 3), in native byte order."""
    count: int
    """How many pictures the array holds."""
    warnings: tuple[str, ...]
    """What became of its values."""


def as_picture(stored: NDArray[Any], axes: str = "", number: int = 1) -> Picture:
    """One picture of an array.

    Parameters
    ----------
    stored : ndarray
        Any numbers, two axes or more.
    axes : str
        tifffile's letters; ``S`` is the axis of the samples of a pixel. Without it the last
        axis is taken for samples when it has at most four.
    number : int
        Which picture, from 1, where leading axes make several.

    Returns
    -------
    Picture
        Truth values become 0 and 255, complex values their magnitude.

    Raises
    ------
    Refused
        When there is no picture in it, or none with this number.
    """
    pixels, warnings = _plain_numbers(stored)
    pixels = _samples_last(pixels, axes)
    colour = pixels.ndim > 2 and ("S" in axes if axes else pixels.shape[-1] in (3, 4))
    flat = 3 if colour else 2
    if pixels.ndim < 2 or 0 in pixels.shape:
        raise Refused("it holds no picture.", "Open a file that does.")
    count = int(np.prod(pixels.shape[:-flat]))
    check_number(number, count)
    pixels = pixels.reshape(-1, *pixels.shape[-flat:])[number - 1]
    if colour:
        pixels = pixels[..., :3] if pixels.shape[-1] >= 3 else pixels[..., 0]
    plain = np.ascontiguousarray(pixels, dtype=pixels.dtype.newbyteorder("="))
    return Picture(plain, count, tuple(warnings))


def _samples_last(pixels: NDArray[Any], axes: str) -> NDArray[Any]:
    if "S" in axes and len(axes) == pixels.ndim:
        return np.moveaxis(pixels, axes.index("S"), -1)
    return pixels


def _plain_numbers(stored: NDArray[Any]) -> tuple[NDArray[Any], list[str]]:
    kind = stored.dtype.kind
    if kind == "V" and stored.dtype.names:
        return np.stack([stored[name] for name in stored.dtype.names], axis=-1), []
    if kind == "b":
        return np.where(stored, 255, 0).astype(np.uint8), []
    if kind == "c":
        return np.abs(stored), ["Its values are complex; their magnitude is shown."]
    if kind not in "uif":
        raise Refused(f"its values are {stored.dtype}, not numbers.", "Export it as TIFF.")
    return stored, []
