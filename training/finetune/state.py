"""What a checkpoint holds: trained weights, the optimizer's moments, and the place in the run.

Chance needs no state of its own: everything random is a function of (seed, step). safetensors and
JSON only; nothing here runs code when it is read.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from slava.handoff.run_folder import RunFolder

WEIGHTS, MOMENTS, PLACE = "weights.safetensors", "moments.safetensors", "state.json"
NEWEST_KEPT = 2
_MOMENTS = ("exp_avg", "exp_avg_sq", "step")


def trained(model: nn.Module) -> dict[str, nn.Parameter]:
    """What training changes, by name."""
    return {name: p for name, p in model.named_parameters() if p.requires_grad}


def save_checkpoint(
    folder: RunFolder,
    step: int,
    parameters: Mapping[str, nn.Parameter],
    optimizer: torch.optim.Optimizer,
    place: Mapping[str, Any],
) -> Path:
    """Write a whole checkpoint; OSError when the disk refuses, with the earlier ones intact."""
    with folder.writing_checkpoint(step) as target:
        save_file({k: _own(v.data) for k, v in parameters.items()}, target / WEIGHTS)
        save_file(_moments(parameters, optimizer), target / MOMENTS)
        text = json.dumps({**place, "step": step}, indent=2, sort_keys=True)
        (target / PLACE).write_text(f"{text}\n", encoding="utf-8")
    return folder.checkpoints / str(step)


def load_weights(checkpoint: Path, parameters: Mapping[str, nn.Parameter]) -> None:
    """Put a checkpoint's weights into ``parameters``."""
    held = load_file(checkpoint / WEIGHTS)
    if set(held) != set(parameters):
        raise ValueError(f"{checkpoint} is of another adapter")
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(held[name].to(parameter.device))


def load_checkpoint(
    checkpoint: Path, parameters: Mapping[str, nn.Parameter], optimizer: torch.optim.Optimizer
) -> dict[str, Any]:
    """Put weights and moments back; return the place.

    Raises
    ------
    ValueError
        If it is of another adapter.
    """
    load_weights(checkpoint, parameters)
    held = load_file(checkpoint / MOMENTS)
    optimizer.state.clear()
    for name, parameter in parameters.items():
        own = {m: held[f"{m}:{name}"] for m in _MOMENTS if f"{m}:{name}" in held}
        if own:
            optimizer.state[parameter] = {
                m: v if m == "step" else v.to(parameter.device) for m, v in own.items()
            }
    return read_place(checkpoint)


def read_place(checkpoint: Path) -> dict[str, Any]:
    """The place in the run that a checkpoint is of."""
    place: dict[str, Any] = json.loads((checkpoint / PLACE).read_text(encoding="utf-8"))
    return place


def tidy(folder: RunFolder, best_step: int) -> None:
    """Remove all checkpoints but the newest ones and the best."""
    listed = folder.list_checkpoints()
    newest = {step for step, _ in listed[-NEWEST_KEPT:]}
    for step, path in listed:
        if step not in newest and step != best_step:
            shutil.rmtree(path, ignore_errors=True)


def _moments(
    parameters: Mapping[str, nn.Parameter], optimizer: torch.optim.Optimizer
) -> dict[str, Tensor]:
    found = {}
    for name, parameter in parameters.items():
        held = optimizer.state.get(parameter, {})
        for moment in _MOMENTS:
            if moment in held:
                found[f"{moment}:{name}"] = _own(torch.as_tensor(held[moment]))
    return found


def _own(tensor: Tensor) -> Tensor:
    return tensor.detach().cpu().contiguous().clone()
