"""The pixels that are measured: the specimen's part of a micrograph, stretched, reduced, smoothed.

Every measure starts from the same ``View``, so that stretching, noise and smoothing are computed
once. This module must not know what is measured, nor of nanometres.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slava.domain import Box

MAX_SIDE_PX = 1536
"""Longer pictures are measured on a reduced copy."""

MIN_SIDE_PX = 32
"""Nothing is measured on a picture with a shorter side."""

Grey = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """The specimen as it is measured."""

    grey: Grey
    """(height, width), 0..1, stretched between its own darkest and brightest parts."""
    smooth: Grey
    """``grey`` after a Gaussian of ``sigma``."""
    noise: float
    """Standard deviation of the noise in ``grey``, 0..1."""
    sigma: float
    """Of the smoothing, in view pixels, 1..3: noisier pictures are smoothed more."""
    step: int
    """File pixels per view pixel, along x and along y; 1 is not reduced."""
    darkest: float
    """The grey value of the file that is 0 in ``grey``."""
    span: float
    """Grey values of the file from 0 to 1 in ``grey``."""

    @property
    def height(self) -> int:
        return self.grey.shape[0]

    @property
    def width(self) -> int:
        return self.grey.shape[1]

    @property
    def side(self) -> int:
        """The longer side, in view pixels."""
        return max(self.grey.shape)

    def stretched(self, grey: float) -> float:
        """A grey value of the file as one of ``grey``."""
        return (grey - self.darkest) / self.span

    def unstretched(self, grey: float) -> float:
        """A value of ``grey`` as a grey value of the file."""
        return self.darkest + grey * self.span


def crop(grey: NDArray[np.generic], picture: Box) -> Grey:
    """The picture's part of the file as finite floats.

    A box that reaches beyond the file is cut to it.
    """
    top, left = max(0, picture.top), max(0, picture.left)
    part = np.asarray(grey)[top : max(top, picture.bottom), left : max(left, picture.right)]
    if part.dtype.kind in "bui":
        return part.astype(np.float32)
    part = part.astype(np.float64)
    finite = np.isfinite(part)
    if not finite.all():
        filler = float(np.median(part[finite])) if finite.any() else 0.0
        part = np.where(finite, part, filler)
    largest = float(np.abs(part).max()) if part.size else 0.0
    return (part / largest if largest > 1e30 else part).astype(np.float32)


def painted_over(pixels: Grey, marks: NDArray[np.bool_]) -> Grey:
    """``pixels`` with the marked ones replaced by the nearest others, smoothed inwards.

    Parameters
    ----------
    pixels, marks : (height, width)
        At least one pixel must be unmarked.
    """
    from scipy import ndimage as ndi

    wide = ndi.binary_dilation(marks, iterations=2)
    wide = marks if wide.all() else wide
    far, (y, x) = ndi.distance_transform_edt(wide, return_indices=True)
    filled = pixels[y, x]
    soft = ndi.gaussian_filter(filled, max(1.0, float(far.max()) / 2))
    return np.where(wide & (far > 1), soft, filled).astype(np.float32)


def reduce_by(pixels: Grey, step: int) -> Grey:
    """Means of ``step`` x ``step`` blocks; a remainder at the right and the bottom is dropped."""
    if step == 1:
        return pixels
    height, width = (n // step * step for n in pixels.shape)
    blocks = pixels[:height, :width].reshape(height // step, step, width // step, step)
    return blocks.mean(axis=(1, 3), dtype=np.float64).astype(np.float32)


def reduce_to(pixels: Grey, side: int) -> tuple[Grey, int]:
    """Reduce by the smallest whole factor that brings the longer side to at most ``side``."""
    step = max(1, math.ceil(max(pixels.shape) / side))
    return reduce_by(pixels, step), step


def noise_of(pixels: Grey) -> float:
    """Standard deviation of white noise, in the unit of ``pixels``.

    A kernel that is blind to planes and to edges along x or y is left with noise; the median
    instead of Immerkaer's mean keeps texture out of the estimate.

    Source: J. Immerkaer, Fast noise variance estimation (1996), doi:10.1006/cviu.1996.0060.
    """
    if min(pixels.shape) < 3:
        return 0.0
    across = pixels[:, :-2] - 2 * pixels[:, 1:-1] + pixels[:, 2:]
    both = across[:-2] - 2 * across[1:-1] + across[2:]
    return float(np.median(np.abs(both)) / 0.6745 / 6)


def is_flat(pixels: Grey) -> bool:
    """Whether there is nothing in it to tell from anything else."""
    lowest, highest = float(pixels.min()), float(pixels.max())
    return highest - lowest <= 1e-6 * max(abs(lowest), abs(highest))


def view_of(pixels: Grey) -> View:
    """Stretch, reduce and smooth; ``pixels`` must be neither empty nor flat."""
    from scipy import ndimage as ndi

    reduced, step = reduce_to(pixels, MAX_SIDE_PX)
    calm = ndi.gaussian_filter(reduced, 1.0)
    lowest, highest = np.percentile(calm, [0.05, 99.95])
    if highest <= lowest:
        lowest, highest = float(reduced.min()), float(reduced.max())
    span = max(float(highest - lowest), 1e-12)
    grey = np.clip((reduced - lowest) / span, 0, 1).astype(np.float32)
    noise = noise_of(grey)
    sigma = float(np.clip(1 + 25 * noise, 1.0, 3.0))
    smooth = ndi.gaussian_filter(grey, sigma)
    return View(grey, smooth, noise, sigma, step, float(lowest), span)
