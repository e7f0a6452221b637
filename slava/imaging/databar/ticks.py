"""Scale bars that are no line but a row of ticks, evenly spaced: ten steps make the length."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from slava.domain import Box

TICKS = (11, 21)
"""A length is divided into ten, or twenty, by its ticks."""
LEAST_STEP_PX = 6
UNEVEN = 0.07
"""Of a step: the screen's raster makes the steps differ by this."""
_MANY = 60


def find_ticks(ink: NDArray[np.bool_], letter_px: int) -> list[tuple[Box, float]]:
    """Rows of ticks.

    Parameters
    ----------
    ink : ndarray, (height_px, width_px), bool
        What is burnt in, without its letters.
    letter_px : int
        How high the letters are: a tick is much thinner.

    Returns
    -------
    list of (Box, float)
        From the first to the last tick, and the distance of their middles in px.
    """
    found = []
    for row in range(2, ink.shape[0] - 4, 2):
        centres = _strokes(ink[row] & ink[row + 2], max(4, letter_px // 4))
        if TICKS[0] <= len(centres) <= _MANY:
            for first, last in _even(centres):
                box = Box(int(first), row, int(last) + 1, row + 3)
                found.append((box, float(last - first)))
    return found


def _strokes(line: NDArray[np.bool_], thickest: int) -> NDArray[np.float64]:
    """Middles of the thin runs of one row."""
    step = np.diff(np.concatenate([[0], line.astype(np.int8), [0]]))
    begins, ends = np.nonzero(step == 1)[0], np.nonzero(step == -1)[0]
    centres: NDArray[np.float64] = (begins + ends - 1) / 2
    return centres[ends - begins <= thickest]


def _even(centres: NDArray[np.float64]) -> list[tuple[float, float]]:
    """First and last of every chain of strokes at one distance that has a number of ticks."""
    chains = []
    for index in range(len(centres) - TICKS[0] + 1):
        for step in centres[index + 1 : index + 3] - centres[index]:
            if step < LEAST_STEP_PX:
                continue
            chain = [float(centres[index])]
            while True:
                off = np.abs(centres - (chain[-1] + step))
                nearest = int(off.argmin())
                if off[nearest] > max(1.1, UNEVEN * step):
                    break
                chain.append(float(centres[nearest]))
            if len(chain) in TICKS:
                chains.append((chain[0], chain[-1]))
    return chains
