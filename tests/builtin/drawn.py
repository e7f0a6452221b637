"""Pictures for the tests: drawn ones and noise."""

from __future__ import annotations

import numpy as np

from slava.domain import Box, Calibration, Fact
from slava.vlm.backbone import View


def drawn_view(
    category: str,
    seed: int,
    calibration: Calibration | None = None,
    facts: tuple[Fact, ...] = (),
) -> View:
    from slava.synthetic import draw_micrograph

    drawing = draw_micrograph(seed, category, width_px=256, height_px=256, databar_share=0)
    return View(drawing.pixels, Box(0, 0, 256, 256), calibration, facts)


def noise(seed: int = 0, height: int = 90, width: int = 120) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)
