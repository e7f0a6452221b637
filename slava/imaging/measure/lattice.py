"""The lattice behind the peaks of the Fourier spectrum, finer than a pixel.

A line pattern has one spacing; a lattice has two basis vectors, of which the shortest possible
ones are given. This module must not know what repeats, nor of facts.

Source of the peaks' fine position: a parabola through the logarithm of a windowed peak and its
neighbours (M. Gasior, J. L. Gonzalez 2004, doi:10.1063/1.1831158).
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slava.imaging.measure.texture import LEAST_CYCLES, PEAK_OVER_RING, ring_medians
from slava.imaging.measure.view import Grey

LEAST_PERIOD_PX = 3.0
"""Shorter ones are sampling."""

MOST_PEAKS = 24
"""So many of the strongest peaks are looked at."""

WEAKEST = 0.002
"""Peaks under this share of the strongest one's power are left out."""

COLLINEAR = 0.2
"""Sine of the angle under which two peaks belong to one line pattern."""

FITS = 0.12
"""A peak belongs to the lattice if its indices are integers to within this."""

STRONG, NEARLY = 8, 0.95
"""So many strong peaks may be the basis, if it explains this share of what the best one does."""

LEAST_EXPLAINED, LEAST_SHARE = 0.6, 0.04
"""Of the peaks' power, and of the picture's variance; less is no pattern."""

FINE_STEP = 0.05
"""Usual error of a peak's fine position, in frequency steps."""

Reals = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Lattice:
    """What repeats; vectors as (x, y) with y downwards, in pixels of the picture looked at."""

    first: Reals
    """The shortest step from one element to the next; of lines, across them."""
    second: Reals | None
    """The shortest other one; ``None`` for lines."""
    explained: float
    """0..1, share of the peaks' power that the lattice explains."""
    share: float
    """0..1, share of the variance (of the periods looked for) that lies in those peaks."""
    error: float
    """Standard error of ``first``'s length, px."""
    repeats: float
    """How often ``first`` fits along the shorter side."""

    @property
    def angle_deg(self) -> float:
        """0..180, direction of ``first``, counterclockwise from the horizontal."""
        return math.degrees(math.atan2(-self.first[1], self.first[0])) % 180

    @property
    def between_deg(self) -> float | None:
        """60..90, between the two basis vectors."""
        if self.second is None:
            return None
        lengths = np.hypot(*self.first) * np.hypot(*self.second)
        return math.degrees(math.acos(abs(float(self.first @ self.second)) / lengths))


def lattice_of(grey: Grey) -> Lattice | None:
    """The lattice of a picture, or ``None`` where no peak stands out of the spectrum."""
    power, frequencies, ratio = _spectrum(grey)
    peaks, strength = _peaks(power, frequencies, ratio)
    if not len(peaks):
        return None
    basis = _basis(peaks, strength)
    indices, fits = _fits(peaks, basis)
    weight = np.sqrt(strength[fits])[:, None]
    basis = np.linalg.lstsq(weight * indices[fits], weight * peaks[fits], rcond=None)[0]
    first, second = _steps(basis)
    explained = float(strength[fits].sum() / strength.sum())
    share = _share(power, ratio, frequencies, peaks[fits])
    if explained < LEAST_EXPLAINED or share < LEAST_SHARE:
        return None
    step = FINE_STEP / max(grey.shape) / math.sqrt(float(fits.sum()))
    repeats = min(grey.shape) / float(np.hypot(*first))
    return Lattice(first, second, explained, share, step * float(first @ first), repeats)


def _spectrum(grey: Grey) -> tuple[Reals, Reals, Reals]:
    """Power and frequency (2, ...) of each wave; power over that of its ring, -1 if not looked for.

    One half of the plane; frequencies in cycles per pixel.
    """
    from scipy.fft import rfft2

    height, width = grey.shape
    window = np.hanning(height)[:, None] * np.hanning(width)[None, :]
    power = np.abs(rfft2((grey - np.average(grey, weights=window)) * window)) ** 2
    fx, fy = np.fft.rfftfreq(width)[None, :], np.fft.fftfreq(height)[:, None]
    radius = np.hypot(fx, fy)
    ring = np.rint(radius * max(height, width)).astype(int)
    ratio = power / np.maximum(ring_medians(power, ring)[ring], 1e-30)
    seen = (radius * min(height, width) >= LEAST_CYCLES) & (radius <= 1 / LEAST_PERIOD_PX)
    return power, np.stack(np.broadcast_arrays(fx, fy)), np.where(seen, ratio, -1)


def _share(power: Reals, ratio: Reals, frequencies: Reals, peaks: Reals) -> float:
    """Share of the power of all waves looked for that lies within two steps of the peaks."""
    height, width = power.shape[0], 2 * (power.shape[1] - 1)
    near = np.zeros(power.shape, bool)
    for fx, fy in peaks:
        dx, dy = (frequencies[0] - fx) * width, (frequencies[1] - fy) * height
        near |= (np.abs(dx) < 2.5) & (np.abs(dy) < 2.5)
    return float(power[near & (ratio >= 0)].sum() / max(float(power[ratio >= 0].sum()), 1e-30))


def _peaks(power: Reals, frequencies: Reals, ratio: Reals) -> tuple[Reals, Reals]:
    """Frequencies (n, 2) and powers (n,) of the peaks, the lowest frequency first."""
    from scipy import ndimage as ndi

    highest = ndi.maximum_filter(power, 5, mode="wrap") == power
    y, x = np.nonzero(highest & (ratio > PEAK_OVER_RING))
    twice = (x == 0) & (frequencies[1, y, x] < 0)
    y, x = y[~twice], x[~twice]
    order = np.argsort(-power[y, x])[:MOST_PEAKS]
    y, x = y[order], x[order]
    strong = power[y, x] >= WEAKEST * power[y, x].max(initial=0)
    y, x = y[strong], x[strong]
    log = np.log(np.maximum(power, 1e-30))
    height, width = power.shape
    dx = _vertex(log[y, np.abs(x - 1)], log[y, x], log[y, np.minimum(x + 1, width - 1)])
    dy = _vertex(log[y - 1, x], log[y, x], log[(y + 1) % height, x])
    fx = frequencies[0, y, x] + np.where(x > 0, dx, 0) * frequencies[0, 0, 1]
    fine = np.stack([fx, frequencies[1, y, x] + dy / height], 1)
    nearest = np.argsort(np.hypot(*fine.T))
    return fine[nearest], power[y, x][nearest]


def _vertex(before: Reals, at: Reals, after: Reals) -> Reals:
    """Where a parabola through three neighbours has its top, in steps from the middle one."""
    bend = before - 2 * at + after
    return np.where(bend < 0, 0.5 * (before - after) / np.where(bend < 0, bend, -1), 0.0)


def _basis(peaks: Reals, strength: Reals) -> Reals:
    """The widest pair of strong peaks that explains nearly as much as the best pair; (1 or 2, 2).

    The widest, because a narrow enough pair explains anything.
    """
    strong = np.argsort(-strength)[:STRONG]
    pairs = []
    for i, j in itertools.combinations(strong, 2):
        basis = peaks[[i, j]]
        area = abs(float(np.linalg.det(basis)))
        if area > COLLINEAR * math.prod(np.hypot(*basis.T)):
            fits = _fits(peaks, basis)[1]
            pairs.append((float(strength[fits].sum()), area, basis))
    if not pairs:
        return peaks[strong[:1]] if len(strong) == 1 else _lowest(peaks, strength)
    best = max(explained for explained, _, _ in pairs)
    return max((p for p in pairs if p[0] >= NEARLY * best), key=lambda p: p[1])[2]


def _lowest(peaks: Reals, strength: Reals) -> Reals:
    """Of peaks in one direction, the lowest that explains nearly as much as the best one."""
    explained = [float(strength[_fits(peaks, one[None])[1]].sum()) for one in peaks]
    good = np.flatnonzero(np.array(explained) >= NEARLY * max(explained))
    return peaks[good[np.argmax(np.hypot(*peaks[good].T))]][None]


def _fits(peaks: Reals, basis: Reals) -> tuple[Reals, NDArray[np.bool_]]:
    """Indices of each peak, (n, 1 or 2), and whether they are integers and not all zero."""
    exact = peaks @ np.linalg.pinv(basis)
    indices = np.rint(exact)
    beside = np.linalg.norm(peaks - exact @ basis, axis=1) < FITS * np.hypot(*basis[0])
    close = np.abs(exact - indices).max(axis=1) < FITS
    return indices, close & beside & np.any(indices != 0, axis=1)


def _steps(basis: Reals) -> tuple[Reals, Reals | None]:
    """Reciprocal vectors (1 or 2, 2) as the shortest steps in space (Gauss reduction)."""
    if len(basis) == 1:
        return basis[0] / float(basis[0] @ basis[0]), None
    a, b = np.linalg.inv(basis).T
    while True:
        if a @ a > b @ b:
            a, b = b, a
        turns = np.rint(float(a @ b) / float(a @ a))
        if turns == 0:
            return a, b
        b = b - turns * a
