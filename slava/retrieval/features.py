"""Visible features of a picture in words: grain of its texture, direction, bright or dark parts.

They explain an answer to people. No measurement and no decision may start from them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage as ndi

from slava.retrieval.view import Picture, standardised, thumbnail

_DIRECTED = 0.35
_SKEWED = 0.7
_FINE, _COARSE = 0.012, 0.04


def visible_features(picture: Picture) -> tuple[str, ...]:
    """Up to three phrases about a picture (height_px, width_px) of any depth."""
    values = standardised(thumbnail(picture))
    values = values - ndi.gaussian_filter(values, min(values.shape) / 4)
    found = [_grain(values)]
    if direction := _direction(values):
        found.append(direction)
    skew = float((values**3).mean() / max(float(values.std()), 1e-6) ** 3)
    if abs(skew) > _SKEWED:
        found.append("bright features" if skew > 0 else "dark features")
    return tuple(found)


def _grain(values: NDArray[np.float32]) -> str:
    """How far grey values go together, as a share of the picture's shorter side."""
    power = np.abs(np.fft.rfft2(values)) ** 2
    like = np.fft.irfft2(power, values.shape)
    like = like / max(float(like[0, 0]), 1e-6)
    reach = min(values.shape) // 2
    along = np.maximum(like[0, :reach], like[:reach, 0])
    below = np.flatnonzero(along < 0.5)
    length = (int(below[0]) if len(below) else reach) / min(values.shape)
    if length <= _FINE:
        return "a fine texture"
    return "a coarse texture" if length >= _COARSE else "a texture of medium grain"


def _direction(values: NDArray[np.float32]) -> str:
    """Where edges mostly run, from the structure tensor of the whole picture."""
    dy, dx = (ndi.gaussian_filter(values, 1.5, order) for order in ((1, 0), (0, 1)))
    xx, yy, xy = float((dx * dx).mean()), float((dy * dy).mean()), float((dx * dy).mean())
    order = float(np.hypot(xx - yy, 2 * xy)) / max(xx + yy, 1e-9)
    if order < _DIRECTED:
        return ""
    across = np.degrees(0.5 * np.arctan2(2 * xy, xx - yy))  # of the gradient, down is positive
    along = (90 - across) % 180
    if min(along, 180 - along) < 20:
        return "horizontal lines"
    return "vertical lines" if abs(along - 90) < 20 else "oblique lines"
