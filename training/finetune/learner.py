"""What the loop asks of a backbone that learns; it must not know which one it is."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor, nn

from slava.vlm.backbone import Backbone, Message, View
from training.finetune.examples import Drawn, Example

PUBLISHED = "published"
"""The name of an adapter that was taken up, beside the fresh one."""


@dataclass(frozen=True, slots=True, eq=False)
class Losses:
    """Of one micro-batch, with gradients."""

    answers: Tensor
    """Scalar, nats summed over the answers' tokens; questions and padding count nothing."""
    tokens: int
    """How many tokens that are."""
    matching: Tensor | None = None
    """Scalar, mean over rows; where the backbone has a matching head."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Inputs of one micro-batch."""

    inputs: Any
    rows: int
    tokens: int
    """Of the answers."""


class Learner(Protocol):
    """A backbone with a fresh adapter."""

    model: nn.Module
    """The adapted model; only the adapter's parameters have gradients."""

    def prepare(self, drawn: Sequence[Drawn]) -> Prepared:
        """Inputs of one micro-batch."""
        ...

    def losses(self, prepared: Prepared) -> Losses:
        """One forward pass."""
        ...

    def said(self, prepared: Prepared) -> Tensor:
        """Logits (T, vocabulary) of the answers' tokens, in 32 bits, by one forward pass."""
        ...

    def length(self, example: Example) -> int:
        """Roughly how long it is; examples of like length are put together."""
        ...

    def pace_of(self, name: str) -> float:
        """The share of the learning rate at which a parameter learns."""
        ...

    def asked(self, drawn: Drawn) -> tuple[list[Message], list[View]]:
        """The question as the app would put it to a backbone."""
        ...

    def backbone(self) -> Backbone:
        """What is learnt so far, as it would answer in the app; not to be closed."""
        ...

    def base(self) -> AbstractContextManager[Backbone]:
        """The same without the adapter, within the block."""
        ...

    def take_up(self, folder: Path) -> None:
        """Answer with the adapter that was published in ``folder`` instead of the fresh one."""
        ...

    def write_extras(self, folder: Path) -> None:
        """What belongs beside the adapter's weights."""
        ...

    def parameters(self) -> int:
        """Of the base."""
        ...

    @property
    def licence(self) -> str:
        """Of the base's weights, as far as its folder says."""
        ...


def learn(model: nn.Module, learning: bool) -> None:
    """Put the adapter, and of the base only what leads to it, into training or out of it.

    A frozen eye must not see batch statistics, nor must what it knows of them change.
    """
    from peft.tuners.tuners_utils import BaseTunerLayer

    model.eval()
    if not learning:
        return
    for module in model.modules():
        if isinstance(module, BaseTunerLayer):
            own: Any = module
            own.train()
        elif any(isinstance(part, BaseTunerLayer) for part in module.modules()):
            module.training = True
