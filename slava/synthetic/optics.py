"""How an electron microscope looks at a relief: signal, focus, charging, noise, databar.

The beam knows height and tone only. It must not know what the relief is of.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from slava.synthetic.canvas import Array, Canvas, blur


@dataclass(frozen=True, slots=True)
class Exposure:
    """What was done to the picture that a careful eye would remark on."""

    noisy: bool
    blurred: bool
    charging: bool


def signal(canvas: Canvas, relief: float = 1.0) -> Array:
    """Secondary-electron signal of a canvas, about 0..1, shape (height_px, width_px).

    Slopes emit more (1/cos of the tilt), a detector on one side sees the slopes that face it,
    hollows are dark, materials differ by their tone.
    """
    c = canvas
    z = blur(c.height, c.uniform(0.25, 0.6))
    slope_y, slope_x = np.gradient(z)
    steep = slope_x**2 + slope_y**2
    tilt = 1 / np.sqrt(1 + steep)  # cosine between surface normal and beam
    where = c.uniform(0, 2 * np.pi)
    facing = (slope_x * np.cos(where) + slope_y * np.sin(where)) * tilt
    depth = c.uniform(0.02, 0.08) * c.side
    sunk = np.tanh((z - blur(z, depth)) / depth * 2)
    image = c.tone * c.uniform(0.2, 0.6)
    image = image + relief * c.uniform(0.0, 0.55) * facing
    image += relief * c.uniform(0.1, 0.9) * (1 - tilt) ** c.uniform(0.8, 2.0)
    image += relief * c.uniform(0.05, 0.5) * sunk
    low, high = np.percentile(image[::3, ::3], [0.5, 99.5])
    span = max(high - low, c.uniform(0.06, 0.3))
    return ((image - low) / span).astype(np.float32)


def expose(canvas: Canvas, image: Array) -> tuple[NDArray[np.uint8], Exposure]:
    """Photograph a signal: the grey levels 0..255 and what went wrong."""
    c = canvas
    image = _uneven(c, image)
    charging = c.chance(0.12)
    if charging:
        image = _charge(c, image)
    image, blurred = _focus(c, image)
    if c.chance(0.15):
        image = _drift(c, image)
    image = _levels(c, image)
    image, noisy = _shot_noise(c, image)
    levels = (np.clip(image, 0, 1) * 255).astype(np.uint8)
    if c.chance(0.5):
        levels = _jpeg(levels, int(c.rng.integers(40, 92)))
    return levels, Exposure(noisy, blurred, charging)


def _uneven(c: Canvas, image: Array) -> Array:
    """Shading across the field, vignetting, a contaminated rectangle."""
    x, y = c.x / c.width_px - 0.5, c.y / c.height_px - 0.5
    swing = 0.25 if c.chance(0.3) else 0.08
    image = image + c.rng.normal(0, swing) * x + c.rng.normal(0, swing) * y
    if c.chance(0.25):
        image = image * (1 - c.uniform(0.1, 0.8) * (x * x + y * y))
    if c.chance(0.06):
        x0, y0 = c.rng.uniform(-0.4, 0.2, 2)
        size = c.uniform(0.2, 0.6)
        scanned = (x > x0) & (x < x0 + size) & (y > y0) & (y < y0 + size)
        image = image - c.uniform(0.05, 0.2) * blur(scanned.astype(np.float32), 0.6)
    return image.astype(np.float32)


def _charge(c: Canvas, image: Array) -> Array:
    """Glow around bright places, and lines where the beam jumped."""
    glow = blur(np.clip(image - 0.6, 0, None), c.uniform(0.02, 0.06) * c.side)
    image = image + c.uniform(0.5, 2.0) * glow
    for _ in range(int(c.rng.integers(2, 9))):
        row = int(c.rng.integers(0, c.height_px))
        rows = slice(row, row + int(c.rng.integers(1, max(2, int(0.015 * c.side)))))
        image[rows, int(c.rng.integers(0, c.width_px // 2)) :] += c.uniform(-0.25, 0.4)
    return image


def _focus(c: Canvas, image: Array) -> tuple[Array, bool]:
    """Beam size; now and then clearly out of focus, or in focus on one side only."""
    unit = c.side / 256
    blurred = c.chance(0.15)
    sigma = (c.uniform(1.4, 3.0) if blurred else c.log_uniform(0.25, 0.9)) * unit
    sharp = blur(image, sigma)
    if not blurred and c.chance(0.12):
        way = c.uniform(0, 2 * np.pi)
        ramp = np.clip(
            (c.x / c.width_px - 0.5) * np.cos(way) + (c.y / c.height_px - 0.5) * np.sin(way), 0, 1
        )
        soft = blur(image, c.uniform(1.5, 3.5) * unit)
        sharp = sharp + (soft - sharp) * np.clip(2.5 * ramp, 0, 1)
    return sharp.astype(np.float32), blurred


def _drift(c: Canvas, image: Array) -> Array:
    """Rows displaced by drift and vibration."""
    unit = c.side / 256
    rows = np.arange(c.height_px)
    shift = c.uniform(0, 0.04) * rows
    shift = shift + c.uniform(0, 1.0) * unit * np.sin(rows * c.uniform(0.1, 1.5) / unit)
    columns = (np.arange(c.width_px)[None, :] + shift[:, None].round().astype(int)) % c.width_px
    return np.take_along_axis(image, columns, 1)


def _levels(c: Canvas, image: Array) -> Array:
    """Brightness, contrast and gamma as the operator left them."""
    image = np.clip(image, 0, 1.3) ** c.log_uniform(0.6, 1.6)
    dark, span = c.uniform(0.0, 0.35), c.uniform(0.35, 1.0)
    if c.chance(0.08):
        dark, span = c.uniform(0.4, 0.7), c.uniform(0.25, 0.5)
    return dark + min(span, 1.05 - dark) * image


def _shot_noise(c: Canvas, image: Array) -> tuple[Array, bool]:
    """Poisson noise of the electrons (as its Gaussian limit) and of the lines."""
    noisy = c.chance(0.25)
    dose = c.log_uniform(20, 70) if noisy else c.log_uniform(150, 4000)
    grain = c.rng.standard_normal(image.shape, dtype=np.float32)
    image = image + np.sqrt(np.clip(image, 0.02, 1) / dose) * grain
    if c.chance(0.2):
        image += c.uniform(0.003, 0.02) * c.rng.standard_normal((c.height_px, 1))
    return image.astype(np.float32), noisy


def _jpeg(levels: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    file = io.BytesIO()
    Image.fromarray(levels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))
