"""The vision encoder under one roof with its heads, and its file.

The file holds weights in half precision and, beside them, the statistics of the classes; a JSON
file of the same name says what they mean and holds the calibration. Nothing here trains.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from slava.vlm.slava_model.vision import VisionConfig, VisionEncoder, VisionHeads
from training.builtin.dataset import REGRESSIONS, VOCABULARIES


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


def save_vision(
    model: VisionModel,
    path: Path,
    training: Mapping[str, Any],
    figures: Mapping[str, float],
    statistics: Mapping[str, Tensor],
) -> None:
    """Write ``path`` (safetensors) and, with the suffix ``.json``, what it means.

    ``training`` is how the weights came about, ``statistics`` what
    :func:`training.builtin.vision_figures.calibrate_vision` returned.
    """
    from safetensors.torch import save_file

    tensors = {
        k: v.half().contiguous() for k, v in model.state_dict().items() if v.is_floating_point()
    }
    scalars = {k: float(v) for k, v in statistics.items() if v.numel() == 1}
    tensors |= {
        f"statistics.{k}": v.float().contiguous() for k, v in statistics.items() if k not in scalars
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path)
    told = {
        "vision": asdict(model.encoder.config),
        "vocabularies": VOCABULARIES,
        "regressions": REGRESSIONS,
        "training": dict(training),
        "figures": dict(figures),
        "calibration": scalars,
    }
    path.with_suffix(".json").write_text(json.dumps(told, indent=1), encoding="utf-8")


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
