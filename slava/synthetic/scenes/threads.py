"""Fibres: from a web of thin threads to two cylinders that fill the picture."""

from __future__ import annotations

import numpy as np

from slava.synthetic.bodies import Pose, curve, lump, place, strand
from slava.synthetic.canvas import Canvas, Points, Sketch, blur
from slava.synthetic.scenes.ground import lay_ground


def draw_fibres(canvas: Canvas) -> Sketch:
    """Raise fibres in a web, a bundle, a weave, or close up."""
    c = canvas
    layout = c.pick({"web": 3, "bundle": 4, "woven": 1.2, "few": 2, "loops": 1})
    lay_ground(c, tone=c.uniform(-0.6, 0.0), busy=c.uniform(0.2, 1.5))
    if layout in {"web", "loops"} and c.chance(0.5):
        _far_below(c)
    shape = c.pick({"smooth cylindrical": 4, "striated": 3, "ribbon-like": 1.2, "beaded": 0.7})
    flat = c.uniform(0.3, 0.7) if shape == "ribbon-like" else c.uniform(0.8, 1.0)
    radii, orientation = _LAYOUTS[layout](c, flat, shape)
    _surface(c, shape, float(np.mean(radii)))
    seen = c.visible()
    spread = "broad" if np.std(radii) > 0.15 * np.mean(radii) else "narrow"
    return Sketch(
        "woven" if layout == "woven" else shape,
        {"web": "overlapping", "bundle": "bundled", "woven": "woven", "few": "isolated"}.get(
            layout, "entangled"
        ),
        orientation,
        texture="striated" if shape == "striated" else "smooth",
        spread=spread,
        diameter_px=c.mean_width(),
        count=len(seen),
        relief=1.0,
        defects=("crack",),
    )


def _far_below(c: Canvas) -> None:
    """Threads out of focus in the depth."""
    for _ in range(int(c.rng.integers(3, 12))):
        path = curve(c, c.point(), c.uniform(0, 6.3), 1.8 * c.side, 0.15)
        strand(c, path, c.uniform(0.01, 0.04) * c.side)
    c.tone += c.uniform(0.1, 0.3) * blur((c.owner > 0).astype(np.float32), 0.012 * c.side)
    c.height[:] = 0
    c.forget()


def _thread(c: Canvas, path: Points, r: float, lift: float, flat: float, shape: str) -> None:
    widths = np.full(len(path), r)
    if shape == "beaded":
        at = np.linspace(0, 1, len(path))
        beads = np.clip(np.cos(2 * np.pi * (at * c.uniform(2, 9) + c.uniform(0, 1))), 0.7, 1)
        widths = r * (1 + c.uniform(2, 6) * (beads - 0.7))
    elif c.chance(0.3):
        widths = widths * (1 + 0.06 * np.sin(np.linspace(0, c.uniform(3, 20), len(path))))
    strand(c, path, widths, lift, flat)


def _web(c: Canvas, flat: float, shape: str) -> tuple[Points, str]:
    radius = c.log_uniform(0.005, 0.06) * c.side
    cover = c.uniform(0.3, 2.2)
    number = int(np.clip(cover * c.side / (2 * radius), 3, 90))
    orientation = c.pick({"random": 3, "partly aligned": 1.5, "aligned": 1})
    swing = {"random": 3.2, "partly aligned": 0.4, "aligned": 0.08}[orientation]
    radii = radius * np.exp(c.rng.normal(0, c.pick_spread(), number))
    main, wiggle = c.uniform(0, np.pi), c.uniform(0.01, 0.16)
    for k, r in enumerate(radii):
        angle = main + c.uniform(-swing, swing)
        path = curve(c, c.point(-0.1), angle, 2.4 * c.side, wiggle, 12)
        _thread(c, path, r, k * c.uniform(0.1, 0.5) * radius, flat, shape)
    return radii, orientation


def _bundle(c: Canvas, flat: float, shape: str) -> tuple[Points, str]:
    """Neighbours that run together, some crossing over: yarn, rope, cloth close up."""
    radius = c.log_uniform(0.015, 0.3) * c.side
    main, bend = c.uniform(0, np.pi), c.uniform(0.0, 0.18)
    spine = curve(c, np.zeros(2), main, 3.0 * c.side, bend, 10)
    normal = np.array([-np.sin(main), np.cos(main)])
    pitch = 2 * radius * c.uniform(0.75, 1.25)
    number = int(min(60, np.ceil(1.5 * c.side / pitch) * c.uniform(0.6, 1.6)))
    radii = radius * np.exp(c.rng.normal(0, c.pick_spread(), max(number, 1)))
    disorder = c.uniform(0.0, 0.15) if c.chance(0.7) else c.uniform(0.2, 0.5)
    start = c.uniform(-0.5, 0.5) * pitch
    for k, r in enumerate(radii):
        offset = start + (k % max(1, int(1.5 * c.side / pitch)) - 0.75 * c.side / pitch) * pitch
        turn = c.rng.normal(0, disorder)
        path = _turned(spine, turn) + normal * (offset + c.rng.normal(0, 0.15 * pitch))
        path = path + np.array([c.width_px, c.height_px]) / 2
        _thread(c, path, float(r), c.uniform(0, 1.2) * radius, flat, shape)
    return radii, "aligned" if disorder < 0.12 else "partly aligned"


def _turned(path: Points, angle: float) -> Points:
    cos, sin = np.cos(angle), np.sin(angle)
    return path @ np.array([[cos, sin], [-sin, cos]])


def _woven(c: Canvas, flat: float, _shape: str) -> tuple[Points, str]:
    """Warp and weft, each a ribbon of threads that goes over and under."""
    pitch = c.log_uniform(0.12, 0.5) * c.side
    threads = int(c.rng.integers(1, 7))
    radius = 0.45 * pitch / threads
    turn, phase = c.uniform(-0.6, 0.6), c.rng.uniform(0, 2 * np.pi, 2)
    length = 1.8 * c.side
    at = np.linspace(-length / 2, length / 2, 90)
    middle = np.array([c.width_px, c.height_px]) / 2
    rows = int(length / pitch) + 1
    for way in (0, 1):
        for k in range(-rows // 2, rows // 2 + 1):
            lift = (1 if k % 2 else -1) * np.sin(np.pi * at / pitch + phase[0]) * (1 - 2 * way)
            for j in range(threads):
                shift = k * pitch + (j - (threads - 1) / 2) * 2 * radius * 0.95
                waver = 0.06 * pitch * np.sin(2 * np.pi * at / pitch / 2 + phase[1] + k)
                line = np.stack([at, shift + waver], 1)
                path = _turned(line, turn + way * np.pi / 2) + middle
                strand(c, path, radius, 2.0 * radius * threads**0.5 * lift, flat)
    return np.array([radius]), "periodic"


def _few(c: Canvas, flat: float, shape: str) -> tuple[Points, str]:
    """One to four fibres on a ground, large or small."""
    radius = c.log_uniform(0.012, 0.28) * c.side
    radii = radius * np.exp(c.rng.normal(0, 0.2, int(c.rng.integers(1, 5))))
    main = c.uniform(0, np.pi)
    loose = c.chance(0.6)
    for r in radii:
        angle = main + (c.uniform(0, np.pi) if loose else c.rng.normal(0, 0.05))
        path = curve(c, c.point(0.15), angle, 3.0 * c.side, c.uniform(0, 0.12), 10)
        _thread(c, path, float(r), c.uniform(0, radius), flat, shape)
    return radii, ("single" if len(radii) == 1 else "random" if loose else "aligned")


def _loops(c: Canvas, flat: float, shape: str) -> tuple[Points, str]:
    """Curled hair, thick bends, entangled yarn."""
    radius = c.log_uniform(0.012, 0.2) * c.side
    number = int(np.clip(c.uniform(0.4, 1.5) * c.side / (2 * radius), 2, 45))
    radii = radius * np.exp(c.rng.normal(0, c.pick_spread(), number))
    bend = c.uniform(0.2, 0.6) if radius < 0.06 * c.side else c.uniform(0.15, 0.35)
    for r in radii:
        path = curve(c, c.point(-0.2), c.uniform(0, 6.3), 2.6 * c.side, bend, 12)
        _thread(c, path, float(r), c.uniform(0, 3) * radius, flat, shape)
    return radii, "random"


_LAYOUTS = {"web": _web, "bundle": _bundle, "woven": _woven, "few": _few, "loops": _loops}


def _surface(c: Canvas, shape: str, radius: float) -> None:
    """Striation, scales, dirt and tone of the fibres."""
    mask = c.owner > 0
    if shape == "striated":
        lines = c.rng.standard_normal((len(c.areas) + 1, 64)).astype(np.float32)
        index = ((c.across + 1) * 31.9).astype(int)
        waver = np.clip(index + (2 * c.noise(0.2 * c.side)).astype(int), 0, 63)
        depth = c.uniform(0.02, 0.08) * radius
        c.height += mask * depth * lines[c.owner, waver]
        c.tone += mask * c.uniform(0.0, 0.06) * lines[c.owner, waver]
    if c.chance(0.4):
        fine = max(1.2, c.uniform(0.04, 0.3) * radius)
        c.height += mask * c.uniform(0.02, 0.12) * fine * c.noise(fine)
    if c.chance(0.3):
        c.tone += mask * c.uniform(0.03, 0.12) * np.abs(c.across) ** 4 * 6
    per_fibre = c.rng.normal(0, c.uniform(0.0, 0.12), len(c.areas) + 1).astype(np.float32)
    c.tone += per_fibre[c.owner] + mask * c.uniform(0.1, 0.7)
    if c.chance(0.35):
        _dirt(c, radius)


def _dirt(c: Canvas, radius: float) -> None:
    """Crumbs that stick to fibres, as on most real ones; they belong to the fibre below."""
    count, below = len(c.areas), c.owner.copy()
    for _ in range(int(c.rng.integers(2, 25))):
        x, y = c.point()
        if c.owner[int(y), int(x)]:
            r = c.log_uniform(0.004, 0.02) * c.side
            lift = float(c.height[int(y), int(x)])
            place(c, lump(0.4), r, Pose(x, y, 0.0, lift - 0.3 * r), 1.9)
    if c.chance(0.3):
        x, y = c.point(0.2)
        size = min(c.uniform(0.3, 0.9) * radius, 0.12 * c.side)
        place(
            c, lump(0.45), size, Pose(x, y, 0.0, float(c.height[int(y), int(x)]) - 0.4 * size), 1.9
        )
    crumbs = c.owner > count
    c.owner[crumbs] = below[crumbs]
    del c.areas[count:]
