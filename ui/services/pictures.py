"""Opened micrographs as the viewer needs them: pyramid, histogram, limits, small previews.

A few are kept in memory; previews are kept as files in the workspace. It must not know HTTP.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from slava.domain import Box, MicrographId
from slava.imaging.display import TILE_PX, display_range, histogram, preview_png, pyramid
from store import Store

KEPT = 4
"""Micrographs held in memory; a 4096 x 4096 one of 16 bits takes 45 MB with its pyramid."""

Samples = Literal["u1", "u2", "f4"]


@dataclass(frozen=True, eq=False)
class Picture:
    """Grey values ready to be sent.

    ``levels`` are (height, width) each, every one half the size of the one before, little-endian;
    ``low`` and ``high`` are the grey values that automatic contrast shows as black and white.
    """

    grey: NDArray
    levels: tuple[NDArray, ...]
    samples: Samples
    smallest: float
    largest: float
    low: float
    high: float
    histogram: tuple[int, ...]


class Pictures:
    """The last few opened micrographs; safe to use from any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._guard = threading.Lock()
        self._kept: OrderedDict[MicrographId, Picture] = OrderedDict()
        self._making = threading.Lock()

    def get(self, micrograph_id: MicrographId) -> Picture:
        """The picture, read from its original when it is not in memory."""
        found = self._find(micrograph_id)
        if found is not None:
            return found
        with self._making:
            found = self._find(micrograph_id)
            if found is None:
                record = self._store.micrographs.get_micrograph(micrograph_id)
                grey = self._store.micrographs.read_grey(micrograph_id)
                found = prepare_picture(grey, record.picture)
                self._keep(micrograph_id, found)
        return found

    def tile(self, micrograph_id: MicrographId, level: int, row: int, column: int) -> bytes | None:
        """Raw little-endian grey values of one tile, ``None`` outside the picture."""
        levels = self.get(micrograph_id).levels
        if not 0 <= level < len(levels):
            return None
        top, left = row * TILE_PX, column * TILE_PX
        tile = levels[level][top : top + TILE_PX, left : left + TILE_PX]
        return tile.tobytes() if tile.size else None

    def preview(self, micrograph_id: MicrographId, size_px: int) -> bytes:
        """A contrast-stretched PNG, no side above ``size_px``; kept as a file."""
        record = self._store.micrographs.get_micrograph(micrograph_id)
        path = self._store.layout.previews / f"{micrograph_id}-{size_px}.png"
        if path.is_file():
            return path.read_bytes()
        found = self._find(micrograph_id)
        grey = found.grey if found else self._store.micrographs.read_grey(micrograph_id)
        content = preview_png(grey, size_px, record.picture)
        unfinished = path.with_suffix(f".{threading.get_ident()}.tmp")
        unfinished.write_bytes(content)
        unfinished.replace(path)
        return content

    def forget(self, micrograph_id: MicrographId) -> None:
        """Drop it from memory, and its previews from the disk."""
        with self._guard:
            self._kept.pop(micrograph_id, None)
        for path in self._store.layout.previews.glob(f"{micrograph_id}-*.png"):
            path.unlink(missing_ok=True)

    def _find(self, micrograph_id: MicrographId) -> Picture | None:
        with self._guard:
            found = self._kept.get(micrograph_id)
            if found is not None:
                self._kept.move_to_end(micrograph_id)
            return found

    def _keep(self, micrograph_id: MicrographId, picture: Picture) -> None:
        with self._guard:
            self._kept[micrograph_id] = picture
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)


def prepare_picture(grey: NDArray, specimen: Box) -> Picture:
    """Pyramid, histogram and limits of grey values of any depth, shape (height_px, width_px).

    ``specimen`` is the picture without the databar, which would spoil the contrast.
    """
    shown, samples = _sendable(grey)
    low, high = display_range(shown, specimen)
    counted = histogram(shown)
    return Picture(
        grey=grey,
        levels=tuple(pyramid(shown)),
        samples=samples,
        smallest=counted.lowest,
        largest=counted.highest,
        low=low,
        high=high,
        histogram=tuple(int(n) for n in counted.counts),
    )


def _sendable(grey: NDArray) -> tuple[NDArray, Samples]:
    """The same values in a type that the browser has: 8 or 16 bits unsigned, else float."""
    if grey.dtype == np.uint8:
        return grey, "u1"
    if grey.dtype.kind in "ui" and grey.min() >= 0 and grey.max() < 65536:
        return grey.astype("<u2"), "u2"
    return grey.astype("<f4"), "f4"
