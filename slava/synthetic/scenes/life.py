"""Biological specimens: bacteria, blood, pollen, neurons, spread cells and tissue."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from slava.synthetic.bodies import (
    Pose,
    Solid,
    capsule,
    curve,
    dished,
    ellipsoid,
    lump,
    place,
    spiny,
    strand,
)
from slava.synthetic.canvas import Array, Canvas, Sketch, boundaries, nearest_seed
from slava.synthetic.scenes.bodies_on_ground import (
    describe_bodies,
    jittered_grid,
    scatter_places,
)
from slava.synthetic.scenes.ground import lay_ground


def draw_biological(canvas: Canvas) -> Sketch:
    """Raise one kind of living thing."""
    kind = canvas.pick(
        {
            "rod-shaped": 3,
            "disc-shaped": 2,
            "spiny": 2,
            "round": 1.5,
            "branching": 3,
            "spread flat": 3,
            "compartmented": 3,
        }
    )
    if kind == "branching":
        return _neurons(canvas)
    if kind == "spread flat":
        return _spread_cells(canvas)
    if kind == "compartmented":
        return _tissue(canvas)
    return _cells(canvas, kind)


def _cells(c: Canvas, kind: str) -> Sketch:
    lay_ground(c, tone=-0.2)
    if c.chance(0.4):
        _matrix(c)
    low, high = {
        "rod-shaped": (0.015, 0.08),
        "disc-shaped": (0.05, 0.3),
        "spiny": (0.06, 0.3),
        "round": (0.03, 0.14),
    }[kind]
    radius = c.log_uniform(low, high) * c.side
    number = int(np.clip(c.uniform(0.1, 0.7) * c.side**2 / (np.pi * radius**2 * 1.5), 1, 70))
    radii = radius * np.exp(c.rng.normal(0, 0.1, number))
    arrangement = c.pick({"isolated": 1, "partly aggregated": 2, "strongly aggregated": 1})
    aspect, spines = c.uniform(1.8, 4.0), int(c.rng.integers(9, 24))
    for (x, y), r in zip(scatter_places(c, radii, arrangement), radii, strict=False):
        solid, reach = _cell(c, kind, aspect, spines)
        place(c, solid, r, Pose(x, y, c.uniform(0, 2 * np.pi), c.uniform(0, 0.6) * r), reach)
    texture = _skin(c, radius, plain=kind != "round")
    return describe_bodies(c, kind, arrangement, "narrow", texture)


def _cell(c: Canvas, kind: str, aspect: float, spines: int) -> tuple[Solid, float]:
    if kind == "rod-shaped":
        own = aspect * c.uniform(0.75, 1.2)
        return capsule(own, c.uniform(0.1, 0.35) if c.chance(0.4) else 0.0), own + 0.2
    if kind == "disc-shaped":
        own = c.uniform(0.9, 1.1) if c.chance(0.7) else c.uniform(1.2, 1.8)
        return dished(own, c.uniform(0.4, 0.95)), own + 0.2
    if kind == "spiny":
        return spiny(spines, c.uniform(0.1, 0.35)), 1.2
    if c.chance(0.5):  # on its way to divide: what no bead does
        own = c.uniform(1.25, 1.7)
        return capsule(own, c.uniform(0.15, 0.4)), own + 0.2
    return ellipsoid(c.uniform(1.12, 1.4)), 1.6


def _skin(c: Canvas, radius: float, plain: bool) -> str:
    """Wrinkles, warts or, where ``plain`` may be, nothing on the cells; how that is said."""
    mask = (c.owner > 0).astype(np.float32)
    c.tone += c.uniform(0.0, 0.5) * mask
    if plain and c.chance(0.4):
        return "smooth"
    scale = c.uniform(0.08, 0.35) * radius
    relief = c.fractal(max(1.5, scale), 2)
    if c.chance(0.4):
        relief = -np.abs(relief)
    c.height += mask * c.uniform(0.1, 0.4) * scale * relief
    return "rough"


def _matrix(c: Canvas) -> None:
    """A mat of fine slime threads or a filter under the cells; not counted as features."""
    if c.chance(0.3):
        pores = c.noise(c.uniform(0.05, 0.12) * c.side) - c.uniform(0.6, 1.4)
        c.tone -= c.uniform(0.4, 1.0) * np.clip(4 * pores, 0, 1)
        return
    for _ in range(int(c.rng.integers(10, 45))):
        path = curve(c, c.point(-0.05), c.uniform(0, 6.3), c.uniform(0.2, 0.9) * c.side, 0.35)
        strand(c, path, c.uniform(0.002, 0.006) * c.side, flat=0.8)
    c.tone[c.owner > 0] += c.uniform(0.0, 0.3)
    c.forget()


def _neurons(c: Canvas) -> Sketch:
    lay_ground(c, tone=-0.2)
    if c.chance(0.7):
        c.height += c.uniform(0.5, 2.5) * c.fractal(c.uniform(0.01, 0.05) * c.side, 2)
    thin = c.uniform(0.003, 0.012) * c.side
    somas = int(c.rng.integers(1, 4))
    bodies = np.stack([c.point(0.15) for _ in range(somas)])
    radius = c.log_uniform(0.04, 0.16) * c.side
    for _ in range(int(c.rng.integers(5, 60))):
        path = curve(c, c.point(-0.1), c.uniform(0, 6.3), c.uniform(0.3, 1.4) * c.side, 0.3, 14)
        strand(c, path, thin * c.uniform(0.4, 1.2), c.uniform(0, 3), 1.0)
    for x, y in bodies:
        for _ in range(int(c.rng.integers(3, 9))):
            angle = c.uniform(0, 2 * np.pi)
            path = curve(c, np.zeros(2), angle, c.uniform(1.2, 3.0) * c.side, 0.2, 12)
            path = path[len(path) // 2 :] + np.array([x, y])
            taper = np.linspace(c.uniform(0.25, 0.6) * radius, thin, len(path) // 6)
            widths = np.concatenate([taper, np.full(len(path) - len(taper), thin)])
            strand(c, path, widths, 2.0, 1.0)
    c.forget()
    for x, y in bodies:
        body = lump(c.uniform(0.05, 0.25)) if c.chance(0.6) else ellipsoid(c.uniform(1, 1.5))
        place(
            c, body, radius * c.uniform(0.8, 1.2), Pose(x, y, c.uniform(0, 6.3), radius * 0.3), 1.8
        )
    c.height += (c.owner > 0) * c.uniform(0.1, 0.5) * c.noise(0.008 * c.side) * 0.006 * c.side
    sketch = describe_bodies(c, "branching", "interconnected", "broad", "rough")
    sketch.coverage_fraction = float((c.height > np.median(c.height) + 0.5 * thin).mean())
    return sketch


def _spread_cells(c: Canvas) -> Sketch:
    """Flat adherent cells with ruffled edges and fine processes."""
    lay_ground(c, tone=-0.3, busy=0.6)
    radius = c.log_uniform(0.12, 0.34) * c.side
    for _ in range(int(c.rng.integers(1, 5))):
        x, y = c.point(0.1)
        number = place(
            c,
            _flat_cell(c.uniform(0.3, 0.6), c.uniform(1, 2.2)),
            radius,
            Pose(x, y, c.uniform(0, 6.3)),
            2.6,
        )
        mine = c.owner == number
        for _ in range(int(c.rng.integers(6, 30))):
            angle = c.uniform(0, 2 * np.pi)
            start = np.array([x, y]) + 0.7 * radius * np.array([np.cos(angle), np.sin(angle)])
            path = curve(c, start, angle, c.uniform(0.5, 1.6) * radius, 0.15, 8)
            strand(c, path, c.uniform(0.002, 0.007) * c.side, 0.0)
        c.owner[(c.owner != number) & mine] = number
    c.owner[c.owner > 0] = np.where(
        np.isin(c.owner[c.owner > 0], _bodies(c)), c.owner[c.owner > 0], 0
    )
    mask = c.owner > 0
    scale = c.uniform(0.012, 0.05) * c.side
    wrinkle = c.fractal(scale, 3)
    c.height += (
        mask * c.uniform(0.15, 0.5) * scale * (wrinkle if c.chance(0.5) else -np.abs(wrinkle))
    )
    if c.chance(0.5):
        _villi(c, mask)
    c.tone += mask * c.uniform(0.1, 0.6)
    return describe_bodies(c, "spread flat", "partly aggregated", "broad", "rough")


def _bodies(c: Canvas) -> np.ndarray:
    """The few large objects: cells, not their processes."""
    areas = np.asarray(c.areas)
    return np.flatnonzero(areas > 0.2 * areas.max()) + 1


def _flat_cell(rough: float, aspect: float) -> Solid:
    body = lump(rough, 5)

    def solid(rng: np.random.Generator, u: Array, v: Array, r: float) -> tuple[Array, NDArray]:
        surface, inside = body(rng, u / aspect, v, r)
        nucleus = 0.25 * r * np.exp(-(u**2 + v**2) / (0.3 * r) ** 2)
        return (0.12 * surface + nucleus + 0.03 * r).astype(np.float32), inside

    return solid


def _villi(c: Canvas, mask: np.ndarray) -> None:
    spots = np.clip(c.noise(c.uniform(0.008, 0.016) * c.side) - 0.6, 0, None)
    c.tone += mask * c.uniform(0.2, 0.6) * spots


def _tissue(c: Canvas) -> Sketch:
    """A leaf, an insect's skin, a shell: cells wall to wall, or ribs in rows."""
    if c.chance(0.3):
        return _ribs(c)
    pitch = c.log_uniform(0.05, 0.25) * c.side
    stretch, angle = c.uniform(1, 2.5), c.uniform(0, np.pi)
    seeds = jittered_grid(c, pitch, stretch, angle, jitter=c.uniform(0.1, 0.45))
    cells, _ = nearest_seed(c, seeds)
    from scipy.ndimage import distance_transform_edt

    inner = distance_transform_edt(~boundaries(cells)).astype(np.float32)
    bulge = np.sqrt(np.clip(inner, 0, 0.45 * pitch) * 0.45 * pitch)
    c.height += c.uniform(-0.7, 0.9) * bulge
    if c.chance(0.5):
        c.tone += c.uniform(0.2, 0.8) * np.exp(-((inner / (0.06 * pitch)) ** 2))
    c.height += c.uniform(0, 0.25) * c.fractal(0.15 * pitch, 3) * 0.15 * pitch
    bend = c.noise(c.uniform(0.3, 0.7) * c.side)
    c.height += c.uniform(0, 0.04) * c.side * bend
    c.owner[:] = cells + 1
    if c.chance(0.35):
        _hairs(c)
    c.owner[:] = cells + 1
    areas = np.bincount(cells.ravel())
    areas = areas[areas > 0]
    diameter = float(np.mean(2 * np.sqrt(areas / np.pi)))
    return Sketch(
        "compartmented",
        "close-packed",
        texture="rough",
        diameter_px=diameter,
        count=len(areas),
        coverage_fraction=1.0,
        defects=("debris", "crack"),
    )


def _ribs(c: Canvas) -> Sketch:
    """Ridges with cross-ribs that bend with the body they grow on, as on an insect's wing."""
    pitch = c.log_uniform(0.03, 0.12) * c.side
    angle = c.uniform(0, np.pi)
    warp = c.uniform(0.3, 1.5) * pitch * c.noise(c.uniform(0.3, 0.7) * c.side)
    line = c.x * np.cos(angle) + c.y * np.sin(angle) + warp
    cross = -c.x * np.sin(angle) + c.y * np.cos(angle) + 0.3 * pitch * c.noise(2 * pitch)
    ridge = np.abs((line / pitch) % 1 - 0.5)
    rib = np.abs((cross / (pitch * c.uniform(0.4, 0.9))) % 1 - 0.5)
    c.height += 0.5 * pitch * np.sqrt(np.clip(0.25 - ridge**2, 0, None)) * 2
    c.height += c.uniform(0.0, 0.35) * pitch * np.exp(-((rib / 0.12) ** 2))
    c.tone += c.uniform(0.0, 0.6) * np.exp(-((ridge / 0.15) ** 2))
    c.height += c.uniform(0.0, 0.06) * c.side * c.noise(c.uniform(0.4, 0.8) * c.side)
    c.owner[:] = 1
    return Sketch(
        "compartmented",
        "continuous",
        "aligned",
        texture="striated",
        diameter_px=0.6 * pitch,
        period_px=pitch,
        coverage_fraction=1.0,
        defects=("debris", "crack"),
    )


def _hairs(c: Canvas) -> None:
    top = float(c.height.max())
    for _ in range(int(c.rng.integers(2, 14))):
        path = curve(c, c.point(), c.uniform(0, 6.3), c.uniform(0.2, 0.7) * c.side, 0.12, 8)
        widths = np.linspace(c.uniform(0.008, 0.025), 0.002, len(path)) * c.side
        strand(c, path, widths, top)
