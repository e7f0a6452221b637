"""Fit how sure the built-in model may be, on drawings that it was not trained on.

The drawings are changed as much as in training (crops, other grey levels, blur, hidden parts), so
that the temperature is fitted where the encoder errs. No real micrograph is used.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from slava.vlm.slava_model.modeling import SlavaForConditionalGeneration
from training.builtin.augment import augment
from training.builtin.dataset import VOCABULARIES, Dataset
from training.builtin.route import Routed, fit_temperature

SURE_ACCURACY = 0.9
"""A verdict is given where changed drawings of that confidence are right so often."""
LIKE_DRAWINGS = 0.995


@torch.no_grad()
def fit_certainty(
    model: SlavaForConditionalGeneration, data: Dataset, rows: range, routed: Routed
) -> dict[str, float]:
    """Temperature and thresholds, as ``config.certainty`` keeps them."""
    said = _changed(model, data, rows)
    labels = torch.from_numpy(data.labels[rows.start : rows.stop])
    columns = dict(zip(VOCABULARIES, labels.unbind(1), strict=True))
    temperature = fit_temperature(said["category"], columns["category"])
    p, best = (said["category"] / temperature).softmax(-1).max(-1)
    plain = _plain(model, data, rows)
    return {
        "temperature": temperature,
        "sure_above": sure_above(p, best == columns["category"]),
        "novel_above": LIKE_DRAWINGS,
        "defect_above": _defect_above(plain["defect"], columns["defect"]),
        "intent_temperature": routed.temperature,
        "intent_above": routed.above,
    }


def sure_above(probability: Tensor, right: Tensor) -> float:
    """The least confidence from which on :data:`SURE_ACCURACY` of (n,) verdicts are right."""
    for above in torch.linspace(0.3, 0.9, 61).tolist():
        chosen = probability >= above
        if chosen.any() and float(right[chosen].float().mean()) >= SURE_ACCURACY:
            return above
    return 0.9


def _changed(
    model: SlavaForConditionalGeneration, data: Dataset, rows: range, batch: int = 50
) -> dict[str, Tensor]:
    """What the heads say of changed drawings."""
    generator = torch.Generator().manual_seed(1)
    size = model.config.vision_config.size_px
    parts = []
    for start in range(rows.start, rows.stop, batch):
        chosen = slice(start, min(start + batch, rows.stop))
        pixels = torch.from_numpy(np.array(data.pixels[chosen]))
        masks = torch.from_numpy(np.array(data.masks[chosen]))
        parts.append(_heads(model, augment(pixels, masks, size, generator).pixels))
    return {k: torch.cat([p[k] for p in parts]) for k in parts[0]}


def _plain(
    model: SlavaForConditionalGeneration, data: Dataset, rows: range, batch: int = 50
) -> dict[str, Tensor]:
    """What the heads say of drawings as they are."""
    from training.builtin.assemble import as_input

    size = model.config.vision_config.size_px
    parts = [
        _heads(model, as_input(np.array(data.pixels[start : min(start + batch, rows.stop)]), size))
        for start in range(rows.start, rows.stop, batch)
    ]
    return {k: torch.cat([p[k] for p in parts]) for k in parts[0]}


def _heads(model: SlavaForConditionalGeneration, pixels: Tensor) -> dict[str, Tensor]:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        said = model.attributes(model.encoder.features(pixels))
    return {k: v.float() for k, v in said.items() if k != "defect_map"}


def _defect_above(logits: Tensor, target: Tensor) -> float:
    """The threshold of best balanced accuracy on 1 - p(none)."""
    faulty = 1 - logits.softmax(-1)[:, 0]
    truth = target > 0
    best, chosen = 0.0, 0.5
    for above in torch.linspace(0.1, 0.9, 33).tolist():
        said = faulty > above
        balanced = float(said[truth].float().mean() + (~said)[~truth].float().mean()) / 2
        if balanced > best:
            best, chosen = balanced, above
    return chosen
