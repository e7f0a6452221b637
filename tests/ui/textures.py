"""Labelled textures drawn here, and a small encoder that tells them apart without a network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage as ndi

from slava.domain import EncoderKey

CLASSES = ("dots", "rows", "columns")


def texture(label: str, seed: int, size_px: int = 96) -> NDArray[np.uint8]:
    """Rows, columns or dots with noise, (size_px, size_px)."""
    rng = np.random.default_rng([seed, CLASSES.index(label)])
    noise = rng.normal(0, 12, (size_px, size_px))
    period, phase = rng.uniform(7, 10), rng.uniform(0, 6)
    wave = 60 * np.sin(2 * np.pi * np.arange(size_px) / period + phase)
    if label == "rows":
        grey = 120 + wave[:, None] + noise
    elif label == "columns":
        grey = 120 + wave[None, :] + noise
    else:
        places = ndi.gaussian_filter(rng.normal(size=(size_px, size_px)), 3)
        grey = 100 + 90 * (places > np.quantile(places, 0.8)) + noise
    return np.clip(grey, 0, 255).astype(np.uint8)


def write_textures(folder: Path, each: int = 6, classes: Sequence[str] = CLASSES) -> Path:
    """A folder with one folder per class."""
    for label in classes:
        (folder / label).mkdir(parents=True, exist_ok=True)
        for seed in range(each):
            Image.fromarray(texture(label, seed)).save(folder / label / f"{label} {seed}.png")
    return folder


class TextureEncoder:
    """Vectors of how grey values go up and down along rows and along columns."""

    def __init__(self, name: str = "texture") -> None:
        self.key = EncoderKey(name, "0123456789ab", 4)
        self.encoded = 0

    def encode(self, pictures: Sequence[NDArray[np.generic]]) -> NDArray[np.float32]:
        self.encoded += len(pictures)
        made = np.stack([_described(np.asarray(p, np.float64)) for p in pictures])
        return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


def _described(grey: NDArray[np.float64]) -> NDArray[np.float64]:
    calm = ndi.gaussian_filter(grey, 1.5)
    down, across = np.abs(np.diff(calm, axis=0)).mean(), np.abs(np.diff(calm, axis=1)).mean()
    spots = np.abs(ndi.gaussian_laplace(grey, 3)).mean()
    return np.array([down, across, spots, 0.3])
