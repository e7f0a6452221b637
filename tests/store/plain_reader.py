"""A small reader that stands in for the project's own: PNG and TIFF of Pillow, one-line sidecars.

It is a whole reader, not a record of calls: what it says comes from the bytes it is given.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from slava.domain import Box, Calibration, Instrument, Micrograph, MicrographId, ScaleBar
from slava.errors import UnreadableMicrograph


@dataclass(frozen=True)
class PlainInspected:
    micrograph: Micrograph
    grey: NDArray[Any]
    sidecar: bytes | None
    content: bytes | None = None


@dataclass
class PlainReader:
    """Reads what Pillow reads; the sidecar is ``nm_per_px=VALUE``, beside it in ``NAME.txt``."""

    reads: int = 0
    seconds: float = 0.0
    """How long each file takes, at least."""

    def __call__(
        self,
        path: Path,
        *,
        name: str | None = None,
        sidecar: Path | bytes | None = None,
        databar: str = "never",
        content: object = None,
    ) -> PlainInspected:
        self.reads += 1
        time.sleep(self.seconds)
        held = path.read_bytes()
        try:
            with Image.open(path) as opened:
                grey, form = np.asarray(opened.convert("L")), opened.format or "?"
        except (UnidentifiedImageError, OSError, SyntaxError) as error:
            raise UnreadableMicrograph(path, "holds no picture.", "Give a PNG.") from error
        text = sidecar if isinstance(sidecar, bytes) else _text(sidecar or path.with_suffix(".txt"))
        record = Micrograph(
            id=MicrographId(hashlib.sha256(held).hexdigest()),
            name=name or path.name,
            format=form,
            width_px=grey.shape[1],
            height_px=grey.shape[0],
            bit_depth=8,
            size_bytes=len(held),
            calibration=_calibration(text),
            instrument=Instrument(vendor="Plain", modality="SEM", magnification=1000.0),
            scale_bar=_scale_bar(grey) if databar != "never" else None,
            databar_read=databar != "never",
            letters=(Box(1, 2, 30, 9),) if databar != "never" else (),
            warnings=() if text else ("no sidecar",),
        )
        return PlainInspected(record, grey, text)


def _text(path: Path) -> bytes | None:
    """A sidecar's bytes; a text of another kind is none."""
    content = path.read_bytes() if path.is_file() else b""
    return content if content.startswith(b"nm_per_px=") else None


def _scale_bar(grey: NDArray[Any]) -> ScaleBar | None:
    """A white first row is a bar of 1 µm."""
    length = float((grey[0] == 255).sum())
    if length < 20:
        return None
    return ScaleBar("1 µm", 1000.0, length, 0.9, Box(0, 0, int(length), 1))


def _calibration(text: bytes | None) -> Calibration | None:
    if not text or b"=" not in text:
        return None
    return Calibration(float(text.split(b"=")[1]), "sidecar", "beside")


def write_micrograph(path: Path, seed: int, size: int = 48) -> Path:
    """A PNG of noise that no other seed gives."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (size, size + 8), dtype=np.uint8)
    Image.fromarray(pixels).save(path, format="PNG")
    return path
