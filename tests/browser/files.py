"""Files for the tests, made here: drawn discs with and without a pixel size, and many of noise."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from store import Store
from store.ingest import ingest_folder

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


def fill(workspace: Path, count: int) -> None:
    """Make a workspace of ``count`` micrographs of noise, 128 x 96 px, "film 0000.png" and on."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder, Store.open(workspace) as store:
        for number in range(count):
            pixels = rng.integers(0, 256, (96, 128), np.uint8)
            Image.fromarray(pixels).save(Path(folder, f"film {number:04d}.png"))
        report = ingest_folder(store, Path(folder))
        assert len(report.added) == count, report.summary
