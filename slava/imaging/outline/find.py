"""From grey values to outlined objects: the network at a fitting scale, then a watershed.

Pixels in, pixels out. It must not know calibration, nor what is measured on the objects.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from slava.imaging.outline.network import OutlineNet

WEIGHTS = Path(__file__).parent / "weights" / "outline.safetensors"
SIDES_PX = (128, 256, 512, 1024)
"""Lengths of the longer side at which the network looks at a picture."""
MOST_ENLARGED = 1.6
"""A picture is not looked at larger than this many times its own size."""

Labels = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class OutlineSettings:
    """How objects are cut out of what the network says."""

    object_above: float = 0.5
    """A pixel belongs to an object from this probability on."""
    core_above: float = 0.5
    """Connected pixels deeper than this are the core of one object."""
    least_area_px: int = 16
    """In pixels of the network's scale."""


@dataclass(frozen=True, slots=True, eq=False)
class Outlines:
    """Objects found at one scale."""

    labels: Labels
    """(h, w) at that scale, 0 on the ground."""
    sureness: float
    """0..1, how deep the network finds the objects to be where they are deepest, by area.

    Depth is 1 in the middle of every object it was trained on, whatever its size; where objects
    are too large or too small for it, it is not that sure of the middle.
    """


def outline_objects(
    grey: NDArray[Any], settings: OutlineSettings = OutlineSettings()
) -> tuple[Labels, float]:
    """Outline every countable object of a micrograph.

    Parameters
    ----------
    grey : ndarray, (height_px, width_px)
        Any depth; without databar, letters and bars.
    settings : OutlineSettings

    Returns
    -------
    labels : ndarray of int32, (height_px, width_px)
        0 on the ground, 1 to n on the objects.
    sureness : float, 0..1
        See :class:`Outlines`; 0 where nothing was found.
    """
    levels = _levels(grey)
    most = MOST_ENLARGED * max(grey.shape)
    sides = [side for side in SIDES_PX if side <= most] or [SIDES_PX[0]]
    best = max((_look(levels, side, settings) for side in sides), key=lambda o: o.sureness)
    return _enlarge(best.labels, grey.shape), best.sureness


def _look(levels: NDArray[np.float32], long_side: int, settings: OutlineSettings) -> Outlines:
    """Outlines at the scale where the longer side has ``long_side`` px."""
    from scipy.ndimage import maximum

    is_object, depth = _ask(levels, long_side)
    labels = _cut(is_object, depth, settings)
    areas = np.bincount(labels.ravel())[1:]
    if not len(areas):
        return Outlines(labels, 0.0)
    tops = np.asarray(maximum(depth, labels, np.arange(1, len(areas) + 1)))
    return Outlines(labels, float((tops * areas).sum() / areas.sum()))


def _levels(grey: NDArray[Any]) -> NDArray[np.float32]:
    """Grey values of zero mean and unit deviation, extremes clipped."""
    sampled = grey.ravel()[:: grey.size // 400_000 + 1]
    low, high = (float(v) for v in np.percentile(sampled, (0.2, 99.8)))
    levels = np.clip(grey.astype(np.float32), low, high)
    return (levels - float(levels.mean())) / max(float(levels.std()), 1e-6)


def _ask(levels: NDArray[np.float32], long_side: int) -> NDArray[np.float32]:
    """What the network says, (2, h, w) in 0..1: object and depth."""
    import torch
    from torch.nn import functional as F  # noqa: N812

    from slava.imaging.outline.network import STRIDE

    height, width = levels.shape
    factor = long_side / max(height, width)
    h, w = max(STRIDE, round(height * factor)), max(STRIDE, round(width * factor))
    x = torch.from_numpy(np.ascontiguousarray(levels))[None, None]
    x = F.interpolate(x, (h, w), mode="bilinear", antialias=factor < 1, align_corners=False)
    x = F.pad(x, (0, -w % STRIDE, 0, -h % STRIDE), mode="replicate")
    with torch.inference_mode():
        said: NDArray[np.float32] = _network()(x)[0, :, :h, :w].sigmoid().numpy()
    return said


@lru_cache(maxsize=1)
def _network() -> OutlineNet:
    import torch
    from safetensors.torch import load_file

    from slava.imaging.outline.network import OutlineNet

    network = OutlineNet()
    network.load_state_dict({k: v.float() for k, v in load_file(WEIGHTS).items()}, strict=False)
    return network.eval().to(memory_format=torch.channels_last)


def _cut(
    is_object: NDArray[np.float32], depth: NDArray[np.float32], settings: OutlineSettings
) -> Labels:
    """A watershed on depth, from the objects' cores, within what is an object."""
    from scipy.ndimage import gaussian_filter, label
    from skimage.segmentation import watershed

    smooth = gaussian_filter(depth, 0.7)
    inside = is_object > settings.object_above
    cores, _ = label(inside & (smooth > settings.core_above))
    found = watershed(-smooth, cores, mask=inside)
    keep = np.bincount(found.ravel()) >= settings.least_area_px
    keep[0] = False
    return np.where(keep, np.cumsum(keep), 0).astype(np.int32)[found]


def _enlarge(labels: Labels, shape: tuple[int, ...]) -> Labels:
    """Labels at another size, every pixel that of the nearest."""
    rows = (np.arange(shape[0]) + 0.5) * labels.shape[0] / shape[0]
    columns = (np.arange(shape[1]) + 0.5) * labels.shape[1] / shape[1]
    return labels[rows.astype(np.intp)[:, None], columns.astype(np.intp)[None]]
