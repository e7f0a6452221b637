"""Micrographs of countable bodies with the outline of each, drawn for the outline network.

Bodies come from :mod:`slava.synthetic`; here they are seen either by a scanning beam or, as in a
transmission microscope, as shadows with rims, shells and cores. Nothing here reads a real
micrograph.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from slava.imaging.outline import Subject, distance_inside
from slava.synthetic.canvas import Array, Canvas, blur
from slava.synthetic.optics import expose, signal
from slava.synthetic.scenes.bodies_on_ground import draw_particles
from slava.synthetic.scenes.heaps import draw_powder
from slava.synthetic.scenes.life import draw_biological
from slava.synthetic.scenes.threads import draw_fibres
from training.outline.painted import paint_bodies, paint_fibres

LEAST_PX = 20
"""Smaller pieces of an object are no object: they are left to the ground."""
LEAST_FIBRE_PX = 60
PAINTED_SHARE = 0.55
LEAST_DIAMETER = 0.045
"""Of the picture's side."""
TRANSMISSION_SHARE = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Outlined:
    """``pixels`` (H, W) uint8 and ``objects`` (H, W) int32, 0 on the ground, else a number."""

    pixels: NDArray[np.uint8]
    objects: NDArray[np.int32]


def draw_outlined(seed: int, size_px: int = 256, subject: Subject = "bodies") -> Outlined:
    """Draw the micrograph of ``seed``, ``size_px`` square."""
    canvas = Canvas(size_px, size_px, np.random.default_rng(seed))
    painted = canvas.chance(PAINTED_SHARE)
    image, objects = (_bodies if subject == "bodies" else _fibres)(canvas, painted)
    _burn_in(canvas, image, objects)
    hard = canvas.chance(0.3 if painted else 0.7)
    return Outlined(expose(canvas, image)[0] if hard else _expose_well(canvas, image), objects)


def _bodies(c: Canvas, painted: bool) -> tuple[Array, NDArray[np.int32]]:
    if painted:
        image, owner = paint_bodies(c)
        return image, whole_pieces(owner)
    if c.chance(TRANSMISSION_SHARE):
        draw_particles(c)
        objects = whole_pieces(c.owner)
        return _transmission(c, objects), objects
    scene = c.pick({"particles": 7, "powder": 1.5, "life": 0.8})
    draw = {"particles": draw_particles, "powder": draw_powder, "life": draw_biological}[scene]
    relief = draw(c).relief
    objects = whole_pieces(c.owner)
    return _rimmed(c, signal(c, relief), objects), objects


def _fibres(c: Canvas, painted: bool) -> tuple[Array, NDArray[np.int32]]:
    for _ in range(8):  # threads too thin to be told apart at this size are not asked for
        drawn = Canvas(c.width_px, c.height_px, c.rng)
        sketch = draw_fibres(drawn)
        if (sketch.diameter_px or 0) >= LEAST_DIAMETER * c.side:
            break
    if painted:
        image, owner = paint_fibres(drawn)
    else:
        image, owner = signal(drawn, sketch.relief), drawn.owner
    return image, whole_pieces(owner, LEAST_FIBRE_PX)


def _expose_well(c: Canvas, image: Array) -> NDArray[np.uint8]:
    """A calm picture: a little out of focus, a little noise, some other gamma."""
    image = blur(image, c.log_uniform(0.3, 1.6) * c.side / 256)
    low, high = np.percentile(image, (c.uniform(0, 1), 100 - c.uniform(0, 1)))
    image = (image - low) / max(float(high - low), 0.05)
    grain = c.noise(c.uniform(0.8, 1.6)) if c.chance(0.5) else c.noise(0.5)
    image = image + c.uniform(0, 0.08) ** 1.3 * grain
    return (np.clip(image, 0, 1) ** c.log_uniform(0.6, 1.5) * 255).astype(np.uint8)


def whole_pieces(owner: NDArray[np.int32], least_px: int = LEAST_PX) -> NDArray[np.int32]:
    """Number the connected visible pieces of every object anew; scraps become ground."""
    from skimage.measure import label

    pieces = label(owner, background=0, connectivity=1)
    sizes = np.bincount(pieces.ravel())
    keep = sizes >= least_px
    keep[0] = False
    numbers = np.zeros(len(sizes), np.int32)
    numbers[keep] = np.arange(1, int(keep.sum()) + 1)
    return numbers[pieces]


def depth_of(objects: NDArray[np.int32]) -> Array:
    """Distance of every pixel to the edge of its own object, as a share of that object's most.

    (H, W) float32, 0 on the ground and 1 at the deepest pixel of each object.
    """
    distance = distance_inside(objects)
    deepest = ndimage.maximum(distance, objects, np.arange(objects.max() + 1))
    deepest[0] = 1
    return (distance / deepest[objects] * (objects > 0)).astype(np.float32)


def _transmission(c: Canvas, objects: NDArray[np.int32]) -> Array:
    """Shadows on a bright film: thick is dark, edges may glow or darken, some are hollow."""
    depth, inside = depth_of(objects), objects > 0
    tall = float(c.height[inside].max()) if inside.any() else 1.0
    thick = np.clip(c.height, 0, None) / max(tall, 1e-3) * inside
    flat = c.uniform(0, 1)
    body = flat * inside + (1 - flat) * np.sqrt(thick)
    tone = np.clip(c.rng.normal(1, c.uniform(0.02, 0.35), int(objects.max()) + 1), 0.3, 1.7)
    film = c.uniform(0.5, 0.95) + c.uniform(0, 0.05) * c.fractal(c.uniform(0.1, 0.5) * c.side)
    film = film + c.uniform(0, 0.06) * c.noise(c.uniform(1, 6))
    image = film - c.uniform(0.12, 0.75) * body * tone[objects]
    if c.chance(0.35):  # a hollow or a core
        image += c.uniform(-0.25, 0.4) * (depth > c.uniform(0.15, 0.75)) * inside
    if c.chance(0.4):  # Fresnel rims
        image += c.uniform(-0.3, 0.2) * np.exp(-((depth / c.uniform(0.05, 0.3)) ** 2)) * inside
    if c.chance(0.3):
        halo = np.clip(blur(inside.astype(np.float32), c.uniform(0.005, 0.015) * c.side), 0, 1)
        image += c.uniform(0.05, 0.3) * halo * ~inside
    if c.chance(0.5):
        image += c.uniform(0.02, 0.15) * c.noise(c.uniform(1, 8)) * inside
    if c.chance(0.15):
        image = 1 - image  # dark field
    return image.astype(np.float32)


def _rimmed(c: Canvas, image: Array, objects: NDArray[np.int32]) -> Array:
    """A scanned picture, now and then with the bright edges of small bodies."""
    if c.chance(0.35):
        depth, inside = depth_of(objects), objects > 0
        rim = np.exp(-((depth / c.uniform(0.08, 0.35)) ** 2)) * inside
        image = image + c.uniform(0.1, 0.5) * rim
    return image


def _burn_in(c: Canvas, image: Array, objects: NDArray[np.int32]) -> None:
    """A scale bar and strokes like letters, which are no objects."""
    if not c.chance(0.2):
        return
    tone, side = float(c.rng.choice([-0.1, 1.1])), int(c.side)
    top, left = (int(v) for v in c.rng.integers(0, int(0.8 * side), 2))
    boxes = [
        (top, left, max(2, int(c.uniform(0.008, 0.03) * side)), int(c.uniform(0.1, 0.3) * side))
    ]
    for _ in range(int(c.rng.integers(0, 10))):
        height, width = (int(c.uniform(0.01, 0.06) * side) + 1 for _ in range(2))
        boxes.append(
            (top + side // 20, left + int(c.uniform(0, 0.25) * side), height, min(width, 4))
        )
    for y, x, height, width in boxes:
        image[y : y + height, x : x + width] = tone
        objects[y : y + height, x : x + width] = 0
