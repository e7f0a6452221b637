"""Drawings with known sizes: anti-aliased discs and bars, blurred and noisy on request."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from slava.domain import Box

Pixels = NDArray[np.float64]


def whole(pixels: NDArray[np.generic]) -> Box:
    """All of it, as a box."""
    return Box(0, 0, pixels.shape[1], pixels.shape[0])


def coverage(distance: Pixels) -> Pixels:
    """Share of each pixel inside a border at signed ``distance`` 0 (negative inside)."""
    return np.clip(0.5 - distance, 0, 1)


def discs(
    shape: tuple[int, int],
    centres: list[tuple[float, float]],
    radii: list[float],
    *,
    dark: float = 0.2,
    bright: float = 0.8,
) -> Pixels:
    """Bright discs at (x, y) on a dark background, 0..1."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    ink = np.zeros(shape)
    for (cx, cy), radius in zip(centres, radii, strict=True):
        ink = np.maximum(ink, coverage(np.hypot(x - cx, y - cy) - radius))
    return dark + (bright - dark) * ink


def grid_of_discs(
    shape: tuple[int, int], pitch: float, radius: float, seed: int = 0
) -> tuple[Pixels, int]:
    """Separate discs, one in each whole cell of a grid, and how many."""
    rng = np.random.default_rng(seed)
    play = max(0.0, pitch / 2 - radius - 4)
    centres = [
        (x + rng.uniform(-play, play), y + rng.uniform(-play, play))
        for y in np.arange(pitch / 2, shape[0] - pitch / 2 + 1, pitch)
        for x in np.arange(pitch / 2, shape[1] - pitch / 2 + 1, pitch)
    ]
    return discs(shape, centres, [radius] * len(centres)), len(centres)


def fibres(
    shape: tuple[int, int],
    width: float,
    angle_deg: float,
    pitch: float,
    *,
    rim: float = 0.0,
    dark: float = 0.2,
    body: float = 0.6,
) -> Pixels:
    """Parallel fibres, ``angle_deg`` counterclockwise from the horizontal, bright on dark.

    ``rim`` pixels at both sides of each are brighter still, as edges are in electron micrographs.
    """
    y, x = np.mgrid[: shape[0], : shape[1]]
    turn = math.radians(angle_deg)
    across = (x - shape[1] / 2) * math.sin(turn) + (y - shape[0] / 2) * math.cos(turn)
    off = np.abs((across + pitch / 2) % pitch - pitch / 2)
    drawn = dark + (body - dark) * coverage(off - width / 2)
    if rim:
        drawn += 0.35 * (coverage(off - width / 2) - coverage(off - width / 2 + rim))
    return drawn


def noisy(pixels: Pixels, amount: float, seed: int = 0) -> Pixels:
    """With white noise of that standard deviation."""
    return pixels + np.random.default_rng(seed).normal(0, amount, pixels.shape)


def blurred(pixels: Pixels, sigma: float) -> Pixels:
    """After a Gaussian."""
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(pixels, sigma)


def as_bytes(pixels: Pixels) -> NDArray[np.uint8]:
    """As an 8-bit micrograph."""
    return np.clip(np.rint(255 * pixels), 0, 255).astype(np.uint8)
