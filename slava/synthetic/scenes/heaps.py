"""Powder: grains heaped over each other until little of the ground is left."""

from __future__ import annotations

import numpy as np

from slava.synthetic.bodies import Pose, Solid, broken, ellipsoid, lump, place, plate, polyhedron
from slava.synthetic.canvas import Canvas, Sketch
from slava.synthetic.scenes.ground import lay_ground


def draw_powder(canvas: Canvas) -> Sketch:
    """Heap grains of all sizes, the fine ones on the coarse ones."""
    c = canvas
    lay_ground(c, tone=-0.4, busy=0.5)
    shape = c.pick({"angular": 4, "rounded": 3, "flaky": 2, "fine clumps": 3})
    full = c.uniform(1.0, 2.4)
    area = c.width_px * c.height_px
    number = int(np.exp(c.uniform(np.log(18), np.log(200))))
    radius = float(np.sqrt(full * area / (np.pi * number)))
    spread = c.uniform(0.3, 0.7)
    radii = radius * np.exp(c.rng.normal(-(spread**2), spread, number))
    radii = np.clip(radii, 0.006 * c.side, 0.28 * c.side)
    heap = c.noise(c.uniform(0.25, 0.6) * c.side) * radius * c.uniform(0.0, 2.0)
    if c.chance(0.6):
        _bed(c, radius)
    for r in np.sort(radii)[::-1]:
        _drop_grain(c, shape, float(r), heap)
    grains = len(c.areas)
    if c.chance(0.6):
        _dust(c, radius, int(c.rng.integers(20, 90)))
    rough = shape == "fine clumps" or c.chance(0.5)
    if rough:
        fine = c.log_uniform(0.006, 0.02) * c.side
        c.height += (c.owner > 0) * c.uniform(0.15, 0.5) * c.noise(fine) * fine
    per_grain = c.rng.normal(0, c.uniform(0.02, 0.15), len(c.areas) + 1)
    c.tone += np.where(c.owner > 0, per_grain[c.owner] + c.uniform(0, 0.5), 0).astype(np.float32)
    return describe_powder(c, shape, rough, grains)


def _bed(c: Canvas, radius: float) -> None:
    """The fine part of the powder that the grains lie on."""
    fine = c.uniform(0.15, 0.5) * radius
    c.height += c.uniform(0.4, 1.0) * fine * (c.noise(fine) + 0.5 * c.noise(max(1.2, 0.4 * fine)))
    c.height -= 1.5 * fine
    c.tone += c.uniform(0.0, 0.5)


def describe_powder(c: Canvas, shape: str, rough: bool, grains: int) -> Sketch:
    """The first ``grains`` objects are grains; the rest is dust, neither counted nor measured."""
    big = np.asarray(c.areas, float)
    seen = c.visible()
    seen = seen[(seen <= grains) & (big[seen - 1] > 0.1 * np.median(big[:grains]))]
    areas = big[seen - 1]
    return Sketch(
        shape,
        "close-packed",
        texture="rough" if rough else "smooth",
        spread="broad",
        diameter_px=float(np.mean(2 * np.sqrt(areas / np.pi))) if len(areas) else None,
        count=len(seen),
        defects=(),
    )


def _drop_grain(c: Canvas, shape: str, r: float, heap: np.ndarray) -> None:
    x, y = c.point(-0.05)
    column = int(np.clip(x, 0, c.width_px - 1))
    row = int(np.clip(y, 0, c.height_px - 1))
    base = 0.5 * float(c.height[row, column]) if c.chance(0.7) else 0.0
    lift = float(heap[row, column]) + base + c.uniform(-0.5, 0.5) * r
    if shape == "fine clumps":
        for _ in range(int(c.rng.integers(1, 4))):
            dx, dy = c.rng.normal(0, 0.6 * r, 2)
            pose = Pose(x + dx, y + dy, 0.0, lift + c.uniform(-0.3, 0.3) * r)
            place(c, lump(0.3), 0.6 * r, pose, 1.8)
        return
    place(c, _grain(c, shape), r, Pose(x, y, c.uniform(0, 2 * np.pi), lift), 1.7)


def _grain(c: Canvas, shape: str) -> Solid:
    if shape == "angular":
        body = polyhedron(int(c.rng.integers(4, 8)), c.uniform(0.8, 1.5), c.uniform(0.4, 1.2))
        return broken(body) if c.chance(0.3) else body
    if shape == "flaky":
        return plate(int(c.rng.integers(4, 8)), c.uniform(0.8, 1.5), c.uniform(0, 0.4))
    return ellipsoid(c.uniform(0.9, 1.2)) if c.chance(0.6) else lump(c.uniform(0.05, 0.2))


def _dust(c: Canvas, radius: float, number: int) -> None:
    for _ in range(number):
        x, y = c.point()
        r = max(radius * c.uniform(0.08, 0.25), 0.006 * c.side)
        lift = float(c.height[int(y), int(x)])
        place(c, lump(0.3, 4), r, Pose(x, y, 0.0, lift), 1.7)
