"""Any timm architecture trained from scratch on the same split: what our encoder is held against.

The same views, number of samples and schedule as :mod:`training.encoder.train`; only the network
and its plain linear head differ.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F  # noqa: N812

from slava.errors import BadInput, ModelNotFound
from slava.retrieval.trained_encoder import half_precision, resized
from slava.retrieval.view import squares
from training.encoder.augment import SUPERVISED, varied
from training.encoder.config import EncoderConfig, EncoderProgress, Report
from training.encoder.train import ROOM, TrainingSet, learning_rate_at, prepared_squares


@dataclass(frozen=True, slots=True)
class Baseline:
    """What an architecture reached."""

    name: str
    parameters: int
    top1: float
    seconds: float


def train_baseline(
    name: str,
    given: TrainingSet,
    queries: Sequence[NDArray[np.uint8]],
    truth: Sequence[str],
    config: EncoderConfig,
    report: Report | None = None,
) -> Baseline:
    """Train the timm architecture ``name`` from scratch and judge it on ``queries``.

    Raises
    ------
    ModelNotFound
        If timm knows no such architecture.
    BadInput
        If there are fewer than two classes.
    """
    import timm

    labels = sorted(set(given.labels))
    if len(labels) < 2:
        raise BadInput("a baseline needs at least two classes.")
    if not timm.is_model(name):
        raise ModelNotFound(f"timm knows no architecture {name!r}.")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        model = _network(name, len(labels), config.size_px)
    pictures, rows = prepared_squares(
        given.small, np.arange(len(given.small)), round(config.size_px * ROOM)
    )
    wanted = torch.tensor([labels.index(given.labels[row]) for row in rows])
    rng = torch.Generator().manual_seed(config.seed)
    optimizer = torch.optim.AdamW(model.parameters(), config.learning_rate, weight_decay=0.05)
    shown = min(config.samples, config.most_epochs * len(pictures))
    steps, began = max(1, math.ceil(shown / config.batch)), time.monotonic()
    model.train()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * learning_rate_at(step, steps)
        picked = torch.randint(0, len(pictures), (config.batch,), generator=rng)
        views = varied(pictures[picked].float(), config.size_px, SUPERVISED, rng)
        with half_precision():
            said = model(views.contiguous(memory_format=torch.channels_last))
        loss = F.cross_entropy(said.float(), wanted[picked], label_smoothing=config.smoothing)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if report and step % 100 == 99:
            report(EncoderProgress(step + 1, steps, loss.item(), time.monotonic() - began))
    seconds = time.monotonic() - began
    right = [
        label == labels[_place(model, small, config.size_px)]
        for small, label in zip(queries, truth, strict=True)
    ]
    count = sum(p.numel() for p in model.parameters())
    return Baseline(name, count, float(np.mean(right)), round(seconds, 1))


def _network(name: str, classes: int, size_px: int) -> torch.nn.Module:
    import timm

    given: dict[str, Any] = {"pretrained": False, "in_chans": 1, "num_classes": classes}
    try:  # transformers must be told the size; convolutional networks do not know the word
        model = timm.create_model(name, img_size=size_px, **given)
    except TypeError:
        model = timm.create_model(name, **given)
    laid_out: torch.nn.Module = model.to(memory_format=torch.channels_last)
    return laid_out


def _place(model: torch.nn.Module, small: NDArray[np.uint8], size_px: int) -> int:
    model.eval()
    seen = np.stack([resized(square, size_px) for square in squares(small)])
    with torch.inference_mode(), half_precision():
        said = model(torch.from_numpy(seen)[:, None]).float().softmax(1).mean(0)
    return int(said.argmax())
