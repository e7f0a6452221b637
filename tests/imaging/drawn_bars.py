"""Pictures with a scale bar of known length, in the looks that instruments and people give it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from slava.domain import Box
from slava.imaging.databar.letters import Text
from tests.imaging.vendor_files import specimen

LOOKS = ("line", "block", "caps", "broken", "ticks")


@dataclass(frozen=True)
class Look:
    """How a bar is drawn; ``paper`` is ``None`` for one drawn straight onto the specimen."""

    kind: str = "line"
    length_px: int = 120
    label: str = "200 nm"
    place: str = "below"
    paper: int | None = 0
    ink: int | tuple[int, int, int] = 255
    thick: int = 3
    letter_px: int = 22
    left: int = 200


@dataclass(frozen=True)
class Drawn:
    """``text`` is the label as a perfect reader of letters finds it; ``strip`` the databar."""

    pixels: NDArray[np.uint8]
    text: Text
    strip: tuple[int, int] | None


def draw(look: Look, width: int = 800, seed: int = 0) -> Drawn:
    """A specimen with a bar; in a strip below it unless the look has no paper."""
    ground = specimen(480, width, seed=seed)
    colour = not isinstance(look.ink, int)
    strip = None
    if look.paper is not None:
        ground = np.vstack([ground, np.full((90, width), look.paper, np.uint8)])
        strip = (480, 570)
    sheet = Image.fromarray(ground).convert("RGB" if colour else "L")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=look.letter_px)
    middle = 525 if strip else 430
    box = _label_box(pen, font, look, middle)
    bar_row = middle - 16 if look.place == "below" else middle
    if look.kind == "broken":
        look = replace(look, place="inside")
        bar_row = (box.top + box.bottom) // 2
    pen.text((box.left, box.top), look.label, fill=look.ink, font=font, anchor="lt")
    _draw_bar(pen, look, bar_row, box)
    return Drawn(np.asarray(sheet), Text(look.label, box, 0.98), strip)


def _label_box(pen: ImageDraw.ImageDraw, font: object, look: Look, middle: int) -> Box:
    left, top, right, bottom = pen.textbbox((0, 0), look.label, font=font, anchor="lt")  # type: ignore[arg-type]
    wide, high = round(right - left), round(bottom - top)
    if look.place == "right":
        x, y = look.left + look.length_px + 14, middle - high // 2
    else:
        x, y = look.left + (look.length_px - wide) // 2, middle + 4
    return Box(x, y, x + wide, y + high)


def _draw_bar(pen: ImageDraw.ImageDraw, look: Look, row: int, label: Box) -> None:
    first, last = look.left, look.left + look.length_px
    thick = {"block": 10}.get(look.kind, look.thick)
    top, bottom = row - thick // 2, row - thick // 2 + thick - 1
    if look.kind == "ticks":
        for step in range(11):
            x = first + step * look.length_px / 10
            pen.line([x, row - 6, x, row + 4], fill=look.ink, width=1)
        return
    pieces = [(first, last - 1)]
    if look.kind == "broken":
        pieces = [(first, label.left - 8), (label.right + 8, last - 1)]
    for begin, end in pieces:
        pen.rectangle([begin, top, end, bottom], fill=look.ink)
    if look.kind in ("caps", "broken"):
        for x in (first, last - 1):
            pen.line([x, row - 8, x, row + 8], fill=look.ink, width=1)
