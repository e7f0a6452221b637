"""Sample micrographs as files: drawn by this project, so that the first minute needs no file.

Each is a TIFF with its pixel size in it, like a file from a microscope.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slava.synthetic import Drawing

SEED = 15
NUMBER = 10
"""One for each class of the nanomaterials pack."""


def write_samples(folder: Path) -> Iterator[Path]:
    """Draw one micrograph per category; yield each path as soon as it is written."""
    from slava.packs import load_pack
    from slava.synthetic import CATEGORIES, draw_micrograph

    pack = load_pack()
    for number, category in enumerate(CATEGORIES):
        drawing = draw_micrograph(1000 * SEED + number, category, databar_share=1.0)
        path = folder / f"sample {pack.class_of(category).title.lower()}.tif"
        write_drawing(path, drawing)
        yield path


def write_drawing(path: Path, drawing: Drawing) -> None:
    """Write a drawn micrograph as a TIFF with its pixel size in it."""
    import tifffile

    per_um = 1e3 / drawing.truth.nm_per_px
    tifffile.imwrite(
        path,
        drawing.pixels,
        imagej=True,
        resolution=(per_um, per_um),
        metadata={"unit": "um"},
    )
