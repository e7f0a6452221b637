"""How a micrograph is looked at: as a whole, or as two squares where it is oblong.

Pressing an oblong picture into a square would change every shape in it. It must not know models.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

OBLONG = 1.15
"""From this ratio of the sides on, two squares are seen."""


def looks(pixels: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """The parts of (height, width) pixels that are looked at, one or two."""
    height, width = pixels.shape[:2]
    side = min(height, width)
    if max(height, width) < OBLONG * side:
        return [pixels]
    if width > height:
        return [pixels[:, :side], pixels[:, width - side :]]
    return [pixels[:side], pixels[height - side :]]


def look_side_px(shape: tuple[int, ...]) -> float:
    """Side in pixels of one look at pixels of ``shape``: what a share of the picture refers to."""
    height, width = shape[:2]
    side = min(height, width)
    return float(side) if max(height, width) >= OBLONG * side else (height * width) ** 0.5
