"""Draw a micrograph with its truth, the same for the same seed.

Scene, defect, optics and databar meet here. It must not know what drawings are for: training,
tests and the first minute without a file use the same function.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from slava.errors import BadSetting
from slava.synthetic.canvas import Canvas, Sketch
from slava.synthetic.defects import damage, enclosing_box
from slava.synthetic.optics import expose, signal
from slava.synthetic.scenes import SCENES
from slava.synthetic.strip import burn_databar
from slava.synthetic.truth import CATEGORIES, Truth

FIELD_UM = {
    "biological": (5, 200),
    "fibres": (10, 2000),
    "films_and_coated_surfaces": (0.5, 50),
    "mems_devices_and_electrodes": (10, 2000),
    "nanowires": (1, 30),
    "particles": (0.5, 30),
    "patterned_surfaces": (2, 100),
    "porous_sponge": (2, 2000),
    "powder": (5, 1000),
    "tips": (1, 200),
}
"""Usual widths of the field of view, in µm: they only decide ``nm_per_px``."""

DEFECT_SHARE = 0.45
DATABAR_SHARE = 0.08


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """A drawn micrograph: ``pixels`` (height_px, width_px) uint8, and what they show."""

    pixels: NDArray[np.uint8]
    truth: Truth
    defect_mask: NDArray[np.bool_] | None = None
    """(height_px, width_px) pixels of the defect; ``None`` without one."""


def draw_micrograph(
    seed: int,
    category: str | None = None,
    *,
    width_px: int = 1024,
    height_px: int = 768,
    defect_share: float = DEFECT_SHARE,
    databar_share: float = DATABAR_SHARE,
) -> Drawing:
    """Draw the micrograph of ``seed``.

    Parameters
    ----------
    seed : int, >= 0
        Everything follows from it; other seeds give independent drawings.
    category : str, optional
        One of :data:`slava.synthetic.truth.CATEGORIES`; drawn by lot when not given.
    width_px, height_px : int, >= 64
        Size of the picture. Features scale with the shorter edge.
    defect_share, databar_share : float, 0..1
        How often a defect (where one would be seen as such) and a databar are drawn.

    Raises
    ------
    BadSetting
        If the category is unknown or the size too small.
    """
    _check(category, width_px, height_px)
    rng = np.random.default_rng(seed)
    chosen = category or str(rng.choice(CATEGORIES))
    canvas = Canvas(width_px, height_px, rng)
    sketch = SCENES[chosen](canvas)
    image = signal(canvas, sketch.relief)
    defect, mask = "none", None
    if sketch.defects and canvas.chance(defect_share):
        defect = str(rng.choice(sketch.defects))
        image, mask = damage(canvas, image, defect)
    pixels, exposure = expose(canvas, image)
    truth = replace(
        _features(chosen, canvas, sketch),
        defect=defect,
        defect_box=None if mask is None else enclosing_box(mask),
        noisy=exposure.noisy,
        blurred=exposure.blurred,
        charging=exposure.charging,
    )
    if canvas.chance(databar_share):
        pixels, databar = burn_databar(pixels, truth.nm_per_px, rng)
        truth = replace(truth, databar=databar)
    return Drawing(pixels, truth, mask)


def _check(category: str | None, width_px: int, height_px: int) -> None:
    if category is not None and category not in CATEGORIES:
        raise BadSetting(f"no category {category!r}; choose one of: {', '.join(CATEGORIES)}")
    if min(width_px, height_px) < 64:
        raise BadSetting(f"{width_px} x {height_px} px is too small to draw; take 64 or more")


def _features(category: str, canvas: Canvas, sketch: Sketch) -> Truth:
    """The truth of what a scene has drawn, before anything is done to the picture."""
    return Truth(
        category=category,
        morphology=sketch.morphology,
        arrangement=sketch.arrangement,
        orientation=sketch.orientation,
        texture=sketch.texture,
        spread=sketch.spread,
        coverage_fraction=_coverage(canvas, sketch),
        nm_per_px=_pixel_size(canvas, category),
        diameter_px=sketch.diameter_px,
        count=sketch.count,
        period_px=sketch.period_px,
        pore_fraction=sketch.pore_fraction,
    )


def _coverage(canvas: Canvas, sketch: Sketch) -> float:
    if sketch.coverage_fraction is not None:
        return sketch.coverage_fraction
    return float((canvas.owner > 0).mean())


def _pixel_size(canvas: Canvas, category: str) -> float:
    """A pixel size in nm that gives a field of view usual for the category, three digits."""
    low, high = FIELD_UM[category]
    return float(f"{canvas.log_uniform(low, high) * 1e3 / canvas.width_px:.3g}")


def sample_micrographs(seed: int = 7, width_px: int = 1024, height_px: int = 768) -> list[Drawing]:
    """One clean drawing with a databar per category, for the first minute without a file."""
    return [
        draw_micrograph(
            1000 * seed + k, category, width_px=width_px, height_px=height_px, databar_share=1.0
        )
        for k, category in enumerate(CATEGORIES)
    ]
