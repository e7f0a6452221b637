"""Flat pictures of countable bodies and of fibres, painted one over the other.

A relief under a beam (:mod:`training.outline.scenes`) looks right and hides much. Here every body
is painted as a shape with an edge, a rim, a dome and a lit side, in any combination, so that what
belongs to a body can always be told by eye. Nothing here reads a real micrograph.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slava.synthetic.canvas import Array, Canvas, Points, blur

SHAPES = {"round": 5.0, "oval": 2.0, "faceted": 3.5, "rod": 3.0, "lobed": 2.0}
LARGEST, SMALLEST = 0.42, 0.012
"""Radii of bodies, as shares of the picture's side."""
MOST_BODIES = 170


@dataclass(frozen=True, slots=True)
class Look:
    """How all bodies of one picture are painted; grey values of 0..1."""

    contrast: float
    """Of a body against the ground."""
    spread: float
    """Deviation of that from body to body."""
    rim: float
    rim_px: float
    dome: float
    lit: float
    light: float
    """The direction in radians that the light comes from."""
    shadow: float
    """Darkening of what lies around a body."""
    texture: float
    hollow: float
    """Change of the middle of a shell; 0 where bodies are solid."""
    clear: float
    """Share of what lies behind that shines through."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Rods that lie along one direction, in radians, with this deviation of each from it."""

    along: float
    aspect: float
    deviation: float

    def squeezed(self, gaps: Points) -> Points:
        """Differences (N, 2) in px as if every rod were round."""
        u = gaps[:, 0] * np.cos(self.along) + gaps[:, 1] * np.sin(self.along)
        v = gaps[:, 1] * np.cos(self.along) - gaps[:, 0] * np.sin(self.along)
        return np.stack([u / np.sqrt(self.aspect), v * np.sqrt(self.aspect)], 1)

    def stretched(self, x: float, y: float) -> Points:
        """A step in px that is (x, y) where every rod is round."""
        u, v = x * np.sqrt(self.aspect), y / np.sqrt(self.aspect)
        cos, sin = np.cos(self.along), np.sin(self.along)
        return np.array([u * cos - v * sin, u * sin + v * cos])


def paint_bodies(c: Canvas) -> tuple[Array, NDArray[np.int32]]:
    """Bodies alone, touching, or heaped: picture (H, W) of about 0..1, and whose each pixel is."""
    image, level = _ground(c)
    look = _look(c, level)
    owner = np.zeros(c.shape, np.int32)
    texture = c.noise(c.uniform(1.0, 6.0))
    shape = c.pick(SHAPES)
    mixed = c.chance(0.15)
    bundle = _bundle(c) if shape == "rod" and not mixed else None
    for number, (x, y, radius) in enumerate(_places(c, bundle), 1):
        kind = c.pick(SHAPES) if mixed else shape
        _paint(c, image, owner, number, (x, y, radius), kind, look, level, texture, bundle)
    return image, owner


def _bundle(c: Canvas) -> Bundle | None:
    """Now and then rods that lie side by side."""
    if not c.chance(0.6):
        return None
    return Bundle(c.uniform(0, np.pi), c.uniform(1.6, 6.0), c.uniform(0, 0.25))


def paint_fibres(c: Canvas) -> tuple[Array, NDArray[np.int32]]:
    """A canvas with strands on it, painted by the position across them.

    ``c`` must have been drawn on by :func:`slava.synthetic.scenes.threads.draw_fibres`; its
    relief is used for what lies below what only.
    """
    image, _ = _ground(c)
    inside = c.owner > 0
    across = c.across
    number = len(c.areas) + 1
    tone = c.uniform(0.25, 0.7) + c.rng.normal(0, c.uniform(0.02, 0.15), number)
    body = tone[c.owner].astype(np.float32)
    body += c.uniform(-0.1, 0.35) * (1 - across**2)
    body += c.uniform(-0.3, 0.3) * across * np.sign(c.rng.normal(0, 1))
    if c.chance(0.65):
        body += c.uniform(0.1, 0.5) * np.abs(across) ** c.uniform(5, 40)
    body += c.uniform(0, 0.1) * c.noise(c.uniform(1, 10))
    if c.chance(0.6):  # what lies deeper gets less light
        top = float(c.height.max()) + 1e-3
        body -= c.uniform(0.05, 0.65) * (1 - np.clip(c.height, 0, None) / top)
    if c.chance(0.7):  # nor does what lies beside something higher
        reach = c.uniform(0.01, 0.05) * c.side
        sunk = np.clip(blur(c.height, reach) - c.height, 0, None)
        body -= c.uniform(0.1, 0.6) * np.tanh(sunk / reach)
    image = np.where(inside, body, c.uniform(0.2, 0.9) * image).astype(np.float32)
    if c.chance(0.5):  # dirt, on fibres and beside them
        fine = c.noise(c.uniform(1.5, 6))
        patches = c.fractal(c.uniform(0.03, 0.25) * c.side) + c.uniform(-0.5, 0.5) * inside
        dirt = np.clip(patches - c.uniform(1.0, 2.2), 0, 0.5) * 2
        image += dirt * (c.uniform(-0.3, 0.4) + c.uniform(0.05, 0.2) * fine)
    return image.astype(np.float32), c.owner.copy()


def _ground(c: Canvas) -> tuple[Array, float]:
    """An empty ground and its mean grey value."""
    level = c.uniform(0.05, 0.9)
    image = level + c.uniform(0, 0.07) * c.noise(c.uniform(0.1, 0.4) * c.side)
    image += c.uniform(0, 0.05) * c.noise(c.uniform(1.5, 12))
    if c.chance(0.2):
        image += c.uniform(0.02, 0.1) * np.abs(c.noise(c.uniform(3, 9)))
    if c.chance(0.35):  # folds and flakes that nobody counts
        folds = 1 - np.abs(c.fractal(c.uniform(5, 45)))
        image += c.uniform(0.04, 0.25) * folds * (0.4 + np.clip(c.noise(c.uniform(20, 90)), 0, 1.5))
    if c.chance(0.35):  # edges that bound nothing
        for _ in range(int(c.rng.integers(1, 5))):
            (x, y), turn = c.point(), c.uniform(0, np.pi)
            gap = np.abs((c.x - x) * np.sin(turn) - (c.y - y) * np.cos(turn))
            image += c.uniform(-0.2, 0.2) * np.exp(-((gap / c.uniform(0.7, 3)) ** 2))
    return image.astype(np.float32), level


def _look(c: Canvas, level: float) -> Look:
    contrast = c.uniform(0.1, 0.6)
    if level > 0.5 or (level > 0.3 and c.chance(0.3)):
        contrast = -contrast
    return Look(
        contrast,
        c.uniform(0.02, 0.25),
        c.uniform(-0.15, 0.5) if c.chance(0.7) else 0.0,
        c.uniform(0.8, 4.0),
        c.uniform(-0.4, 0.5),
        c.uniform(0, 0.5) if c.chance(0.6) else 0.0,
        c.uniform(0, 2 * np.pi),
        c.uniform(0, 0.25) if c.chance(0.6) else 0.0,
        c.uniform(0, 0.1) if c.chance(0.6) else 0.0,
        c.uniform(0.3, 1.0) if c.chance(0.1) else 0.0,
        c.uniform(0.3, 0.9) if contrast < 0 and c.chance(0.35) else 0.0,
    )


def _places(c: Canvas, bundle: Bundle | None) -> list[tuple[float, float, float]]:
    """Middles and radii in px, in the order of painting."""
    typical = c.log_uniform(1.2 * SMALLEST, 0.25) * c.side
    spread = float(c.rng.choice([0.05, 0.2, 0.4]))
    cover = float(c.rng.choice([0.03, 0.1, 0.3, 0.7, 1.3, 2.2])) * c.uniform(0.6, 1.4)
    number = int(np.clip(cover * c.width_px * c.height_px / (np.pi * typical**2), 1, MOST_BODIES))
    sociable = float(c.rng.choice([0.0, 0.5, 0.85]))
    closest = c.uniform(0.65, 0.9) if sociable else c.uniform(0.6, 1.2)
    chosen = np.empty((0, 3))
    if bundle:
        sociable = max(sociable, 0.7)
    for radius in typical * np.exp(c.rng.normal(0, spread, number)):
        r = float(np.clip(radius, SMALLEST * c.side, LARGEST * c.side))
        for _ in range(15):
            spot = _near_a_mate(c, chosen, r, bundle) if c.chance(sociable) else c.point(-0.03)
            apart = chosen[:, :2] - spot
            gaps = np.hypot(*(bundle.squeezed(apart) if bundle else apart).T)
            if (gaps > closest * (chosen[:, 2] + r)).all():
                chosen = np.vstack([chosen, [*spot, r]])
                break
    return [(float(x), float(y), float(r)) for x, y, r in chosen]


def _near_a_mate(
    c: Canvas, chosen: NDArray[np.float64], radius: float, bundle: Bundle | None
) -> Points:
    if not len(chosen):
        return c.point(0.1)
    x, y, mate = chosen[int(c.rng.integers(len(chosen)))]
    turn, gap = c.uniform(0, 2 * np.pi), (mate + radius) * c.uniform(0.7, 1.08)
    step = np.array([gap * np.cos(turn), gap * np.sin(turn)])
    return np.array([x, y]) + (bundle.stretched(*step) if bundle else step)


def _paint(
    c: Canvas,
    image: Array,
    owner: NDArray[np.int32],
    number: int,
    body: tuple[float, float, float],
    kind: str,
    look: Look,
    level: float,
    texture: Array,
    bundle: Bundle | None,
) -> None:
    """Paint one body over what is there."""
    x, y, r = body
    half = int(np.ceil(2.3 * r)) + 3
    rows = slice(max(0, int(y) - half), max(0, min(c.height_px, int(y) + half)))
    columns = slice(max(0, int(x) - half), max(0, min(c.width_px, int(x) + half)))
    dx, dy = c.x[rows, columns] - x, c.y[rows, columns] - y
    if not dx.size:
        return
    outside = _distance(c, kind, dx, dy, r, bundle)
    inside = outside < 0
    deep = np.clip(-outside / r, 0, 1)
    there = image[rows, columns]
    if look.shadow:
        there = there - look.shadow * np.exp(-np.clip(outside, 0, None) / max(1.5, 0.25 * r))
    grey = look.contrast * (1 + look.spread * float(c.rng.normal()))
    tone = level + grey + look.dome * abs(look.contrast) * deep
    tone = tone + look.rim * np.exp(outside / look.rim_px) * inside
    tone = tone + look.lit * abs(look.contrast) * (
        dx * np.cos(look.light) + dy * np.sin(look.light)
    ) / max(r, 1)
    tone = tone - look.hollow * grey * (deep > 0.35) + look.texture * texture[rows, columns]
    tone = tone + look.clear * (there - level)
    cover = np.clip(0.5 - outside, 0, 1)
    image[rows, columns] = there * (1 - cover) + tone * cover
    if look.clear and c.chance(0.5):
        inside = inside & (owner[rows, columns] == 0)
    owner[rows, columns][inside] = number


def _distance(c: Canvas, kind: str, dx: Array, dy: Array, r: float, bundle: Bundle | None) -> Array:
    """Distance in px from the edge of a shape of radius ``r``, negative inside."""
    turn = bundle.along + c.rng.normal(0, bundle.deviation) if bundle else c.uniform(0, 2 * np.pi)
    u, v = dx * np.cos(turn) + dy * np.sin(turn), dy * np.cos(turn) - dx * np.sin(turn)
    if kind == "oval":
        longer = np.sqrt(c.uniform(1.1, 1.9))
        return np.hypot(u / longer, v * longer) - r
    if kind == "rod":
        aspect = bundle.aspect * c.uniform(0.8, 1.2) if bundle else c.uniform(1.6, 6.0)
        thin = r / np.sqrt(aspect)
        over = np.clip(np.abs(u) - thin * (aspect - 1), 0, None)
        return np.maximum(over, np.abs(v)) - thin if c.chance(0.35) else np.hypot(over, v) - thin
    if kind == "faceted":
        sides = int(c.rng.integers(3, 9))
        turns = 2 * np.pi * (np.arange(sides) + c.rng.uniform(-0.25, 0.25, sides)) / sides
        reach = r * c.rng.uniform(0.75, 1.05, sides)
        planes = [u * np.cos(a) + v * np.sin(a) - d for a, d in zip(turns, reach, strict=True)]
        return np.max(planes, axis=0)
    if kind == "lobed":
        angle = np.arctan2(v, u)
        reach = np.ones_like(u)
        for k in (2, 3, 5):
            reach += c.uniform(0, 0.25 / k) * np.cos(k * angle + c.uniform(0, 2 * np.pi))
        return np.hypot(u, v) - r * reach
    return np.hypot(u, v) - r
