"""Which base an adapter was made on.

Told by what no quantization touches: embeddings and vectors (norms, biases), sampled and rounded to
bfloat16, so that the same weights have the same identity in 32 bits, in 8 and in 4.

DyA-MoQPE says it in ``adapter_config.json``. PEFT's own kinds take nothing there that PEFT does not
know: beside them it stands in a file of ours, which PEFT and servers pass over.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from slava.errors import ModelUnusable

BESIDE = "slava_base.json"
BUILTIN, OWN = "builtin", "adapter"
"""How the built-in model is named as a base, and the folder in which a run keeps what it made."""
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


def remember_base(model: Any, identity: str) -> None:
    """Keep on an adapted model what its base is, from before anything else was put on it."""
    model.base_sha256 = identity


def remembered_base(model: Any) -> str:
    """What :func:`remember_base` kept; empty where nothing was."""
    return str(getattr(model, "base_sha256", ""))


def write_base(folder: Path, identity: str) -> None:
    """Say beside an adapter on which base it was made; OSError when the disk refuses.

    Nothing is written where that is not known, or ``adapter_config.json`` says it.
    """
    if identity and not _told(folder).get("base_sha256"):
        text = json.dumps({"base_sha256": identity}, indent=2)
        (folder / BESIDE).write_text(f"{text}\n", encoding="utf-8")


def told_base(folder: Path) -> str:
    """On which base the adapter in ``folder`` says that it was made; empty where it does not.

    Raises
    ------
    ModelUnusable
        If ``folder`` holds no adapter.
    """
    said = _told(folder).get("base_sha256")
    if not said and (folder / BESIDE).is_file():
        said = _read(folder, BESIDE).get("base_sha256")
    return str(said or "")


def require_same_base(model: Any, folder: Path) -> None:
    """Refuse the adapter in ``folder`` where it says that it was made on another base.

    Raises
    ------
    ModelUnusable
        If it was, or ``folder`` holds no adapter.
    """
    wanted, here = told_base(folder), base_identity(model)
    if wanted and here and wanted != here:
        name = Path(str(_told(folder).get("base_model_name_or_path") or "another model")).name
        if name == BUILTIN:
            name = "another version of the built-in model"
        called = "this adapter" if folder.name == OWN else f"the adapter {folder.name}"
        raise ModelUnusable(
            f"{called} was made on {name}, and this model's weights are others. "
            "Load the model that it was made on, or train an adapter on this one."
        )


def require_unchanged_base(model: Any, begun_on: str, name: str) -> None:
    """Refuse to go on with a run whose base ``name`` had the identity ``begun_on``.

    Raises
    ------
    ModelUnusable
        If the adapted ``model`` stands on another one.
    """
    here = remembered_base(model)
    if begun_on and here and begun_on != here:
        raise ModelUnusable(
            f"the model {name} is not the one that the run began on: its weights have changed "
            "since. Put the earlier ones back and resume it, or start a new run."
        )


def _told(folder: Path) -> dict[str, Any]:
    return _read(folder, "adapter_config.json")


def _read(folder: Path, name: str) -> dict[str, Any]:
    try:
        told = json.loads((folder / name).read_text(encoding="utf-8"))
        if not isinstance(told, dict):
            raise ValueError("it is no JSON object")
    except (OSError, ValueError) as error:
        raise ModelUnusable(
            f"{folder} holds no adapter: {name} is missing or broken. "
            "Give the folder that a run wrote."
        ) from error
    return told


def _sampled(tensor: Tensor) -> bytes:
    flat = tensor.flatten()
    some = flat[:: max(len(flat) // _SAMPLES, 1)][:_SAMPLES].to(torch.bfloat16)
    return some.cpu().view(torch.int16).numpy().tobytes()
