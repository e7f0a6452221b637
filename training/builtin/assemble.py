"""Put the parts of the built-in model together: vision weights, tokenizer, towers, certainty."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from slava.vlm.slava_model import register
from slava.vlm.slava_model.configuration import SlavaConfig
from slava.vlm.slava_model.language.intents import NAMES
from slava.vlm.slava_model.modeling import SlavaForConditionalGeneration
from slava.vlm.slava_model.processing import SlavaImageProcessor, SlavaProcessor
from slava.vlm.slava_model.tokenization import train_tokenizer
from training.builtin.dataset import Dataset
from training.builtin.text import Pictures, corpus

TOKENIZER_TEXTS = 30_000
STATISTICS = ("class_means", "precision", "distance_quantiles")
"""What is kept beside the vision weights; the certainty is fitted on the whole model."""


def make_processor(size_px: int, seed: int = 0) -> SlavaProcessor:
    """A processor whose tokenizer knows the answers' words."""
    size = {"height": size_px, "width": size_px}
    tokenizer = train_tokenizer(corpus(TOKENIZER_TEXTS, seed))
    return SlavaProcessor(SlavaImageProcessor(size), tokenizer)


def make_model(
    vision_weights: Path, processor: SlavaProcessor, **shape: int
) -> SlavaForConditionalGeneration:
    """A model with trained vision (as :mod:`training.builtin.vision` writes it), fresh towers."""
    register()
    told = json.loads(vision_weights.with_suffix(".json").read_text(encoding="utf-8"))
    config = SlavaConfig(
        vision=told["vision"],
        vocabularies={k: list(v) for k, v in told["vocabularies"].items()},
        regressions=list(told["regressions"]),
        vocab_size=len(processor.tokenizer),
        intents=list(NAMES),
        **shape,  # type: ignore[arg-type]
    )
    model = SlavaForConditionalGeneration(config)
    put_vision(model, vision_weights)
    return model.eval()


def put_vision(model: SlavaForConditionalGeneration, weights: Path) -> None:
    """Copy vision encoder, heads and class statistics into ``model``."""
    from safetensors.torch import load_file

    tensors = {k: v.float() for k, v in load_file(weights).items()}
    renamed: dict[str, Tensor] = {}
    for name, value in tensors.items():
        if name.startswith("encoder."):
            renamed["encoder.vision." + name.removeprefix("encoder.")] = value
        elif name.startswith("statistics."):
            kept = name.removeprefix("statistics.")
            if kept in STATISTICS:
                renamed[kept] = value
        else:
            renamed[name] = value
    unknown = model.load_state_dict(renamed, strict=False).unexpected_keys
    if unknown:
        raise ValueError(f"{weights} holds tensors that the model does not know: {unknown[:5]}")


@torch.no_grad()
def cache_features(
    model: SlavaForConditionalGeneration,
    data: Dataset,
    count: int,
    *,
    batch: int = 64,
    progress: Callable[[str], None] = print,
) -> Pictures:
    """Features of the first ``count`` drawings, averaged to the grid that text attends to."""
    count = min(count, len(data))
    size = model.config.vision_config.size_px
    parts: list[Tensor] = []
    for start in range(0, count, batch):
        pixels = np.array(data.pixels[start : min(start + batch, count)])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            tokens = model.encoder.features(as_input(pixels, size))
        parts.append(model.encoder.thin(tokens.float()).half())
        if start % (batch * 20) == 0:
            progress(f"features {start} of {count}")
    return Pictures(torch.cat(parts), data.labels[:count])


def as_input(pixels: np.ndarray, size: int) -> Tensor:
    """(n, H, W) uint8 to (n, 1, size, size) in [-1, 1], as the processor does it."""
    x = torch.from_numpy(pixels)[:, None].float() / 127.5 - 1
    return F.interpolate(x, (size, size), mode="bilinear", antialias=True, align_corners=False)


def save_model(
    model: SlavaForConditionalGeneration, processor: SlavaProcessor, folder: Path
) -> None:
    """Write config, weights in half precision, and processor."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = {name: value.clone() for name, value in model.state_dict().items()}
    model.half().save_pretrained(folder)
    processor.save_pretrained(folder)
    model.float().load_state_dict(kept)
