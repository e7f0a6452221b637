"""Train the vision encoder of the built-in model on drawn micrographs.

Supervised on everything the drawing knows: the words of every vocabulary, sizes and counts, and
where a defect lies. A fixed number of steps from a fixed seed; the weights kept are the running
average. Nothing here reads a real micrograph.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from slava.vlm.slava_model.vision import VisionConfig, VisionEncoder, VisionHeads, pooled
from training.builtin.augment import Augmented, augment
from training.builtin.dataset import REGRESSIONS, VOCABULARIES, Dataset, open_dataset

WEIGHTS = {"category": 2.0, "morphology": 0.8, "defect": 1.2, "noisy": 0.15, "blurred": 0.15,
           "charging": 0.15}  # fmt: skip
"""Weight of each vocabulary in the loss; 0.4 where not named."""

NUMBER_WEIGHTS = (2.0, 0.6, 0.5, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class TrainVisionConfig:
    """One training. ``folders`` hold drawn data sets; ``held_out`` is never trained on."""

    folders: tuple[Path, ...]
    held_out: Path
    output: Path
    steps: int = 6000
    batch: int = 64
    learning_rate: float = 1e-3
    seed: int = 0
    threads: int = 1
    sizes: tuple[tuple[float, int], ...] = ((0.0, 128), (0.82, 192))
    """From which share of the steps on pictures of which size are shown."""
    start_from: Path | None = None
    """Earlier weights of the same shape to go on from."""
    checkpoint_every: int = 500
    """Steps after which the running average is written to ``output``, without figures."""
    model: VisionConfig = field(default_factory=VisionConfig)


@dataclass(frozen=True, slots=True)
class VisionResult:
    """Where the weights are, and what they reach on the held-out drawings."""

    weights: Path
    figures: dict[str, float]
    seconds: float


class VisionModel(nn.Module):
    """Encoder and heads under one roof, so that they are saved and averaged together."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.encoder = VisionEncoder(config)
        sizes = {name: len(words) for name, words in VOCABULARIES.items()}
        self.heads = VisionHeads(config.width, sizes, len(REGRESSIONS))

    def forward(self, pixels: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        tokens = self.encoder(pixels)  # (B, 1 + N, D)
        return tokens, self.heads(tokens)


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
    save_vision(average, config, figures, statistics)
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
        size = [px for start, px in config.sizes if step >= start * config.steps][-1]
        batch = augment(pixels, masks, size, generator)
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
            save_vision(average, config, {}, {})
    return average.eval()


def _batches(data: list[Dataset], config: TrainVisionConfig) -> Iterator[tuple[Tensor, ...]]:
    """Endless shuffled batches over all folders, no picture twice within one pass."""
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


@torch.no_grad()
def run_vision(
    model: VisionModel, pixels: np.ndarray, batch: int = 64
) -> tuple[Tensor, dict[str, Tensor]]:
    """Features (n, 2 D) and everything said of (n, H, W) uint8 pictures, resized by area."""
    features, said = [], []
    size = model.encoder.config.size_px
    for start in range(0, len(pixels), batch):
        x = torch.from_numpy(np.array(pixels[start : start + batch]))[:, None].float() / 127.5 - 1
        x = F.interpolate(x, (size, size), mode="bilinear", antialias=True, align_corners=False)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            tokens, out = model(x.contiguous(memory_format=torch.channels_last))
        features.append(pooled(tokens.float()))
        said.append({k: v.float() for k, v in out.items()})
    return torch.cat(features), {k: torch.cat([s[k] for s in said]) for k in said[0]}


def calibrate_vision(model: VisionModel, data: Dataset, seed: int = 0) -> dict[str, Tensor]:
    """Everything beside the weights that answers need, from drawings that were trained on.

    ``class_means``, ``precision``, ``distance_quantiles`` for abstention, ``temperature`` for the
    category's probabilities, ``defect_threshold`` for the probability of any defect.
    """
    model.eval()
    statistics = feature_statistics(model, data)
    statistics["temperature"] = fit_temperature(model, data, seed)
    statistics["defect_threshold"] = fit_defect_threshold(model, data)
    return statistics


def evaluate_drawings(
    model: VisionModel, data: Dataset, defect_threshold: float = 0.5, limit: int = 2000
) -> dict[str, float]:
    """Figures on held-out drawings; ``shuffled`` is the category with pictures mixed up."""
    model.eval()
    n = min(limit, len(data))
    _, said = run_vision(model, data.pixels[:n])
    labels = torch.from_numpy(data.labels[:n])
    columns = dict(zip(VOCABULARIES, labels.unbind(1), strict=True))
    figures = {k: float((said[k].argmax(1) == v).float().mean()) for k, v in columns.items()}
    order = torch.randperm(n, generator=torch.Generator().manual_seed(0))
    figures["category_shuffled"] = float(
        (said["category"][order].argmax(1) == columns["category"]).float().mean()
    )
    top3 = said["category"].topk(3).indices
    figures["category_top3"] = float((top3 == columns["category"][:, None]).any(1).float().mean())
    figures["defect_balanced"] = balanced_accuracy(
        defect_probability(said["defect"]) > defect_threshold, columns["defect"] > 0
    )
    figures["defect_kinds_balanced"] = _balanced_kinds(said["defect"].argmax(1), columns["defect"])
    numbers = torch.from_numpy(data.numbers[:n])
    for column, name in ((0, "diameter"), (2, "count"), (3, "period")):
        known = ~numbers[:, column].isnan()
        error = (said["numbers"][known, column] - numbers[known, column]).exp() - 1
        figures[f"{name}_within_25"] = float((error.abs() < 0.25).float().mean())
    return {k: round(v, 4) for k, v in figures.items()}


def balanced_accuracy(said: Tensor, truth: Tensor) -> float:
    """Mean of the hit rates on true and on false."""
    rates = [(said[truth == side] == side).float().mean() for side in (True, False)]
    return float(torch.stack(rates).mean())


def defect_probability(logits: Tensor) -> Tensor:
    """Probability (B,) that there is any defect, of logits (B, n_defect) with none first."""
    return 1 - logits.float().softmax(-1)[:, 0]


def fit_defect_threshold(model: VisionModel, data: Dataset, limit: int = 2000) -> Tensor:
    """The probability, shape (1,), above which calling a defect balances hits and false alarms."""
    n = min(limit, len(data))
    _, said = run_vision(model, data.pixels[-n:])
    column = list(VOCABULARIES).index("defect")
    truth = torch.from_numpy(data.labels[-n:, column]) > 0
    probability = defect_probability(said["defect"])
    choices = torch.linspace(0.05, 0.9, 86)
    scores = [balanced_accuracy(probability > choice, truth) for choice in choices]
    return choices[int(np.argmax(scores))].reshape(1)


def _balanced_kinds(said: Tensor, truth: Tensor) -> float:
    rates = [(said[truth == k] == k).float().mean() for k in truth.unique()]
    return float(torch.stack(rates).mean())


def feature_statistics(model: VisionModel, data: Dataset, limit: int = 3000) -> dict[str, Tensor]:
    """What abstention needs of drawn features: class means and the shared precision.

    The Mahalanobis distance to the nearest class mean says how unlike the drawings a picture is
    (Lee et al. 2018, arXiv:1807.03888). ``distance_quantiles`` are its 0, 1 ... 100 % points.
    """
    n = min(limit, len(data))
    features, _ = run_vision(model, data.pixels[:n])
    label = torch.from_numpy(data.labels[:n, 0])
    means = torch.stack(
        [features[label == k].mean(0) for k in range(len(VOCABULARIES["category"]))]
    )
    rest = features - means[label]
    covariance = rest.T @ rest / n + 1e-2 * rest.var() * torch.eye(features.shape[1])
    precision = torch.linalg.inv(covariance)
    distances = class_distances(features, means, precision).min(1).values
    quantiles = torch.quantile(distances, torch.linspace(0, 1, 101))
    return {"class_means": means, "precision": precision, "distance_quantiles": quantiles}


@torch.no_grad()
def fit_temperature(model: VisionModel, data: Dataset, seed: int, limit: int = 1500) -> Tensor:
    """The temperature, shape (1,), that calibrates the category on strongly changed drawings.

    Unchanged drawings are too easy: the changed ones stand in for pictures from elsewhere
    (temperature scaling, Guo et al. 2017, arXiv:1706.04599).
    """
    n = min(limit, len(data))
    generator = torch.Generator().manual_seed(seed)
    logits = []
    for start in range(0, n, 64):
        rows = slice(start, min(start + 64, n))
        pixels, masks = (torch.from_numpy(np.array(a[rows])) for a in (data.pixels, data.masks))
        batch = augment(pixels, masks, model.encoder.config.size_px, generator)
        logits.append(model(batch.pixels)[1]["category"].float())
    said, truth = torch.cat(logits), torch.from_numpy(data.labels[:n, 0])
    choices = torch.exp(torch.linspace(-1.0, 1.5, 101))
    losses = torch.stack([F.cross_entropy(said / t, truth) for t in choices])
    return choices[losses.argmin()].reshape(1)


def class_distances(features: Tensor, means: Tensor, precision: Tensor) -> Tensor:
    """Mahalanobis distances (n, classes) of features (n, 2 D) to class means."""
    gap = features[:, None] - means[None]  # (n, classes, 2 D)
    return torch.einsum("ncd,de,nce->nc", gap, precision, gap).clamp(min=0).sqrt()


def save_vision(
    model: VisionModel,
    config: TrainVisionConfig,
    figures: dict[str, float],
    statistics: dict[str, Tensor],
) -> None:
    """Write weights in half precision and, beside them, what they mean."""
    from safetensors.torch import save_file

    tensors = {
        k: v.half().contiguous() for k, v in model.state_dict().items() if v.is_floating_point()
    }
    tensors |= {f"statistics.{k}": v.float().contiguous() for k, v in statistics.items()}
    config.output.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, config.output)
    told = {
        "vision": asdict(config.model),
        "vocabularies": VOCABULARIES,
        "regressions": REGRESSIONS,
        "training": {
            k: str(v) if isinstance(v, Path) else v
            for k, v in asdict(config).items()
            if k in {"steps", "batch", "learning_rate", "seed", "sizes"}
        },
        "figures": figures,
    }
    config.output.with_suffix(".json").write_text(json.dumps(told, indent=1), encoding="utf-8")


def load_vision(model: VisionModel, path: Path) -> dict[str, Tensor]:
    """Load saved weights into ``model``; returns the class statistics beside them."""
    from safetensors.torch import load_file

    tensors = load_file(path)
    statistics = {
        k.removeprefix("statistics."): v for k, v in tensors.items() if k.startswith("statistics.")
    }
    weights = {k: v.float() for k, v in tensors.items() if not k.startswith("statistics.")}
    model.load_state_dict(weights, strict=False)
    return statistics
