"""The adapter's folder: PEFT's two files, metrics, model card, and what the backbone adds.

It must not know how weights came about.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor

from slava.adapters.identity import remembered_base, write_base
from slava.handoff.run_folder import RunFolder

METRICS, CARD, WEIGHTS = "metrics.json", "README.md", "adapter_model.safetensors"
NAME = "default"


def publish(
    folder: RunFolder,
    model: Any,
    *,
    rank: int | None,
    base: str,
    metrics: Mapping[str, Any],
    text: str,
    extras: Callable[[Path], None],
) -> Path:
    """Write ``adapter/``, whole or not at all.

    Parameters
    ----------
    model
        The adapted model.
    rank
        The rank that is kept of a dynamic adapter; ``None`` keeps all.
    base
        What the adapter stands on: ``builtin``, a folder or a repository.
    metrics, text
        ``metrics.json`` and the model card.
    extras
        Writes what the backbone needs beside.

    Raises
    ------
    OSError
        When the disk refuses; then an earlier adapter is as it was.
    """
    with folder.writing_adapter() as target:
        config = copy.deepcopy(model.peft_config[NAME])
        weights = state_at(model, rank)
        if rank is not None:
            config.r = rank
        config.inference_mode, config.base_model_name_or_path = True, base
        config.save_pretrained(str(target))
        write_base(target, remembered_base(model))
        save_file(weights, target / WEIGHTS, metadata={"format": "pt"})
        shown = json.dumps(dict(metrics), ensure_ascii=False, indent=2, sort_keys=True)
        (target / METRICS).write_text(f"{shown}\n", encoding="utf-8")
        (target / CARD).write_text(text, encoding="utf-8")
        extras(target)
    return folder.adapter


def state_at(model: Any, rank: int | None) -> dict[str, Tensor]:
    """The adapter's tensors as PEFT names them, a dynamic one cut to its first components."""
    from peft import get_peft_model_state_dict

    held = get_peft_model_state_dict(model, adapter_name=NAME)
    cut = {}
    for name, tensor in held.items():
        dynamic = rank is not None and ("dya_moqpe_A" in name or "dya_moqpe_B" in name)
        cut[name] = (tensor[:rank] if dynamic else tensor).detach().cpu().contiguous().clone()
    return cut
