"""Train the outline network on drawn micrographs.

    python -m training.outline.train OUT.onnx [--subject fibres] [--drawings N] [--steps N]

A fixed number of steps from a fixed seed; the weights kept are the running average. Real
micrographs are never read.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from slava.errors import BadSetting
from slava.imaging.outline import Subject
from training.outline.network import OutlineNet, export_network
from training.outline.scenes import depth_of, draw_outlined

SIZE_PX = 256
CROP_PX = 160
"""What is seen of a drawing in one step: at its own scale, or a part of 80 to 256 px scaled."""
DEPTH_WEIGHT = 4.0
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class OutlineConfig:
    """One training. The same config gives the same drawings and the same order of them."""

    output: Path
    work: Path
    """Where drawings are kept for a later call."""
    drawings: int = 6_000
    steps: int = 3_000
    batch: int = 12
    learning_rate: float = 3e-3
    seed: int = 0
    processes: int = 2
    start_from: Path | None = None
    """Earlier weights to go on from."""
    subject: Subject = "bodies"


def draw_set(config: OutlineConfig, progress: Progress = print) -> NDArray[np.uint8]:
    """Draw once into ``work``; (drawings, 3, SIZE, SIZE): pixels, object 0 or 255, depth 0..255."""
    config.work.mkdir(parents=True, exist_ok=True)
    path = config.work / f"{config.subject}-{config.seed}-{config.drawings}.npy"
    if not path.exists():
        unfinished = path.with_suffix(".partial")
        shape = (config.drawings, 3, SIZE_PX, SIZE_PX)
        rows = np.lib.format.open_memmap(unfinished, "w+", np.uint8, shape)
        seeds = range(config.seed * 1_000_000, config.seed * 1_000_000 + config.drawings)
        with get_context("spawn").Pool(config.processes) as pool:
            drawn = pool.imap(partial(_draw_row, config.subject), seeds, chunksize=16)
            for k, row in enumerate(drawn):
                rows[k] = row
                if k % 500 == 0:
                    progress(f"drawn {k} of {config.drawings}")
        rows.flush()
        del rows
        unfinished.replace(path)
    return np.load(path, mmap_mode="r")


def _draw_row(subject: Subject, seed: int) -> NDArray[np.uint8]:
    drawn = draw_outlined(seed, SIZE_PX, subject)
    depth = np.round(depth_of(drawn.objects) * 255).astype(np.uint8)
    return np.stack([drawn.pixels, (drawn.objects > 0).astype(np.uint8) * 255, depth])


def train_outline(config: OutlineConfig, progress: Progress = print) -> Path:
    """Draw, train, and write the weights in half precision; their file."""
    from safetensors.torch import load_file, save_file

    drawn = draw_set(config, progress)
    if len(drawn) < config.batch:
        raise BadSetting(f"{len(drawn)} drawings are fewer than one batch of {config.batch}.")
    torch.manual_seed(config.seed)
    model = OutlineNet().to(memory_format=torch.channels_last)
    if config.start_from:
        earlier = {k: v.float() for k, v in load_file(config.start_from).items()}
        model.load_state_dict(earlier, strict=False)
    average = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.995), use_buffers=True
    )
    optimizer = torch.optim.AdamW(model.parameters(), config.learning_rate, weight_decay=1e-4)
    rng, began, shown = np.random.default_rng(config.seed), time.monotonic(), 0.0
    for step in range(config.steps):
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * _rate(step, config.steps)
        picked = rng.integers(0, len(drawn), config.batch)
        batch = torch.from_numpy(np.stack([drawn[k] for k in picked])).float() / 255
        pixels, wanted = _vary(batch, rng)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            said = model(pixels.contiguous(memory_format=torch.channels_last))
        loss = outline_loss(said.float(), wanted)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        average.update_parameters(model)
        shown += (loss.item() - shown) * max(0.02, 1 / (step + 1))
        if step % 100 == 0:
            progress(
                f"{step} of {config.steps}, {time.monotonic() - began:.0f} s, loss {shown:.4f}"
            )
        if step % 500 == 499 or step + 1 == config.steps:
            kept = {k: v.half().contiguous() for k, v in average.module.state_dict().items()}
            config.output.parent.mkdir(parents=True, exist_ok=True)
            save_file(kept, config.output)
    return config.output


def _rate(step: int, steps: int) -> float:
    """Warm up over 100 steps, then fall as a cosine to a hundredth."""
    return min(1.0, (step + 1) / 100) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * step / steps)))


def outline_loss(said: Tensor, wanted: Tensor) -> Tensor:
    """Cross entropy of ``object`` and smooth L1 of ``depth``; both (B, 2, H, W)."""
    is_object = F.binary_cross_entropy_with_logits(said[:, 0], wanted[:, 0])
    depth = F.smooth_l1_loss(said[:, 1].sigmoid(), wanted[:, 1], beta=0.1)
    return is_object + DEPTH_WEIGHT * depth


def _vary(batch: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Turn, mirror, crop, zoom and re-grey (B, 3, S, S) in 0..1: pixels and what is wanted."""
    batch = torch.rot90(batch, int(rng.integers(4)), (2, 3))
    if rng.random() < 0.5:
        batch = batch.flip(3)
    side = CROP_PX if rng.random() < 0.5 else int(rng.integers(CROP_PX // 2, SIZE_PX + 1))
    y, x = rng.integers(0, SIZE_PX - side + 1, 2)
    batch = batch[:, :, y : y + side, x : x + side]
    if side != CROP_PX:
        batch = F.interpolate(
            batch, (CROP_PX, CROP_PX), mode="bilinear", antialias=True, align_corners=False
        )
    pixels = batch[:, :1] ** float(np.exp(rng.normal(0, 0.25)))
    if rng.random() < 0.15:
        pixels = 1 - pixels
    pixels = pixels + torch.randn(pixels.shape) * float(rng.uniform(0, 0.05))
    return normed(pixels), batch[:, 1:]


def normed(pixels: Tensor) -> Tensor:
    """Every picture (B, 1, H, W) to about zero mean and unit deviation."""
    mean = pixels.mean((1, 2, 3), keepdim=True)
    return (pixels - mean) / pixels.std((1, 2, 3), keepdim=True).clamp(min=1e-3)


def main() -> None:
    """The command line."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    ask.add_argument("output", type=Path)
    ask.add_argument("--work", type=Path, default=Path("outline-work"))
    ask.add_argument("--drawings", type=int, default=6_000)
    ask.add_argument("--steps", type=int, default=3_000)
    ask.add_argument("--seed", type=int, default=0)
    ask.add_argument("--subject", choices=get_args(Subject), default="bodies")
    told = ask.parse_args()
    weights = told.work / f"{told.subject}.safetensors"
    config = OutlineConfig(
        weights, told.work, told.drawings, told.steps, seed=told.seed, subject=told.subject
    )
    print(export_network(train_outline(config), told.output))


if __name__ == "__main__":
    main()
