"""Which layers of a model are adapted: query, key, value and output of the language tower.

Given as a regular expression over whole names. A list of leaf names, as PEFT's tables hold it,
would also hit the tower that sees, and a seeing tower trained on a few hundred pairs forgets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from torch import nn

HUGGING_FACE = ("q_proj", "k_proj", "v_proj", "o_proj", "out_proj", "qkv_proj")
BUILT_IN = ("query", "key", "value", "out")
_LANGUAGE = ("language_model", "text_model")
_SEEING = re.compile(
    r"(vis|image|img|audio|speech|clip|siglip|vit|patch|resampler|perceiver|connector|projector|"
    r"multi_modal|mm_|qformer)"
)


def language_targets(model: Any) -> str:
    """Regex that matches, as a whole name, the attention projections of the language tower.

    Raises
    ------
    ValueError
        If there are none.
    """
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    built_in = getattr(getattr(base, "config", None), "model_type", "") == "slava"
    leaves = BUILT_IN if built_in else HUGGING_FACE
    linear = [n.removesuffix(".base_layer") for n, m in base.named_modules() if _is_linear(m)]
    kept = _of_language(name for name in linear if _is_attention(name, leaves, built_in))
    if not kept:
        raise ValueError(
            f"{type(base).__name__}: no attention projections named {', '.join(leaves)} in its "
            "language tower; give target_modules"
        )
    return _regex(kept)


def _is_attention(name: str, leaves: tuple[str, ...], built_in: bool) -> bool:
    parent, _, leaf = name.rpartition(".")
    return leaf in leaves and (not built_in or parent.endswith((".attention", ".cross")))


def _is_linear(module: nn.Module) -> bool:
    return hasattr(module, "in_features") and hasattr(module, "out_features")


def _of_language(names: Iterable[str]) -> list[str]:
    heard = [n for n in names if not any(_SEEING.match(part) for part in n.split(".")[:-1])]
    named = [n for n in heard if any(part in _LANGUAGE for part in n.split("."))]
    return named or heard


def _regex(names: Iterable[str]) -> str:
    """The shortest expression in which layers' numbers are free: one branch per parent."""
    parents: dict[str, list[str]] = {}
    for name in names:
        *parent, leaf = name.split(".")
        general = r"\.".join(r"\d+" if part.isdigit() else re.escape(part) for part in parent)
        leaves = parents.setdefault(general, [])
        if leaf not in leaves:
            leaves.append(leaf)
    return "|".join(
        rf"{parent}\.({'|'.join(leaves)})" if parent else f"({'|'.join(leaves)})"
        for parent, leaves in parents.items()
    )
