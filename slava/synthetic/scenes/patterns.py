"""Patterned surfaces: one element repeated on a lattice, often seen at a slant."""

from __future__ import annotations

import numpy as np

from slava.synthetic.canvas import Array, Canvas, Sketch
from slava.synthetic.scenes.ground import lay_ground


def draw_patterns(canvas: Canvas) -> Sketch:
    """Repeat lines, dots, holes, pillars or squares."""
    c = canvas
    kind = c.pick(
        {
            "parallel lines": 3,
            "array of dots": 2,
            "array of holes": 2.5,
            "array of pillars": 2.5,
            "grid of squares": 1.5,
        }
    )
    lay_ground(c, busy=c.uniform(0.05, 0.4))
    period = c.log_uniform(0.035, 0.3) * c.side
    fill = c.uniform(0.3, 0.72)
    skew = c.uniform(0, 1.0) if c.chance(0.45) else 0.0
    u, v, near = lattice_coordinates(c, period, skew)
    tall = c.uniform(0.3, 1.6) if kind == "array of pillars" else c.uniform(0.05, 0.4)
    hexagonal = c.chance(0.4)
    inside, top = _extruded(c, kind, u, v, fill, tall * near, hexagonal)
    _paint(c, kind, inside, top, period * near)
    if c.chance(0.25):
        _missing(c, u, v)
    c.owner[:] = inside
    size = fill * period
    per_cell = period**2 * (np.sqrt(3) / 2 if hexagonal and kind != "grid of squares" else 1.0)
    cells = float((near**-2.0).mean()) * c.width_px * c.height_px / per_cell
    lines = c.side / period
    return Sketch(
        kind,
        "regularly spaced",
        "aligned" if kind == "parallel lines" else "periodic",
        diameter_px=size,
        period_px=period,
        count=max(1, round(lines if kind == "parallel lines" else cells)),
        coverage_fraction=float(inside.mean()),
        defects=("crack", "debris", "scratch"),
    )


def lattice_coordinates(c: Canvas, period: float, skew: float) -> tuple[Array, Array, Array]:
    """Lattice coordinates of every pixel in periods, and the local magnification.

    ``skew`` 0 looks straight down; 1 is a strong slant with perspective.
    """
    angle = c.uniform(0, np.pi) if c.chance(0.6) else c.rng.choice([0.0, np.pi / 2])
    x = (c.x - c.width_px / 2) / c.side
    y = (c.y - c.height_px / 2) / c.side
    far = 0.55 * skew * c.uniform(0.2, 1.0)
    near = 1.0 / (1.0 - far * y)
    y = y * (1 + 1.2 * skew) * near
    x = x * near
    near = 1.0 / near
    bend = c.uniform(0, 0.004) if c.chance(0.2) else 0.0
    x = x + bend * c.noise(0.3 * c.side)
    u = (np.cos(angle) * x + np.sin(angle) * y) * c.side / period + c.uniform(0, 1)
    v = (-np.sin(angle) * x + np.cos(angle) * y) * c.side / period + c.uniform(0, 1)
    return u.astype(np.float32), v.astype(np.float32), near.astype(np.float32)


def _gap(kind: str, u: Array, v: Array, fill: float, hexagonal: bool) -> Array:
    """Signed depth inside the nearest element, in periods (positive inside)."""
    if kind == "parallel lines":
        return fill / 2 - np.abs(u % 1 - 0.5)
    if kind == "grid of squares":
        return fill / 2 - np.maximum(np.abs(u % 1 - 0.5), np.abs(v % 1 - 0.5))
    if not hexagonal:
        return fill / 2 - np.hypot(u % 1 - 0.5, v % 1 - 0.5)
    rise = np.float32(np.sqrt(3))
    one = np.hypot(u % 1 - 0.5, (v / rise % 1 - 0.5) * rise)
    two = np.hypot((u + 0.5) % 1 - 0.5, ((v / rise + 0.5) % 1 - 0.5) * rise)
    return fill / 2 - np.minimum(one, two)


def _extruded(
    c: Canvas, kind: str, u: Array, v: Array, fill: float, tall: Array, hexagonal: bool
) -> tuple[np.ndarray, Array]:
    """Elements with walls: what they cover, and their upper faces (signed depth in periods)."""
    top = _gap(kind, u, v, fill, hexagonal)
    if kind == "array of holes" or (c.chance(0.5) and kind != "array of pillars"):
        return top > 0, top
    way = c.uniform(0, 2 * np.pi)
    cover = top > 0
    for step in np.linspace(0.15, 1, 5):
        du, dv = tall * 0.5 * step * np.cos(way), tall * 0.5 * step * np.sin(way)
        cover = cover | (_gap(kind, u + du, v + dv, fill, hexagonal) > 0)
    return cover, top


def _paint(c: Canvas, kind: str, inside: np.ndarray, top: Array, period: Array) -> None:
    edge = np.clip(top * period / c.uniform(0.8, 3.0), -1, 1)
    sign = -1.0 if kind == "array of holes" else 1.0
    c.height += sign * c.uniform(0.5, 2.5) * edge
    if c.chance(0.3):
        c.height += sign * 0.4 * np.clip(top, 0, 0.4) * period
    c.tone += sign * c.uniform(0.1, 0.8) * (top > 0)
    wall = inside & (top <= 0)
    c.tone += wall * c.uniform(-0.5, 0.4)
    rim = np.exp(-((top * period / (0.008 * c.side)) ** 2))
    c.tone += c.uniform(0.0, 0.9) * rim
    if c.chance(0.3):
        c.tone += (top > 0) * c.uniform(0.02, 0.1) * c.noise(0.012 * c.side)


def _missing(c: Canvas, u: Array, v: Array) -> None:
    """Elements differ a little from one to the next."""
    brightness = c.rng.normal(0, 0.1, (32, 32)).astype(np.float32)
    c.tone += brightness[np.floor(u).astype(int) % 32, np.floor(v).astype(int) % 32]
