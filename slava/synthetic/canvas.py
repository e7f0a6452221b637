"""The relief a specimen is modelled in before an electron beam looks at it.

A canvas is a height field with an owner for every pixel. Scenes raise objects out of it; the
optics turn it into a micrograph. It must not know which category is being drawn. Every length is
in pixels, and scenes derive them from ``side`` so that a scene looks alike at any resolution.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[np.floating]
"""A field of float32 pixels, (height_px, width_px)."""

Points = NDArray[np.floating]
"""Places (n, 2), x and y in px."""


@dataclass(slots=True)
class Sketch:
    """What a scene knows of the features it has drawn; lengths in pixels."""

    morphology: str
    arrangement: str
    orientation: str = "random"
    texture: str = "smooth"
    spread: str = "narrow"
    diameter_px: float | None = None
    count: int | None = None
    period_px: float | None = None
    pore_fraction: float | None = None
    coverage_fraction: float | None = None
    """``None``: the share of pixels with an owner."""
    relief: float = 1.0
    """How strongly height counts against tone when the beam looks at it."""
    defects: tuple[str, ...] = ("debris",)
    """Which defects would be seen as such on this specimen."""


@dataclass(slots=True, eq=False)
class Canvas:
    """A height field under construction.

    ``height`` and ``tone`` are (height_px, width_px) float32: height in pixels, tone an additive
    brightness of the material. ``owner`` is 0 on the ground, else the number of an object.
    """

    width_px: int
    height_px: int
    rng: np.random.Generator
    height: Array = field(init=False)
    tone: Array = field(init=False)
    owner: NDArray[np.int32] = field(init=False)
    along: Array = field(init=False)
    """Arc length along a strand in px, where there is one."""
    across: Array = field(init=False)
    """Position across a strand, -1..1."""
    x: Array = field(init=False)
    y: Array = field(init=False)
    areas: list[int] = field(default_factory=list)
    """Pixels each object would show if nothing hid it."""
    widths: dict[int, float] = field(default_factory=dict)
    """Mean width in px, within the picture, of each object that is a strand."""

    def __post_init__(self) -> None:
        shape = (self.height_px, self.width_px)
        self.height, self.tone = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        self.along, self.across = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        self.owner = np.zeros(shape, np.int32)
        y, x = np.mgrid[: self.height_px, : self.width_px]
        self.y, self.x = y.astype(np.float32), x.astype(np.float32)

    @property
    def shape(self) -> tuple[int, int]:
        return self.height_px, self.width_px

    @property
    def side(self) -> float:
        """The shorter edge in px: the measure of all lengths."""
        return float(min(self.shape))

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def uniform(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def log_uniform(self, low: float, high: float) -> float:
        return float(np.exp(self.rng.uniform(np.log(low), np.log(high))))

    def pick(self, weights: Mapping[str, float]) -> str:
        """Draw one of the keys with the odds given as values."""
        odds = np.fromiter(weights.values(), float)
        return list(weights)[int(self.rng.choice(len(odds), p=odds / odds.sum()))]

    def pick_spread(self) -> float:
        """Deviation of the logarithm of sizes: nearly uniform, or broad."""
        return 0.05 if self.chance(0.5) else self.uniform(0.22, 0.4)

    def point(self, margin: float = 0.0) -> NDArray[np.float64]:
        """A random place (x, y); ``margin`` > 0 keeps away from the rim, < 0 goes beyond it."""
        edge = margin * self.side
        return self.rng.uniform((edge, edge), (self.width_px - edge, self.height_px - edge))

    def noise(self, scale_px: float) -> Array:
        """Smooth random relief of unit deviation whose bumps are about ``scale_px`` wide."""
        return noise(self.rng, self.shape, scale_px)

    def fractal(self, scale_px: float, octaves: int = 3, gain: float = 0.5) -> Array:
        """Noise with finer noise on it, unit deviation."""
        total = np.zeros(self.shape, np.float32)
        for k in range(octaves):
            if scale_px / 2**k < 0.8:
                break
            total += gain**k * self.noise(scale_px / 2**k)
        return total / (total.std() + 1e-6)

    def new_object(self) -> int:
        """Start an object; its number, from 1."""
        self.areas.append(0)
        return len(self.areas)

    def forget(self) -> None:
        """Take all objects for ground from now on: what they raised stays."""
        self.owner[:] = 0
        self.areas.clear()
        self.widths.clear()

    def raise_patch(self, top: int, left: int, surface: Array, inside: NDArray, owner: int) -> None:
        """Put ``surface`` (heights) where ``inside`` and higher than what is there."""
        height, width = surface.shape
        self.areas[owner - 1] += int(inside.sum())
        y0, x0 = max(0, top), max(0, left)
        y1, x1 = min(self.height_px, top + height), min(self.width_px, left + width)
        if y0 >= y1 or x0 >= x1:
            return
        cut = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
        here = (slice(y0, y1), slice(x0, x1))
        above = inside[cut] & (surface[cut] > self.height[here])
        self.height[here][above] = surface[cut][above]
        self.owner[here][above] = owner

    def visible(self, share: float = 0.5) -> NDArray[np.intp]:
        """Numbers of the objects of which at least ``share`` is in sight."""
        seen = np.bincount(self.owner.ravel(), minlength=len(self.areas) + 1)[1:]
        whole = np.maximum(np.asarray(self.areas, float), 1.0)
        return np.flatnonzero((seen >= share * whole) & (seen > 0)) + 1

    def mean_width(self) -> float | None:
        """Mean width in px of the strands in sight, each weighted by its length in sight."""
        seen = np.bincount(self.owner.ravel(), minlength=len(self.areas) + 1)
        shown = [(float(seen[number]), width) for number, width in self.widths.items()]
        length = sum(area / width for area, width in shown)
        return sum(area for area, _ in shown) / length if length else None


def noise(rng: np.random.Generator, shape: tuple[int, int], scale_px: float) -> Array:
    """Value noise of unit deviation: a random grid of pitch ``scale_px``, smoothly enlarged."""
    pitch = max(scale_px, 1.0)
    rows, columns = (int(np.ceil(n / pitch)) + 4 for n in shape)
    grid = Image.fromarray(rng.standard_normal((rows, columns), dtype=np.float32))
    left, top = rng.uniform(0.5, 1.5, 2)
    box = (left, top, left + shape[1] / pitch, top + shape[0] / pitch)
    kind = Image.Resampling.NEAREST if pitch < 1.2 else Image.Resampling.BICUBIC
    field_ = np.asarray(grid.resize((shape[1], shape[0]), kind, box=box))
    return (field_ / (field_.std() + 1e-6)).astype(np.float32)


def resize(field_: Array, shape: tuple[int, int], box: bool = False) -> Array:
    """Resample a float field to ``shape``; by area where ``box``."""
    kind = Image.Resampling.BOX if box else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(field_).resize((shape[1], shape[0]), kind))


def blur(field_: Array, sigma_px: float) -> Array:
    """Gaussian blur; wide ones are done on a reduced field, which is quick and looks the same."""
    from scipy.ndimage import gaussian_filter

    if sigma_px <= 0.05:
        return field_
    factor = int(sigma_px / 1.5)
    if factor < 2:
        return gaussian_filter(field_, sigma_px, truncate=3.0)
    shape = field_.shape
    small = (max(4, shape[0] // factor), max(4, shape[1] // factor))
    reduced = gaussian_filter(resize(field_, small, box=True), sigma_px / factor, truncate=3.0)
    return resize(reduced, (shape[0], shape[1]))


def nearest_seed(canvas: Canvas, seeds: Points) -> tuple[NDArray[np.int32], Array]:
    """Cell number and distance in px to the nearest of ``seeds`` ((n, 2), x and y), per pixel."""
    from scipy.ndimage import distance_transform_edt

    empty = np.ones(canvas.shape, bool)
    inside = np.round(seeds).astype(int)
    ok = (inside >= 0).all(1) & (inside[:, 0] < canvas.width_px) & (inside[:, 1] < canvas.height_px)
    names = np.zeros(canvas.shape, np.int32)
    x, y = inside[ok, 0], inside[ok, 1]
    empty[y, x], names[y, x] = False, np.arange(len(x), dtype=np.int32)
    distance, (rows, columns) = distance_transform_edt(empty, return_indices=True)
    return names[rows, columns], distance.astype(np.float32)


def boundaries(cells: NDArray) -> NDArray[np.bool_]:
    """Where neighbouring pixels belong to different cells."""
    edge = np.zeros(cells.shape, bool)
    edge[:, 1:] |= cells[:, 1:] != cells[:, :-1]
    edge[1:] |= cells[1:] != cells[:-1]
    return edge
