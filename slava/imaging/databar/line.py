"""The scale bar itself: the line, block or row of ticks that belongs to a label, to the pixel.

Every look is tried (white, black, coloured; capped ends; broken by its label; ticks), and each
find is weighed by what can be seen of it. It reads no letters and knows no lengths in nm.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from slava.domain import Box
from slava.imaging.databar.lengths import same_line
from slava.imaging.databar.ticks import find_ticks

WHITES, BLACKS = (240, 200, 160), (15, 55, 95)
COLOURED = 60
"""A colour's strongest channel is above its weakest by this."""
UNCLEAR = 0.02
"""Of the length: a bar whose ends are less clear than this is not sure."""
GREATEST_SHARE = 0.85
"""Of the width: a longer line is a frame."""

Levels = NDArray[np.uint8]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Line:
    """A bar that was found. ``evidence`` is in nats: above 4 is plain, below 2 is a guess."""

    box: Box
    length_px: float
    evidence: float


@dataclass(frozen=True, slots=True)
class _Window:
    """The part of the picture that is searched; ``label`` and ``taken`` in its own pixels."""

    levels: Levels
    colours: NDArray[np.int16] | None
    left: int
    top: int
    label: Box
    taken: Mask
    picture_width: int
    in_strip: bool


def find_lines(
    pixels: Levels, label: Box, others: Sequence[Box], rows: tuple[int, int] | None
) -> list[Line]:
    """Bars that may belong to a label, the best first.

    Parameters
    ----------
    pixels : ndarray, (height_px, width_px) or (height_px, width_px, 3), uint8
    label : Box
        Where its text stands.
    others : sequence of Box
        Other lines of text: their strokes are no bars.
    rows : (int, int), optional
        The databar. Nothing outside of it is looked at.

    Returns
    -------
    list of Line
    """
    window = _window(pixels, label, others, rows)
    found: list[Line] = []
    for mask, bonus, seen in _inks(window):
        if mask.any() and mask.mean() < 0.8:
            found += _lines_of(mask, bonus, seen)
    found += [_placed(box, length, 4.6, window) for box, length in _ticks(window)]
    return sorted(_without_frames(found, label), key=lambda line: -line.evidence)


def _window(
    pixels: Levels, label: Box, others: Sequence[Box], rows: tuple[int, int] | None
) -> _Window:
    height, width = pixels.shape[:2]
    high = max(6, label.height_px)
    top, bottom = max(0, label.top - 3 * high), min(height, label.bottom + 3 * high)
    if rows:
        top, bottom = max(top, rows[0]), min(bottom, rows[1])
    reach = width if rows else round(max(14 * high, 0.5 * width))
    left, right = max(0, label.left - reach), min(width, label.right + reach)
    part = pixels[top:bottom, left:right]
    colours = part.astype(np.int16) if part.ndim == 3 else None
    taken = np.zeros(part.shape[:2], bool)
    for box in others:
        edge = box.height_px // 8
        rows_, columns = slice(box.top + edge - top, box.bottom - edge - top), slice(0, 0)
        columns = slice(max(0, box.left - left), max(0, box.right - left))
        taken[max(0, rows_.start) : max(0, rows_.stop), columns] = True
    inside = Box(label.left - left, label.top - top, label.right - left, label.bottom - top)
    grey = part if part.ndim == 2 else part.mean(axis=2).astype(np.uint8)
    return _Window(grey, colours, left, top, inside, taken, width, rows is not None)


def _inks(window: _Window) -> Iterator[tuple[Mask, float, _Window]]:
    """Masks of what may be burnt in, what the look is worth, and where its contrast is seen."""
    if window.colours is not None:
        spread = window.colours.max(axis=2) - window.colours.min(axis=2)
        strongest = window.colours.argmax(axis=2)
        for channel in range(3):
            seen = replace(window, levels=spread.astype(np.uint8))
            yield (spread > COLOURED) & (strongest == channel), 2.0, seen
    grey = window.levels
    if window.in_strip:
        step = np.abs(grey.astype(np.int16) - int(np.median(grey)))
        strongest_step = float(np.percentile(step, 99.5))
        if strongest_step > 30:
            yield step > 0.5 * strongest_step, 1.0, window
    for level in WHITES:
        yield grey >= level, 1.0 if level == WHITES[0] else 0.2, window
    for level in BLACKS:
        yield grey <= level, 1.0 if level == BLACKS[0] else 0.2, window


def _lines_of(mask: Mask, bonus: float, window: _Window) -> list[Line]:
    pieces = _pieces(mask, window)
    lines = []
    for piece in pieces:
        evidence = _evidence(piece, window)
        if evidence is not None:
            cap = _cap_px(piece, mask, window.label.height_px)
            lines.append(_line(piece, evidence + bonus + 0.8 * (cap > 0), cap, window))
    for piece, gap in _broken(pieces, window.label):
        evidence = _evidence(piece, window, gap)
        if evidence is not None:
            cap = _cap_px(piece, mask, window.label.height_px)
            lines.append(_line(piece, evidence + bonus + 1.2 + 0.8 * (cap > 0), cap, window))
    return lines


def _pieces(mask: Mask, window: _Window) -> list[Box]:
    """Filled horizontal runs that are neither letters nor frames."""
    high = max(6, window.label.height_px)
    least = max(12, round(0.6 * high), window.picture_width // 80)
    kept = _long_runs(mask, least)
    labels, _ = ndi.label(kept)
    pieces = []
    for number, place in enumerate(ndi.find_objects(labels), start=1):
        rows, columns = place
        box = Box(columns.start, rows.start, columns.stop, rows.stop)
        fill = float((labels[place] == number).mean())
        if box.height_px > 1.2 * high + 1 or box.width_px < 2.2 * box.height_px or fill < 0.75:
            continue
        if box.width_px > GREATEST_SHARE * window.picture_width:
            continue
        middle = (box.top + box.bottom) // 2
        if window.taken[middle, box.left : box.right].mean() > 0.5:
            continue
        pieces.append(box)
    return pieces


def _long_runs(mask: Mask, least: int) -> Mask:
    """The runs of a row with at least ``least`` pixels."""
    padded = np.zeros((mask.shape[0], mask.shape[1] + 2), np.int8)
    padded[:, 1:-1] = mask
    step = np.diff(padded, axis=1)
    rows, begins = np.nonzero(step == 1)
    ends = np.nonzero(step == -1)[1]
    marks = np.zeros((mask.shape[0], mask.shape[1] + 1), np.int8)
    long = ends - begins >= least
    np.add.at(marks, (rows[long], begins[long]), 1)
    np.add.at(marks, (rows[long], ends[long]), -1)
    return np.cumsum(marks, axis=1)[:, :-1] > 0


def _broken(pieces: list[Box], label: Box) -> list[tuple[Box, slice]]:
    """Bars whose label stands in a gap in their middle, and the columns of the gap."""
    high = label.height_px
    whole = []
    for left in pieces:
        for right in pieces:
            gap = right.left - left.right
            if gap < 0.8 * high or abs(left.top - right.top) > 2:
                continue
            around = (
                left.right >= label.left - 1.5 * high and right.left <= label.right + 1.5 * high
            )
            beside = label.top - 2 <= left.top and left.bottom <= label.bottom + 2
            if around and beside and 0.4 < left.width_px / right.width_px < 2.5:
                top, bottom = min(left.top, right.top), max(left.bottom, right.bottom)
                between = slice(left.right, right.left)
                whole.append((Box(left.left, top, right.right, bottom), between))
    return whole


def _evidence(piece: Box, window: _Window, gap: slice | None = None) -> float | None:
    """What speaks for a piece: contrast, evenness, length, closeness; ``None`` for no bar."""
    label, high = window.label, max(6, window.label.height_px)
    if gap is None and _is_stroke(piece, label, high):
        return None
    inner, contrast = _contrast(piece, window, gap)
    if contrast < 20:
        return None
    gap_x = max(0, max(piece.left, label.left) - min(piece.right, label.right))
    gap_y = max(0, max(piece.top, label.top) - min(piece.bottom, label.bottom))
    distance = float(np.hypot(gap_x * (0.3 if window.in_strip else 1.0), gap_y)) / high
    evidence = 1.2 + min(contrast, 150) / 150 + 0.7 * np.log(piece.width_px / high + 0.3)
    evidence += 0.15 * min(4, piece.height_px) - 0.8 * distance - inner / 20
    if gap_x == 0:
        off = abs(piece.left + piece.right - label.left - label.right) / 2
        evidence -= 0.25 * off / max(piece.width_px, label.width_px)
    if piece.left + window.left <= 0 or piece.right + window.left >= window.picture_width:
        evidence -= 1.5
    return float(evidence)


def _is_stroke(piece: Box, label: Box, high: int) -> bool:
    """Whether a piece is a part of the label's own letters."""
    inside = piece.left >= label.left - 2 and piece.right <= label.right + 2
    within = piece.top >= label.top - 1 and piece.bottom <= label.bottom + 1
    return inside and within and piece.width_px < 1.2 * high


def _contrast(piece: Box, window: _Window, gap: slice | None) -> tuple[float, float]:
    """Unevenness within a bar, and the least step to what lies around it."""
    grey = window.levels.astype(np.int16)
    columns = np.zeros(grey.shape[1], bool)
    columns[piece.left : piece.right] = True
    if gap is not None:
        columns[gap] = False
    edge = 1 if piece.height_px > 4 else 0
    body = grey[piece.top + edge : piece.bottom - edge][:, columns]
    value, beyond = float(np.median(body)), 2 + (piece.height_px > 6)
    steps = []
    for row in (piece.top - beyond, piece.bottom - 1 + beyond):
        if 0 <= row < grey.shape[0]:
            steps.append(np.percentile(np.abs(grey[row, columns] - value), 35))
    for column in (piece.left - beyond - 1, piece.right + beyond):
        if 0 <= column < grey.shape[1]:
            steps.append(np.median(np.abs(grey[piece.top : piece.bottom, column] - value)))
    return float(body.std()), float(min(steps, default=0.0))


def _cap_px(piece: Box, mask: Mask, high: int) -> int:
    """How thick the caps of a thin line are; 0 where its ends do not stand up or hang down."""
    thick = piece.height_px
    if thick > max(6, 0.6 * high):
        return 0
    deep = 8 + 2 * thick
    sides = (
        range(piece.left, piece.left + deep),
        range(piece.right - 1, piece.right - 1 - deep, -1),
    )
    quarter = (3 * piece.left + piece.right) // 4
    if _extent(mask, piece, quarter, quarter + 2) > thick + 2:
        return 0
    caps = []
    for columns in sides:
        extents = [_extent(mask, piece, column, column + 1) for column in columns]
        stands = [thick + 4 <= extent < 3 * high for extent in extents]
        if not any(stands[:2]):
            return 0
        caps.append(sum(stands))
    return min(caps)


def _extent(mask: Mask, piece: Box, left: int, right: int) -> int:
    """How many rows the ink of some columns goes on around a piece."""
    ink: Mask = np.any(mask[:, left:right], axis=1)
    top, bottom = piece.top, piece.bottom
    while top > 0 and ink[top - 1]:
        top -= 1
    while bottom < len(ink) and ink[bottom]:
        bottom += 1
    return bottom - top


def _line(piece: Box, evidence: float, cap_px: int, window: _Window) -> Line:
    """Programs differ: a bar ends at the middle of its cap or at the outer edge of it, and one
    without caps has its last pixel or not. Halfway between is never far from either."""
    open_px = (cap_px or 1) / 2
    length = piece.width_px - open_px
    if open_px > UNCLEAR * length:
        evidence -= 2.0
    return _placed(piece, length, evidence, window)


def _placed(box: Box, length: float, evidence: float, window: _Window) -> Line:
    x, y = window.left, window.top
    return Line(Box(box.left + x, box.top + y, box.right + x, box.bottom + y), length, evidence)


def _ticks(window: _Window) -> list[tuple[Box, float]]:
    taken = window.taken.copy()
    label = window.label
    taken[max(0, label.top) : max(0, label.bottom), max(0, label.left) : max(0, label.right)] = True
    grey = window.levels
    return [
        found
        for mask in (grey >= 200, grey <= 40)
        for found in find_ticks(mask & ~taken, label.height_px)
    ]


def _without_frames(lines: list[Line], label: Box) -> list[Line]:
    """Lines without those that have a twin on the other side of the label: a frame around it."""
    return [line for line in lines if not any(_framed(line, other, label) for other in lines)]


def _framed(line: Line, other: Line, label: Box) -> bool:
    same = abs(line.box.left - other.box.left) <= 2 and abs(line.box.right - other.box.right) <= 2
    upper, lower = sorted((line.box, other.box), key=lambda box: box.top)
    around = upper.bottom <= label.top + 2 and lower.top >= label.bottom - 2
    return same and around and not same_line(upper, lower)
