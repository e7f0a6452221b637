"""Finds the information strip burnt into a micrograph, by its flat rows. It reads no letters.

It is careful: a strip that is not one would cut the picture, so what is unsure is no databar.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from slava.domain import Databar
from slava.imaging.databar.levels import in_256

FLAT_SHARE = 0.45
"""A row of the strip has at least this share of its pixels at the strip's one grey value."""
CLEAR_SHARE = 0.9
"""A row between or beside the lines of text."""
OUTSIDE_SHARE = 0.36
"""Beside the strip hardly more pixels than this have its value: it ends abruptly."""
LEAST_HEIGHT, GREATEST_HEIGHT = 0.015, 0.3
"""Of the picture's height."""
LEAST_ROWS = 10
INK_STEP = 50
"""Letters differ from the strip by more than this, of 255."""
LEAST_INK, GREATEST_INK = 0.004, 0.45
LEAST_STROKES = 5
"""A row through a line of text crosses at least this many strokes of letters."""
ENOUGH_COLUMNS = 512
"""A wider picture is sampled when the flatness of its rows is asked for."""
GLANCED_COLUMNS, GLANCED_SHARE = 128, 0.35
"""So many columns, and this share of them near one value, tell which rows may be flat at all."""
_AROUND_ROWS = 16
"""So far around such rows the strip's own edges are looked for."""
_GAP_ROWS = 8
_RULE_ROWS = 3
_SAME_VALUE = 4

Levels = NDArray[np.uint8]
Shares = NDArray[np.float64]


def find_databar(grey: NDArray[Any]) -> Databar | None:
    """The rows of the databar.

    A strip is a run of rows, most of whose pixels have one and the same grey value, with text on
    it: thin strokes, clear rows between them, and an abrupt end on the side of the picture.

    Parameters
    ----------
    grey : ndarray, (height_px, width_px)
        Any depth.

    Returns
    -------
    Databar or None
        The strip at the bottom, at the top, or across the picture; the highest if several fit.
    """
    if grey.shape[0] < 4 * LEAST_ROWS or grey.shape[1] < 64:
        return None
    levels = in_256(grey)
    sampled = levels[:, :: max(1, levels.shape[1] // ENOUGH_COLUMNS)]
    likely = _likely_rows(sampled)
    if not likely.any():
        return None
    counts = np.zeros((len(levels), 256), np.int64)
    counts[likely] = _counts(sampled[likely])
    value, share = _flatness(counts, sampled.shape[1])
    found = [
        (top, bottom)
        for top, bottom in _bands(value, share)
        if _is_strip(levels[top:bottom], share[top:bottom], levels.shape[0])
        and _ends_abruptly(counts, sampled.shape, value, top, bottom)
    ]
    if not found:
        return None
    top, bottom = max(found, key=lambda band: band[1] - band[0])
    return Databar(*_to_the_edge(top, bottom, grey.shape[0]))


def _likely_rows(sampled: Levels) -> NDArray[np.bool_]:
    """(height,): rows that may be flat, seen in some of their pixels, and those around them.

    Most rows of most pictures are nowhere near flat, and counting all their pixels takes longer
    than decoding them.
    """
    glanced = sampled[::2, :: max(1, sampled.shape[1] // GLANCED_COLUMNS)]
    rows, columns = glanced.shape
    index = np.arange(0, 64 * rows, 64, dtype=np.int32)[:, None] + (glanced >> 2)
    counts = np.bincount(index.ravel(), minlength=64 * rows).reshape(rows, 64)
    most = (counts[:, 1:] + counts[:, :-1]).max(axis=1)
    flat = np.repeat(most >= GLANCED_SHARE * columns, 2)[: len(sampled)]
    return np.convolve(flat, np.ones(2 * _AROUND_ROWS + 1), "same") > 0.5


def _counts(levels: Levels) -> NDArray[np.int64]:
    """(height, 256): how many pixels of a row are within one level of each value."""
    height = levels.shape[0]
    index = np.arange(height, dtype=np.int64)[:, None] * 256 + levels
    counts = np.bincount(index.ravel(), minlength=height * 256).reshape(height, 256)
    near = counts.copy()
    near[:, 1:] += counts[:, :-1]
    near[:, :-1] += counts[:, 1:]
    return near


def _flatness(counts: NDArray[np.int64], width: int) -> tuple[NDArray[np.int64], Shares]:
    """Per row the most frequent grey value, and the share of the pixels that have it."""
    value = counts.argmax(axis=1)
    return value, counts[np.arange(len(counts)), value] / width


def _bands(value: NDArray[np.int64], share: Shares) -> list[tuple[int, int]]:
    """Runs of flat rows of one value; across rules and dense text they are joined."""
    flat = np.flatnonzero(share >= FLAT_SHARE)
    if not flat.size:
        return []
    jumps = (np.diff(flat) > _GAP_ROWS) | (np.abs(np.diff(value[flat])) > _SAME_VALUE)
    runs = np.split(flat, np.flatnonzero(jumps) + 1)
    bands: list[tuple[int, int]] = []
    for first, last in ((int(run[0]), int(run[-1])) for run in runs if len(run) > _RULE_ROWS):
        if bands and _continues(value, bands[-1], first):
            bands[-1] = (bands[-1][0], last + 1)
        else:
            bands.append((first, last + 1))
    return [(_over_rules(share, top, -1), _over_rules(share, bottom, 1)) for top, bottom in bands]


def _continues(value: NDArray[np.int64], band: tuple[int, int], first: int) -> bool:
    gap = first - band[1]
    return gap <= _GAP_ROWS and abs(int(value[band[1] - 1]) - int(value[first])) <= _SAME_VALUE


def _over_rules(share: Shares, edge: int, step: int) -> int:
    """The edge moved over the few flat rows of a frame line beside it."""
    row = edge if step > 0 else edge - 1
    for _ in range(_RULE_ROWS):
        if not 0 <= row < len(share) or share[row] < CLEAR_SHARE:
            break
        row, edge = row + step, edge + step
    return edge


def _is_strip(band: Levels, share: Shares, height: int) -> bool:
    rows = len(band)
    if not max(LEAST_ROWS, LEAST_HEIGHT * height) <= rows <= GREATEST_HEIGHT * height:
        return False
    if (share >= CLEAR_SHARE).sum() < 2:
        return False
    background = int(np.median(band[share >= FLAT_SHARE]))
    ink = np.abs(band.astype(np.int16) - background) > INK_STEP
    return LEAST_INK <= float(ink.mean()) <= GREATEST_INK and _has_text(ink)


def _has_text(ink: NDArray[np.bool_]) -> bool:
    """Some rows cross many strokes, and these are thin."""
    begins = ink[:, 1:] & ~ink[:, :-1]
    strokes = begins.sum(axis=1)
    busy = strokes >= LEAST_STROKES
    if busy.sum() < 3:
        return False
    thickness = ink[busy].sum(axis=1) / strokes[busy]
    return float(np.median(thickness)) <= 0.5 * len(ink)


def _ends_abruptly(
    counts: NDArray[np.int64],
    shape: tuple[int, ...],
    value: NDArray[np.int64],
    top: int,
    bottom: int,
) -> bool:
    """Whether the picture beside the strip does not go on with the strip's own grey value."""
    height, width = shape
    background = int(np.median(value[top:bottom]))
    for first in (top - 7, bottom + 2):
        rows = counts[max(first, 0) : min(first + 5, height), background]
        if first >= 0 and len(rows) == 5 and rows.mean() / width > OUTSIDE_SHARE:
            return False
    return True


def _to_the_edge(top: int, bottom: int, height: int) -> tuple[int, int]:
    """A line of few pixels between the strip and the edge of the file belongs to the strip."""
    near = max(3, height // 200)
    return (0 if top <= near else top), (height if height - bottom <= near else bottom)
