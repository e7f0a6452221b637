"""How much memory and disk a run will take, about, said before it starts. Pure, no torch.

Sizes come from the headers of the weights. Activations are reckoned by rule of thumb and are said
as such; three trial steps tell better.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slava.adapters import mixture_parameters
from slava.vlm.memory import estimate
from slava.vlm.model_folder import ModelFolder
from training.finetune.config import TrainConfig

CHECKPOINTS = 4
"""Two newest, the best, and the one that is being written."""
BUILTIN_BYTES = 1_500_000_000
"""Main memory of a run of the built-in model; 1.2 GB were measured, libraries included."""
BUILTIN_CHECKPOINT, BUILTIN_PER_RANK = 16 << 20, 80_000
"""Bytes of a checkpoint, moments included: at least, and for each rank of each expert; 1.2 MB were
measured at rank 8 with 2 experts."""
LIBRARIES_BYTES = 1_000_000_000
"""What torch and CUDA take for themselves."""
PROMPT_TOKENS = 400
"""Question, context and the words around them."""
TARGETS = 4
"""q, k, v and o of every layer."""
KEPT_PLAIN, KEPT_AGAIN = 34, 4
"""Bytes kept per token, layer and unit of width: all activations, or only the layers' inputs with
one layer made again."""
OPTIMIZER_BYTES = 16
"""Per trained weight: itself, gradient and Adam's two moments, 4 bytes each."""


@dataclass(frozen=True, slots=True)
class Needs:
    """Bytes."""

    memory: int
    """Of the device where the model is, at its peak."""
    disk: int
    """Of the checkpoints that are kept, and the adapter."""


def needs_of_builtin(config: TrainConfig) -> Needs:
    """What a run of the built-in model takes."""
    ranks = config.rank * (config.experts if config.method == "dya_moqpe" else 2)
    checkpoint = max(BUILTIN_CHECKPOINT, ranks * BUILTIN_PER_RANK)
    return Needs(BUILTIN_BYTES, CHECKPOINTS * checkpoint + checkpoint // 3)


def needs_of(folder: ModelFolder, config: TrainConfig, on_gpu: bool) -> Needs:
    """What a run on a model folder takes.

    Parameters
    ----------
    folder
        The base.
    config
        What the run is told.
    on_gpu
        Whether the model is on a graphics card: there smaller numbers and recomputation are used.
    """
    text: Mapping[str, Any] = folder.config.get("text_config") or folder.config
    layers, width = int(text.get("num_hidden_layers") or 0), int(text.get("hidden_size") or 0)
    vocabulary = int(text.get("vocab_size") or 0)
    base = estimate(
        folder, config.quantization, bytes_per_weight=2 if on_gpu else 4, context_tokens=1
    )
    trained = trained_weights(config, layers, width)
    again = config.gradient_checkpointing
    kept = KEPT_AGAIN if again or (again is None and on_gpu) else KEPT_PLAIN
    rows = config.micro_batch or min(config.batch, 4 if on_gpu else 2)
    tokens = rows * ((config.image_tokens or 1024) + PROMPT_TOKENS + config.longest_answer)
    logits = rows * config.longest_answer * vocabulary * 12
    memory = base.weights + trained * OPTIMIZER_BYTES + tokens * layers * width * kept + logits
    return Needs(memory + LIBRARIES_BYTES, CHECKPOINTS * trained * 12 + trained * 4)


def trained_weights(config: TrainConfig, layers: int, width: int) -> int:
    """Weights of the adapter, where all targets are as wide as the model."""
    if config.method == "dya_moqpe":
        return mixture_parameters(
            [width] * (TARGETS * layers), config.experts, config.rank, config.rank_min
        )
    sides = 2 if config.method == "lora" else 1
    return sides * config.rank * width * TARGETS * layers
