"""Porous sponges: networks, foams, round pores and fused grains, with struts in the depth."""

from __future__ import annotations

import numpy as np

from slava.synthetic.canvas import Array, Canvas, Sketch, blur, boundaries, nearest_seed


def draw_sponge(canvas: Canvas) -> Sketch:
    """Carve one kind of pores."""
    c = canvas
    kind = c.pick({"open-cell network": 4, "round pores": 3, "foam cells": 2.5, "fused grains": 2})
    pore = c.log_uniform(0.025, 0.3) * c.side
    flat = kind in {"round pores", "foam cells"}  # a labyrinth of one level would be a film
    levels = int(c.rng.integers(1 if flat else 2, 4))
    share = c.uniform(0.2, 0.6)
    top = np.zeros(c.shape, np.float32)
    for level in range(levels):
        deep = levels - 1 - level
        top = _FIELDS[kind](c, pore * (0.75**deep))
        cut = np.quantile(top, share if deep == 0 else 0.5)
        gap = (top - cut).astype(np.float32)
        _lay(c, gap, pore, deep)
    pores = gap < 0
    _roughen(c, pores, pore)
    c.owner[:] = ~pores
    fraction = float(pores.mean())
    return Sketch(
        kind,
        "interconnected" if kind != "foam cells" else "close-packed",
        texture="rough",
        spread="narrow" if kind == "round pores" else "broad",
        diameter_px=_pore_diameter(pores),
        pore_fraction=fraction,
        coverage_fraction=1 - fraction,
        relief=1.2,
        defects=("crack", "debris"),
    )


def _lay(c: Canvas, gap: Array, pore: float, deep: int) -> None:
    """Put one level of struts over what lies deeper."""
    solid = gap > 0
    thick = np.sqrt(np.clip(gap / (np.abs(gap).max() + 1e-6), 0, 1))
    drop = -0.6 * pore * deep
    shade = -c.uniform(0.25, 0.5) * deep
    c.height = np.where(solid, drop + 0.5 * pore * thick, c.height - 0.3 * pore * (deep == 0))
    c.tone = np.where(solid, shade + 0.2, np.minimum(c.tone, shade - 0.35)).astype(np.float32)
    c.height = c.height.astype(np.float32)
    rim = np.exp(-((gap / (0.1 * np.abs(gap).max() + 1e-6)) ** 2))
    c.tone += c.uniform(0.1, 0.5) * (rim * solid).astype(np.float32) * (0.6**deep)


def _network(c: Canvas, pore: float) -> Array:
    base = c.noise(pore * 0.75) + c.uniform(0.1, 0.6) * c.noise(max(1.5, pore * 0.3))
    return base if c.chance(0.6) else np.abs(c.noise(pore)) * -1 + 0.3 * base


def _round(c: Canvas, pore: float) -> Array:
    """Round pores of about one size, the walls between them left over."""
    from slava.synthetic.scenes.bodies_on_ground import jittered_grid

    seeds = jittered_grid(
        c, pore * c.uniform(1.0, 1.4), 1.0, c.uniform(0, 3.1), c.uniform(0.15, 0.4)
    )
    cells, distance = nearest_seed(c, seeds)
    sizes = np.exp(c.rng.normal(0, c.uniform(0.08, 0.25), len(seeds)))
    return (distance / sizes[cells] + 0.08 * pore * c.noise(0.4 * pore)).astype(np.float32)


def _foam(c: Canvas, pore: float) -> Array:
    """Cells with walls of even thickness, as of a scaffold or a sea sponge."""
    from scipy.ndimage import distance_transform_edt

    number = int(np.clip(1.3 * c.width_px * c.height_px / pore**2, 6, 4000))
    seeds = np.stack(
        [c.rng.uniform(0, c.width_px, number), c.rng.uniform(0, c.height_px, number)], 1
    )
    cells, _ = nearest_seed(c, seeds)
    wall = distance_transform_edt(~boundaries(cells)).astype(np.float32)
    return blur(-wall, 0.06 * pore) + 0.05 * pore * c.noise(0.3 * pore)


def _fused(c: Canvas, pore: float) -> Array:
    """Lumps sintered together with large voids between them."""
    return c.noise(pore) + 0.5 * np.abs(c.noise(0.35 * pore)) + 0.2 * c.noise(max(1.5, 0.15 * pore))


_FIELDS = {
    "open-cell network": _network,
    "round pores": _round,
    "foam cells": _foam,
    "fused grains": _fused,
}


def _roughen(c: Canvas, pores: np.ndarray, pore: float) -> None:
    if c.chance(0.6):
        fine = max(1.3, c.uniform(0.05, 0.2) * pore)
        c.height += c.uniform(0.05, 0.3) * fine * c.noise(fine)
    if c.chance(0.4):
        dust = np.clip(c.noise(0.012 * c.side) - 0.9, 0, None)
        c.height += c.uniform(0.5, 2.0) * dust
        c.tone += c.uniform(0.0, 0.3) * dust
    if c.chance(0.5):
        c.tone -= c.uniform(0.2, 0.9) * blur(pores.astype(np.float32), 0.1 * pore) * pores


def _pore_diameter(pores: np.ndarray) -> float | None:
    """Six times the mean depth inside the pores: a disc of radius r has mean depth r / 3; px."""
    from scipy.ndimage import distance_transform_edt

    depth = distance_transform_edt(pores)
    if not pores.any():
        return None
    return 6.0 * float(depth[pores].mean())
