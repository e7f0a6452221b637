"""What a frozen eye has seen is not computed twice.

A family turns pictures into features in one call of its own, ``get_image_features``. The results of
that call are kept by the content of the pictures, as far as memory allows.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor

MOST_BYTES = 1 << 30


def remember_pictures(model: Any) -> bool:
    """Keep what ``model`` makes of pictures; whether its eye can be remembered.

    Nothing is kept where anything of the eye is trained.
    """
    for module in (getattr(model, "model", None), model):
        if module is not None and hasattr(type(module), "get_image_features"):
            module.get_image_features = _Remembered(module.get_image_features)
            return True
    return False


class _Remembered:
    """Stands where ``get_image_features`` stood."""

    def __init__(self, look: Any) -> None:
        self._look = look
        self._kept: OrderedDict[str, tuple[Any, int]] = OrderedDict()
        self._bytes = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        key = _key(args, kwargs)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key][0]
        found = self._look(*args, **kwargs)
        if torch.is_inference_mode_enabled():  # such tensors cannot be learnt from
            return found
        tensors = _tensors(found)
        if any(tensor.requires_grad for tensor in tensors):
            return found
        size = sum(tensor.numel() * tensor.element_size() for tensor in tensors)
        self._kept[key], self._bytes = (found, size), self._bytes + size
        while self._bytes > MOST_BYTES and len(self._kept) > 1:
            self._bytes -= self._kept.popitem(last=False)[1][1]
        return found


def _key(args: Any, kwargs: dict[str, Any]) -> str:
    """The content of all that was given."""
    digest = hashlib.blake2b(digest_size=16)
    for value in (*args, *(x for pair in sorted(kwargs.items()) for x in pair)):
        if isinstance(value, Tensor):
            plain = value.detach().cpu().contiguous()
            digest.update(str((plain.dtype, tuple(plain.shape))).encode())
            digest.update(plain.view(torch.uint8).numpy().tobytes() if plain.numel() else b"")
        else:
            digest.update(repr(value).encode())
    return digest.hexdigest()


def _tensors(found: Any) -> list[Tensor]:
    if isinstance(found, Tensor):
        return [found]
    if isinstance(found, dict):
        return [tensor for value in found.values() for tensor in _tensors(value)]
    if isinstance(found, (list, tuple)):
        return [tensor for value in found for tensor in _tensors(value)]
    return []
