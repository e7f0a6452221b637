"""How much memory a model will need, said before it is loaded.

Reads only the headers of safetensors files, so it answers in milliseconds for a model of any
size. It imports torch only if somebody already has: the size of the main memory comes from psutil.
"""

from __future__ import annotations

import json
import math
import re
import struct
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slava.domain.conversation import Quantization
from slava.errors import ModelDoesNotFit, ModelUnusable
from slava.vlm.model_folder import ModelFolder

KEPT_MODULES = (
    r"(.*\.)?(lm_head|embed_out|visual|vision_tower|vision_model|vision_encoder|vision_embed_tokens"
    r"|multi_modal_projector|mm_projector|multimodal_projector|connector|aligner|image_newline)"
)
"""Modules never quantized: the eye and the last layer are small and lose most by it."""

_KEPT = re.compile(rf"(?:{KEPT_MODULES})(?:\.|$)")
_EMBEDDING = re.compile(r"(embed|wte|wpe|position)", re.IGNORECASE)
QUANTIZED_BYTES: Mapping[Quantization, float] = {
    "int8": 1.0,
    "nf4": 0.5 + 1 / 64 + 4 / (64 * 256),
}
"""Bytes of one quantized weight. nf4: 4 bits, one byte of scale for 64 weights, and four bytes of
that scale's own for 256 of those (QLoRA, arXiv:2305.14314, section 3)."""
_ITEM_BYTES = {"F64": 8, "F32": 4, "I64": 8, "I32": 4, "F16": 2, "BF16": 2, "I16": 2}
_LARGEST_HEADER = 100_000_000


@dataclass(frozen=True, slots=True)
class WeightCount:
    """What safetensors headers say, in elements and bytes."""

    parameters: int
    quantizable: int
    """Elements of the matrices that 8-bit and nf4 shrink."""
    stored_bytes: int
    stored_item_bytes: int
    """Bytes of one weight as most are stored: 4, 2 or 1."""


@dataclass(frozen=True, slots=True)
class MemoryNeed:
    """Memory in bytes that loading and answering will take."""

    weights: int
    working: int
    """Key-value cache, activations of the picture, and the libraries' own."""

    @property
    def total(self) -> int:
        return self.weights + self.working


def count_weights(files: Iterable[Path]) -> WeightCount:
    """Count the parameters of safetensors files from their headers.

    Raises
    ------
    ModelUnusable
        If a file is no safetensors file, or is shorter than its header says.
    """
    parameters = quantizable = stored = 0
    by_item: dict[int, int] = {}
    for file in files:
        for name, tensor in read_header(file).items():
            elements = math.prod(tensor["shape"])
            parameters += elements
            quantizable += elements if is_quantizable(name, tensor["shape"]) else 0
            stored += tensor["data_offsets"][1] - tensor["data_offsets"][0]
            item = _ITEM_BYTES.get(tensor["dtype"], 1)
            by_item[item] = by_item.get(item, 0) + elements
    item = max(by_item, key=lambda size: by_item[size], default=2)
    return WeightCount(parameters, quantizable, stored, item)


def is_quantizable(name: str, shape: list[int]) -> bool:
    """Whether bitsandbytes will hold this tensor in 8 or 4 bits."""
    return (
        len(shape) == 2
        and name.endswith(".weight")
        and not _KEPT.match(name)
        and not _EMBEDDING.search(name)
    )


def read_header(file: Path) -> dict[str, Any]:
    """Tensors of a safetensors file by name, each with dtype, shape and data_offsets.

    Raises
    ------
    ModelUnusable
        If it is no safetensors file or is cut short.
    """
    size = file.stat().st_size
    with file.open("rb") as stream:
        prefix = stream.read(8)
        length = struct.unpack("<Q", prefix)[0] if len(prefix) == 8 else 0
        if not 2 <= length <= min(size - 8, _LARGEST_HEADER):
            raise _not_safetensors(file, size)
        try:
            header = json.loads(stream.read(length))
        except ValueError as error:
            raise _not_safetensors(file, size) from error
    header.pop("__metadata__", None)
    _require_whole(file, size - 8 - length, header)
    return header


def _not_safetensors(file: Path, size: int) -> ModelUnusable:
    return ModelUnusable(
        f"{file.parent.name}: {file.name} ({size} bytes) is not a safetensors file. "
        "Copy or download it again."
    )


def _require_whole(file: Path, held: int, header: Mapping[str, Any]) -> None:
    promised = max((tensor["data_offsets"][1] for tensor in header.values()), default=0)
    if held < promised:
        raise ModelUnusable(
            f"{file.parent.name}: {file.name} is cut short, {held} of {promised} bytes of weights. "
            "Copy or download it again."
        )


def estimate(
    folder: ModelFolder,
    quantization: Quantization,
    *,
    bytes_per_weight: int | None = None,
    context_tokens: int = 4096,
) -> MemoryNeed:
    """Estimate what loading ``folder`` takes.

    Parameters
    ----------
    bytes_per_weight
        Of a weight that is not quantized: 2 or 4. By default 2, or 4 where nothing smaller is
        stored.
    context_tokens
        Length of conversation, pictures included, to leave room for.
    """
    count = count_weights(folder.weights)
    return need(count, folder.config, quantization, bytes_per_weight, context_tokens)


def need(
    count: WeightCount,
    config: Mapping[str, Any],
    quantization: Quantization,
    bytes_per_weight: int | None = None,
    context_tokens: int = 4096,
) -> MemoryNeed:
    """:func:`estimate` from a weight count and a ``config.json``."""
    plain = bytes_per_weight or max(2, count.stored_item_bytes)
    small = QUANTIZED_BYTES.get(quantization, float(plain))
    if "quantization_config" in config:
        weights = count.stored_bytes
    else:
        kept = count.parameters - count.quantizable
        weights = int(kept * plain + count.quantizable * small)
    return MemoryNeed(weights, _working_bytes(config, weights, plain, context_tokens))


def _working_bytes(
    config: Mapping[str, Any], weights: int, item_bytes: int, context_tokens: int
) -> int:
    """Key-value cache + the logits of one step + a tenth of the weights for activations."""
    text = config.get("text_config") or config
    heads = text.get("num_attention_heads") or 1
    width = text.get("hidden_size") or 0
    head_width = text.get("head_dim") or width // heads
    key_value_heads = text.get("num_key_value_heads") or heads
    tokens = min(context_tokens, text.get("max_position_embeddings") or context_tokens)
    layers = text.get("num_hidden_layers") or 0
    cache = 2 * layers * key_value_heads * head_width * tokens * item_bytes
    return cache + 4 * (text.get("vocab_size") or 0) + weights // 10


def free_memory(device: str) -> int:
    """Bytes free on ``cpu`` or ``cuda`` now."""
    torch = sys.modules.get("torch")
    if device.startswith("cuda") and torch is not None:
        return int(torch.cuda.mem_get_info(device)[0])
    import psutil

    return int(psutil.virtual_memory().available)


def require_fit(
    name: str,
    needs: Mapping[Quantization, MemoryNeed],
    chosen: Quantization,
    device: str,
    free: int,
) -> None:
    """Raise before loading what cannot fit.

    Parameters
    ----------
    needs
        The need at each quantization, so that the message can name one that would fit.
    free
        Bytes free on ``device``.

    Raises
    ------
    ModelDoesNotFit
        If ``needs[chosen]`` is more than is free.
    """
    if needs[chosen].total <= free:
        return
    smaller = [
        (need_.total, key) for key, need_ in needs.items() if key != chosen and need_.total <= free
    ]
    way_out = "Choose a smaller model, or close other programs."
    if smaller:
        total, key = max(smaller)
        way_out = f"Choose {key} (about {gigabytes(total)}), a smaller model, or close programs."
    raise ModelDoesNotFit(
        f"{name} ({chosen}) needs about {gigabytes(needs[chosen].total)} of memory and "
        f"{gigabytes(free)} are free on {device}. {way_out}"
    )


def gigabytes(size_bytes: float) -> str:
    """Bytes as people read them: ``4.2 GB``, ``31 MB``."""
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 1e8 else f"{size_bytes / 1e6:.0f} MB"
