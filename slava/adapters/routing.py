"""What the layers of one model are told per forward pass, and what they tell back.

Told: which tokens are padding, and which class each request is of. Told back, in training: the
router's losses and how often each expert was chosen. Only between the beginning and the end of a
forward pass of the whole model is anything collected, so that the second run of a layer under
gradient checkpointing adds nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor


class Routing:
    """Shared by all layers of one model."""

    def __init__(self) -> None:
        self.classes: dict[str, tuple[str, ...]] = {}
        """Per adapter, the class of each request in the batch; one for all."""
        self.losses: list[Tensor] = []
        self.counts: dict[tuple[str, str], Tensor] = {}
        """Per (layer, adapter), the sum of what :func:`slava.adapters.gates.summary` told."""
        self._masks: tuple[Tensor, ...] = ()
        self._collecting = False

    def begin(self, model: torch.nn.Module, args: Any, kwargs: dict[str, Any]) -> None:  # noqa: ARG002
        """A forward pass of the whole model begins (a pre-hook of it)."""
        self._collecting = model.training and torch.is_grad_enabled()
        self.losses = []
        self._masks = token_masks(kwargs) if self._collecting else ()

    def end(self, *_: Any) -> None:
        """The forward pass has ended, well or not."""
        self._collecting, self._masks = False, ()

    @property
    def collecting(self) -> bool:
        """Whether losses and counts are wanted now."""
        return self._collecting

    def weights(self, shape: Sequence[int]) -> Tensor | None:
        """(T,) 0 for padding, for tokens laid out as ``shape``; None when all count."""
        for mask in self._masks:
            if tuple(mask.shape) == tuple(shape):
                return mask.reshape(-1)
        return None

    def tell(self, layer: str, adapter: str, loss: Tensor, counted: Tensor) -> None:
        """A layer's loss and summary of this pass."""
        self.losses.append(loss)
        key = (layer, adapter)
        before = self.counts.get(key)
        self.counts[key] = counted.detach() if before is None else before + counted.detach()

    def forget(self, adapter: str) -> None:
        """Drop what is held of an adapter that is gone."""
        self.losses = []
        self.classes.pop(adapter, None)
        self.counts = {key: value for key, value in self.counts.items() if key[1] != adapter}


def token_masks(inputs: Mapping[str, Any]) -> tuple[Tensor, ...]:
    """Masks (B, L) of the sequences that a model's ``inputs`` hold, true where there is a token.

    Hugging Face models say it in ``attention_mask``. The built-in sLAVA says it of the question in
    ``question_mask`` and ``auxiliary_ids``, and of the answer in ``labels``.
    """
    given = inputs.get("attention_mask")
    if isinstance(given, Tensor) and given.ndim == 2:
        return (given.bool(),)
    question, auxiliary = inputs.get("question_features"), inputs.get("auxiliary_ids")
    masks = []
    if isinstance(question, Tensor) and isinstance(auxiliary, Tensor):
        from slava.vlm.slava_model.modeling import text_mask

        masks.append(text_mask(question, inputs.get("question_mask"), auxiliary))
    labels = inputs.get("labels")
    if isinstance(labels, Tensor) and labels.ndim == 2:
        masks.append(labels != -100)
    return tuple(masks)
