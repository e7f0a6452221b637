"""How good the vision encoder is on drawings, and how sure it may be.

Figures are of held-out drawings, with pictures shuffled as the control; calibration uses drawings
that were trained on. Nothing here reads a real micrograph.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from slava.vlm.slava_model.vision import pooled
from training.builtin.augment import augment
from training.builtin.dataset import VOCABULARIES, Dataset
from training.builtin.vision_model import VisionModel


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
