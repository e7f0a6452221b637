"""Drawings with a known number and size of grains, lattices and pores."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from tests.measure.drawings import Pixels, blurred, coverage, noisy


def lattice(
    shape: tuple[int, int],
    steps: tuple[float, float],
    angle_deg: float,
    turn_deg: float,
    radius: float,
    *,
    noise: float = 0.05,
    jitter: float = 0.0,
) -> Pixels:
    """Bright dots at all whole multiples of two steps, counterclockwise by ``turn_deg``."""
    turn, between = math.radians(turn_deg), math.radians(angle_deg)
    first = steps[0] * np.array([math.cos(turn), -math.sin(turn)])
    second = steps[1] * np.array([math.cos(turn + between), -math.sin(turn + between)])
    reach = int(2 * max(shape) / min(steps)) + 2
    i, j = np.mgrid[-reach:reach, -reach:reach].reshape(2, -1, 1)
    rng = np.random.default_rng(0)
    dots = i * first + j * second + np.array(shape[::-1]) / 2 + rng.normal(0, jitter, (i.size, 2))
    y, x = np.mgrid[: shape[0], : shape[1]]
    apart, _ = cKDTree(dots).query(np.stack([x.ravel(), y.ravel()], 1))
    ink = coverage(apart.reshape(shape) - radius)
    return noisy(blurred(0.2 + 0.6 * ink, 1), noise)


def mosaic(shape: tuple[int, int], number: int, seed: int) -> tuple[NDArray[np.int32], Pixels]:
    """Grains of similar sizes as labels from 1, and every pixel's distance to its boundary."""
    rng = np.random.default_rng(seed)
    centres = rng.uniform(0, 1, (number, 2)) * shape
    pixels = np.stack([v.ravel() for v in np.mgrid[: shape[0], : shape[1]]], 1)
    for _ in range(3):  # Lloyd's algorithm makes them alike
        owner = cKDTree(centres).query(pixels[::7])[1]
        counts = np.maximum(1, np.bincount(owner, minlength=number))
        centres = np.stack([np.bincount(owner, v[::7], number) / counts for v in pixels.T], 1)
    apart, owner = cKDTree(centres).query(pixels, k=2)
    gap = (apart[:, 1] - apart[:, 0]) / 2
    return (owner[:, 0] + 1).reshape(shape).astype(np.int32), gap.reshape(shape)


def grains(labels: NDArray[np.int32], gap: Pixels, style: str, noise: float) -> Pixels:
    """The mosaic as dark lines, bright lines or rounded bumps."""
    looks = {
        "dark lines": 0.65 - 0.4 * coverage(gap - 2),
        "bright lines": 0.35 + 0.4 * coverage(gap - 2),
        "bumps": 0.2 + 0.6 * np.minimum(1, gap / 12) ** 0.5,
        "steps": np.linspace(0.1, 0.9, 7)[(labels * 3) % 7],
    }
    return noisy(blurred(looks[style], 1), noise)
