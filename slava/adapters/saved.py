"""Bytes that a backward pass keeps, counted by walking its graph.

Saved-tensor hooks would miss what a node keeps as a plain attribute, as the 8-bit product of
bitsandbytes does. This module must not know adapters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from torch import Tensor, nn


def saved_bytes(outputs: Iterable[Tensor], model: nn.Module) -> int:
    """Memory kept for the way back from ``outputs``, without ``model``'s weights and buffers.

    Each storage counts once, however many nodes share it.
    """
    own = {t.untyped_storage().data_ptr() for t in (*model.parameters(), *model.buffers())}
    kept = {}
    for node in _nodes(outputs):
        for tensor in _kept_by(node):
            storage = tensor.untyped_storage()
            if storage.data_ptr() not in own:
                kept[storage.data_ptr()] = storage.nbytes()
    return sum(kept.values())


def _nodes(outputs: Iterable[Tensor]) -> Iterator[Any]:
    seen: set[Any] = set()
    waiting: list[Any] = [t.grad_fn for t in outputs if t.grad_fn is not None]
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        yield node
        waiting += [following for following, _ in node.next_functions if following is not None]


def _kept_by(node: Any) -> Iterator[Tensor]:
    if hasattr(node, "saved_tensors"):  # a function written in Python
        yield from _tensors(node.saved_tensors)
        yield from _tensors(vars(node))
        return
    for name in dir(node):
        if name.startswith("_saved_"):
            yield from _tensors(getattr(node, name))


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _tensors(part)
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _tensors(part)
    elif is_dataclass(value) and not isinstance(value, type) and _is_ours(value):
        for field in fields(value):
            yield from _tensors(getattr(value, field.name))


def _is_ours(value: Any) -> bool:
    """The states that bitsandbytes hangs on a node hold weights, not activations."""
    return not type(value).__module__.startswith("bitsandbytes")
