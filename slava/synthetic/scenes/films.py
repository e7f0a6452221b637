"""Films and coated surfaces: grains, nodules, islands, wrinkles, and layers in section."""

from __future__ import annotations

import numpy as np

from slava.synthetic.bodies import Pose, lump, place
from slava.synthetic.canvas import Array, Canvas, Sketch, boundaries, nearest_seed


def draw_films(canvas: Canvas) -> Sketch:
    """Lay one kind of film over the whole canvas."""
    kind = canvas.pick(
        {
            "granular": 3,
            "nodular": 3,
            "smooth": 3,
            "layered cross-section": 2.5,
            "columnar cross-section": 1.2,
            "island-like": 1.5,
            "wrinkled": 1.2,
        }
    )
    sketch = _KINDS[kind](canvas, kind)
    if canvas.chance(0.3):
        _stray(canvas)
    canvas.owner[:] = 1
    return sketch


def _sketch(kind: str, texture: str, diameter: float | None, coverage: float = 1.0) -> Sketch:
    return Sketch(
        kind,
        "continuous",
        texture=texture,
        diameter_px=diameter,
        coverage_fraction=coverage,
        relief=1.0,
        defects=("crack", "holes", "debris", "scratch"),
    )


def _granular(c: Canvas, kind: str) -> Sketch:
    from scipy.ndimage import distance_transform_edt

    size = c.log_uniform(0.018, 0.16) * c.side
    number = int(np.clip(1.4 * c.width_px * c.height_px / size**2, 12, 6000))
    seeds = np.stack(
        [c.rng.uniform(0, c.width_px, number), c.rng.uniform(0, c.height_px, number)], 1
    )
    cells, _ = nearest_seed(c, seeds)
    inner = distance_transform_edt(~boundaries(cells)).astype(np.float32)
    dome = np.sqrt(np.clip(inner, 0, 0.5 * size) * 0.5 * size)
    c.height += c.uniform(0.1, 1.1) * dome
    if c.chance(0.5):
        c.tone += c.uniform(0.05, 0.25) * c.rng.normal(0, 1, number)[cells].astype(np.float32)
    if c.chance(0.4):
        tilts = c.rng.normal(0, c.uniform(0.05, 0.35), (2, number)).astype(np.float32)
        c.height += 0.5 * (tilts[0][cells] * (c.x % size) + tilts[1][cells] * (c.y % size))
    if c.chance(0.5):
        c.tone -= c.uniform(0.1, 0.6) * np.exp(-((inner / c.uniform(0.8, 2.0)) ** 2))
    areas = np.bincount(cells.ravel())
    diameter = float(np.mean(2 * np.sqrt(areas[areas > 0] / np.pi)))
    return _sketch(kind, "granular", diameter)


def _nodular(c: Canvas, kind: str) -> Sketch:
    size = c.log_uniform(0.012, 0.08) * c.side
    relief = c.noise(0.8 * size) + c.uniform(0, 0.6) * c.noise(max(1.2, 0.3 * size))
    if c.chance(0.5):
        relief = -np.abs(relief) if c.chance(0.5) else np.abs(relief)
    c.height += c.uniform(0.1, 0.5) * size * relief
    return _sketch(kind, "granular", size)


def _smooth(c: Canvas, kind: str) -> Sketch:
    """Almost nothing to see: faint texture, long waves, a few pits or dots."""
    c.height += c.uniform(0.1, 0.9) * c.noise(c.log_uniform(0.005, 0.03) * c.side)
    c.tone += c.uniform(0.0, 0.15) * c.fractal(c.uniform(0.1, 0.5) * c.side, 3)
    if c.chance(0.35):
        angle = c.uniform(0, np.pi)
        line = c.x * np.cos(angle) + c.y * np.sin(angle)
        c.height += c.uniform(0.1, 0.5) * np.sin(
            line / c.uniform(0.01, 0.04) / c.side + c.noise(0.3 * c.side)
        )
    if c.chance(0.3):
        c.tone += c.uniform(0.1, 0.4) * (
            (c.x * c.uniform(-1, 1) + c.y - c.uniform(0.2, 0.8) * c.height_px) > 0
        )
    return _sketch(kind, "smooth", None)


def _layers(c: Canvas, kind: str) -> Sketch:
    """A cleaved edge: vacuum or film top above, layers, substrate below."""
    rough = c.uniform(0.0, 0.012) * c.side
    tilt = np.tan(c.uniform(-0.15, 0.15))
    wander = rough * c.noise(c.uniform(0.03, 0.2) * c.side)[:1]
    depth = c.y - tilt * (c.x - c.width_px / 2) + wander
    edge = c.uniform(0.08, 0.5) * c.height_px
    top_view = c.chance(0.4)
    above = depth < edge
    c.tone += np.where(above, c.uniform(-1.2, -0.3), 0)
    if top_view:
        c.height += above * c.uniform(0.5, 2.0) * c.noise(c.uniform(0.01, 0.03) * c.side)
    thicknesses = [c.log_uniform(0.02, 0.3) * c.side for _ in range(int(c.rng.integers(1, 5)))]
    whole = []
    for thickness in thicknesses:
        if edge + thickness < c.height_px:
            whole.append(thickness)
        inside = (depth >= edge) & (depth < edge + thickness)
        c.tone += inside * c.uniform(-0.2, 0.9)
        c.tone += c.uniform(0.2, 0.8) * np.exp(-(((depth - edge) / (0.006 * c.side)) ** 2))
        c.tone += inside * c.uniform(0.02, 0.2) * c.noise(c.log_uniform(0.006, 0.04) * c.side)
        edge += thickness
    below = depth >= edge
    c.tone += below * (c.uniform(-0.3, 0.4) + c.uniform(0, 0.12) * _cleavage(c))
    return _sketch(kind, "layered", float(np.mean(whole)) if whole else None)


def _cleavage(c: Canvas) -> Array:
    """River lines of a broken substrate."""
    shift = 0.1 * c.side * c.noise(0.4 * c.side)
    line = c.rng.standard_normal(4096).astype(np.float32)
    slope = c.uniform(-1.5, 1.5)
    index = (np.abs(c.x + slope * c.y + shift) / (0.01 * c.side)).astype(int) % 4096
    return line[index]


def _columns(c: Canvas, kind: str) -> Sketch:
    """Columnar grains that grew up from the substrate."""
    width = c.log_uniform(0.012, 0.06) * c.side
    top, bottom = c.uniform(0.05, 0.35) * c.height_px, c.uniform(0.6, 0.9) * c.height_px
    waver = 0.3 * width * c.noise(0.2 * c.side)
    columns = ((c.x + waver) / width).astype(int) % 997
    reach = c.rng.normal(0, 0.6 * width, 997).astype(np.float32)
    brightness = c.rng.normal(0, 0.2, 997).astype(np.float32)
    inside = (c.y > top + reach[columns]) & (c.y < bottom)
    part = ((c.x + waver) / width) % 1 - 0.5
    c.height += inside * width * np.sqrt(np.clip(0.25 - part**2, 0, None)) * 1.5
    c.tone += inside * (0.5 + brightness[columns])
    c.tone += (c.y >= bottom) * c.uniform(-0.1, 0.4) + (c.y <= top + reach[columns]) * -0.7
    c.tone += 0.06 * c.noise(0.01 * c.side)
    return _sketch(kind, "layered", width)


def _islands(c: Canvas, kind: str) -> Sketch:
    size = c.log_uniform(0.02, 0.12) * c.side
    field_ = c.noise(0.6 * size) + 0.4 * c.noise(0.3 * size)
    cover = c.uniform(0.2, 0.5)  # more would grow together, as a sponge
    gap = field_ - np.quantile(field_, 1 - cover)
    sharp = c.uniform(2, 8)
    c.height += c.uniform(0.05, 0.25) * size * np.tanh(sharp * gap)
    c.tone += c.uniform(0.1, 0.7) * np.clip(0.5 + sharp * gap, 0, 1)
    return _sketch(kind, "granular", size, cover)


def _wrinkles(c: Canvas, kind: str) -> Sketch:
    pitch = c.log_uniform(0.03, 0.15) * c.side
    angle = c.uniform(0, np.pi)
    line = c.x * np.cos(angle) + c.y * np.sin(angle)
    warp = c.uniform(0.2, 2.0) * pitch * c.fractal(c.uniform(3, 6) * pitch, 2)
    phase = 2 * np.pi * (line + warp) / pitch
    ridge = np.cos(phase)
    c.height += c.uniform(0.1, 0.3) * pitch * (ridge if c.chance(0.5) else np.abs(ridge))
    c.height += 0.3 * c.noise(0.012 * c.side)
    return _sketch(kind, "rough", 0.5 * pitch)


def _stray(c: Canvas) -> None:
    """A few crumbs of the film's own kind."""
    top = float(np.percentile(c.height, 90))
    for _ in range(int(c.rng.integers(1, 12))):
        x, y = c.point()
        place(c, lump(0.2), c.log_uniform(0.004, 0.012) * c.side, Pose(x, y, 0.0, top), 1.8)


_KINDS = {
    "granular": _granular,
    "nodular": _nodular,
    "smooth": _smooth,
    "layered cross-section": _layers,
    "columnar cross-section": _columns,
    "island-like": _islands,
    "wrinkled": _wrinkles,
}
