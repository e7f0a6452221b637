"""Particles: separate bodies on a ground, alone, touching or clustered."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from slava.synthetic.bodies import (
    Pose,
    Solid,
    box,
    broken,
    ellipsoid,
    lump,
    place,
    plate,
    polyhedron,
    rod,
)
from slava.synthetic.canvas import Array, Canvas, Points, Sketch, blur
from slava.synthetic.scenes.ground import lay_ground

SPACING = {"isolated": 1.25, "partly aggregated": 0.93, "strongly aggregated": 0.72}
"""Least distance of two middles in sums of their radii."""


def draw_particles(canvas: Canvas) -> Sketch:
    """Raise particles of one kind on a ground."""
    c = canvas
    shape = c.pick(
        {"spherical": 5, "faceted": 2, "cubic": 1, "rod-like": 1, "irregular": 2.5, "plate-like": 1}
    )
    # Lumps on a rough ground would be a rough film with debris on it.
    lay_ground(c, busy=c.uniform(0.05, 0.4) if shape == "irregular" else c.uniform(0.1, 1.0))
    arrangement = c.pick(
        {"isolated": 4, "partly aggregated": 4, "strongly aggregated": 2.5, "close-packed": 1.5}
    )
    broad = c.chance(0.45)
    if arrangement == "close-packed":
        radius = c.log_uniform(0.018, 0.09) * c.side
        places = _monolayer(c, radius)
        radii = radius * np.exp(c.rng.normal(0, 0.12 if broad else 0.03, len(places)))
    else:
        radius = c.log_uniform(0.008, 0.2) * c.side
        radii = _radii(c, radius, broad, arrangement)
        places = scatter_places(c, radii, arrangement)
    rough = c.chance(0.35)
    drops = arrangement == "isolated" and shape == "irregular" and c.chance(0.3)
    for (x, y), r in zip(places, radii, strict=False):
        solid, reach = _solid(c, shape, drops)
        lift = c.uniform(0, r) if arrangement == "strongly aggregated" else 0.0
        place(c, solid, r, Pose(x, y, c.uniform(0, 2 * np.pi), lift), reach)
    _finish(c, radius, rough, arrangement)
    return describe_bodies(
        c, shape, arrangement, "broad" if broad else "narrow", "rough" if rough else "smooth"
    )


def _monolayer(c: Canvas, radius: float) -> Points:
    """One layer of bodies side by side, more or less in order, with gaps."""
    places = jittered_grid(
        c, 2 * radius * c.uniform(0.98, 1.2), 1.0, c.uniform(0, 3.1), c.uniform(0, 0.12)
    )
    order = c.noise(c.uniform(0.2, 0.5) * c.side)
    inside = ((places > -radius) & (places < (c.width_px + radius, c.height_px + radius))).all(1)
    places = places[inside]
    at = np.clip(places, 0, (c.width_px - 1, c.height_px - 1)).astype(int)
    return places[order[at[:, 1], at[:, 0]] > c.uniform(-3.0, 0.3)]


def jittered_grid(
    c: Canvas, pitch: float, stretch: float, angle: float, jitter: float
) -> NDArray[np.float64]:
    """Places (n, 2) of a staggered grid, ``stretch`` times wider along ``angle``, shaken by
    ``jitter`` pitches; it covers the canvas and more."""
    reach = 0.75 * np.hypot(c.width_px, c.height_px)
    u = np.arange(-reach, reach, pitch * stretch)
    v = np.arange(-reach, reach, pitch * 0.87)
    grid_u, grid_v = np.meshgrid(u, v)
    grid_u[1::2] += 0.5 * pitch * stretch
    grid_u += c.rng.normal(0, jitter * pitch * stretch, grid_u.shape)
    grid_v += c.rng.normal(0, jitter * pitch, grid_v.shape)
    x = grid_u * np.cos(angle) - grid_v * np.sin(angle) + c.width_px / 2
    y = grid_u * np.sin(angle) + grid_v * np.cos(angle) + c.height_px / 2
    return np.stack([x.ravel(), y.ravel()], 1)


def describe_bodies(
    c: Canvas, morphology: str, arrangement: str, spread: str, texture: str
) -> Sketch:
    """The sketch of countable bodies: size and count of those in sight."""
    seen = c.visible()
    areas = np.asarray(c.areas, float)[seen - 1]
    diameter = float(np.mean(2 * np.sqrt(areas / np.pi))) if len(areas) else None
    defects = ("scratch", "debris") if morphology in {"spherical", "cubic"} else ("scratch",)
    return Sketch(
        morphology,
        arrangement,
        texture=texture,
        spread=spread,
        diameter_px=diameter,
        count=len(seen),
        defects=defects,
    )


def _radii(c: Canvas, radius: float, broad: bool, arrangement: str) -> NDArray[np.float64]:
    filled = c.log_uniform(0.01, 0.45)
    if arrangement == "strongly aggregated":
        filled = c.uniform(0.15, 0.6)
    most = 220 if radius < 0.02 * c.side else 140
    number = int(np.clip(filled * c.width_px * c.height_px / (np.pi * radius**2), 1, most))
    if c.chance(0.06):
        number = int(c.rng.integers(1, 4))
    sizes = radius * np.exp(c.rng.normal(0, 0.38 if broad else 0.06, number))
    return np.clip(sizes, 0.006 * c.side, 0.32 * c.side)


def scatter_places(c: Canvas, radii: NDArray[np.float64], arrangement: str) -> Points:
    """Choose middles (n, 2) for bodies so that they lie alone, in groups or in heaps."""
    spacing = SPACING[arrangement]
    hubs = np.stack([c.point(0.1) for _ in range(int(c.rng.integers(1, 4)))])
    spread = np.sqrt((radii**2).sum() / len(hubs)) * c.uniform(0.7, 1.1)
    if arrangement == "partly aggregated" and c.chance(0.3):
        spread *= 1.6
    chosen = np.empty((0, 2))
    kept: list[float] = []
    for r in radii:
        for _ in range(12):
            spot = _candidate(c, arrangement, chosen, kept, hubs, spread, r)
            gaps = np.hypot(*(chosen - spot).T) if len(chosen) else np.array([np.inf])
            if not len(kept) or (gaps >= spacing * (np.asarray(kept) + r)).all():
                chosen = np.vstack([chosen, spot])
                kept.append(float(r))
                break
        else:
            continue
    radii[: len(kept)] = kept
    return chosen


def _candidate(
    c: Canvas,
    arrangement: str,
    chosen: Points,
    kept: list[float],
    hubs: Points,
    spread: float,
    r: float,
) -> Points:
    if arrangement == "strongly aggregated":
        return hubs[int(c.rng.integers(len(hubs)))] + c.rng.normal(0, spread, 2)
    if arrangement == "isolated" or not len(chosen) or c.chance(0.35):
        return c.point(-0.02 if len(chosen) else 0.15)
    mate = int(c.rng.integers(len(chosen)))
    angle = c.uniform(0, 2 * np.pi)
    gap = (kept[mate] + r) * c.uniform(0.95, 1.1)
    return chosen[mate] + gap * np.array([np.cos(angle), np.sin(angle)])


def _solid(c: Canvas, shape: str, drops: bool) -> tuple[Solid, float]:
    if shape == "faceted":
        return polyhedron(int(c.rng.integers(5, 8)), c.uniform(0.9, 1.3), c.uniform(0.4, 1.0)), 1.5
    if shape == "cubic":
        return box(c.uniform(0.9, 1.2)), 1.6
    if shape == "rod-like":
        aspect = c.uniform(1.8, 4.0)
        return rod(aspect, c.chance(0.5)), aspect + 0.2
    if shape == "plate-like":
        return plate(int(c.rng.integers(3, 7)), c.uniform(0.8, 1.5), c.uniform(0, 0.3)), 1.6
    if shape == "irregular":
        body = lump(c.uniform(0.15, 0.45)) if not drops else _drop()
        return (broken(body) if c.chance(0.3) else body), 1.9
    body = ellipsoid(c.uniform(0.95, 1.06))
    return (broken(body) if c.chance(0.06) else body), 1.2


def _drop() -> Solid:
    """A ball that tapers to one side."""

    def solid(_rng: np.random.Generator, u: Array, v: Array, r: float) -> tuple[Array, NDArray]:
        wide = r * np.clip(1 - 0.5 * np.clip(u / r, 0, 1.7), 0.1, 1)
        q = (np.clip(-u, 0, None) ** 2 + np.clip(u - 0.7 * r, 0, None) ** 2 + v**2) / wide**2
        return 0.8 * r * np.sqrt(np.clip(1 - q, 0, None)).astype(np.float32), q < 1

    return solid


def _finish(c: Canvas, radius: float, rough: bool, arrangement: str) -> None:
    """Give particles and ground the look of a detector: bright, dark, rimmed, in a halo.

    A few dark bodies would be pits in a film, and a faint layer of them a film.
    """
    mask = (c.owner > 0).astype(np.float32)
    dark = 1.6 if len(c.areas) > 5 else 0.0
    faint = 0.0 if arrangement == "close-packed" else 1.0
    look = c.pick({"relief": 5, "bright": 3, "dark": dark, "rim": 1.5, "faint": faint})
    if look == "bright":
        c.tone += c.uniform(0.5, 1.6) * mask
    elif look == "dark":
        c.tone -= c.uniform(0.5, 1.6) * mask
    elif look == "rim":
        inner = blur(mask, 0.25 * radius)
        c.tone += c.uniform(0.5, 1.2) * mask * (1.3 - inner)
    elif look == "faint":
        c.tone += c.uniform(0.05, 0.2) * mask
    if rough:
        c.height += mask * c.uniform(0.03, 0.1) * radius * c.noise(max(1.2, 0.25 * radius))
    if c.chance(0.5):
        per_object = c.rng.normal(0, 0.12, len(c.areas) + 1)
        c.tone += per_object[c.owner].astype(np.float32) * mask
    if c.chance(0.3):
        c.tone += c.uniform(-0.3, 0.35) * blur(mask, radius * c.uniform(0.3, 0.9)) * (1 - mask)
