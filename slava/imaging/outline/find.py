"""From grey values to outlined objects: the network at a fitting scale, then a watershed.

Pixels in, pixels out. It must not know calibration, nor what is measured on the objects.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Subject = Literal["bodies", "fibres"]
"""What is outlined: particles and cells, or the visible pieces of fibres."""

WEIGHTS = Path(__file__).parent / "weights"
"""A file per subject, written by :mod:`training.outline`."""
STRIDE = 32
"""Both sides of what the network looks at are multiples of this."""
SIDES_PX: dict[Subject, tuple[int, ...]] = {
    "bodies": (128, 256, 512, 1024),
    "fibres": (128, 256, 512),
}
"""Lengths of the longer side at which the network looks at a picture, coarse to fine."""
MOST_ENLARGED = 1.6
"""A picture is not looked at larger than this many times its own size."""

Labels = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class OutlineSettings:
    """How objects are cut out of what the network says."""

    object_above: float
    """A pixel belongs to an object from this probability on; sizes are right on average there."""
    core_above: float
    """Connected pixels deeper than this are the core of one object."""
    least_area_px: int = 16
    """In pixels of the network's scale."""


CUTS: dict[Subject, OutlineSettings] = {
    "bodies": OutlineSettings(object_above=0.35, core_above=0.5),
    "fibres": OutlineSettings(object_above=0.5, core_above=0.5),
}

DOUBTFUL = 0.7
"""An object that is this deep where it is deepest speaks neither for nor against a scale."""
WIDE_ENOUGH_PX = 6
"""Fibres of this width at one scale are not looked at more finely."""
MIRRORED_TO_PX = 512
"""At the scale that is taken, mirrored views are asked too, if its longer side is no longer."""
FINEST_ABOVE_PX = 24
"""Where objects have this diameter at one scale, they are not looked at more finely."""


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
    said: NDArray[np.float32]
    """(2, h, w) in 0..1, what the network says there: object and depth."""
    score: float
    """How far deeper than :data:`DOUBTFUL` the objects are, summed over their area, as a share of
    the picture: much that is sure is better than little that is surer."""


def outline_objects(grey: NDArray[Any], subject: Subject = "bodies") -> tuple[Labels, float]:
    """Outline every countable object of a micrograph.

    Parameters
    ----------
    grey : ndarray, (height_px, width_px)
        Any depth; without databar, letters and bars.
    subject : Subject
        Fibres come in visible pieces: see :func:`slava.imaging.outline.join_pieces`.

    Returns
    -------
    labels : ndarray of int32, (height_px, width_px)
        0 on the ground, 1 to n on the objects.
    sureness : float, 0..1
        See :class:`Outlines`; 0 where nothing was found.
    """
    levels = _levels(grey)
    most = MOST_ENLARGED * max(grey.shape)
    every = SIDES_PX[subject]
    best = look = _look(levels, every[0], subject)
    for side in every[1:]:
        if side > most or _is_enough(look.labels, subject, side):
            break
        look = _look(levels, side, subject)
        best = look if subject == "fibres" else max(best, look, key=lambda o: o.score)
    if subject == "bodies" and max(best.labels.shape) <= MIRRORED_TO_PX:
        best = _read(_ask_mirrored(levels, best), subject)
    return _enlarge(best.labels, grey.shape), best.sureness


def _is_enough(labels: Labels, subject: Subject, next_side: int) -> bool:
    """Whether nothing is gained by looking more finely."""
    areas = np.bincount(labels.ravel())[1:]
    if not len(areas):
        return False
    if subject == "fibres":  # finer, every crumb on a fibre becomes an object
        return _typical_width(labels, areas) >= WIDE_ENOUGH_PX
    finest = next_side == SIDES_PX[subject][-1]
    return finest and float(np.median(np.sqrt(4 * areas / np.pi))) > FINEST_ABOVE_PX


def _typical_width(labels: Labels, areas: NDArray[np.intp]) -> float:
    """Width of the objects 1..n where each is widest, the median by area, px."""
    from scipy.ndimage import maximum

    each = np.arange(1, len(areas) + 1)
    widths = 2 * np.asarray(maximum(distance_inside(labels), labels, each))
    order = np.argsort(widths)
    return float(widths[order][np.searchsorted(np.cumsum(areas[order]), areas.sum() / 2)])


def _look(levels: NDArray[np.float32], long_side: int, subject: Subject) -> Outlines:
    """Outlines at the scale where the longer side has ``long_side`` px."""
    return _read(_ask(levels, long_side, subject), subject)


def _read(said: NDArray[np.float32], subject: Subject) -> Outlines:
    """The objects in what the network says."""
    from scipy.ndimage import maximum

    is_object, depth = said
    labels = _cut(is_object, depth, CUTS[subject])
    areas = np.bincount(labels.ravel())[1:]
    if not len(areas):
        return Outlines(labels, 0.0, said, 0.0)
    tops = np.asarray(maximum(depth, labels, np.arange(1, len(areas) + 1)))
    return Outlines(
        labels,
        sureness=float((tops * areas).sum() / areas.sum()),
        said=said,
        score=float(((tops - DOUBTFUL) * areas).sum() / labels.size),
    )


def _ask_mirrored(levels: NDArray[np.float32], look: Outlines) -> NDArray[np.float32]:
    """The mean of what the network says of a picture and of its three mirrored views."""
    total, side = look.said.copy(), max(look.labels.shape)
    for flip in ((slice(None), slice(None, None, -1)), (slice(None, None, -1), slice(None)),
                 (slice(None, None, -1), slice(None, None, -1))):  # fmt: skip
        total += _ask(np.ascontiguousarray(levels[flip]), side, "bodies")[(slice(None), *flip)]
    total /= 4
    return total


def distance_inside(labels: Labels) -> NDArray[np.float64]:
    """Of every pixel to the nearest one that is not of its object, px; (h, w)."""
    from scipy.ndimage import distance_transform_edt
    from skimage.segmentation import find_boundaries

    inner = (labels > 0) & ~find_boundaries(labels, mode="inner")
    distance: NDArray[np.float64] = distance_transform_edt(inner)
    return distance + (labels > 0)


def _levels(grey: NDArray[Any]) -> NDArray[np.float32]:
    """Grey values of zero mean and unit deviation, extremes clipped."""
    sampled = grey.ravel()[:: grey.size // 400_000 + 1]
    low, high = (float(v) for v in np.percentile(sampled, (0.2, 99.8)))
    levels = np.clip(grey.astype(np.float32), low, high)
    return (levels - float(levels.mean())) / max(float(levels.std()), 1e-6)


def _ask(levels: NDArray[np.float32], long_side: int, subject: Subject) -> NDArray[np.float32]:
    """What the network says, (2, h, w) in 0..1: object and depth."""
    height, width = levels.shape
    factor = long_side / max(height, width)
    h, w = max(STRIDE, round(height * factor)), max(STRIDE, round(width * factor))
    sized = np.asarray(Image.fromarray(levels).resize((w, h), Image.Resampling.BILINEAR))
    sheet = np.pad(sized, ((0, -h % STRIDE), (0, -w % STRIDE)), mode="edge")
    (logits,) = _network(subject).run(None, {"grey": sheet[None, None]})
    said: NDArray[np.float32] = 1 / (1 + np.exp(-np.clip(logits[0, :, :h, :w], -30, 30)))
    return said


@lru_cache(maxsize=2)
def _network(subject: Subject) -> InferenceSession:
    """The weights, ready to run on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        WEIGHTS / f"{subject}.onnx", options, providers=["CPUExecutionProvider"]
    )


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
