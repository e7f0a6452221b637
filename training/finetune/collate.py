"""Inputs of single prompts as batches, padded at the left.

It must not know families: what can be laid side by side is told by the shapes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

PER_TOKEN = ("input_ids", "attention_mask", "mm_token_type_ids", "token_type_ids")
Single = tuple[Mapping[str, Tensor], int]
"""Inputs of one prompt with its answer, (1, n) or per picture, and the answer's tokens."""
Batch = tuple[dict[str, Tensor], list[int]]


def joined(singles: Sequence[Single], pad: int) -> list[Batch]:
    """All of ``singles`` as one batch, or each alone where shapes do not allow it."""
    if len(singles) > 1 and _fit([inputs for inputs, _ in singles]):
        return [(_joined([inputs for inputs, _ in singles], pad), [n for _, n in singles])]
    return [(dict(inputs), [count]) for inputs, count in singles]


def _fit(listed: Sequence[Mapping[str, Tensor]]) -> bool:
    first = listed[0]
    for inputs in listed[1:]:
        if set(inputs) != set(first):
            return False
        for name, value in inputs.items():
            if name not in PER_TOKEN and value.shape[1:] != first[name].shape[1:]:
                return False
    return True


def _joined(listed: Sequence[Mapping[str, Tensor]], pad: int) -> dict[str, Tensor]:
    longest = max(inputs["input_ids"].shape[1] for inputs in listed)
    fill = {"input_ids": pad}
    found = {}
    for name in listed[0]:
        values = [inputs[name] for inputs in listed]
        if name in PER_TOKEN:
            values = [_left(value, longest, fill.get(name, 0)) for value in values]
        found[name] = torch.cat(values)
    return found


def _left(value: Tensor, longest: int, fill: int) -> Tensor:
    missing = longest - value.shape[1]
    return torch.cat([value.new_full((1, missing), fill), value], 1) if missing else value
