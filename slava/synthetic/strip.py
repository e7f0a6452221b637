"""The databar: the strip of text and scale bar that instruments burn into a picture.

It must not know what the picture shows. Fonts are Pillow's own, so no file is needed.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from slava.domain import Databar

WORDS = ("SE", "BSE", "InLens", "SE2", "ETD", "SEI", "LEI", "TLD")


def nice_length_nm(target_nm: float) -> float:
    """The largest of 1, 2, 5 x 10^k that is not above ``target_nm``."""
    decade = 10.0 ** math.floor(math.log10(target_nm))
    return max(step * decade for step in (1, 2, 5) if step * decade <= target_nm * 1.0001)


def length_text(length_nm: float) -> str:
    """A length with the unit people would use: ``200 nm``, ``5 µm``, ``1 mm``."""
    for limit, unit in ((1e6, "mm"), (1e3, "µm"), (1.0, "nm")):
        if length_nm >= limit:
            return f"{length_nm / limit:g} {unit}"
    return f"{length_nm:g} nm"


def burn_databar(
    pixels: NDArray[np.uint8], nm_per_px: float, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], Databar]:
    """Return a copy of ``pixels`` with a databar in the look of some instrument, and its rows."""
    height, width = pixels.shape
    rows = max(8, int(height * rng.uniform(0.05, 0.11)))
    place = rng.choice(["bottom", "bottom", "bottom", "top", "inside"])
    top = {"bottom": height - rows, "top": 0}.get(
        str(place), int(height * rng.uniform(0.8, 0.9)) - rows
    )
    sheet = Image.fromarray(pixels)
    pen = ImageDraw.Draw(sheet)
    dark = rng.random() < 0.6
    paper, ink = (int(rng.integers(0, 40)), 250) if dark else (int(rng.integers(225, 256)), 10)
    pen.rectangle([0, top, width, top + rows - 1], fill=paper)
    font = ImageFont.load_default(size=max(6, 0.42 * rows * rng.uniform(0.7, 1.1)))
    left = _scale_bar(pen, font, (top, rows, width), nm_per_px, ink, rng)
    _words(pen, font, (top, rows, width), left, ink, rng)
    return np.asarray(sheet), Databar(top, top + rows)


def _scale_bar(
    pen: ImageDraw.ImageDraw,
    font: ImageFont.ImageFont | ImageFont.FreeTypeFont,
    strip: tuple[int, int, int],
    nm_per_px: float,
    ink: int,
    rng: np.random.Generator,
) -> float:
    top, rows, width = strip
    length_nm = nice_length_nm(width * nm_per_px * rng.uniform(0.12, 0.3))
    length = length_nm / nm_per_px
    left = (
        float(rng.uniform(0.02, 0.9 - length / width) * width)
        if rng.random() < 0.5
        else 0.02 * width
    )
    beside = rng.random() < 0.5
    y = top + rows * (0.5 if beside else rng.uniform(0.15, 0.28))
    thick = max(1, round(rows * rng.uniform(0.04, 0.12)))
    pen.line([left, y, left + length, y], fill=ink, width=thick)
    if rng.random() < 0.6:
        for x in (left, left + length):
            pen.line([x, y - 0.12 * rows, x, y + 0.12 * rows], fill=ink, width=thick)
    burnt = length_text(length_nm).replace("µ", "u")  # as instruments without the letter write
    place = (
        (left + length + 0.01 * width, top + 0.25 * rows) if beside else (left, top + 0.42 * rows)
    )
    pen.text(place, burnt, fill=ink, font=font)
    return max(left + length, place[0] + pen.textlength(burnt, font=font))


def _words(
    pen: ImageDraw.ImageDraw,
    font: ImageFont.ImageFont | ImageFont.FreeTypeFont,
    strip: tuple[int, int, int],
    left: float,
    ink: int,
    rng: np.random.Generator,
) -> None:
    top, rows, width = strip
    facts = [
        f"EHT = {rng.choice([1, 3, 5, 10, 15, 20]):.2f} kV",
        f"WD = {rng.uniform(2, 15):.1f} mm",
        f"Signal = {rng.choice(WORDS)}",
        f"Mag = {rng.uniform(0.2, 90):.2f} K X",
    ]
    x, y = left + 0.03 * width, top + rows * rng.uniform(0.1, 0.45)
    for fact in rng.permutation(facts)[: int(rng.integers(1, 5))]:
        long = pen.textlength(str(fact), font=font)
        if x + long > width:
            break
        pen.text((x, y), str(fact), fill=ink, font=font)
        x += long + 0.03 * width
