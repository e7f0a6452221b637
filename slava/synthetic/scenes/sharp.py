"""Tips: cones, etched needles, AFM probes on their cantilevers, blunt and broken ones."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from slava.synthetic.bodies import Pose, lump, place
from slava.synthetic.canvas import Array, Canvas, Sketch, blur
from slava.synthetic.scenes.ground import lay_ground


def draw_tips(canvas: Canvas) -> Sketch:
    """Raise one tip, from the far view of a probe to its apex close up."""
    c = canvas
    kind = c.pick(
        {"sharp cone": 3, "etched needle": 3, "pyramid on a cantilever": 3, "blunt tip": 1.5}
    )
    lay_ground(c, tone=c.uniform(-0.8, -0.1), busy=0.3)
    apex = _probe(c) if kind == "pyramid on a cantilever" else _cone(c, kind)
    return Sketch(
        kind,
        "isolated",
        "single",
        diameter_px=apex if apex >= 0.015 * c.side else None,  # else too sharp to resolve
        count=1,
        defects=("debris",),
    )


def _axis(c: Canvas) -> tuple[Array, Array, float]:
    """Coordinates along the tip (0 at the apex, growing to its foot) and across; the direction."""
    angle = c.rng.choice([0.5, -0.5, 0.0, 1.0]) * np.pi + c.rng.normal(0, 0.25)
    if c.chance(0.25):
        angle = c.uniform(0, 2 * np.pi)
    way = np.array([np.cos(angle), np.sin(angle)])
    apex = np.array([c.width_px, c.height_px]) * 0.5 - way * c.side * c.uniform(-0.12, 0.38)
    apex += np.array([-way[1], way[0]]) * c.side * c.rng.normal(0, 0.08)
    dx, dy = c.x - apex[0], c.y - apex[1]
    along = dx * way[0] + dy * way[1]
    across = -dx * way[1] + dy * way[0]
    return along.astype(np.float32), across.astype(np.float32), float(angle)


def _cone(c: Canvas, kind: str) -> float:
    """A body of revolution: radius over distance from the apex; its apex diameter in px."""
    along, across, _ = _axis(c)
    low, high = (0.06, 0.25) if kind == "blunt tip" else (0.004, 0.04)
    apex = c.log_uniform(low, high) * c.side / 2
    opening = c.log_uniform(0.05, 0.7)
    power = {"etched needle": c.uniform(1.4, 2.4), "sharp cone": 1.0}.get(kind, c.uniform(0.8, 1.2))
    distance = np.clip(along, 0, None) / c.side
    radius = apex * np.sqrt(np.clip(1 - (1 - np.clip(along / apex, 0, 1)) ** 2, 0, 1))
    radius = radius + opening * c.side * distance**power
    if c.chance(0.4):
        shaft = c.uniform(0.08, 0.4) * c.side
        radius = (
            np.minimum(radius, shaft)
            if c.chance(0.5)
            else radius + 0.1 * c.side * (distance > c.uniform(0.4, 0.7))
        )
    bent = c.uniform(-0.15, 0.15) * c.side * distance**2 if c.chance(0.2) else 0.0
    inside = (along > 0) & (np.abs(across - bent) < radius)
    dome = np.sqrt(np.clip(radius**2 - (across - bent) ** 2, 0, None))
    if c.chance(0.25):
        dome = _facetted(c, across - bent, radius)
    c.height = np.where(inside, 4 + dome, c.height * 0.4).astype(np.float32)
    c.owner[:] = inside
    _skin(c, inside, along)
    return 2 * apex


def _facetted(c: Canvas, across: Array, radius: Array) -> Array:
    """The section of a pyramid rather than of a cone."""
    ridge = c.uniform(-0.4, 0.4)
    left = np.clip((across + radius) / np.maximum((1 + ridge) * radius, 1), 0, 1)
    right = np.clip((radius - across) / np.maximum((1 - ridge) * radius, 1), 0, 1)
    return radius * np.minimum(left, right)


def _skin(c: Canvas, inside: np.ndarray, along: Array) -> None:
    c.tone += inside * c.uniform(0.1, 0.8)
    c.tone -= inside * c.uniform(-0.2, 0.5) * along / c.side
    if c.chance(0.5):
        fine = c.log_uniform(0.006, 0.05) * c.side
        c.height += inside * c.uniform(0.03, 0.25) * fine * c.fractal(fine, 2)
    if c.chance(0.3):
        pitch = c.uniform(0.01, 0.05) * c.side
        c.height += inside * c.uniform(0.1, 0.5) * np.sin(2 * np.pi * along / pitch)
    if c.chance(0.25):
        c.tone += c.uniform(0.1, 0.4) * blur(inside.astype(np.float32), 0.05 * c.side) * ~inside


def _probe(c: Canvas) -> float:
    """A cantilever with a tip near its end, seen from above, at a slant, or from the side."""
    along, across, angle = _axis(c)
    width = c.uniform(0.1, 0.5) * c.side
    end = c.uniform(0.4, 1.4) * width
    taper = np.clip(along / end, 0, 1) if c.chance(0.7) else 1.0
    inside = (along > 0) & (np.abs(across) < 0.5 * width * taper)
    if c.chance(0.25):
        inside = _legs(c, along, across, width)
    thick = c.uniform(0.02, 0.12) * c.side
    tilted = c.chance(0.7)
    side_face = np.zeros(c.shape, bool)
    if tilted:
        for step in np.linspace(0.2, 1, 5):
            side_face |= np.roll(inside, int(step * thick), 0)
    wall = side_face & ~inside
    c.height = np.where(inside | wall, 2.0, 0.3 * c.height).astype(np.float32)
    c.tone += inside * c.uniform(0.2, 0.6) + wall * c.uniform(-0.3, 0.9)
    if c.chance(0.4):
        c.tone += inside * c.uniform(0.1, 0.4) * (np.abs(across) > 0.42 * width)
    c.owner[:] = inside | wall
    _skin(c, inside, along)
    spot = _on_axis(c, along, across, end * c.uniform(0.6, 1.1))
    size = c.uniform(0.25, 0.75) * width * (1.0 if not tilted else 1.3)
    return _pyramid(c, spot, size, tilted, angle)


def _legs(c: Canvas, along: Array, across: Array, width: float) -> np.ndarray:
    """A V-shaped cantilever: two legs that meet at the end."""
    slope, leg = c.uniform(0.35, 0.9), c.uniform(0.25, 0.5) * width
    outer = np.abs(across) < slope * along
    inner = np.abs(across) < slope * (along - 2.2 * leg)
    return (along > 0.3 * leg) & outer & ~inner


def _on_axis(c: Canvas, along: Array, across: Array, distance: float) -> tuple[float, float]:
    index = int(np.argmin((along - distance) ** 2 + across**2))
    return float(index % c.width_px), float(index // c.width_px)


def _pyramid(
    c: Canvas, spot: tuple[float, float], size: float, tilted: bool, angle: float
) -> float:
    """Three or four faces that meet in an apex; its diameter in px."""
    sides = int(c.rng.integers(3, 6))
    rise = size * c.uniform(0.6, 1.8) if tilted else size * c.uniform(-0.1, 0.1)
    peak = (spot[0] + c.rng.normal(0, 0.08) * size, spot[1] - rise)
    turn = angle + c.uniform(0, 2 * np.pi / sides)
    squash = 0.5 if tilted else 1.0
    base = [
        (spot[0] + 0.5 * size * float(np.cos(turn + 2 * np.pi * k / sides)),
         spot[1] + squash * 0.5 * size * float(np.sin(turn + 2 * np.pi * k / sides)))
        for k in range(sides)
    ]  # fmt: skip
    order = sorted(range(sides), key=lambda k: base[k][1] + base[(k + 1) % sides][1])
    sheet = Image.new("F", (c.width_px, c.height_px))
    pen = ImageDraw.Draw(sheet)
    for k in order:
        pen.polygon([base[k], base[(k + 1) % sides], peak], fill=c.uniform(0.15, 1.4))
    apex = c.log_uniform(0.006, 0.03) * c.side
    r = apex / 2
    pen.ellipse([peak[0] - r, peak[1] - r, peak[0] + r, peak[1] + r], fill=1.5)
    faces = np.asarray(sheet, np.float32)
    drawn = faces > 0
    c.tone = np.where(drawn, faces, c.tone).astype(np.float32)
    c.height = np.where(drawn, 6.0, c.height).astype(np.float32)
    c.owner[drawn] = 1
    if c.chance(0.15):
        place(c, lump(0.3), 2 * r + 1, Pose(peak[0], peak[1], 0, 6.0))
        c.owner[c.owner > 0] = 1
    return apex
