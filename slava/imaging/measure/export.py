"""What people take away: a table as CSV, a label image, the outlines drawn over the micrograph.

Bytes only; who calls writes them somewhere. This module must not know how anything was measured.
"""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slava.domain import Box, MeasuredObject, Measurement
from slava.imaging.display import stretch

COLUMNS = (
    "Label",
    "Area",
    "Mean",
    "Perim.",
    "Circ.",
    "Feret",
    "MinFeret",
    "AR",
    "Round",
    "Solidity",
    "Angle",
    "BX",
    "BY",
    "Width",
    "Height",
    "Size",
    "Whole",
    "Unit",
)
"""Fiji's names where Fiji measures the same; ``Size`` is what the mean size is the mean of."""

OUTLINE = (255, 196, 0)
CUT_OUTLINE = (96, 160, 255)
"""Of whole objects, and of those that the border cuts: red, green, blue."""


def table(measurement: Measurement, nm_per_px: float | None) -> str:
    """One line per object as CSV, lengths in nm or, uncalibrated, in px; areas in their squares."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow((" ", *COLUMNS))
    for one in measurement.objects:
        writer.writerow((one.id, *_cells(one, nm_per_px)))
    return text.getvalue()


def label_image(labels: NDArray[np.int32] | None, shape: tuple[int, int]) -> bytes:
    """The objects as a TIFF of the file's shape: uint16, or uint32 above 65,535 objects."""
    import tifffile

    found = np.zeros(shape, np.int32) if labels is None else labels
    buffer = io.BytesIO()
    narrow = found.astype(np.uint16 if found.max(initial=0) < 65536 else np.uint32)
    tifffile.imwrite(buffer, narrow, compression="zlib")
    return buffer.getvalue()


def overlay(grey: NDArray[np.generic], measurement: Measurement, picture: Box) -> bytes:
    """The micrograph with the objects' outlines as a PNG of the file's shape.

    Parameters
    ----------
    grey : (height_px, width_px)
        Of the whole file.
    picture : Box
        The part without databar, which decides the contrast.
    """
    from PIL import Image

    drawn = np.repeat(stretch(grey, picture)[..., None], 3, axis=2)
    if measurement.labels is not None:
        whole = np.zeros(int(measurement.labels.max()) + 1, bool)
        whole[[one.id for one in measurement.objects if one.whole]] = True
        inner = _outlines(measurement.labels)
        drawn[inner] = np.where(whole[measurement.labels[inner], None], OUTLINE, CUT_OUTLINE)
    buffer = io.BytesIO()
    Image.fromarray(drawn).save(buffer, "PNG")
    return buffer.getvalue()


def _cells(one: MeasuredObject, nm_per_px: float | None) -> tuple[Any, ...]:
    scale, unit = (1.0, "px") if nm_per_px is None else (nm_per_px, "nm")
    box = (one.box.left, one.box.top, one.box.width_px, one.box.height_px)
    return (
        one.id,
        _digits(one.area_px * scale**2),
        _digits(one.mean_grey),
        _digits(one.perimeter_px * scale),
        _digits(one.circularity),
        _digits(one.feret_px * scale),
        _digits(one.feret_min_px * scale),
        _digits(one.aspect_ratio),
        _digits(one.roundness),
        _digits(one.solidity),
        _digits(one.angle_deg),
        *(_digits(length * scale) for length in box),
        _digits(one.size_px * scale),
        int(one.whole),
        unit,
    )


def _digits(value: float) -> str:
    """Six significant digits, never an exponent where people read micrometres."""
    return f"{value:.6g}" if 1e-4 <= abs(value) < 1e6 or value == 0 else f"{value:.0f}"


def _outlines(labels: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Object pixels beside another object, the background or the border of the picture."""
    padded = np.pad(labels, 1)
    middle = padded[1:-1, 1:-1]
    beside = (padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:])
    differs = np.zeros(labels.shape, bool)
    for neighbour in beside:
        differs |= neighbour != middle
    return differs & (middle > 0)
