"""The shape of every object of a label image, all objects at once.

This module must not know how the objects were found, nor of nanometres.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slava.imaging.measure.hulls import area_of, feret_of, hulls_of

Reals = NDArray[np.floating[Any]]
Labels = NDArray[np.int32]

DIRECTIONS = ((0, 1, 1.0), (1, 0, 1.0), (1, 1, 0.5**0.5), (1, -1, 0.5**0.5))
"""Steps along y and x, and the distance between the lines that such steps follow."""


@dataclass(frozen=True, slots=True, eq=False)
class Shapes:
    """One value per object 1..n, in pixels of the label image."""

    area: Reals
    perimeter: Reals
    """Crofton's formula in four directions. Source: G. Lehmann, D. Legland, Efficient N-dimensional
    surface estimation using Crofton formula (The Insight Journal, 2012)."""
    feret: Reals
    feret_min: Reals
    major: Reals
    """Long axis of the ellipse of equal second moments."""
    minor: Reals
    angle_deg: Reals
    """0..180, of the long axis, counterclockwise from the horizontal."""
    solidity: Reals
    mean_grey: Reals
    box: NDArray[np.int64]
    """(n, 4) left, top, right, bottom."""
    whole: NDArray[np.bool_]
    """Whether it is clear of the border of the label image."""

    def __len__(self) -> int:
        return len(self.area)

    @property
    def diameter(self) -> Reals:
        """Of the circle of equal area."""
        return np.sqrt(4 * self.area / np.pi)

    @property
    def circularity(self) -> Reals:
        """0..1, 4 pi area / perimeter squared."""
        return np.minimum(1.0, 4 * np.pi * self.area / np.maximum(self.perimeter, 1e-9) ** 2)

    @property
    def roundness(self) -> Reals:
        """0..1, 4 area / (pi long axis squared)."""
        return np.minimum(1.0, 4 * self.area / (np.pi * self.major**2))

    @property
    def aspect_ratio(self) -> Reals:
        """>= 1, long over short axis."""
        return self.major / self.minor

    @property
    def sized(self) -> NDArray[np.bool_]:
        """Those whose sizes count: the whole ones, or all if none is whole."""
        return self.whole if self.whole.any() else np.ones(len(self), bool)


def describe(labels: Labels, grey: Reals) -> Shapes:
    """Measure the objects 1..n of a label image, none of which is empty.

    Parameters
    ----------
    labels, grey : (height, width)
    """
    count = int(labels.max(initial=0))
    y, x = np.nonzero(labels)
    owner = labels[y, x]
    area = np.bincount(owner, minlength=count + 1)[1:].astype(float)
    major, minor, angle = _ellipses(owner, x.astype(float), y.astype(float), area)
    hulls = hulls_of(labels)
    ferets = np.array([feret_of(hull) for hull in hulls]).reshape(-1, 2)
    box = _boxes(labels)
    clear = np.hstack([box[:, :2] > 0, box[:, 2:] < np.array(labels.shape[::-1])])
    return Shapes(
        area=area,
        perimeter=_perimeters(labels, count),
        feret=ferets[:, 0],
        feret_min=ferets[:, 1],
        major=major,
        minor=minor,
        angle_deg=angle,
        solidity=area / np.array([area_of(hull) for hull in hulls]),
        mean_grey=np.bincount(owner, grey[y, x], minlength=count + 1)[1:] / area,
        box=box,
        whole=np.all(clear, axis=1),
    )


def _ellipses(
    owner: NDArray[np.int32], x: Reals, y: Reals, area: Reals
) -> tuple[Reals, Reals, Reals]:
    """Long and short axis and direction; a pixel is a square, not a point (1/12 in each moment)."""

    def mean(values: Reals) -> Reals:
        return np.bincount(owner, values, minlength=len(area) + 1)[1:] / area

    cx, cy = mean(x), mean(y)
    dx, dy = x - cx[owner - 1], y - cy[owner - 1]
    xx, yy, xy = mean(dx * dx) + 1 / 12, mean(dy * dy) + 1 / 12, mean(dx * dy)
    middle, off = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    angle = np.degrees(0.5 * np.arctan2(-2 * xy, xx - yy)) % 180
    return 4 * np.sqrt(middle + off), 4 * np.sqrt(np.maximum(middle - off, 1 / 12)), angle


def _boxes(labels: Labels) -> NDArray[np.int64]:
    from scipy import ndimage as ndi

    found = ndi.find_objects(labels)
    boxes = [(b[1].start, b[0].start, b[1].stop, b[0].stop) for b in found]
    return np.array(boxes, np.int64).reshape(-1, 4)


def _perimeters(labels: Labels, count: int) -> Reals:
    """Times that lines in four directions cross each object's border, weighted by their spacing."""
    height, width = labels.shape
    padded = np.pad(labels, 1)
    total = np.zeros(count + 1)
    for down, right, spacing in DIRECTIONS:
        here = padded[: height + 1, max(0, -right) : width + 2 - max(0, right)]
        there = padded[down : height + 1 + down, max(0, right) : width + 2 + min(0, right)]
        crossed = here != there
        sides = np.concatenate([here[crossed], there[crossed]])
        total += spacing * np.bincount(sides, minlength=count + 1)
    return np.pi / 8 * total[1:]
