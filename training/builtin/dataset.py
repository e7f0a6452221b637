"""Draw the pictures the built-in model learns from, once, into a folder of plain arrays.

Several processes draw, training then reads memory maps. It must not know the model: labels are
indices into the vocabularies of :mod:`slava.synthetic.truth` and lengths in shares of the picture.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from slava.synthetic import Drawing, draw_micrograph
from slava.synthetic.truth import CATEGORIES, FLAGS, WORDS, Truth

VOCABULARIES: dict[str, tuple[str, ...]] = WORDS | dict.fromkeys(FLAGS, ("no", "yes"))
"""What the vision encoder's heads may say, in the order of their outputs."""

REGRESSIONS = ("log_diameter", "coverage", "log_count", "log_period", "pore_fraction")
"""Natural logarithms of shares of the picture's side (lengths) or of the count; else 0..1."""

MASK_PX = 32
"""Side of the reduced defect mask."""


@dataclass(frozen=True, slots=True)
class DatasetConfig:
    """Which pictures are drawn. The same config gives the same pictures."""

    count: int = 30_000
    size_px: int = 256
    first_seed: int = 0
    processes: int = 2


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Drawn pictures with their labels; row ``i`` of every array is the same picture."""

    pixels: NDArray[np.uint8]
    """(count, size, size)"""
    labels: NDArray[np.int64]
    """(count, len(VOCABULARIES))"""
    numbers: NDArray[np.float32]
    """(count, len(REGRESSIONS)); nan where a quantity does not exist."""
    masks: NDArray[np.uint8]
    """(count, MASK_PX, MASK_PX); 255 times the share of a defect in each cell."""

    def __len__(self) -> int:
        return len(self.pixels)


def label_row(truth: Truth) -> list[int]:
    """Indices of a truth's words in :data:`VOCABULARIES`."""
    words = {
        name: getattr(truth, name) if name not in {"noisy", "blurred", "charging"} else ""
        for name in VOCABULARIES
    }
    for name in ("noisy", "blurred", "charging"):
        words[name] = "yes" if getattr(truth, name) else "no"
    return [VOCABULARIES[name].index(word) for name, word in words.items()]


def number_row(truth: Truth, side_px: float) -> list[float]:
    """The quantities of :data:`REGRESSIONS`; nan where there is none."""

    def log(value: float | None, unit: float = 1.0) -> float:
        return float(np.log(value / unit)) if value else float("nan")

    pore = float("nan") if truth.pore_fraction is None else truth.pore_fraction
    return [
        log(truth.diameter_px, side_px),
        truth.coverage_fraction,
        log(truth.count),
        log(truth.period_px, side_px),
        pore,
    ]


def build_dataset(
    folder: Path, config: DatasetConfig, progress: Callable[[int, int], None] | None = None
) -> Dataset:
    """Draw ``config`` into ``folder`` unless it is there already, and open it.

    ``progress`` is told how many pictures of how many are done.
    """
    manifest = folder / "config.json"
    wanted = json.dumps(asdict(config) | {"processes": 0}, sort_keys=True)
    if not manifest.exists() or manifest.read_text(encoding="utf-8") != wanted:
        folder.mkdir(parents=True, exist_ok=True)
        _draw_all(folder, config, progress)
        manifest.write_text(wanted, encoding="utf-8")
    return open_dataset(folder)


def open_dataset(folder: Path) -> Dataset:
    """Open a drawn folder: pictures as a read-only memory map, labels in memory."""
    return Dataset(
        np.load(folder / "pixels.npy", mmap_mode="r"),
        np.load(folder / "labels.npy"),
        np.load(folder / "numbers.npy"),
        np.load(folder / "masks.npy"),
    )


def _draw_all(
    folder: Path, config: DatasetConfig, progress: Callable[[int, int], None] | None
) -> None:
    shape = (config.count, config.size_px, config.size_px)
    pixels = np.lib.format.open_memmap(folder / "pixels.npy", "w+", np.uint8, shape)
    labels = np.zeros((config.count, len(VOCABULARIES)), np.int64)
    numbers = np.zeros((config.count, len(REGRESSIONS)), np.float32)
    masks = np.zeros((config.count, MASK_PX, MASK_PX), np.uint8)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    jobs = ((config.first_seed + k, config.size_px) for k in range(config.count))
    with get_context("spawn").Pool(config.processes) as pool:
        for k, row in enumerate(pool.imap(_draw_one, jobs, chunksize=32)):
            pixels[k], labels[k], numbers[k], masks[k] = row
            if progress and k % 500 == 0:
                progress(k, config.count)
    pixels.flush()
    for name, array in (("labels", labels), ("numbers", numbers), ("masks", masks)):
        np.save(folder / f"{name}.npy", array)


Row = tuple[NDArray[np.uint8], list[int], list[float], NDArray[np.uint8]]


def _draw_one(job: tuple[int, int]) -> Row:
    seed, size = job
    drawing = draw_micrograph(
        seed, CATEGORIES[seed % len(CATEGORIES)], width_px=size, height_px=size
    )
    return (
        drawing.pixels,
        label_row(drawing.truth),
        number_row(drawing.truth, size),
        _small_mask(drawing),
    )


def _small_mask(drawing: Drawing) -> NDArray[np.uint8]:
    from PIL import Image

    if drawing.defect_mask is None:
        return np.zeros((MASK_PX, MASK_PX), np.uint8)
    full = Image.fromarray(drawing.defect_mask.astype(np.uint8) * 255)
    return np.asarray(full.resize((MASK_PX, MASK_PX), Image.Resampling.BOX))
