"""The tuner: which modules of a model become DyA-MoQPE layers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from peft.tuners.tuners_utils import BaseTuner, BaseTunerLayer
from peft.utils import resolve_quantization_backend
from torch import nn

from slava.adapters.bnb import keep_plain
from slava.adapters.layer import DyaMoqpeLayer, Linear
from slava.adapters.plugin import PREFIX
from slava.adapters.routing import Routing
from slava.adapters.targets import language_targets


class DyaMoqpeModel(BaseTuner):
    """A model whose target layers carry DyA-MoQPE adapters; made by ``get_peft_model``."""

    prefix = PREFIX
    tuner_layer_cls = DyaMoqpeLayer
    target_module_mapping: dict[str, list[str]] = {}  # noqa: RUF012 (as PEFT declares it)

    def layers(self) -> Iterator[DyaMoqpeLayer]:
        """All adapted layers."""
        return (m for m in self.model.modules() if isinstance(m, DyaMoqpeLayer))

    def delete_adapter(self, adapter_name: str) -> None:
        """Remove an adapter and everything that is held of it."""
        super().delete_adapter(adapter_name)
        self.routing.forget(adapter_name)

    def _pre_injection_hook(
        self,
        model: nn.Module,
        config: Any,  # noqa: ARG002
        adapter_name: str,  # noqa: ARG002
    ) -> None:
        if "routing" not in self.__dict__:
            self.routing = Routing()
            self._hooks = [
                model.register_forward_pre_hook(self.routing.begin, with_kwargs=True),
                model.register_forward_hook(self.routing.end, always_call=True),
            ]

    def _prepare_adapter_config(self, peft_config: Any, model_config: dict[str, Any]) -> Any:  # noqa: ARG002
        if peft_config.target_modules is None:
            peft_config.target_modules = language_targets(self.model)
        return peft_config

    def _prepare_model(self, peft_config: Any, model: nn.Module) -> None:  # noqa: ARG002
        keep_plain(model)

    def _create_and_replace(
        self,
        peft_config: Any,
        adapter_name: str,
        target: nn.Module,
        target_name: str,
        parent: nn.Module,
        current_key: str,
        parameter_name: str | None = None,  # noqa: ARG002
        **_: Any,
    ) -> None:
        if isinstance(target, DyaMoqpeLayer):
            frozen = peft_config.inference_mode
            target.update_layer(adapter_name, peft_config, inference_mode=frozen)
            return
        base = target.get_base_layer() if isinstance(target, BaseTunerLayer) else target
        quantized = resolve_quantization_backend(base)
        if not (isinstance(base, nn.Linear) or quantized is not None):
            raise TypeError(
                f"{current_key} is a {type(base).__name__}: DyA-MoQPE adapts linear layers, plain "
                "or quantized by bitsandbytes"
            )
        layer = Linear(target, adapter_name, peft_config, self.routing, current_key)
        if adapter_name not in self.active_adapters:
            layer.requires_grad_(False)
        self._replace_module(parent, target_name, layer, target)

    def _cast_adapter_dtype(self, adapter_name: str, autocast_adapter_dtype: bool = True) -> None:
        """As PEFT does, B and router to 32 bits; A stays in the base's precision."""
        super()._cast_adapter_dtype(adapter_name, autocast_adapter_dtype)
        for layer in self.layers():
            dtype = layer.compute_dtype()
            if adapter_name in layer.dya_moqpe_A and dtype is not None:
                layer.dya_moqpe_A[adapter_name] = layer.dya_moqpe_A[adapter_name].to(dtype)

    def _unload_and_optionally_merge(self, *args: Any, **kwargs: Any) -> Any:
        base: Any = super()._unload_and_optionally_merge(*args, **kwargs)
        for hook in self._hooks:
            hook.remove()
        return base
