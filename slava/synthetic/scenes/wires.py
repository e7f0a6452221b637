"""Nanowires: many thin straight wires lying, standing, bundled or curled."""

from __future__ import annotations

import numpy as np

from slava.synthetic.bodies import Pose, curve, ellipsoid, place, strand
from slava.synthetic.canvas import Canvas, Points, Sketch
from slava.synthetic.scenes.ground import lay_ground


def draw_nanowires(canvas: Canvas) -> Sketch:
    """Raise nanowires of one kind."""
    c = canvas
    layout = c.pick({"lying": 4, "forest": 3, "top": 1.2, "curly": 1.2, "rods": 2})
    lay_ground(c, tone=-0.4, busy=c.uniform(0.2, 1.0))
    radii, shape, arrangement, orientation = _LAYOUTS[layout](c)
    mask = c.owner > 0
    c.tone += mask * c.uniform(0.2, 0.9)
    if c.chance(0.5):
        per_wire = c.rng.normal(0, 0.15, len(c.areas) + 1).astype(np.float32)
        c.tone += per_wire[c.owner]
    return Sketch(
        shape,
        arrangement,
        orientation,
        spread="broad" if np.std(radii) > 0.15 * np.mean(radii) else "narrow",
        diameter_px=c.mean_width(),
        count=len(c.visible()),
        relief=c.uniform(0.8, 1.5),
        defects=("debris",),
    )


Laid = tuple[Points, str, str, str]


def _thin(c: Canvas) -> float:
    return c.log_uniform(0.0032, 0.016) * c.side


def _lying(c: Canvas) -> Laid:
    radius = _thin(c)
    length = c.log_uniform(0.15, 1.3) * c.side
    number = int(np.clip(c.uniform(0.15, 1.8) * c.side**2 / (2 * radius * length), 5, 170))
    orientation = c.pick({"random": 3, "partly aligned": 1.5, "aligned": 1.5})
    swing = {"random": 3.2, "partly aligned": 0.4, "aligned": 0.1}[orientation]
    radii = radius * np.exp(c.rng.normal(0, c.pick_spread(), number))
    main, tapered, caps = c.uniform(0, np.pi), c.chance(0.25), c.chance(0.25)
    for k, r in enumerate(radii):
        angle = main + c.uniform(-swing, swing)
        path = _needle(c, c.point(-0.05), angle, length * c.uniform(0.6, 1.3))
        width = np.linspace(r, 0.3 * r, len(path)) if tapered else float(r)
        strand(c, path, width, 0.15 * k * radius if c.chance(0.7) else 0.0)
        if caps:
            _cap(c, path[-1], 1.2 * r, k * radius)
    arrangement = "bundled" if orientation == "aligned" else "overlapping"
    return radii, "tapered wires" if tapered else "straight wires", arrangement, orientation


def _needle(c: Canvas, middle: Points, angle: float, length: float) -> Points:
    if c.chance(0.2):
        return curve(c, middle, angle, length, 0.03, 6)
    way = np.array([np.cos(angle), np.sin(angle)])
    return middle + np.linspace(-0.5, 0.5, 5)[:, None] * length * way


def _cap(c: Canvas, tip: Points, radius: float, lift: float) -> None:
    """A catalyst ball; part of its wire, so not counted."""
    place(c, ellipsoid(), max(radius, 1.2), Pose(float(tip[0]), float(tip[1]), 0.0, lift))
    last = len(c.areas)
    c.owner[c.owner == last] = last - 1
    c.areas.pop()


def _forest(c: Canvas) -> Laid:
    """Wires standing on their ground, seen from the side or at a slant."""
    radius = c.log_uniform(0.0035, 0.02) * c.side
    length = c.uniform(0.2, 0.8) * c.side
    number = int(np.clip(c.uniform(0.5, 3.0) * c.width_px / (2 * radius), 15, 180))
    lean, turn = c.uniform(0.02, 0.22), c.rng.normal(0, 0.3)
    side_view = c.chance(0.4)
    feet = c.rng.uniform(0.75, 0.95, number) if side_view else c.rng.uniform(0.0, 1.5, number)
    feet = np.sort(feet * c.height_px)
    tapered, caps = c.chance(0.4), c.chance(0.4)
    radii = radius * np.exp(c.rng.normal(0, c.pick_spread(), number))
    for k, (foot, r) in enumerate(zip(feet, radii, strict=True)):
        base = np.array([c.uniform(-0.1, 1.1) * c.width_px, foot])
        angle = -np.pi / 2 + turn + c.rng.normal(0, lean)
        reach = length * c.uniform(0.7, 1.15)
        tip = base + reach * np.array([np.cos(angle), np.sin(angle)])
        path = np.linspace(base, tip, 6)
        strand(c, path, np.linspace(r, 0.35 * r if tapered else r, 6), 0.6 * k * radius)
        if caps:
            _cap(c, tip, 1.3 * r, 0.6 * k * radius)
    depth = np.clip((c.y / c.height_px), 0, 1)
    c.tone -= c.uniform(0.0, 0.7) * (depth if side_view else 1 - depth)
    if side_view:
        c.tone += c.uniform(0.0, 0.5) * (c.y > 0.93 * c.height_px)
    return radii, "upright wires", "close-packed" if number > 80 else "isolated", "upright"


def _top(c: Canvas) -> Laid:
    """Standing wires from above: bright ends, short streaks towards their feet."""
    radius = c.log_uniform(0.005, 0.014) * c.side
    number = int(np.clip(c.uniform(0.08, 0.5) * c.side**2 / (np.pi * radius**2), 30, 220))
    slant, angle = c.uniform(0.03, 0.1) * c.side, c.uniform(0, 2 * np.pi)
    radii = radius * np.exp(c.rng.normal(0, c.pick_spread(), number))
    for r in radii:
        foot = c.point(-0.05)
        way = angle + c.rng.normal(0, 0.7)
        tip = foot + (slant + 2 * r) * c.uniform(0.5, 1.3) * np.array([np.cos(way), np.sin(way)])
        strand(c, np.linspace(foot, tip, 4), float(r), np.linspace(0, 6 * r, 4))
        _cap(c, tip, r, 6.5 * r)
    c.tone += c.uniform(0.2, 0.8) * np.clip(c.height / (6 * radius), 0, 1.2)
    return radii, "upright wires", "close-packed", "upright"


def _curly(c: Canvas) -> Laid:
    radius = c.log_uniform(0.003, 0.012) * c.side
    number = int(np.clip(c.uniform(0.3, 1.5) * c.side / (2 * radius), 20, 110))
    radii = radius * np.exp(c.rng.normal(0, c.pick_spread(), number))
    bend = c.uniform(0.25, 0.8)
    for k, r in enumerate(radii):
        path = curve(c, c.point(-0.1), c.uniform(0, 6.3), c.uniform(0.5, 1.5) * c.side, bend, 16)
        strand(c, path, float(r), 0.1 * k * radius)
    return radii, "curly wires", "entangled", "random"


def _rods(c: Canvas) -> Laid:
    """Stout facetted rods: crossing, in sheaves, or radiating from a common foot."""
    radius = c.log_uniform(0.008, 0.028) * c.side
    length = radius * c.uniform(10, 34)
    number = int(np.clip(c.uniform(0.3, 1.6) * c.side**2 / (2 * radius * length), 5, 110))
    radii = radius * np.exp(c.rng.normal(0, c.pick_spread(), number))
    hubs = [c.point() for _ in range(int(c.rng.integers(2, 9)))]
    star, square = c.chance(0.4), c.chance(0.6)
    for k, r in enumerate(radii):
        hub = hubs[k % len(hubs)] if star else c.point(-0.05)
        angle = c.uniform(0, 2 * np.pi)
        reach = length * c.uniform(0.6, 1.2) * np.array([np.cos(angle), np.sin(angle)])
        start = hub if star else hub - reach / 2
        lift = c.uniform(0, 6) * radius
        path = np.linspace(start, start + reach, 5)
        strand(c, path, float(r), np.linspace(lift, lift + c.uniform(-3, 3) * r, 5), 0.8, square)
    return radii, "bundled rods", "strongly aggregated" if star else "overlapping", "random"


_LAYOUTS = {"lying": _lying, "forest": _forest, "top": _top, "curly": _curly, "rods": _rods}
