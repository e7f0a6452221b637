"""Which base an adapter was made on.

Told by what no quantization touches: embeddings and vectors (norms, biases), sampled and rounded to
bfloat16, so that the same weights have the same identity in 32 bits, in 8 and in 4.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from slava.errors import ModelUnusable

_SAMPLES = 512
"""Values taken of each tensor, evenly spread."""


def base_identity(model: Any) -> str:
    """SHA-256 of ``model`` without its adapters; empty where it runs in float16, whose rounding
    differs."""
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    embeddings = {id(m.weight) for m in base.modules() if isinstance(m, nn.Embedding)}
    digest = hashlib.sha256()
    for name, tensor in sorted(base.named_parameters()):
        if "lora_" in name or "dya_moqpe_" in name:
            continue
        if tensor.dtype == torch.float16:
            return ""
        if tensor.is_floating_point() and (tensor.ndim == 1 or id(tensor) in embeddings):
            digest.update(name.replace(".base_layer", "").encode())
            digest.update(_sampled(tensor.detach()))
    return digest.hexdigest()


def require_same_base(model: Any, folder: Path) -> None:
    """Refuse the adapter in ``folder`` where it says that it was made on another base.

    Raises
    ------
    ModelUnusable
        If it was, or ``folder`` holds no adapter.
    """
    try:
        told = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnusable(
            f"{folder} holds no adapter: adapter_config.json is missing or broken. "
            "Give the folder that a run wrote."
        ) from error
    wanted, here = told.get("base_sha256") or "", base_identity(model)
    if wanted and here and wanted != here:
        name = Path(str(told.get("base_model_name_or_path") or "another model")).name
        raise ModelUnusable(
            f"the adapter {folder.name} was made on {name}, and this model's weights are others. "
            "Load the model that it was made on, or train an adapter on this one."
        )


def _sampled(tensor: Tensor) -> bytes:
    flat = tensor.flatten()
    some = flat[:: max(len(flat) // _SAMPLES, 1)][:_SAMPLES].to(torch.bfloat16)
    return some.cpu().view(torch.int16).numpy().tobytes()
