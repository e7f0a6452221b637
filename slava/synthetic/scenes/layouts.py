"""Mask layouts of devices, in units of the picture's side: combs, beams, pads, coils, gears.

Each function returns layers from the lowest up, the width of its repeated element, and how many
there are. It must not know pixels, heights or tones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from slava.synthetic.canvas import Canvas

Corners = list[tuple[float, float]]


@dataclass(slots=True)
class Layout:
    """Polygons of one mask layer, in units of the picture's side, 0..1 in both directions."""

    solid: list[Corners] = field(default_factory=list)
    cut: list[Corners] = field(default_factory=list)

    def bar(self, x0: float, y0: float, x1: float, y1: float) -> None:
        self.solid.append([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])

    def hole(self, x0: float, y0: float, x1: float, y1: float) -> None:
        self.cut.append([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])

    def track(self, points: Corners, width: float) -> None:
        """Straight runs of a conductor through ``points``."""
        for (x0, y0), (x1, y1) in pairwise(points):
            length = max(np.hypot(x1 - x0, y1 - y0), 1e-6)
            ex, ey = (x1 - x0) / length * width / 2, (y1 - y0) / length * width / 2
            self.solid.append(
                [(x0 - ex - ey, y0 - ey + ex), (x1 + ex - ey, y1 + ey + ex),
                 (x1 + ex + ey, y1 + ey - ex), (x0 - ex + ey, y0 - ey - ex)]
            )  # fmt: skip

    def disc(self, x: float, y: float, r: float, cut: bool = False, sides: int = 40) -> None:
        angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
        corners = [(x + r * float(np.cos(a)), y + r * float(np.sin(a))) for a in angle]
        (self.cut if cut else self.solid).append(corners)


Drawn = tuple[list[Layout], float, int]


def _comb(c: Canvas) -> Drawn:
    number = int(c.rng.integers(4, 22))
    pitch = 1.3 / number
    width, overlap = pitch * c.uniform(0.35, 0.65), c.uniform(0.15, 0.45)
    layer = Layout()
    top, bottom = 0.5 - overlap, 0.5 + overlap
    layer.bar(-0.3, -0.4, 1.3, top - 0.06)
    layer.bar(-0.3, bottom + 0.06, 1.3, 1.4)
    for k in range(number):
        x = -0.15 + k * pitch
        layer.bar(x, top - 0.1, x + width, bottom) if k % 2 else layer.bar(
            x, top, x + width, bottom + 0.1
        )
    if c.chance(0.4):
        _etch_holes(c, layer, -0.1, -0.1, 1.1, top - 0.1)
    return [layer], width, number


def _etch_holes(c: Canvas, layer: Layout, x0: float, y0: float, x1: float, y1: float) -> None:
    step = c.uniform(0.06, 0.15)
    size = step * c.uniform(0.15, 0.3)
    for x in np.arange(x0 + step / 2, x1, step):
        for y in np.arange(y0 + step / 2, y1, step):
            layer.hole(x - size, y - size, x + size, y + size)


def _beams(c: Canvas) -> Drawn:
    number = int(c.rng.integers(1, 7))
    pitch = 1.0 / number
    width = pitch * c.uniform(0.15, 0.6)
    anchor = c.uniform(0.1, 0.4)
    pit, layer = Layout(), Layout()
    pit.bar(-0.5, -0.5, 1.5, 1.5)
    pit.hole(anchor, c.uniform(-0.3, 0.05), c.uniform(0.85, 1.3), c.uniform(0.95, 1.3))
    layer.bar(-0.5, -0.5, anchor, 1.5)
    step = c.uniform(-0.08, 0.08)
    length, bridge = c.uniform(0.3, 0.7), c.chance(0.25)
    for k in range(number):
        y = (k + 0.5) * pitch
        end = 1.3 if bridge else anchor + length + step * k
        layer.bar(anchor - 0.02, y - width / 2, end, y + width / 2)
        if not bridge and c.chance(0.3):
            layer.bar(end - width, y - width, end, y + width)
    return ([pit, layer] if c.chance(0.5) else [layer]), width, number


def _pads(c: Canvas) -> Drawn:
    number = int(c.rng.integers(2, 9))
    layer, width = Layout(), c.log_uniform(0.015, 0.08)
    size = c.uniform(0.15, 0.35)
    middle = c.rng.uniform(0.35, 0.65, 2)
    gap = c.uniform(0.02, 0.1)
    for k in range(number):
        angle = 2 * np.pi * (k + c.uniform(-0.15, 0.15)) / number
        way = np.array([np.cos(angle), np.sin(angle)])
        pad = middle + way * c.uniform(0.45, 0.6)
        elbow = middle + way * c.uniform(0.2, 0.35)
        inner = middle + way * gap
        x, y = pad
        layer.bar(x - size / 2, y - size / 2, x + size / 2, y + size / 2)
        layer.track(
            [tuple(pad), (float(elbow[0]), float(pad[1])), tuple(elbow), tuple(inner)], width
        )
    layers = [layer]
    if c.chance(0.4):
        channel = Layout()
        channel.track([(0.0, float(middle[1])), (1.0, float(middle[1]))], 0.6 * width)
        layers.append(channel)
    return layers, width, number


def _coil(c: Canvas) -> Drawn:
    turns, width = int(c.rng.integers(3, 8)), 0.0
    pitch = 0.45 / turns
    width = pitch * c.uniform(0.4, 0.65)
    at = np.linspace(0, turns, 40 * turns)
    radius = 0.04 + pitch * at
    angle = 2 * np.pi * at
    stretch = 1.0
    if c.chance(0.5):
        stretch_ = 1 / np.maximum(np.abs(np.cos(angle)), np.abs(np.sin(angle)))
        radius = radius * stretch_ * 0.85
    x = 0.5 + stretch * radius * np.cos(angle)
    y = 0.5 + radius * np.sin(angle)
    layer = Layout()
    layer.track(list(zip(x.tolist(), y.tolist(), strict=True)), width)
    layer.bar(float(x[-1]) - width / 2, float(y[-1]), float(x[-1]) + width / 2, 1.3)
    return [layer], width, turns


def _gear(c: Canvas) -> Drawn:
    layer, number = Layout(), int(c.rng.integers(8, 30))
    r, depth = c.uniform(0.25, 0.42), c.uniform(1.08, 1.25)
    at = np.arange(4 * number)
    radius = r * np.where((at // 2) % 2, depth, 1.0)
    angle = 2 * np.pi * at / (4 * number)
    x, y = 0.5 + radius * np.cos(angle), 0.5 + radius * np.sin(angle)
    layer.solid.append(list(zip(x.tolist(), y.tolist(), strict=True)))
    layer.disc(0.5, 0.5, r * c.uniform(0.15, 0.3), cut=True)
    spokes = int(c.rng.integers(0, 7))
    for k in range(spokes):
        turn = 2 * np.pi * k / max(spokes, 1)
        spot = 0.5 + 0.6 * r * np.array([np.cos(turn), np.sin(turn)])
        layer.disc(float(spot[0]), float(spot[1]), r * c.uniform(0.1, 0.2), cut=True)
    hub = Layout()
    hub.disc(0.5, 0.5, r * c.uniform(0.08, 0.14))
    layers = [layer, hub]
    if c.chance(0.3):
        other = Layout()
        other.track([(0.5 + r * 1.2, -0.2), (0.5 + r * 1.2, 1.2)], 0.06)
        layers.append(other)
    return layers, 2 * np.pi * r / number / 2, number


def _membrane(c: Canvas) -> Drawn:
    frame, plate = Layout(), Layout()
    half = c.uniform(0.2, 0.36)
    frame.bar(-0.5, -0.5, 1.5, 1.5)
    frame.hole(0.5 - half * 1.25, 0.5 - half * 1.25, 0.5 + half * 1.25, 0.5 + half * 1.25)
    plate.bar(0.5 - half, 0.5 - half, 0.5 + half, 0.5 + half)
    arm = c.uniform(0.03, 0.09)
    for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        x, y = 0.5 + sx * half * 0.85, 0.5 + sy * half
        plate.track(
            [(x, y), (x, y + sy * half * 0.12), (0.5 + sx * half * 1.3, y + sy * half * 0.12)], arm
        )
    if c.chance(0.6):
        _etch_holes(c, plate, 0.5 - half, 0.5 - half, 0.5 + half, 0.5 + half)
    if c.chance(0.4):
        ring = Layout()
        ring.disc(0.5, 0.5, half * 0.6)
        ring.disc(0.5, 0.5, half * c.uniform(0.3, 0.5), cut=True)
        return [frame, plate, ring], arm, 4
    return [frame, plate], arm, 4


def _crossing(c: Canvas) -> Drawn:
    lower, upper = Layout(), Layout()
    number = int(c.rng.integers(1, 6))
    pitch = 1.0 / number
    width = min(pitch * c.uniform(0.2, 0.6), 0.25)
    for k in range(number):
        at = (k + 0.5) * pitch
        lower.bar(-0.5, at - width / 2, 1.5, at + width / 2)
        upper.bar(at - width / 2, -0.5, at + width / 2, 1.5)
    if c.chance(0.3):
        lower.bar(0.35, 0.35, 0.65, 0.65)
    return [lower, upper], width, 2 * number


LAYOUTS: dict[str, Callable[[Canvas], Drawn]] = {
    "comb fingers": _comb,
    "cantilever beams": _beams,
    "electrode pads with tracks": _pads,
    "spiral coil": _coil,
    "gear-like disc": _gear,
    "suspended membrane": _membrane,
    "crossing electrodes": _crossing,
}
