"""What a run may choose about its adapter. Pure: no torch, no PEFT."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from slava.errors import BadSetting

AdapterKind = Literal["dya_moqpe", "lora", "lora_fa"]
KINDS: tuple[AdapterKind, ...] = get_args(AdapterKind)


@dataclass(frozen=True, slots=True)
class AdapterSettings:
    """Kind and size of an adapter; ``rank_min`` to ``z_loss`` concern DyA-MoQPE only.

    Raises
    ------
    BadSetting
        If a value is out of its range.
    """

    kind: AdapterKind = "dya_moqpe"
    rank: int = 16
    rank_min: int = 4
    experts: int = 4
    top_k: int = 2
    alpha: float | None = None
    """By default 4 in ``s(b) = alpha / sqrt(b)``, and the rank in LoRA's ``alpha / r``."""
    scale_law: Literal["sqrt", "linear"] = "sqrt"
    """``linear`` with alpha 1 is the paper's 1/b, which learns more slowly."""
    dropout: float = 0.05
    balance: float = 0.01
    z_loss: float = 1e-3
    classes: tuple[str, ...] = ()
    """Kinds of request; with them gates are chosen by request instead of by token."""
    targets: str | None = None
    """Regex over whole module names; by default q, k, v, o of the language tower."""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise BadSetting(f"adapter {self.kind!r} is none of {', '.join(KINDS)}.")
        if not 1 <= self.rank <= 1024:
            raise BadSetting(f"rank {self.rank}: choose 1 to 1024.")
        if not 0 <= self.dropout < 1:
            raise BadSetting(f"dropout {self.dropout}: choose 0 to below 1.")
        if self.kind == "dya_moqpe":
            self._check_mixture()

    def _check_mixture(self) -> None:
        if not 1 <= self.rank_min <= self.rank:
            raise BadSetting(f"smallest rank {self.rank_min}: choose 1 to {self.rank}.")
        if not 1 <= self.top_k <= self.experts:
            raise BadSetting(f"{self.top_k} experts per token: choose 1 to {self.experts}.")
        if self.top_k == 1 < self.experts:
            raise BadSetting(
                "1 expert per token: its gate is always 1 and the router never learns. Choose 2."
            )


def mixture_parameters(widths: list[int], experts: int, rank: int, reads: int) -> int:
    """Trainable parameters of DyA-MoQPE: ``sum K (r d_out + r_min)`` over targets.

    ``widths`` are the targets' d_out. For q, k, v, o of a model with 32 layers of width 4096, K = 4
    and r = 16 that is 33.56 million: four times LoRA-FA, twice LoRA.
    """
    return sum(experts * (rank * width + reads) for width in widths)
