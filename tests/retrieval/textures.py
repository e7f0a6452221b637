"""Drawn textures of four kinds, small, each different by its seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage as ndi

KINDS = ("bands", "blobs", "dots", "noise")


def texture(kind: str, seed: int, shape: tuple[int, int] = (72, 72)) -> NDArray[np.uint8]:
    """A grey picture (h, w) of that kind."""
    rng = np.random.default_rng([KINDS.index(kind), seed])
    noise = rng.normal(size=shape)
    if kind == "bands":
        drawn = (
            ndi.gaussian_filter(noise, (1, 12)) if seed % 2 else ndi.gaussian_filter(noise, (12, 1))
        )
    elif kind == "blobs":
        drawn = ndi.gaussian_filter(noise, 6)
    elif kind == "dots":
        drawn = ndi.gaussian_filter((rng.random(shape) > 0.985).astype(float), 1.5)
    else:
        drawn = noise
    drawn = (drawn - drawn.mean()) / drawn.std() + 0.15 * rng.normal(size=shape)
    return np.clip(128 + 40 * drawn, 1, 254).astype(np.uint8)


def labelled_folder(
    folder: Path, per_kind: int, kinds: tuple[str, ...] = KINDS, start: int = 0
) -> Path:
    """A folder per kind with that many pictures each."""
    for kind in kinds:
        (folder / kind).mkdir(parents=True)
        for seed in range(start, start + per_kind):
            Image.fromarray(texture(kind, seed)).save(folder / kind / f"{kind}_{seed}.png")
    return folder
