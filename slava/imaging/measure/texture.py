"""Direction and repetition of whatever is in the picture, whether or not it forms objects.

This module must not know of kinds or of objects.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slava.domain import Fact
from slava.imaging.measure.facts import Ruler, length_fact
from slava.imaging.measure.view import Grey, View

ORDERED = 0.15
"""A mean direction is told from this order parameter on."""

LEAST_CYCLES = 4
"""A repetition must be seen so many times across the picture."""

LEAST_PERIOD_PX = 5.0
"""Shorter ones are sampling, compression and scanning."""

PEAK_OVER_RING = 60.0
"""A peak must exceed the median power at its distance from the centre so many times; the highest
of a million values of white noise reaches about 20."""

PEAK_SHARE = 0.04
"""And hold this share of the variance of all repetitions looked for."""


Reals = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Direction:
    """Mean direction of the structures and how much they agree."""

    angle_deg: float
    """0..180, counterclockwise from the horizontal as the micrograph is seen."""
    order: float
    """0..1, mean of cos 2(angle - mean angle): 0 is no preferred direction, 1 is all parallel."""


@dataclass(frozen=True, slots=True)
class Repetition:
    """The strongest period of the picture."""

    period_px: float
    """In view pixels."""
    uncertainty_px: float
    """Half a frequency step, in view pixels."""
    angle_deg: float
    """0..180, of the direction in which it repeats."""
    strength: float
    """Peak over the median power of its ring."""


def direction_of(
    gradient: NDArray[np.float32], weights: NDArray[np.float32] | None = None
) -> Direction | None:
    """Mean direction across the gradient, from the summed structure tensor.

    Parameters
    ----------
    gradient : (2, ...)
        Along x and along y (down).
    weights : (...), optional
        Of each position. Without them, the squared gradient is its own weight.

    Source: J. Bigun, G. Granlund (1987), Optimal orientation detection of linear symmetry.
    """
    gx, gy = np.asarray(gradient, np.float64)
    energy = gx**2 + gy**2
    if weights is not None:
        with np.errstate(invalid="ignore", divide="ignore"):
            scale = np.where(energy > 0, weights / energy, 0.0)
    else:
        scale = np.ones_like(energy)
    total = float((energy * scale).sum())
    if total <= 0:
        return None
    even, odd = float(((gx**2 - gy**2) * scale).sum()), float((2 * gx * gy * scale).sum())
    across = 0.5 * math.degrees(math.atan2(odd, even))
    return Direction((90 - across) % 180, min(1.0, math.hypot(even, odd) / total))


def direction_facts(direction: Direction | None, method: str) -> list[Fact]:
    """Order parameter, and the mean direction where there is one."""
    if direction is None:
        return []
    order = Fact("order_parameter", "Order parameter (0 none, 1 parallel)", direction.order)
    order = Fact(order.name, order.label, order.value, "", None, method)
    if direction.order < ORDERED:
        return [order]
    spread = 0.5 * math.degrees(math.sqrt(-2 * math.log(max(direction.order, 1e-6))))
    orientation = Fact(
        "orientation",
        "Mean direction, counterclockwise from horizontal",
        direction.angle_deg,
        "°",
        spread,
        f"{method}; ± circular standard deviation of the directions",
    )
    return [orientation, order]


def repetition_of(grey: Grey) -> Repetition | None:
    """The strongest peak of the power spectrum, where it stands out of its ring."""
    height, width = grey.shape
    power, fx, fy = _spectrum(grey)
    radius = np.hypot(fx, fy)
    seen = (radius * min(height, width) >= LEAST_CYCLES) & (radius <= 1 / LEAST_PERIOD_PX)
    if seen.sum() < 50:
        return None
    ring = np.rint(radius * max(height, width)).astype(int)
    ratio = np.where(seen, power / np.maximum(ring_medians(power, ring)[ring], 1e-30), 0)
    y, x = np.unravel_index(int(np.argmax(np.where(ratio > PEAK_OVER_RING, power, 0))), power.shape)
    near = (np.abs(fx - fx[0, x]) * width < 2.5) & (np.abs(fy - fy[y, 0]) * height < 2.5)
    share = power[near].sum() / max(power[seen].sum(), 1e-30)
    if ratio[y, x] <= PEAK_OVER_RING or share < PEAK_SHARE:
        return None
    weight = power * near
    cx, cy = (float((weight * f).sum() / weight.sum()) for f in (fx, fy))
    frequency = math.hypot(cx, cy)
    step = 0.5 * math.hypot(cx / width, cy / height) / frequency
    angle = math.degrees(math.atan2(-cy, cx)) % 180
    return Repetition(1 / frequency, step / frequency**2, angle, float(ratio[y, x]))


def repetition_facts(repetition: Repetition | None, ruler: Ruler) -> list[Fact]:
    """The period, where there is one."""
    if repetition is None:
        return []
    return [
        length_fact(
            "period",
            "Period",
            ruler.px(repetition.period_px),
            ruler.nm_per_px,
            uncertainty_px=ruler.px(repetition.uncertainty_px),
            method="strongest peak of the Fourier spectrum; ± half a frequency step",
            parameters={
                "direction_deg": round(repetition.angle_deg, 1),
                "peak_over_background": round(repetition.strength),
                "reduced_by": ruler.step,
            },
        )
    ]


def texture_facts(view: View, ruler: Ruler) -> list[Fact]:
    """Grey roughness and correlation length: of the picture's brightness, not of heights.

    The correlation length is the distance at which the autocorrelation of the picture, mean over
    all directions, falls to 1/e; slow changes (the mean over a quarter of the side) are taken off
    first.
    """
    from scipy import ndimage as ndi

    flat = view.smooth - ndi.uniform_filter(view.smooth, view.side // 4)
    roughness = 100 * float(flat.std())
    facts = [
        Fact(
            "texture_roughness",
            "Grey roughness, of the contrast",
            roughness,
            "%",
            None,
            "standard deviation of the brightness, slow changes taken off",
        )
    ]
    length = correlation_length(flat)
    if length is not None:
        method = "autocorrelation falls to 1/e, mean over directions"
        facts.append(
            length_fact(
                "texture_correlation_length",
                "Correlation length of the texture",
                ruler.px(length),
                ruler.nm_per_px,
                method=method,
            )
        )
    return facts


def correlation_length(flat: Grey) -> float | None:
    """In pixels; ``None`` where the autocorrelation never falls to 1/e."""
    from scipy.fft import irfft2, rfft2

    height, width = flat.shape
    power = np.abs(rfft2(flat - flat.mean(), s=(2 * height, 2 * width))) ** 2
    whole = irfft2(power)[:height, :width]
    y, x = np.mgrid[:height, :width]
    overlap = (height - y) * (width - x)
    radius = np.rint(np.hypot(y, x)).astype(int)
    near = radius < min(height, width) // 2
    mean = np.bincount(radius[near], (whole / overlap)[near]) / np.bincount(radius[near])
    below = np.flatnonzero(mean < mean[0] / math.e)
    if not len(below) or mean[0] <= 0:
        return None
    after = int(below[0])
    return float(after - (mean[0] / math.e - mean[after]) / (mean[after - 1] - mean[after]))


def _spectrum(grey: Grey) -> tuple[Reals, Reals, Reals]:
    """Power of the windowed picture, and the frequencies, per pixel."""
    from scipy.fft import rfft2

    height, width = grey.shape
    window = np.hanning(height)[:, None] * np.hanning(width)[None, :]
    power = np.abs(rfft2((grey - grey.mean()) * window)) ** 2
    return power, np.fft.rfftfreq(width)[None, :], np.fft.fftfreq(height)[:, None]


def ring_medians(power: Reals, ring: NDArray[np.int64]) -> Reals:
    """The median power of each ring 0..n; infinite where a ring has no waves."""
    order = np.argsort(ring.ravel(), kind="stable")
    values = power.ravel()[order]
    edges = np.concatenate([[0], np.cumsum(np.bincount(ring.ravel()))])
    return np.array(
        [np.median(values[a:b]) if b > a else np.inf for a, b in itertools.pairwise(edges)]
    )
