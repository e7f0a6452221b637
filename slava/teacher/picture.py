"""The picture that is sent: pixels only, reduced, encoded anew, so that nothing else goes along.

File name, metadata, databar and letters burnt into the picture stay behind. It must not know what
is asked about it.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from slava.domain import Box, Micrograph, MicrographId
from slava.errors import BadSetting
from slava.imaging.display import display_range, stretch

Format = Literal["png", "jpeg"]
JPEG_QUALITY = 92
SMALLEST_PX = 64
LARGEST_PX = 4096


@dataclass(frozen=True, slots=True)
class Sending:
    """How pictures are sent."""

    longest_px: int = 1024
    """No side is sent longer."""
    format: Format = "png"
    largest_bytes: int = 20_000_000
    """What a provider takes; a larger file is reduced until it fits, and that is said."""
    hide_letters: bool = True
    """Grey out letters that were found burnt into the picture: sample and people's names."""

    def __post_init__(self) -> None:
        if not SMALLEST_PX <= self.longest_px <= LARGEST_PX:
            raise BadSetting(
                f"a picture of {self.longest_px} px is not in {SMALLEST_PX}..{LARGEST_PX}."
            )


@dataclass(frozen=True)
class SentPicture:
    """One picture as it is sent."""

    micrograph_id: MicrographId
    crop: Box
    """In pixels of the file."""
    pixels: NDArray[np.uint8] = field(repr=False, compare=False)
    """(height_px, width_px), the reduced picture."""
    content: bytes = field(repr=False)
    """The file."""
    format: Format
    notes: tuple[str, ...] = ()
    """What was done to it beyond reducing it to the size asked for."""

    @property
    def width_px(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height_px(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def media_type(self) -> str:
        return f"image/{self.format}"

    @cached_property
    def sha256(self) -> str:
        """Of shape and pixels: another version of the encoder gives the same."""
        shape = f"{self.height_px}x{self.width_px}:{self.format}:".encode()
        return hashlib.sha256(shape + np.ascontiguousarray(self.pixels).tobytes()).hexdigest()

    def reference(self) -> Mapping[str, Any]:
        """What stands for it where the bytes are not wanted."""
        return {
            "micrograph_id": self.micrograph_id,
            "crop": [self.crop.left, self.crop.top, self.crop.right, self.crop.bottom],
            "sha256": self.sha256,
            "media_type": self.media_type,
            "width_px": self.width_px,
            "height_px": self.height_px,
            "bytes": len(self.content),
            "notes": list(self.notes),
        }


def sent_size(crop: Box, longest_px: int) -> tuple[int, int]:
    """(width, height) in px of a crop reduced to fit; never enlarged."""
    factor = min(1.0, longest_px / max(crop.width_px, crop.height_px))
    return max(1, round(crop.width_px * factor)), max(1, round(crop.height_px * factor))


def make_picture(
    micrograph: Micrograph,
    grey: NDArray[np.generic],
    crop: Box,
    sending: Sending,
) -> SentPicture:
    """Cut, stretch to 8 bit by the contrast of the whole specimen, reduce, encode.

    Parameters
    ----------
    grey
        (height_px, width_px) of the whole file, any depth.
    crop
        Inside the picture without its databar.
    """
    limits = display_range(grey, micrograph.picture)
    eight = stretch(grey[crop.top : crop.bottom, crop.left : crop.right], limits=limits)
    notes: list[str] = []
    if sending.hide_letters:
        eight, hidden = _without_letters(eight, crop, micrograph.letters)
        if hidden:
            notes.append(f"{hidden} places with burnt-in letters greyed out")
    longest, wanted = sending.longest_px, min(sending.longest_px, max(eight.shape))
    while True:
        reduced = _reduced(eight, sent_size(crop, longest))
        content = _encoded(reduced, sending.format)
        if len(content) <= sending.largest_bytes or longest <= SMALLEST_PX:
            break
        longest = int(min(longest, max(eight.shape)) * 0.8)
    if longest < wanted:
        limit = f"{sending.largest_bytes / 1e6:.3g} MB"
        notes.append(f"reduced to {longest} px to stay below {limit}")
    return SentPicture(micrograph.id, crop, reduced, content, sending.format, tuple(notes))


def _without_letters(
    eight: NDArray[np.uint8], crop: Box, letters: Sequence[Box]
) -> tuple[NDArray[np.uint8], int]:
    inside = [
        box
        for box in letters
        if box.left < crop.right
        and box.right > crop.left
        and box.top < crop.bottom
        and box.bottom > crop.top
    ]
    if not inside:
        return eight, 0
    covered, grey = eight.copy(), np.uint8(np.median(eight))
    for box in inside:
        top, left = max(0, box.top - crop.top), max(0, box.left - crop.left)
        covered[top : box.bottom - crop.top, left : box.right - crop.left] = grey
    return covered, len(inside)


def _reduced(eight: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    from PIL import Image

    if (eight.shape[1], eight.shape[0]) == size:
        return np.ascontiguousarray(eight)
    picture = Image.fromarray(np.ascontiguousarray(eight))
    return np.asarray(picture.resize(size, Image.Resampling.LANCZOS))


def _encoded(pixels: NDArray[np.uint8], format_: Format) -> bytes:
    from PIL import Image

    written = io.BytesIO()
    picture = Image.fromarray(pixels)
    if format_ == "png":
        picture.save(written, format="PNG")
    else:
        picture.save(written, format="JPEG", quality=JPEG_QUALITY)
    return written.getvalue()
