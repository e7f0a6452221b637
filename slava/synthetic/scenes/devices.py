"""MEMS devices and electrodes: flat layouts with sharp corners, raised in layers, at a slant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from slava.synthetic.bodies import strand
from slava.synthetic.canvas import Array, Canvas, Sketch, blur
from slava.synthetic.scenes.ground import lay_ground
from slava.synthetic.scenes.layouts import LAYOUTS, Corners, Layout


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
    layers, width, count = LAYOUTS[kind](c)
    if c.chance(0.2):
        other = c.pick(dict.fromkeys(LAYOUTS, 1.0))
        layers = [*LAYOUTS[other](c)[0][-1:], *layers]
    if c.chance(0.4):
        layers.insert(0, _background(c))
    view = View.random(c)
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
        diameter_px=view.width(width, ACROSS.get(kind, (0, 1))),
        count=count,
        coverage_fraction=float(covered.mean()),
        relief=0.8,
        defects=("crack", "debris", "scratch"),
    )  # fmt: skip


ACROSS = {"comb fingers": (0,), "cantilever beams": (1,)}
"""Along which axes of the layout the elements of a device are measured; both where not named."""


@dataclass(frozen=True, slots=True)
class View:
    """A homography from layout units to pixels."""

    matrix: np.ndarray
    up: tuple[float, float]
    """Which way in the picture heights rise, in px per px of height."""

    @classmethod
    def random(cls, c: Canvas) -> View:
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
        return cls(place @ slant @ turn @ move, (0.0, -float(np.sqrt(1 - tilt**2))))

    def width(self, width: float, across: tuple[int, ...]) -> float:
        """How many px an element ``width`` layout units wide shows in the middle of the layout,
        measured along the axes ``across`` of the layout (their geometric mean)."""
        shown = 1.0
        for axis in across:
            half = np.eye(2)[axis] * width / 2
            (x0, y0), (x1, y1) = self.corners([tuple(0.5 - half), tuple(0.5 + half)], 1.0, 0.0)
            shown *= float(np.hypot(x1 - x0, y1 - y0)) ** (1 / len(across))
        return shown

    def corners(self, points: Corners, scale: float, rise: float) -> Corners:
        """Pixels of layout ``points`` lifted by ``rise`` px, times ``scale``."""
        flat = np.c_[np.asarray(points), np.ones(len(points))] @ self.matrix.T
        depth = np.maximum(flat[:, 2], 0.2)
        x = (flat[:, 0] / depth + self.up[0] * rise) * scale
        y = (flat[:, 1] / depth + self.up[1] * rise) * scale
        return list(zip(x.tolist(), y.tolist(), strict=True))


def _mask(c: Canvas, layer: Layout, view: View, rise: float) -> Array:
    """Coverage 0..1 of a layer at a height, anti-aliased."""
    scale = 2
    sheet = Image.new("L", (c.width_px * scale, c.height_px * scale))
    pen = ImageDraw.Draw(sheet)
    for shapes, ink in ((layer.solid, 255), (layer.cut, 0)):
        for points in shapes:
            pen.polygon(view.corners(points, scale, rise), fill=ink)
    return np.asarray(sheet.reduce(scale), np.float32) / 255


def _build(c: Canvas, layer: Layout, view: View) -> np.ndarray:
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


def _bond_wire(c: Canvas) -> None:
    """A round wire that arches over to the picture's rim and ends on a ball."""
    start, end = c.point(0.2), c.point(-0.15)
    at = np.linspace(0, 1, 30)[:, None]
    sag = np.array([0.0, -1.0]) * c.uniform(0.1, 0.4) * c.side * at * (1 - at) * 4
    width = c.uniform(0.008, 0.03) * c.side
    c.height *= 0.3
    number = strand(c, start + at * (end - start) + sag, width, 3.0)
    c.tone[c.owner == number] = c.uniform(0.2, 0.7)
