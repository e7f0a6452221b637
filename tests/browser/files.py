"""Files for the tests, made here: drawn discs, with and without a pixel size."""

from __future__ import annotations

import io

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

NM_PER_PX = 2.5
DISCS = 12


def particles(seed: int = 0, depth: int = 8) -> NDArray[np.generic]:
    """Bright discs that do not touch, on a dark noisy ground, (480, 640)."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:480, :640]
    grey = rng.normal(60, 6, (480, 640))
    for place in range(DISCS):
        y, x = 80 + 160 * (place // 4), 80 + 160 * (place % 4)
        radius = rng.uniform(28, 40)
        inside = (rows - y) ** 2 + (columns - x) ** 2 < radius**2
        grey[inside] = rng.normal(180, 6, int(inside.sum()))
    scaled = np.clip(grey, 0, 255) * (257 if depth == 16 else 1)
    return scaled.astype(np.uint16 if depth == 16 else np.uint8)


def calibrated_tiff(seed: int = 0, depth: int = 16) -> bytes:
    """A TIFF that says how large its pixels are."""
    per_um = 1e3 / NM_PER_PX
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer,
        particles(seed, depth),
        imagej=True,
        resolution=(per_um, per_um),
        metadata={"unit": "um"},
    )
    return buffer.getvalue()


def uncalibrated_jpeg(seed: int = 1) -> bytes:
    """A JPEG that says nothing."""
    buffer = io.BytesIO()
    Image.fromarray(particles(seed)).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()
