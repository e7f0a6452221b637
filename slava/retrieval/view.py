"""What of a micrograph an encoder may see: the specimen, without databar and burnt-in letters.

Letters are not read here (that takes seconds); what a reader has found before is masked too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from slava.domain import Micrograph
from slava.imaging.databar import burnt_in_mask

Picture = NDArray[Any]
"""Grey values (height_px, width_px) of the specimen's part, any depth."""

THUMBNAIL_PX = 256
"""The shorter side of a picture that is kept for training or to be shown, at most."""
_LEVELS_PER_DEVIATION = 42.0
_SAMPLED = 250_000


def specimen_view(micrograph: Micrograph, grey: NDArray[Any]) -> Picture:
    """The specimen's part of a micrograph; burnt-in pixels have the grey of what lies around.

    Parameters
    ----------
    micrograph
        As it was inspected: its databar, its letters and its scale bar count.
    grey
        (height_px, width_px) of the whole file, any depth.

    Returns
    -------
    ndarray, (height_px, width_px) of the part, the dtype of ``grey``
    """
    box = micrograph.picture
    picture = grey[box.top : box.bottom, box.left : box.right]
    mask = burnt_in_mask(grey, micrograph.databar, micrograph.scale_bar, micrograph.letters)
    hidden = mask[box.top : box.bottom, box.left : box.right]
    if not hidden.any() or hidden.all():
        return picture
    cleaned = picture.copy()
    cleaned[hidden] = np.median(picture[~hidden][:: picture.size // _SAMPLED + 1])
    return cleaned


def thumbnail(picture: Picture, side_px: int = THUMBNAIL_PX) -> NDArray[np.uint8]:
    """A small copy of normed brightness and contrast: operators set both as they please.

    Parameters
    ----------
    picture
        (height_px, width_px), any depth.
    side_px
        The shorter side of the copy at most; a small picture is not enlarged.

    Returns
    -------
    ndarray of uint8, (h, w)
        Mean 128, one standard deviation is 42 levels.
    """
    values = np.asarray(picture, dtype=np.float32)
    low, high = (float(v) for v in np.percentile(_sample(values), (0.2, 99.8)))
    if high > low:
        values = np.clip(values, low, high)
    height, width = values.shape
    factor = side_px / min(height, width)
    if factor < 1:
        size = (max(1, round(width * factor)), max(1, round(height * factor)))
        values = np.asarray(Image.fromarray(values).resize(size, Image.Resampling.BILINEAR))
    normed = (values - values.mean()) / max(float(values.std()), 1e-6)
    return np.clip(np.round(128 + _LEVELS_PER_DEVIATION * normed), 0, 255).astype(np.uint8)


def standardised(small: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A thumbnail as numbers of about zero mean and unit deviation."""
    return (small.astype(np.float32) - 128) / _LEVELS_PER_DEVIATION


def squares(small: Picture, oblong: float = 1.15) -> list[Picture]:
    """The square parts of a picture that are looked at: one, or two where it is oblong."""
    height, width = small.shape
    side = min(height, width)
    if max(height, width) < oblong * side:
        return [small]
    if width > height:
        return [small[:, :side], small[:, width - side :]]
    return [small[:side], small[height - side :]]


def _sample(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return values.ravel()[:: values.size // _SAMPLED + 1]
