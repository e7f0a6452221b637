"""Finds the information strip burnt into a micrograph, by its flat rows. It reads no letters.

It is careful: a strip that is not one would cut the picture, so what is unsure is no databar.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from slava.domain import Databar

FLAT_SHARE = 0.45
"""A row of the strip has at least this share of its pixels at the strip's one grey value."""
CLEAR_SHARE = 0.9
"""A row between or beside the lines of text."""
LEAST_HEIGHT, GREATEST_HEIGHT = 0.015, 0.3
"""Of the picture's height."""
LEAST_ROWS = 10
INK_STEP = 50
"""Letters differ from the strip by more than this, of 255."""
LEAST_INK, GREATEST_INK = 0.004, 0.45
_LEVELS_APART = 2
_GAP_ROWS = 8


def find_databar(grey: NDArray[Any]) -> Databar | None:
    """The rows of the databar.

    Parameters
    ----------
    grey : ndarray, (height_px, width_px)
        Any depth.

    Returns
    -------
    Databar or None
        The strip at the bottom, the top, or across the picture; the largest when several fit.
    """
    if grey.shape[0] < 4 * LEAST_ROWS or grey.shape[1] < 64:
        return None
    levels = _in_256(grey)
    value, share = _flatness(levels)
    found = [band for band in _bands(value, share) if _is_strip(levels, share, *band)]
    if not found:
        return None
    top, bottom = max(found, key=lambda band: band[1] - band[0])
    return Databar(*_to_the_edge(top, bottom, grey.shape[0]))


def _in_256(grey: NDArray[Any]) -> NDArray[np.uint8]:
    if grey.dtype == np.uint8:
        return grey
    low, high = float(grey.min()), float(grey.max())
    scale = 255.0 / (high - low) if high > low else 0.0
    return ((grey.astype(np.float32) - np.float32(low)) * np.float32(scale)).astype(np.uint8)


def _flatness(levels: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Per row the most frequent grey value, and the share of pixels within one level of it."""
    height, width = levels.shape
    index = np.arange(height, dtype=np.int64)[:, None] * 256 + levels
    counts = np.bincount(index.ravel(), minlength=height * 256).reshape(height, 256)
    near = counts.copy()
    near[:, 1:] += counts[:, :-1]
    near[:, :-1] += counts[:, 1:]
    value = near.argmax(axis=1)
    return value, near[np.arange(height), value] / width


def _bands(value: NDArray[np.int64], share: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Runs of flat rows of one value; gaps of few rows (rules, dense text) are closed."""
    bands: list[tuple[int, int]] = []
    flat = np.flatnonzero(share >= FLAT_SHARE)
    if not flat.size:
        return bands
    jumps = (np.diff(flat) > _GAP_ROWS) | (np.abs(np.diff(value[flat])) > 2 * _LEVELS_APART)
    for run in np.split(flat, np.flatnonzero(jumps) + 1):
        bands.append((int(run[0]), int(run[-1]) + 1))
    return bands


def _is_strip(levels: NDArray[np.uint8], share: NDArray[np.float64], top: int, bottom: int) -> bool:
    height = levels.shape[0]
    rows = bottom - top
    if not max(LEAST_ROWS, LEAST_HEIGHT * height) <= rows <= GREATEST_HEIGHT * height:
        return False
    band = levels[top:bottom].astype(np.int16)
    background = int(np.median(band[share[top:bottom] >= FLAT_SHARE]))
    ink = np.abs(band - background) > INK_STEP
    return LEAST_INK <= float(ink.mean()) <= GREATEST_INK and bool(
        (share[top:bottom] >= CLEAR_SHARE).sum() >= 2
    )


def _to_the_edge(top: int, bottom: int, height: int) -> tuple[int, int]:
    near = max(3, height // 200)
    return (0 if top <= near else top), (height if height - bottom <= near else bottom)
