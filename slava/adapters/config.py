"""What a DyA-MoQPE adapter is: ranks, experts, scale, losses, targets."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from peft.config import PeftConfig

from slava.adapters.plugin import peft_type, register

ScaleLaw = Literal["sqrt", "linear"]
Gating = Literal["token", "request"]


@dataclass
class DyaMoqpeConfig(PeftConfig):
    """Configuration of :class:`~slava.adapters.model.DyaMoqpeModel`.

    Written as ``adapter_config.json`` by PEFT. Creating one registers the tuner.

    Raises
    ------
    ValueError
        If ranks, experts or probabilities are out of range, or ``top_k`` is 1 while gates are
        renormalised: the one gate is then always 1 and the router learns nothing.
    """

    r: int = field(default=16, metadata={"help": "largest rank"})
    r_min: int = field(default=4, metadata={"help": "smallest rank; also what the router reads"})
    num_experts: int = field(default=4, metadata={"help": "experts B_k per layer"})
    top_k: int = field(default=2, metadata={"help": "experts that a token uses"})
    renormalize: bool = field(default=True, metadata={"help": "gates of a token sum to 1"})
    gating: Gating = field(default="token", metadata={"help": "gates by token, or by request"})
    classes: list[str] = field(
        default_factory=list, metadata={"help": "names of the kinds of request, gating=request"}
    )
    alpha: float = field(default=4.0, metadata={"help": "s(b) = alpha / sqrt(b), or alpha / b"})
    scale_law: ScaleLaw = field(default="sqrt", metadata={"help": "sqrt, or linear (the paper's)"})
    dropout: float = field(default=0.05, metadata={"help": "on z; on x it would keep x alive"})
    balance: float = field(default=0.01, metadata={"help": "weight of the balance loss"})
    z_loss: float = field(default=1e-3, metadata={"help": "weight of the router's z-loss"})
    router_std: float = field(default=0.5, metadata={"help": "spread of the logits at the start"})
    seed: int = field(default=0, metadata={"help": "of A and of the router"})
    target_modules: list[str] | str | None = field(
        default=None, metadata={"help": "regex or names; by default the language tower's q,k,v,o"}
    )
    exclude_modules: list[str] | str | None = None
    modules_to_save: list[str] | None = None
    layers_to_transform: list[int] | int | None = None
    layers_pattern: list[str] | str | None = None
    base_sha256: str = field(default="", metadata={"help": "identity of the base's weights"})

    def __post_init__(self) -> None:
        super().__post_init__()
        self.peft_type = peft_type()
        for name in ("target_modules", "exclude_modules"):
            if isinstance(value := getattr(self, name), list):
                setattr(self, name, set(value))
        self._check()
        register()

    def scale(self, rank: int) -> float:
        """``s(b)``, the factor of the update at rank ``rank``."""
        return self.alpha / (math.sqrt(rank) if self.scale_law == "sqrt" else rank)

    def router_shape(self) -> tuple[int, int]:
        """Rows and columns of the router: experts by components of z, or classes by experts."""
        if self.gating == "request":
            return len(self.classes), self.num_experts
        return self.num_experts, self.r_min

    def _check(self) -> None:
        if not 1 <= self.r_min <= self.r:
            raise ValueError(f"ranks from {self.r_min} to {self.r}: need 1 <= r_min <= r")
        if not 1 <= self.top_k <= self.num_experts:
            raise ValueError(
                f"top_k {self.top_k} of {self.num_experts} experts: need 1 <= top_k <= num_experts"
            )
        if self.top_k == 1 and self.renormalize and self.num_experts > 1:
            raise ValueError(
                "top_k 1 with renormalised gates: the gate is always 1 and the router never "
                "learns. Take top_k 2, or renormalize=False."
            )
        if self.scale_law not in ("sqrt", "linear"):
            raise ValueError(f"scale_law {self.scale_law!r} is neither sqrt nor linear")
        if self.gating not in ("token", "request"):
            raise ValueError(f"gating {self.gating!r} is neither token nor request")
        if (self.gating == "request") != bool(self.classes):
            raise ValueError("classes are named with gating 'request', and only then")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout {self.dropout}: need 0 <= dropout < 1")
        if min(self.balance, self.z_loss, self.router_std) < 0:
            raise ValueError("balance, z_loss and router_std: none may be below 0")
