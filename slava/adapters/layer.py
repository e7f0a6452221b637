"""A linear layer with DyA-MoQPE adapters beside its frozen weight."""

from __future__ import annotations

import math
import zlib
from typing import Any

import torch
from peft.tuners._buffer_dict import BufferDict
from peft.tuners.tuners_utils import BaseTunerLayer, _get_in_out_features
from peft.utils import resolve_quantization_backend
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from slava.adapters.bnb import release_input
from slava.adapters.config import DyaMoqpeConfig
from slava.adapters.gates import gates
from slava.adapters.kernel import Mixture, update
from slava.adapters.routing import Routing


class DyaMoqpeLayer(BaseTunerLayer):
    """What a layer holds per adapter.

    ``dya_moqpe_A`` (r, d_in) is a buffer: PEFT's ``set_adapter`` would make a parameter trainable
    again. ``dya_moqpe_B`` (r, K, d_out) and ``dya_moqpe_router`` are trained.
    """

    adapter_layer_names = ("dya_moqpe_B", "dya_moqpe_router")
    other_param_names = ("dya_moqpe_A", "rank", "config", "plain")

    dya_moqpe_A: Any  # noqa: N815 (so that PEFT finds our weights by their prefix)
    dya_moqpe_B: Any  # noqa: N815
    dya_moqpe_router: Any

    def __init__(self, base_layer: nn.Module, routing: Routing, key: str) -> None:
        self.base_layer = base_layer
        self.dya_moqpe_A = BufferDict({}, persistent=True)
        self.dya_moqpe_B = nn.ParameterDict({})
        self.dya_moqpe_router = nn.ParameterDict({})
        self.rank: dict[str, int] = {}
        self.config: dict[str, DyaMoqpeConfig] = {}
        self.plain: dict[str, tuple[Tensor, Tensor]] = {}
        """A (b, d_in) and B (b, d_out) in place of the mixture, scale included; see ``distil``."""
        self.routing, self.key = routing, key
        self._disable_adapters = False
        self.merged_adapters = []
        base = self.get_base_layer()
        widths: Any = _get_in_out_features(base)
        self.in_features: int = widths[0]
        self.out_features: int = widths[1]
        self.quantization_backend = resolve_quantization_backend(base)
        self._eight_bit = getattr(self.quantization_backend, "backend_name", "") == "bnb 8bit"

    def update_layer(
        self, adapter_name: str, config: DyaMoqpeConfig, inference_mode: bool = False
    ) -> None:
        """Add an adapter of the given name; its update is zero until B is trained."""
        draw = torch.Generator().manual_seed(
            (config.seed * 1_000_003 + zlib.crc32(self.key.encode())) % 2**63
        )
        self.config[adapter_name], self.rank[adapter_name] = config, config.r
        a = torch.randn(config.r, self.in_features, generator=draw) / math.sqrt(self.in_features)
        shape = config.router_shape()
        reads = shape[1] if config.gating == "token" else 1
        router = torch.randn(shape, generator=draw) * (config.router_std / math.sqrt(reads))
        b = torch.zeros(config.r, config.num_experts, self.out_features)
        self.dya_moqpe_A[adapter_name] = a
        self.dya_moqpe_B[adapter_name] = nn.Parameter(b)
        self.dya_moqpe_router[adapter_name] = nn.Parameter(router)
        self._move_adapter_to_device_of_base_layer(adapter_name)
        self.set_adapter(self.active_adapters, inference_mode=inference_mode)

    def compute_dtype(self) -> torch.dtype | None:
        """The base's precision, None where its weights are integers."""
        dtype = self._get_base_layer_device_and_dtype(self.get_base_layer())[1]
        return dtype if dtype is not None and dtype.is_floating_point else None

    def set_rank(self, adapter: str, rank: int | None) -> None:
        """Use the first ``rank`` components from now on; all of them when None."""
        config = self.config[adapter]
        rank = config.r if rank is None else rank
        if not config.r_min <= rank <= config.r:
            raise ValueError(f"rank {rank}: this adapter has ranks {config.r_min} to {config.r}")
        self.rank[adapter] = rank

    def class_gates(self, adapter: str) -> Tensor:
        """Gates (classes, K) of each kind of request; for ``gating="request"`` only."""
        config, table = self.config[adapter], self.dya_moqpe_router[adapter].detach().float()
        if config.gating != "request":
            raise ValueError("gates by token have no class; distil the adapter instead")
        return gates(table, config.top_k, config.renormalize).g

    def mixture(self, adapter: str, shape: torch.Size, device: torch.device) -> Mixture:
        """How tokens laid out as ``shape`` are mixed now."""
        config, watched = self.config[adapter], self.routing.collecting
        rank = self.rank[adapter]
        return Mixture(
            rank=rank,
            scale=config.scale(rank),
            top_k=config.top_k,
            renormalize=config.renormalize,
            dropout=config.dropout,
            balance=config.balance,
            z_loss=config.z_loss,
            watched=watched,
            classes=self._classes(adapter, shape, device),
            weights=self.routing.weights(shape) if watched else None,
        )

    def delta(self, adapter: str, x: Tensor) -> Tensor:
        """What the adapter adds to the base's result for ``x`` (..., d_in)."""
        A, B = self.dya_moqpe_A[adapter], self.dya_moqpe_B[adapter]
        flat = x.reshape(-1, x.shape[-1])  # (T, d_in)
        if (single := self.plain.get(adapter)) is not None:
            z = F.linear(flat, single[0].to(x.dtype)).to(single[1].dtype)
            return (z @ single[1]).to(x.dtype).unflatten(0, x.shape[:-1])
        how = self.mixture(adapter, x.shape[:-1], x.device)
        keep = None
        if self.training and how.dropout > 0:  # type: ignore[attr-defined]
            keep = torch.rand(len(flat), how.rank, device=x.device) >= how.dropout
        y, loss, told = update(flat, A, self.dya_moqpe_router[adapter], B, keep, how)
        if how.watched:
            self.routing.tell(self.key, adapter, loss, told)
        return y.unflatten(0, x.shape[:-1])

    def _classes(self, adapter: str, shape: torch.Size, device: torch.device) -> Tensor | None:
        """(T,) class of each token."""
        config = self.config[adapter]
        if config.gating == "token":
            return None
        named = self.routing.classes.get(adapter)
        if not named:
            raise ValueError(
                "this adapter has gates by request: say of which class the requests are "
                f"(set_classes), one of {', '.join(config.classes)}"
            )
        if len(named) not in (1, shape[0]):
            raise ValueError(f"{len(named)} classes for a batch of {shape[0]} requests")
        ids = torch.tensor([config.classes.index(name) for name in named], device=device)
        rows = ids.expand(shape[0]) if len(named) == 1 else ids  # (B,)
        return rows.reshape(-1, *[1] * (len(shape) - 1)).expand(shape).reshape(-1)


class Linear(nn.Module, DyaMoqpeLayer):
    """Stands where a linear layer, plain or of bitsandbytes, stood."""

    def __init__(
        self,
        base_layer: nn.Module,
        adapter_name: str,
        config: DyaMoqpeConfig,
        routing: Routing,
        key: str,
    ) -> None:
        super().__init__()
        DyaMoqpeLayer.__init__(self, base_layer, routing, key)
        self._active_adapter = adapter_name
        self.update_layer(adapter_name, config, inference_mode=config.inference_mode)

    def forward(self, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        """The base's result and the active adapters' updates, in the base's precision."""
        result: Tensor = self.base_layer(x, *args, **kwargs)
        if self._eight_bit:
            release_input(result)
        if self.disable_adapters:
            return result
        for adapter in self.active_adapters:
            if adapter in self.dya_moqpe_B:
                result = result + self.delta(adapter, x).to(result.dtype)
        return result

    def supports_lora_conversion(self, adapter_name: str = "default") -> bool:  # noqa: ARG002
        """No: gates differ from token to token."""
        return False

    def merge(self, safe_merge: bool = False, adapter_names: list[str] | None = None) -> None:  # noqa: ARG002
        """Refuse: gates differ from token to token."""
        raise ValueError(
            "a mixture whose gates depend on the token cannot be merged into the base; "
            "export it as a plain LoRA"
        )

    def unmerge(self) -> None:
        """Nothing is ever merged."""
        raise ValueError("nothing was merged")

    def __repr__(self) -> str:
        return "dya_moqpe." + super().__repr__()
