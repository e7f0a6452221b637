"""MEMS devices and electrodes: flat layouts with sharp corners, raised in layers, at a slant."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw

from slava.synthetic.bodies import strand
from slava.synthetic.canvas import Array, Canvas, Sketch, blur
from slava.synthetic.scenes.ground import lay_ground

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


def draw_devices(canvas: Canvas) -> Sketch:
    """Lay out one kind of device and look at it, straight or at a slant."""
    c = canvas
    kind = c.pick(
        {
            "comb fingers": 3,
            "cantilever beams": 2.5,
            "electrode pads with tracks": 3,
            "spiral coil": 1,
            "gear-like disc": 1,
            "suspended membrane": 2,
            "crossing electrodes": 2,
        }
    )
    lay_ground(c, busy=c.uniform(0.05, 0.5))
    layers, width, count = _LAYOUTS[kind](c)
    if c.chance(0.2):
        other = c.pick(dict.fromkeys(_LAYOUTS, 1.0))
        layers = [*_LAYOUTS[other](c)[0][-1:], *layers]
    if c.chance(0.4):
        layers.insert(0, _background(c))
    view = _View.random(c)
    covered = np.zeros(c.shape, bool)
    for layer in layers:
        covered |= _build(c, layer, view)
    if c.chance(0.15):
        _bond_wire(c)
    c.owner[:] = covered
    return Sketch(
        kind,
        "interconnected" if "electrode" in kind else "regularly spaced",
        "aligned" if kind in {"comb fingers", "cantilever beams"} else "periodic"
        if kind == "crossing electrodes" else "single",
        diameter_px=width * c.side * view.zoom,
        count=count,
        coverage_fraction=float(covered.mean()),
        relief=0.8,
        defects=("crack", "debris", "scratch"),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _View:
    """A homography from layout units to pixels."""

    matrix: np.ndarray
    zoom: float
    up: tuple[float, float]
    """Which way in the picture heights rise, in px per px of height."""

    @classmethod
    def random(cls, c: Canvas) -> _View:
        angle = (
            c.uniform(-0.6, 0.6) if c.chance(0.6) else float(c.rng.choice([0, np.pi / 2, np.pi]))
        )
        zoom = c.log_uniform(0.8, 2.2)
        tilt = c.uniform(0.35, 0.85) if c.chance(0.5) else 1.0
        far = (1 - tilt) * c.uniform(0.0, 0.7)
        cos, sin, s = np.cos(angle), np.sin(angle), c.side
        turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]]) * np.array([[1], [1], [1]])
        move = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1.0]])
        slant = np.array([[1, 0, 0], [0, tilt, 0], [0, -far, 1.0]])
        shift = c.rng.uniform(-0.2, 0.2, 2) * (zoom - 0.7)
        place = np.array(
            [
                [s * zoom, 0, c.width_px / 2 + shift[0] * s],
                [0, s * zoom, c.height_px / 2 + shift[1] * s],
                [0, 0, 1],
            ]
        )
        return cls(place @ slant @ turn @ move, zoom, (0.0, -float(np.sqrt(1 - tilt**2))))

    def corners(self, points: Corners, scale: float, rise: float) -> Corners:
        """Pixels of layout ``points`` lifted by ``rise`` px, times ``scale``."""
        flat = np.c_[np.asarray(points), np.ones(len(points))] @ self.matrix.T
        depth = np.maximum(flat[:, 2], 0.2)
        x = (flat[:, 0] / depth + self.up[0] * rise) * scale
        y = (flat[:, 1] / depth + self.up[1] * rise) * scale
        return list(zip(x.tolist(), y.tolist(), strict=True))


def _mask(c: Canvas, layer: Layout, view: _View, rise: float) -> Array:
    """Coverage 0..1 of a layer at a height, anti-aliased."""
    scale = 2
    sheet = Image.new("L", (c.width_px * scale, c.height_px * scale))
    pen = ImageDraw.Draw(sheet)
    for shapes, ink in ((layer.solid, 255), (layer.cut, 0)):
        for points in shapes:
            pen.polygon(view.corners(points, scale, rise), fill=ink)
    return np.asarray(sheet.reduce(scale), np.float32) / 255


def _build(c: Canvas, layer: Layout, view: _View) -> np.ndarray:
    """Raise a layer with its walls, edges and shadow; what it covers."""
    tall = c.uniform(0.005, 0.05) * c.side
    foot = _mask(c, layer, view, 0.0)
    lid = _mask(c, layer, view, tall) if view.up[1] else foot
    body = np.maximum(foot, lid)
    if view.up[1]:
        body = np.maximum(body, _mask(c, layer, view, tall / 2))
    shadow = np.clip(blur(body, c.uniform(0.01, 0.03) * c.side) - body, 0, 1)
    c.tone -= c.uniform(0.1, 0.9) * shadow
    c.height = (c.height * (1 - body)).astype(np.float32)
    wall_tone = c.uniform(-0.5, 0.7)
    lid_tone = c.uniform(-0.2, 0.9)
    c.tone = (c.tone * (1 - body) + body * wall_tone).astype(np.float32)
    texture = c.uniform(0, 0.1) * c.noise(c.log_uniform(0.006, 0.05) * c.side)
    c.tone = c.tone * (1 - lid) + lid * (lid_tone + texture)
    c.height += c.uniform(0.5, 2.5) * lid
    rim = lid * (1 - blur(lid, 0.006 * c.side))
    c.tone += c.uniform(0.2, 1.8) * rim
    return body > 0.5


def _background(c: Canvas) -> Layout:
    layer = Layout()
    for _ in range(int(c.rng.integers(1, 4))):
        x, y = c.rng.uniform(-0.2, 0.8, 2)
        layer.bar(x, y, x + c.uniform(0.2, 1.0), y + c.uniform(0.2, 1.0))
    return layer


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


def _bond_wire(c: Canvas) -> None:
    """A round wire that arches over to the picture's rim and ends on a ball."""
    start, end = c.point(0.2), c.point(-0.15)
    at = np.linspace(0, 1, 30)[:, None]
    sag = np.array([0.0, -1.0]) * c.uniform(0.1, 0.4) * c.side * at * (1 - at) * 4
    width = c.uniform(0.008, 0.03) * c.side
    c.height *= 0.3
    number = strand(c, start + at * (end - start) + sag, width, 3.0)
    c.tone[c.owner == number] = c.uniform(0.2, 0.7)


_LAYOUTS = {
    "comb fingers": _comb,
    "cantilever beams": _beams,
    "electrode pads with tracks": _pads,
    "spiral coil": _coil,
    "gear-like disc": _gear,
    "suspended membrane": _membrane,
    "crossing electrodes": _crossing,
}
