"""Where letters and bars are burnt in: those pixels show no specimen. It reads no letters.

What a reader of letters has found is masked as it is. Without one only the plainest is: a flat
axis-parallel bar of the blackest or whitest value, and the letters of the same value beside it.
A specimen of rods, or a saturated one, has no such bars.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from slava.domain import Box, Databar, ScaleBar
from slava.imaging.databar.lengths import union
from slava.imaging.databar.levels import Levels, in_256

GREATEST_BAR = 0.06
"""Of the picture's height: how thick a bar may be."""
LEAST_LETTERS = 2
"""So many pieces of like height in a line are a word."""
_AROUND = 3
"""Pixels around the ink that its blurred edge reaches."""
_FLAT = 5
"""Levels from the blackest or whitest that are still burnt in."""

Mask = NDArray[np.bool_]


def burnt_in_mask(
    grey: NDArray[Any],
    databar: Databar | None,
    scale_bar: ScaleBar | None = None,
    letters: Sequence[Box] = (),
) -> Mask:
    """What must not be measured: the databar's rows, and letters and bars inside the picture.

    Parameters
    ----------
    grey : ndarray, (height_px, width_px)
        The whole picture, any depth.
    databar : Databar, optional
    scale_bar : ScaleBar, optional
        Its box is masked.
    letters : sequence of Box
        Where letters were read; without any, bars and their words are looked for.

    Returns
    -------
    ndarray of bool, (height_px, width_px)
        True where something is burnt in.
    """
    mask = np.zeros(grey.shape, bool)
    if databar is not None:
        mask[databar.top : databar.bottom] = True
    bar = [scale_bar.box] if scale_bar is not None and scale_bar.box is not None else []
    known = [*letters, *bar]
    if not known:
        levels = in_256(grey)
        for ink in (levels >= 255 - _FLAT, levels <= _FLAT):
            known += _bars_with_words(ink & ~mask, levels)
    for box in known:
        _mask_box(mask, box)
    return mask


def _bars_with_words(ink: Mask, levels: Levels) -> list[Box]:
    """Flat bars that have a word beside them, and these words."""
    if not 0 < ink.sum() < 0.3 * ink.size:
        return []
    labels, _ = ndi.label(ink, np.ones((3, 3)))
    places = ndi.find_objects(labels)
    boxes = [Box(p[1].start, p[0].start, p[1].stop, p[0].stop) for p in places]
    fills = [float((labels[p] == n).mean()) for n, p in enumerate(places, start=1)]
    found: list[Box] = []
    for box, fill in zip(boxes, fills, strict=True):
        if fill < 0.97 or not _is_bar(box, levels):
            continue
        reach = max(12, 6 * box.height_px, box.width_px // 2)
        letters = [b for b in boxes if b is not box and _is_letter(b, box, reach)]
        words = [word for word in _words(letters) if len(word) >= LEAST_LETTERS]
        if words:
            found += [box, *(_around(word) for word in words)]
    return found


def _is_bar(box: Box, levels: Levels) -> bool:
    """Whether a piece is long, and the picture beyond all four of its edges is another."""
    height, width = levels.shape
    if box.width_px < max(12, 3 * box.height_px) or box.height_px < 2:
        return False
    if box.height_px > GREATEST_BAR * height or box.width_px > 0.85 * width:
        return False
    value = int(levels[(box.top + box.bottom) // 2, (box.left + box.right) // 2])
    rows = [row for row in (box.top - 4, box.bottom + 3) if 0 <= row < height]
    beyond = [levels[row, box.left : box.right].astype(np.int16) for row in rows]
    return all(float(np.median(np.abs(line - value))) > 40 for line in beyond)


def _is_letter(box: Box, bar: Box, reach: int) -> bool:
    """Whether a piece near a bar has the size of its letters."""
    tall = 6 <= box.height_px <= max(16, bar.width_px // 2)
    slim = box.width_px <= 1.6 * box.height_px
    down = max(box.top, bar.top) - min(box.bottom, bar.bottom)
    across = max(box.left, bar.left) - min(box.right, bar.right)
    return tall and slim and down <= reach and across <= reach


def _words(letters: list[Box]) -> list[list[Box]]:
    """Letters of like height beside each other."""
    ordered = sorted(letters, key=lambda box: (box.left, box.top))
    words: list[list[Box]] = []
    for box in ordered:
        for word in words:
            if _continues(word[-1], box):
                word.append(box)
                break
        else:
            words.append([box])
    return words


def _continues(last: Box, box: Box) -> bool:
    high = max(last.height_px, box.height_px)
    gap = box.left - last.right
    alike = min(last.height_px, box.height_px) >= 0.55 * high
    level = abs(last.bottom - box.bottom) <= 0.35 * high or abs(last.top - box.top) <= 0.25 * high
    return alike and level and -0.2 * high <= gap <= 0.9 * high


def _around(boxes: Sequence[Box]) -> Box:
    around = boxes[0]
    for box in boxes[1:]:
        around = union(around, box)
    return around


def _mask_box(mask: Mask, box: Box) -> None:
    rows = slice(max(0, box.top - _AROUND), box.bottom + _AROUND)
    mask[rows, max(0, box.left - _AROUND) : box.right + _AROUND] = True
