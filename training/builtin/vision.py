"""Train the vision encoder of the built-in model on drawn micrographs.

Supervised on everything the drawing knows: the words of every vocabulary, sizes and counts, and
where a defect lies. A fixed number of steps from a fixed seed; the weights kept are the running
average. Nothing here reads a real micrograph.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from slava.errors import BadSetting
from slava.vlm.slava_model.vision import VisionConfig
from training.builtin.augment import Augmented, augment
from training.builtin.dataset import VOCABULARIES, Dataset, open_dataset
from training.builtin.vision_figures import calibrate_vision, evaluate_drawings
from training.builtin.vision_model import VisionModel, load_vision, save_vision

WEIGHTS = {"category": 2.0, "morphology": 1.2, "defect": 1.2, "noisy": 0.15, "blurred": 0.15,
           "charging": 0.15}  # fmt: skip
"""Weight of each vocabulary in the loss; 0.4 where not named."""

Value = TypeVar("Value", int, float)

NUMBER_WEIGHTS = (4.0, 0.6, 0.5, 1.0, 1.0)
"""Of each regression in the loss; the diameter is what users ask for."""


@dataclass(frozen=True, slots=True)
class TrainVisionConfig:
    """One training. ``folders`` hold drawn data sets; ``held_out`` is never trained on."""

    folders: tuple[Path, ...]
    held_out: Path
    output: Path
    steps: int = 9000
    batch: int = 64
    learning_rate: float = 1e-3
    seed: int = 0
    threads: int = 1
    sizes: tuple[tuple[float, int], ...] = ((0.0, 128), (0.85, 192))
    """From which share of the steps on pictures of which size are shown."""
    strengths: tuple[tuple[float, float], ...] = ((0.0, 1.0), (0.63, 0.4), (0.8, 0.2))
    """From which share of the steps on pictures are changed how strongly."""
    start_from: Path | None = None
    """Earlier weights of the same shape to go on from."""
    checkpoint_every: int = 500
    """Steps after which the running average is written to ``output``, without figures."""
    model: VisionConfig = field(default_factory=VisionConfig)

    @property
    def told(self) -> dict[str, Any]:
        """What is written beside the weights of how they came about."""
        return {
            "steps": self.steps,
            "batch": self.batch,
            "learning_rate": self.learning_rate,
            "seed": self.seed,
            "sizes": self.sizes,
            "strengths": self.strengths,
        }


@dataclass(frozen=True, slots=True)
class VisionResult:
    """Where the weights are, and what they reach on the held-out drawings."""

    weights: Path
    figures: dict[str, float]
    seconds: float


def train_vision(
    config: TrainVisionConfig, progress: Callable[[str], None] = print
) -> VisionResult:
    """Train, evaluate on the held-out drawings, and write weights and figures.

    Writes ``output`` (safetensors: encoder, heads, class statistics of the features) and
    ``output`` with the suffix ``.json`` (config, vocabularies, figures).
    """
    torch.manual_seed(config.seed)
    torch.set_num_threads(config.threads)
    began = time.monotonic()
    data = [open_dataset(folder) for folder in config.folders]
    model = VisionModel(config.model).to(memory_format=torch.channels_last)
    if config.start_from:
        load_vision(model, config.start_from)
    average = _train(model, data, config, progress)
    held_out = open_dataset(config.held_out)
    statistics = calibrate_vision(average, data[-1], config.seed)
    figures = evaluate_drawings(average, held_out, float(statistics["defect_threshold"]))
    save_vision(average, config.output, config.told, figures, statistics)
    seconds = time.monotonic() - began
    progress(f"{seconds:.0f} s {figures}")
    return VisionResult(config.output, figures, seconds)


def _train(
    model: VisionModel,
    data: list[Dataset],
    config: TrainVisionConfig,
    progress: Callable[[str], None],
) -> VisionModel:
    """Run the steps; the averaged model."""
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=config.learning_rate, weight_decay=0.05, betas=(0.9, 0.98)
    )
    average = VisionModel(config.model).to(memory_format=torch.channels_last)
    average.load_state_dict(model.state_dict())
    generator = torch.Generator().manual_seed(config.seed)
    batches = _batches(data, config)
    shown, right, began = 0.0, 0.0, time.monotonic()
    for step in range(config.steps):
        _set_rate(optimizer, step, config)
        pixels, labels, numbers, masks = next(batches)
        size = _now(config.sizes, step / config.steps)
        batch = augment(pixels, masks, size, generator, _now(config.strengths, step / config.steps))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            _, said = model(batch.pixels.contiguous(memory_format=torch.channels_last))
        loss = vision_loss(said, labels, numbers, batch)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 2.0)
        optimizer.step()
        _follow(average, model, min(0.998, (step + 1) / (step + 20)))
        keep = max(0.02, 1 / (step + 1))
        shown += (loss.item() - shown) * keep
        right += (float((said["category"].argmax(1) == labels[:, 0]).float().mean()) - right) * keep
        if step % 100 == 0:
            seconds = time.monotonic() - began
            progress(f"{step} {seconds:.0f} s loss {shown:.3f} category {right:.3f} at {size} px")
        if step and step % config.checkpoint_every == 0:
            save_vision(average, config.output, config.told, {}, {})
    return average.eval()


def _now(plan: tuple[tuple[float, Value], ...], share: float) -> Value:
    """What ``plan`` says after ``share`` of the steps."""
    return [value for start, value in plan if share >= start][-1]


def _batches(data: list[Dataset], config: TrainVisionConfig) -> Iterator[tuple[Tensor, ...]]:
    """Endless shuffled batches over all folders, no picture twice within one pass."""
    drawn = sum(len(d) for d in data)
    if drawn < config.batch:
        raise BadSetting(f"{drawn} drawings are fewer than one batch of {config.batch}. Draw more.")
    rng = np.random.default_rng(config.seed)
    index = np.concatenate(
        [np.stack([np.full(len(d), k), np.arange(len(d))], 1) for k, d in enumerate(data)]
    )
    while True:
        order = rng.permutation(len(index))
        for start in range(0, len(order) - config.batch + 1, config.batch):
            rows = index[order[start : start + config.batch]]
            yield tuple(
                torch.from_numpy(np.stack([np.array(getattr(data[k], name)[i]) for k, i in rows]))
                for name in ("pixels", "labels", "numbers", "masks")
            )


def _set_rate(optimizer: torch.optim.Optimizer, step: int, config: TrainVisionConfig) -> None:
    """Warm up over 200 steps, then fall as a cosine to a fiftieth."""
    warm = min(1.0, (step + 1) / 200)
    fall = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / config.steps))
    for group in optimizer.param_groups:
        group["lr"] = config.learning_rate * warm * fall


@torch.no_grad()
def _follow(average: VisionModel, model: VisionModel, decay: float) -> None:
    """Move the average towards the model; batch statistics too."""
    ours, theirs = average.state_dict(), model.state_dict()
    kept = [k for k, v in theirs.items() if v.is_floating_point()]
    torch._foreach_lerp_([ours[k] for k in kept], [theirs[k] for k in kept], 1 - decay)


def vision_loss(
    said: dict[str, Tensor], labels: Tensor, numbers: Tensor, batch: Augmented
) -> Tensor:
    """The whole loss of a batch; what a crop has changed is not asked for."""
    columns = dict(zip(VOCABULARIES, labels.unbind(1), strict=True))
    columns["defect"] = _visible_defect(columns["defect"], batch.masks)
    for name in ("coverage", "arrangement"):
        columns[name] = torch.where(batch.whole, columns[name], -100)
    loss = torch.zeros(())
    for name, target in columns.items():
        smooth = 0.1 if name in {"category", "morphology"} else 0.02
        term = F.cross_entropy(
            said[name].float(), target, ignore_index=-100, label_smoothing=smooth
        )
        loss = loss + WEIGHTS.get(name, 0.4) * torch.nan_to_num(term)
    loss = loss + 0.8 * _map_loss(said["defect_map"], columns["defect"], batch.masks)
    return loss + _number_loss(said["numbers"].float(), numbers, batch)


def _visible_defect(target: Tensor, masks: Tensor) -> Tensor:
    """No defect where the crop has lost it; not asked where only a trace is left."""
    strength = masks.flatten(1).sum(1)
    target = torch.where(strength < 0.3, 0, target)
    return torch.where((strength >= 0.3) & (strength < 3.0), -100, target)


def _map_loss(said: Tensor, target: Tensor, masks: Tensor) -> Tensor:
    """Patch by patch: the kind of defect where one lies, none elsewhere, doubtful left out."""
    side = math.isqrt(said.shape[1])
    share = F.adaptive_max_pool2d(masks, side).flatten(1)  # (B, N)
    wanted = torch.where(share > 0.25, target.clamp(min=0)[:, None], 0)
    wanted = torch.where((share > 0.02) & (share <= 0.25), -100, wanted)
    wanted = torch.where((target < 0)[:, None], -100, wanted)
    weight = torch.tensor([1.0] + [4.0] * (said.shape[2] - 1))
    return F.cross_entropy(said.float().flatten(0, 1), wanted.flatten(), weight, ignore_index=-100)


def _number_loss(said: Tensor, numbers: Tensor, batch: Augmented) -> Tensor:
    """Smooth L1 where a quantity exists; lengths follow the zoom, counts need the whole."""
    zoom = torch.log(batch.zoom)
    wanted = numbers.clone()
    wanted[:, 0] += zoom
    wanted[:, 3] += zoom
    wanted[~batch.whole, 1] = float("nan")
    wanted[~batch.whole, 2] = float("nan")
    known = ~wanted.isnan()
    error = F.smooth_l1_loss(said, torch.nan_to_num(wanted), beta=0.2, reduction="none")
    weights = torch.tensor(NUMBER_WEIGHTS) * known
    return (error * weights).sum() / known.sum().clamp(min=1) * 3
