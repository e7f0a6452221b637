"""Flooding a relief from given places: which place the water reaches each pixel from first.

The result of a watershed by a queue, for most of the cost of a look at each pixel's neighbours:
water that comes over a pixel first comes from its lowest neighbour, so most pixels are told by
going straight down. Only what that leaves open goes through the queue. This module must not know
what the relief means.

Source of the queue: P. Soille, L. Vincent (1990), doi:10.1117/12.24211, as scikit-image has it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.floating[Any]]
Labels = NDArray[np.int32]
Mask = NDArray[np.bool_]


def flood(relief: Reals, seeds: Labels, mask: Mask | None = None) -> Labels:
    """Give every pixel that water reaches the number of the seed that it comes from.

    Parameters
    ----------
    relief : (height, width)
        Water rises from low to high.
    seeds : (height, width)
        Numbers from 1 where it wells up, 0 elsewhere. Where each minimum has a seed most pixels
        need no queue.
    mask : (height, width), optional
        Where it may go, over the four sides of a pixel.

    Returns
    -------
    (height, width)
        0 where no water comes. Between pixels of equal height the result may differ from that of
        the queue alone.
    """
    allowed = np.ones(relief.shape, bool) if mask is None else mask
    return flood_rest(relief, _downhill(relief, np.where(allowed, seeds, 0), allowed), allowed)


def flood_rest(relief: Reals, seeds: Labels, mask: Mask | None = None) -> Labels:
    """The same where most pixels are seeds: only those beside what is open go into the queue."""
    from scipy import ndimage as ndi
    from skimage.segmentation import watershed

    blank = (seeds == 0) if mask is None else (seeds == 0) & mask
    if not blank.any():
        return seeds.astype(np.int32, copy=False)
    shore = ndi.binary_dilation(blank)
    if mask is not None:
        shore &= mask
    top, bottom = np.flatnonzero(shore.any(axis=1))[[0, -1]]
    left, right = np.flatnonzero(shore.any(axis=0))[[0, -1]]
    part = np.s_[top : bottom + 1, left : right + 1]
    flooded = seeds.astype(np.int32)
    found = watershed(relief[part], np.where(shore, seeds, 0)[part], mask=shore[part])
    flooded[part][shore[part]] = found[shore[part]]
    return flooded


def _downhill(relief: Reals, seeds: Labels, mask: Mask) -> Labels:
    """The seed that the steepest way down over the sides of pixels ends in, 0 where in none."""
    height, width = relief.shape
    walled = np.full((height + 2, width + 2), np.inf)
    walled[1:-1, 1:-1] = np.where(mask, relief, np.inf)
    lowest = walled[1:-1, 1:-1].copy()
    places = np.arange(height * width).reshape(height, width)
    below = places.copy()
    for down, right in ((-1, 0), (0, -1), (0, 1), (1, 0)):
        there = walled[1 + down : height + 1 + down, 1 + right : width + 1 + right]
        lower = there < lowest
        np.copyto(lowest, there, where=lower)
        np.copyto(below, places + (down * width + right), where=lower)
    ends = np.where(seeds > 0, places, below).ravel()
    while True:
        further = ends[ends]
        if np.array_equal(further, ends):
            break
        ends = further
    return np.where(mask, seeds.ravel()[ends].reshape(height, width), 0).astype(np.int32)
