"""How good the picture is: sharp, noisy, clipped, streaked. Facts about it, not the specimen.

This module must not know what the picture shows, nor of nanometres.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from slava.domain import Fact
from slava.imaging.measure.view import Grey, View

BLURRED, NOISY_PERCENT, CLIPPED_PERCENT, STREAKED_PERCENT = 0.3, 8.0, 5.0, 2.0
"""Beyond these a warning is given."""


def sharpness_of(grey: Grey) -> float:
    """0..1: how much of the local variation is lost by blurring once more.

    Source: F. Crete et al., The blur effect (2007), doi:10.1117/12.702790.
    """
    from skimage.measure import blur_effect

    blur = float(blur_effect(grey))
    return float(np.clip(1 - blur, 0, 1)) if np.isfinite(blur) else 0.0


def clipped_share(pixels: NDArray[np.generic]) -> float:
    """0..1, share of pixels at the darkest or the brightest value that occurs."""
    lowest, highest = pixels.min(), pixels.max()
    if lowest == highest:
        return 1.0
    ends = np.count_nonzero(pixels == lowest) + np.count_nonzero(pixels == highest)
    return ends / pixels.size


def line_jumps(grey: Grey) -> float:
    """Root mean square of the step, in grey, that whole scan lines make to the next.

    The median along the line ignores edges of the specimen that cross only a part of it.
    """
    steps = np.median(np.diff(grey, axis=0), axis=1)
    return float(np.sqrt(np.mean(steps.astype(np.float64) ** 2)))


def quality_facts(view: View, pixels: Grey) -> tuple[list[Fact], list[str]]:
    """The quality facts and the warnings that follow from them.

    Parameters
    ----------
    view : View
    pixels : (height, width)
        The same part of the file before stretching.
    """
    sharpness = sharpness_of(view.grey)
    noise, clipped = 100 * view.noise, 100 * clipped_share(pixels)
    jumps = 100 * line_jumps(view.grey)
    reduced: dict[str, float | int | str] = {"reduced_by": view.step}
    facts = [
        Fact(
            "quality_sharpness", "Sharpness (0 to 1)", sharpness, "", None, "blur effect", reduced
        ),
        Fact("quality_noise", "Noise, of the contrast", noise, "%", None, "Immerkaer", reduced),
        Fact("quality_clipped", "Clipped pixels", clipped, "%", None, "at the ends of the range"),
        Fact(
            "quality_streaks",
            "Line-to-line jumps, of the contrast",
            jumps,
            "%",
            None,
            "medians of neighbouring scan lines (charging, drift)",
            reduced,
        ),
    ]
    flags = (
        (sharpness < BLURRED, "The picture is blurred: sizes near the blur are too large."),
        (noise > NOISY_PERCENT, f"The picture is noisy ({noise:.0f} % of its contrast)."),
        (clipped > CLIPPED_PERCENT, f"{clipped:.0f} % of the pixels are clipped."),
        (jumps > STREAKED_PERCENT, "Whole scan lines jump in brightness: charging or drift."),
    )
    return facts, [text for raised, text in flags if raised]
