"""How a backbone is shown demonstrations: one after the other, or together on one sheet.

It writes messages and draws the sheet; it must not know how demonstrations were chosen.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from slava.domain import Box
from slava.vlm.backbone import Message, View

SYSTEM = (
    "You are an expert in electron microscopy who sorts micrographs into categories by what is "
    "visible in them."
)
TILE_PX, MARGIN_PX, CAPTION_PX = 224, 8, 26


def title_of(label: str) -> str:
    """A label as it is written in a sentence."""
    return " ".join(label.replace("_", " ").split())


def question_for(labels: Sequence[str]) -> str:
    """The question whose answer is one of the labels' titles."""
    titles = "; ".join(title_of(label) for label in labels)
    return f"Which of these categories fits this micrograph best: {titles}? Answer with it only."


def interleaved(labels: Sequence[str], shown: Sequence[str]) -> list[Message]:
    """A conversation in which every demonstration was asked about and answered by its label.

    Parameters
    ----------
    labels
        All classes.
    shown
        The demonstrations' labels in the order of their pictures 0..n-1; the query is picture n.
    """
    asked = question_for(labels)
    messages = [Message("system", SYSTEM)]
    for place, label in enumerate(shown):
        messages += [
            Message("user", asked, (place,)),
            Message("assistant", title_of(label)),
        ]
    return [*messages, Message("user", asked, (len(shown),))]


def on_one_sheet(labels: Sequence[str], shown: Sequence[str]) -> list[Message]:
    """The same for a model that takes one picture: picture 0 is the :func:`contact_sheet`."""
    asked = question_for(labels).replace("this micrograph", "the micrograph in the frame")
    told = (
        f"The sheet shows {len(shown)} labelled examples and, in a white frame at the lower "
        "right, a micrograph without a label."
    )
    return [Message("system", SYSTEM), Message("user", f"{told} {asked}", (0,))]


def contact_sheet(examples: Sequence[View], shown: Sequence[str], query: View) -> View:
    """Demonstrations with their labels beneath and the query, framed, as one picture."""
    columns = int(np.ceil(np.sqrt(len(examples) + 1)))
    rows = int(np.ceil((len(examples) + 1) / columns))
    pitch_x, pitch_y = TILE_PX + 2 * MARGIN_PX, TILE_PX + CAPTION_PX + 2 * MARGIN_PX
    sheet = Image.new("L", (columns * pitch_x, rows * pitch_y), 32)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(18)
    for place, (view, label) in enumerate(zip(examples, shown, strict=True)):
        x, y = place % columns * pitch_x + MARGIN_PX, place // columns * pitch_y + MARGIN_PX
        sheet.paste(_tile(view.pixels), (x, y))
        draw.text((x, y + TILE_PX + 2), title_of(label), fill=255, font=font)
    x, y = (columns - 1) * pitch_x + MARGIN_PX, (rows - 1) * pitch_y + MARGIN_PX
    draw.rectangle((x - 4, y - 4, x + TILE_PX + 3, y + TILE_PX + 3), fill=255)
    sheet.paste(_tile(query.pixels), (x, y))
    draw.text((x, y + TILE_PX + 5), "without a label", fill=255, font=font)
    pixels = np.asarray(sheet)
    return View(pixels, Box(0, 0, pixels.shape[1], pixels.shape[0]))


def _tile(pixels: NDArray[np.uint8]) -> Image.Image:
    """The middle square of a picture at the size of a tile."""
    height, width = pixels.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = np.ascontiguousarray(pixels[top : top + side, left : left + side])
    return Image.fromarray(square).resize((TILE_PX, TILE_PX), Image.Resampling.BILINEAR)
