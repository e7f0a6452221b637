"""One way to put an adapter on a model, whichever kind it is, and one to load a saved one."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftConfig, PeftModel, get_peft_model
from peft.tuners.lora import LoraLayer
from torch import nn

from slava.adapters.bnb import keep_plain
from slava.adapters.config import DyaMoqpeConfig
from slava.adapters.identity import base_identity, remember_base, require_same_base
from slava.adapters.plugin import register
from slava.adapters.settings import AdapterSettings
from slava.adapters.targets import language_targets


def make_adapter(model: nn.Module, settings: AdapterSettings, name: str = "default") -> PeftModel:
    """``model`` with a fresh adapter, trainable, the base frozen.

    At the start the adapter adds exactly nothing. The base is changed in place, see
    ``PeftModel.unload``.

    Raises
    ------
    ValueError
        If ``model`` has no language tower that we know and ``settings.targets`` names none.
    """
    keep_plain(model)
    targets = settings.targets or language_targets(model)
    config, identity = _config(settings, targets), base_identity(model)
    if isinstance(config, DyaMoqpeConfig):
        config.base_sha256 = identity
    with quiet_peft(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        adapted = get_peft_model(model, config, adapter_name=name)
        if settings.kind == "lora_fa":
            _freeze_first_factor(adapted, name)
    remember_base(adapted, identity)
    return adapted


def load_adapter(
    model: nn.Module, folder: Path, *, name: str = "default", trainable: bool = False
) -> PeftModel:
    """``model`` with the adapter saved in ``folder`` (DyA-MoQPE or any of PEFT's).

    With ``name`` beside others on a model that has adapters already; not yet active there.

    Raises
    ------
    ModelUnusable
        If ``folder`` holds none, or one that was made on another base.
    """
    register()
    require_same_base(model, folder)
    with quiet_peft():
        if isinstance(model, PeftModel):
            model.load_adapter(str(folder), name, is_trainable=trainable)
            return model
        keep_plain(model)
        return PeftModel.from_pretrained(
            model, str(folder), adapter_name=name, is_trainable=trainable
        )


def count_trainable(model: nn.Module) -> int:
    """Numbers that training changes."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


@contextmanager
def quiet_peft() -> Iterator[None]:
    """Without the warnings that PEFT 0.21 earns from transformers 5, and its on deleting."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*is_gradient_checkpointing", FutureWarning)
        warnings.filterwarnings("ignore", "Adapter .* was active which is now deleted")
        yield


def _config(settings: AdapterSettings, targets: str) -> PeftConfig:
    if settings.kind == "dya_moqpe":
        return DyaMoqpeConfig(
            r=settings.rank,
            r_min=settings.rank_min,
            num_experts=settings.experts,
            top_k=settings.top_k,
            gating="request" if settings.classes else "token",
            classes=list(settings.classes),
            alpha=4.0 if settings.alpha is None else settings.alpha,
            scale_law=settings.scale_law,
            dropout=settings.dropout,
            balance=settings.balance,
            z_loss=settings.z_loss,
            seed=settings.seed,
            target_modules=targets,
        )
    # PEFT declares its alpha an int and divides by the rank all the same.
    alpha: Any = settings.rank if settings.alpha is None else settings.alpha
    return LoraConfig(
        r=settings.rank,
        lora_alpha=alpha,
        lora_dropout=settings.dropout,
        target_modules=targets,
        bias="none",
    )


def _freeze_first_factor(model: nn.Module, name: str) -> None:
    """LoRA-FA (Zhang et al. 2023, arXiv:2308.03303): A ~ N(0, 1/d_in) and never trained."""
    for layer in model.modules():
        if isinstance(layer, LoraLayer):
            first: Any = layer.lora_A[name].weight
            nn.init.normal_(first, std=1 / math.sqrt(first.shape[1]))
            layer.frozen_peft_weight_names = {name: ("lora_A",)}
            first.requires_grad_(False)
