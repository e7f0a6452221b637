"""How a query is to be classified, and what is known of its class: the words of judging."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from slava.domain import Classification, EncoderKey, Metric, Strategy
from slava.errors import BadInput
from ui.services.embedding import BUILTIN

if TYPE_CHECKING:
    from slava.retrieval.view import Picture

State = Literal["opening", "embedding", "asking", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Wish:
    """How a query is to be classified."""

    k: int = 5
    strategy: Strategy = "similar"
    metric: Metric = "cosine"
    encoder: str = BUILTIN
    ask_model: bool = True
    own_source_too: bool = True
    seed: int = 0
    pinned: tuple[str, ...] = ()
    put_aside: tuple[str, ...] = ()

    def of_library(self) -> Wish:
        """Without what was meant for one query only."""
        return replace(self, pinned=(), put_aside=())


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What is known of a query's class now."""

    state: State
    classification: Classification | None = None
    error: str = ""
    validated_on: int = 0
    """How many labelled micrographs were left out, one by one, to fit the vote."""
    model_weight: float = 0.0
    """What the model's vote weighs in the fused answer, against 1 or less for the neighbours."""


@dataclass(frozen=True, slots=True)
class KnownEncoder:
    """An encoder whose vectors are here while it is not open."""

    key: EncoderKey

    def encode(self, pictures: Sequence[Picture]) -> NDArray[np.float32]:  # noqa: ARG002
        raise BadInput(f"the encoder {self.key.id} is not open.")
