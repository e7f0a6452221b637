"""Three things that bitsandbytes 0.50 does to a base that is trained on.

It repacks 4-bit weights for AVX512-BF16 processors at the first answer, after which training fails
or passes no gradient; its 8-bit product keeps the layer's input although the weight is frozen; and
saved-tensor hooks do not see that it does. Nothing here imports bitsandbytes.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

_NODES_TO_LOOK_AT = 4
"""A reshape or a cast may lie between a layer's result and its product."""


def keep_plain(model: nn.Module) -> None:
    """Keep every 4-bit weight of ``model`` in the layout that can be trained on.

    Raises
    ------
    ValueError
        If a weight has been repacked already.
    """
    for name, module in model.named_modules():
        if not hasattr(module, "support_avx512bf16_for_cpu"):
            continue
        state = getattr(getattr(module, "weight", None), "quant_state", None)
        if getattr(state, "packing_format_for_cpu", False):
            raise ValueError(
                f"the 4-bit weight of {name} has been repacked by an answer given before; load the "
                "model again and put the adapter on it first"
            )
        setattr(module, "support_avx512bf16_for_cpu", False)  # noqa: B010


def release_input(result: Tensor) -> None:
    """Let go of the input that an 8-bit product behind ``result`` keeps for a frozen weight."""
    node: Any = result.grad_fn
    for _ in range(_NODES_TO_LOOK_AT):
        if node is None:
            return
        if type(node).__name__.startswith("MatMul8bit"):
            _empty(node)
            return
        node = next((following for following, _ in node.next_functions if following), None)


def _empty(node: Any) -> None:
    if len(node.needs_input_grad) > 1 and node.needs_input_grad[1]:
        return
    if getattr(node, "A", None) is not None:  # on the CPU, in training
        node.A = None
    if getattr(node, "tensors", None) is not None:  # on the GPU, and on the CPU otherwise
        node.tensors = (None, None, None)
