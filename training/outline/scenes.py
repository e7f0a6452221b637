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

from slava.synthetic.canvas import Array, Canvas, blur
from slava.synthetic.optics import expose, signal
from slava.synthetic.scenes.bodies_on_ground import draw_particles
from slava.synthetic.scenes.heaps import draw_powder
from slava.synthetic.scenes.life import draw_biological

LEAST_PX = 20
"""Smaller pieces of an object are no object: they are left to the ground."""
TRANSMISSION_SHARE = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Outlined:
    """``pixels`` (H, W) uint8 and ``objects`` (H, W) int32, 0 on the ground, else a number."""

    pixels: NDArray[np.uint8]
    objects: NDArray[np.int32]


def draw_outlined(seed: int, size_px: int = 256) -> Outlined:
    """Draw the micrograph of ``seed``, ``size_px`` square."""
    canvas = Canvas(size_px, size_px, np.random.default_rng(seed))
    if canvas.chance(TRANSMISSION_SHARE):
        draw_particles(canvas)
        objects = whole_pieces(canvas.owner)
        image = _transmission(canvas, objects)
    else:
        scene = canvas.pick({"particles": 7, "powder": 1.5, "life": 0.8})
        relief = {"particles": draw_particles, "powder": draw_powder, "life": draw_biological}[
            scene
        ](canvas).relief
        objects = whole_pieces(canvas.owner)
        image = _rimmed(canvas, signal(canvas, relief), objects)
    _burn_in(canvas, image, objects)
    return Outlined(expose(canvas, image)[0], objects)


def whole_pieces(owner: NDArray[np.int32]) -> NDArray[np.int32]:
    """Number the connected visible pieces of every object anew; scraps become ground."""
    from skimage.measure import label

    pieces = label(owner, background=0, connectivity=1)
    sizes = np.bincount(pieces.ravel())
    keep = sizes >= LEAST_PX
    keep[0] = False
    numbers = np.zeros(len(sizes), np.int32)
    numbers[keep] = np.arange(1, int(keep.sum()) + 1)
    return numbers[pieces]


def depth_of(objects: NDArray[np.int32]) -> Array:
    """Distance of every pixel to the edge of its own object, as a share of that object's most.

    (H, W) float32, 0 on the ground and 1 at the deepest pixel of each object.
    """
    from skimage.segmentation import find_boundaries

    edge = find_boundaries(objects, mode="inner")
    distance = ndimage.distance_transform_edt((objects > 0) & ~edge) + (objects > 0)
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
