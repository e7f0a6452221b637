"""Defects: cracks, holes, debris and scratches drawn into a signal, each with its place.

It must not know which category it damages; the sketch says which defects make sense.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from slava.domain import Box
from slava.synthetic.bodies import curve
from slava.synthetic.canvas import Array, Canvas, Points, blur, noise


def damage(canvas: Canvas, image: Array, kind: str) -> tuple[Array, NDArray[np.bool_]]:
    """Return the signal with a defect of ``kind`` in it, and the pixels of the defect."""
    return _KINDS[kind](canvas, image)


def enclosing_box(mask: NDArray[np.bool_]) -> Box:
    """The least rectangle around the true pixels of ``mask``; the whole where there are none."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return Box(0, 0, mask.shape[1], mask.shape[0])
    return Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def _stroke(c: Canvas, lines: Sequence[tuple[Points, float]]) -> Array:
    """Anti-aliased strokes (path, width in px), 0..1."""
    sheet = Image.new("L", (2 * c.width_px, 2 * c.height_px))
    pen = ImageDraw.Draw(sheet)
    for path, width in lines:
        pen.line(
            [(2 * x, 2 * y) for x, y in path.tolist()], fill=255, width=max(1, round(2 * width))
        )
    return np.asarray(sheet.reduce(2), np.float32) / 255


def _crack(c: Canvas, image: Array) -> tuple[Array, NDArray[np.bool_]]:
    """A jagged dark line with bright lips, perhaps branching."""
    width = c.uniform(0.007, 0.022) * c.side
    angle = c.uniform(0, 2 * np.pi)
    path = curve(c, c.point(0.3), angle, c.uniform(0.4, 1.2) * c.side, 0.4, 10)
    path = path + blur(c.rng.normal(0, 0.012 * c.side, path.shape).astype(np.float32), 0.6)
    lines = [(path[k : k + 2], width * (1 - 0.6 * k / len(path))) for k in range(len(path) - 1)]
    if c.chance(0.5):
        start = path[int(c.rng.integers(5, len(path) - 5))]
        turn = angle + c.rng.choice([-1, 1]) * c.uniform(0.5, 1.2)
        side = curve(c, np.zeros(2), turn, c.uniform(0.4, 0.9) * c.side, 0.4, 8)
        lines.append((side[len(side) // 2 :] + start, 0.6 * width))
    gap = _stroke(c, lines)
    lips = np.clip(blur(gap, 0.5 * width) * 1.6 - gap, 0, 1)
    image = image + c.uniform(0.1, 0.35) * lips
    return image * (1 - gap) + gap * c.uniform(-0.15, 0.08), gap > 0.3


def _holes(c: Canvas, image: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Pits with bright rims."""
    pits = np.zeros(c.shape, np.float32)
    for _ in range(int(c.rng.integers(1, 7))):
        (x, y), r = c.point(0.12), c.uniform(0.015, 0.055) * c.side
        angle = np.arctan2(c.y - y, c.x - x)
        reach = r * (1 + 0.15 * np.cos(2 * angle + c.uniform(0, 6)) + 0.1 * np.cos(3 * angle))
        distance = np.hypot(c.x - x, c.y - y)
        pits = np.maximum(pits, np.clip(reach - distance, 0, 1))
        image = image + c.uniform(0.1, 0.4) * np.exp(
            -(((distance - reach) / (0.008 * c.side)) ** 2)
        )
    return image * (1 - pits) + pits * c.uniform(-0.1, 0.1), pits > 0.3


def _debris(c: Canvas, image: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Jagged foreign flakes, bright and rough, with a shadow."""
    image = image.astype(np.float32)
    flakes = np.zeros(c.shape, np.float32)
    for _ in range(int(c.rng.integers(1, 6))):
        (x, y), r = c.point(0.1), c.uniform(0.022, 0.075) * c.side
        reach = 2.2 * r + 0.08 * c.side  # as far as flake and shadow go
        rows = slice(max(0, int(y - reach)), int(y + reach) + 1)
        columns = slice(max(0, int(x - reach)), int(x + reach) + 1)
        here = (rows, columns)
        image[here], flake = _flake(c, image[here], c.x[here] - x, c.y[here] - y, r)
        flakes[here] = np.maximum(flakes[here], flake)
    return image, flakes > 0.3


def _flake(c: Canvas, image: Array, dx: Array, dy: Array, r: float) -> tuple[Array, Array]:
    """One flake of radius about ``r`` px at the origin of ``dx``, ``dy``; signal and coverage."""
    angle, distance = np.arctan2(dy, dx), np.hypot(dx, dy)
    reach = np.full(image.shape, r, np.float32)
    for k in (2, 3, 5, 8, 11):
        reach += 0.3 * r / np.sqrt(k) * np.cos(k * angle + c.uniform(0, 6.3))
    flake = np.clip(reach - distance, 0, 1).astype(np.float32)
    grain = noise(c.rng, (image.shape[0], image.shape[1]), max(1.5, 0.25 * r))
    rim = np.exp(-(((distance - reach) / (0.01 * c.side)) ** 2))
    shadow = np.exp(-np.clip(distance - reach, 0, None) / (0.015 * c.side)) * (1 - flake)
    image = image - c.uniform(0.05, 0.3) * shadow
    body = c.uniform(0.55, 0.95) + 0.12 * grain + 0.2 * rim
    return image * (1 - flake) + flake * body, flake


def _scratch(c: Canvas, image: Array) -> tuple[Array, NDArray[np.bool_]]:
    """One to three straight grooves across the picture, dark with one bright lip."""
    angle = c.uniform(0, np.pi)
    grooves = np.zeros(c.shape, np.float32)
    for _ in range(int(c.rng.integers(1, 4))):
        middle, length = c.point(0.25), c.uniform(0.6, 1.6) * c.side
        way = np.array([np.cos(angle), np.sin(angle)])
        path = middle + np.linspace(-0.5, 0.5, 4)[:, None] * length * way
        groove = _stroke(c, [(path, c.uniform(0.006, 0.016) * c.side)])
        lip = np.roll(groove, int(c.rng.choice([-2, 2]) * c.side / 256), 0)
        image = image + c.uniform(0.15, 0.4) * np.clip(lip - groove, 0, 1)
        image = image * (1 - groove) + groove * (image * 0.4 + c.uniform(-0.1, 0.1))
        grooves = np.maximum(grooves, groove)
        angle += c.rng.normal(0, 0.1)
    return image.astype(np.float32), grooves > 0.3


_KINDS = {"crack": _crack, "holes": _holes, "debris": _debris, "scratch": _scratch}
