"""Pixels of any depth as 256 levels, which is all that burnt-in letters and bars need."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Levels = NDArray[np.uint8]


def in_256(pixels: NDArray[Any]) -> Levels:
    """The pixels in 256 levels, stretched over what there is where they have another depth."""
    if pixels.dtype == np.uint8:
        return pixels
    low, high = float(pixels.min()), float(pixels.max())
    scale = 255.0 / (high - low) if high > low else 0.0
    return ((pixels.astype(np.float32) - np.float32(low)) * np.float32(scale)).astype(np.uint8)
