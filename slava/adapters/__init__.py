"""DyA-MoQPE: a mixture of low-rank experts over a frozen, quantized base, as a PEFT tuner.

    rank.py       which rank a step draws, which rank to keep afterwards (pure)
    settings.py   AdapterSettings: what a run may choose (pure)
    plugin.py     makes PEFT know the tuner
    config.py, layer.py, model.py, bnb.py   the tuner, laid out as PEFT lays out each of its own
    kernel.py     the update as one autograd function that keeps only z; gates.py its router
    routing.py    what the layers are told per forward pass, and what they tell back
    control.py    set the rank, read losses and loads
    targets.py    which layers of a model are adapted
    factory.py    DyA-MoQPE, LoRA or LoRA-FA from the same settings
    export.py, distil.py   a plain LoRA out of the mixture
    saved.py      bytes that a backward pass keeps

Importing this package imports neither torch nor PEFT; touching a name that needs them does. Loading
a saved adapter with PEFT needs :func:`register` before.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from slava.adapters.rank import RANKS, choose_rank, rank_for_step
from slava.adapters.settings import KINDS, AdapterKind, AdapterSettings, mixture_parameters

if TYPE_CHECKING:
    from slava.adapters.config import DyaMoqpeConfig
    from slava.adapters.control import (
        at_rank,
        balance_loss,
        evaluate_ranks,
        expert_use,
        set_classes,
        set_rank,
    )
    from slava.adapters.factory import count_trainable, load_adapter, make_adapter
    from slava.adapters.plugin import register
    from slava.adapters.targets import language_targets

_LATE = {
    "DyaMoqpeConfig": "config",
    "at_rank": "control",
    "balance_loss": "control",
    "evaluate_ranks": "control",
    "expert_use": "control",
    "set_classes": "control",
    "set_rank": "control",
    "count_trainable": "factory",
    "load_adapter": "factory",
    "make_adapter": "factory",
    "register": "plugin",
    "language_targets": "targets",
}

__all__ = [
    "KINDS",
    "RANKS",
    "AdapterKind",
    "AdapterSettings",
    "DyaMoqpeConfig",
    "at_rank",
    "balance_loss",
    "choose_rank",
    "count_trainable",
    "evaluate_ranks",
    "expert_use",
    "language_targets",
    "load_adapter",
    "make_adapter",
    "mixture_parameters",
    "rank_for_step",
    "register",
    "set_classes",
    "set_rank",
]


def __getattr__(name: str) -> Any:
    """Import what needs torch when it is first asked for."""
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATE[name]}"), name)
