"""What a trainer does to an adapted model: set the rank, add the router's loss, read the loads.

``model`` is what ``get_peft_model`` or ``PeftModel.from_pretrained`` returned. On an adapter of
another kind (LoRA) setting a rank changes nothing and the loss is zero, so that one trainer serves
all kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from slava.adapters.layer import DyaMoqpeLayer
from slava.adapters.rank import RANKS
from slava.adapters.routing import Routing


@dataclass(frozen=True, slots=True)
class ExpertUse:
    """How the router of one layer used its experts since it was last asked."""

    layer: str
    adapter: str
    load: tuple[float, ...]
    """Part of all choices that fell on each expert; sums to 1."""
    entropy: float
    """Mean entropy of the router per token in nats, 0 to log(experts)."""
    tokens: int


def layers(model: nn.Module) -> list[tuple[str, DyaMoqpeLayer]]:
    """Adapted layers by their names in the base."""
    return [(m.key, m) for m in model.modules() if isinstance(m, DyaMoqpeLayer)]


def set_rank(model: nn.Module, rank: int | None, adapter: str | None = None) -> None:
    """Use the first ``rank`` components of ``adapter`` from now on; all of them when None.

    ``adapter`` is by default each active one. Call it between forward and backward passes, never
    within.

    Raises
    ------
    ValueError
        If the adapter has no such rank.
    """
    for _, layer in layers(model):
        for name in _named(layer, adapter):
            layer.set_rank(name, rank)


@contextmanager
def at_rank(model: nn.Module, rank: int | None, adapter: str | None = None) -> Iterator[None]:
    """Within the block, :func:`set_rank`; afterwards as before."""
    before = [(layer, dict(layer.rank)) for _, layer in layers(model)]
    try:
        set_rank(model, rank, adapter)
        yield
    finally:
        for layer, ranks in before:
            layer.rank.update(ranks)


def set_classes(model: nn.Module, names: Sequence[str], adapter: str | None = None) -> None:
    """Say of which class each request of the next batches is; one name stands for all.

    Raises
    ------
    ValueError
        If the adapter knows no such class.
    """
    for _, layer in layers(model):
        for name in _named(layer, adapter):
            known = layer.config[name].classes
            if unknown := sorted(set(names) - set(known)):
                raise ValueError(
                    f"no class {unknown[0]!r}; there are: {', '.join(known) or 'none'}"
                )
            layer.routing.classes[name] = tuple(names)


def balance_loss(model: nn.Module, micro_batches: int = 1) -> Tensor:
    """The router's weighted losses of the last forward pass in training, to be added to the loss.

    A scalar, the sum over layers, with gradient; padding counts nothing. ``micro_batches``: over
    how many the gradient is accumulated, unless the trainer divides the whole loss itself. Zero
    after a pass without gradients.

    Raises
    ------
    ValueError
        If the layers ran without gradients inside a pass that had them: reentrant checkpointing.
    """
    told = [loss for routing in _routings(model) for loss in routing.losses]
    if not told:
        return torch.zeros((), device=next(model.parameters()).device)
    total = torch.stack([loss.to(told[0].device) for loss in told]).sum() / micro_batches
    if not total.requires_grad and any(p.requires_grad for p in _routers(model)):
        raise ValueError(
            "the router's losses came without gradients: take activation checkpointing with "
            "use_reentrant=False"
        )
    return total


def expert_use(model: nn.Module) -> tuple[ExpertUse, ...]:
    """How each layer's experts were used in training since this was last called."""
    found = []
    for routing in _routings(model):
        for (layer, adapter), counted in routing.counts.items():
            *chosen, entropy, tokens = counted.tolist()
            load = tuple(c / max(sum(chosen), 1.0) for c in chosen)
            found.append(ExpertUse(layer, adapter, load, entropy / max(tokens, 1.0), int(tokens)))
        routing.counts = {}
    return tuple(found)


def evaluate_ranks(
    model: nn.Module, evaluate: Callable[[], float], ranks: Iterable[int] = RANKS
) -> dict[int, float]:
    """``evaluate()`` (a held-out loss) at each of ``ranks`` that the adapter has, after one
    training; for :func:`slava.adapters.choose_rank`. An adapter without ranks gives none."""
    found = layers(model)
    if not found:
        return {}
    layer = found[0][1]
    name = _named(layer, None)[0]
    config, losses = layer.config[name], {}
    training = model.training
    model.eval()
    try:
        for rank in ranks:
            if config.r_min <= rank <= config.r:
                with at_rank(model, rank), torch.no_grad():
                    losses[rank] = float(evaluate())
    finally:
        model.train(training)
    return losses


def _named(layer: DyaMoqpeLayer, adapter: str | None) -> list[str]:
    if adapter is None:
        return [name for name in layer.active_adapters if name in layer.config]
    if adapter not in layer.config:
        raise ValueError(f"no adapter {adapter!r}; there are: {', '.join(layer.config)}")
    return [adapter]


def _routings(model: nn.Module) -> list[Routing]:
    return list({id(layer.routing): layer.routing for _, layer in layers(model)}.values())


def _routers(model: nn.Module) -> Iterator[Any]:
    for _, layer in layers(model):
        yield from layer.dya_moqpe_router.values()
