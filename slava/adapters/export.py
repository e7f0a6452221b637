"""A trained mixture as plain LoRA, which PEFT loads without us and vLLM serves.

Two ways. With gates by request, every class is exactly one LoRA. With gates by token none is exact:
a distilled one is written, and refused when it too often says something else than the mixture.
Ranks are rounded up to 8, 16, 32 ... with zeros, because servers know those only.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftConfig
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from slava.adapters.config import DyaMoqpeConfig
from slava.adapters.control import layers
from slava.adapters.distil import Distilled
from slava.adapters.gates import gates
from slava.adapters.identity import write_base
from slava.adapters.plugin import peft_type, register
from slava.errors import ModelError

LEAST_AGREEMENT = 0.98
"""Below this a distilled adapter is not written unless that is asked for."""

WEIGHTS = "adapter_model.safetensors"
STEM = "base_model.model."
"""What PEFT puts before a module's name."""

Factors = Mapping[str, tuple[Tensor, Tensor]]
"""Per module name A (b, d_in) and B (d_out, b), scale included."""


def export_distilled(
    model: nn.Module, distilled: Distilled, folder: Path, *, anyway: bool = False
) -> Path:
    """Write what :func:`slava.adapters.distil.distil` made of ``model``'s adapter; its folder.

    Raises
    ------
    ModelError
        If it agrees with the mixture too seldom, unless ``anyway``.
    """
    if distilled.agreement < LEAST_AGREEMENT and not anyway:
        raise ModelError(
            f"the plain LoRA gives the adapter's answer for {distilled.agreement:.1%} of held-out "
            f"tokens, and {LEAST_AGREEMENT:.0%} are wanted. Distil for longer or on more pairs, "
            "train with gates by request, or export it anyway."
        )
    factors = {name: (a, b.T) for name, (a, b) in distilled.single.items()}
    return write_lora(factors, folder, *_base_of(model, distilled.adapter))


def export_classes(
    model: nn.Module, folder: Path, *, adapter: str = "default", rank: int | None = None
) -> dict[str, Path]:
    """One plain LoRA per class of an adapter with gates by request, each in its own folder.

    Raises
    ------
    ModelError
        If the adapter's gates are chosen by token.
    """
    found = layers(model)
    if not found or found[0][1].config[adapter].gating != "request":
        raise ModelError(
            "this adapter's gates are chosen by token, so no plain LoRA equals it. "
            "Distil it, or train one with gates by request."
        )
    config = found[0][1].config[adapter]
    held = {
        key: (layer.dya_moqpe_A[adapter], layer.dya_moqpe_B[adapter], layer.class_gates(adapter))
        for key, layer in found
    }
    return _write_classes(held, config, folder, rank)


def export_saved_classes(source: Path, folder: Path) -> dict[str, Path]:
    """:func:`export_classes` of an adapter saved in ``source``; its base is not needed.

    Raises
    ------
    ModelError
        If the adapter's gates are chosen by token, or its files are damaged.
    """
    register()
    try:
        config: Any = PeftConfig.from_pretrained(str(source))
        tensors = load_file(source / WEIGHTS)
        if config.peft_type != peft_type() or config.gating != "request":
            raise ModelError("this adapter's gates are not chosen by request. Distil it.")
        held = {}
        for name in (key for key in tensors if key.endswith("dya_moqpe_A")):
            module = name.removesuffix(".dya_moqpe_A")
            table = tensors[f"{module}.dya_moqpe_router"].float()
            held[module.removeprefix(STEM)] = (
                tensors[name],
                tensors[f"{module}.dya_moqpe_B"],
                gates(table, config.top_k, config.renormalize).g,
            )
    except (OSError, KeyError, ValueError, SafetensorError) as error:
        raise ModelError(f"{source} is damaged: {error}. Restore it from a copy.") from error
    return _write_classes(held, config, folder, None)


def _write_classes(
    held: Mapping[str, tuple[Tensor, Tensor, Tensor]],
    config: DyaMoqpeConfig,
    folder: Path,
    rank: int | None,
) -> dict[str, Path]:
    """``held``: per module A (r, d_in), B (r, K, d_out) and gates (classes, K)."""
    b = config.r if rank is None else rank
    written = {}
    for place, name in enumerate(config.classes):
        factors = {}
        for key, (A, B, g) in held.items():
            merged = torch.einsum("rkd,k->dr", B[:b].detach(), g[place].to(B.dtype))
            factors[key] = (A[:b], merged * config.scale(b))
        base = config.base_model_name_or_path
        written[name] = write_lora(factors, folder / name, base, config.base_sha256)
    return written


def write_lora(factors: Factors, folder: Path, base: str | None, base_sha256: str = "") -> Path:
    """Write ``factors`` as an adapter in PEFT's format; its folder.

    ``base`` is the model that it stands on by its name or folder, ``base_sha256`` by its weights.
    """
    rank = rounded_rank(max(len(a) for a, _ in factors.values()))
    tensors = {}
    for name, (a, b) in factors.items():
        fill = rank - len(a)
        key = f"{STEM}{name}"
        tensors[f"{key}.lora_A.weight"] = _kept(nn.functional.pad(a, (0, 0, 0, fill)))
        tensors[f"{key}.lora_B.weight"] = _kept(nn.functional.pad(b, (0, fill)))
    config = LoraConfig(
        r=rank,
        lora_alpha=rank,
        lora_dropout=0.0,
        bias="none",
        target_modules=sorted(factors),
        base_model_name_or_path=base,
        inference_mode=True,
    )
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})
    config.save_pretrained(str(folder))
    write_base(folder, base_sha256)
    return folder


def rounded_rank(rank: int) -> int:
    """The next of 8, 16, 32 ..."""
    return max(8, 1 << (rank - 1).bit_length())


def _kept(tensor: Tensor) -> Tensor:
    return tensor.detach().float().cpu().contiguous()


def _base_of(model: Any, adapter: str) -> tuple[str | None, str]:
    config = model.peft_config[adapter]
    return config.base_model_name_or_path, config.base_sha256
