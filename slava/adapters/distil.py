"""One B in place of a mixture, for servers that know plain LoRA only.

Averaging the gates is unsafe: on an adversarial toy it answers a quarter right. Instead the single
B of every layer begins as the least-squares fit to what the mixture adds, and all of them are then
trained together until the model's next-token distribution is that of the mixture. How well that
went is measured on batches that were not trained on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from slava.adapters.control import at_rank, layers
from slava.adapters.layer import DyaMoqpeLayer
from slava.adapters.routing import token_masks

Batch = Mapping[str, Any]
"""Keyword arguments of one forward pass."""
Forward = Callable[[Any], Tensor]
"""One forward pass: logits (T, vocabulary) of the tokens that count, in 32 bits."""

_RIDGE = 1e-4
"""Relative to the mean square of z; keeps directions that no token takes from growing."""


@dataclass(frozen=True, slots=True, eq=False)
class Distilled:
    """A plain LoRA made out of a mixture at one rank, and how well it stands in for it."""

    adapter: str
    rank: int
    agreement: float
    """Share 0..1 of held-out tokens for which both find the same next token likeliest."""
    single: dict[str, Tensor]
    """Per layer one B (b, d_out), scale included."""
    tokens: int = 0
    """How many held-out tokens that share is of."""


def distil(
    model: nn.Module,
    batches: Sequence[Any],
    held_out: Sequence[Any],
    *,
    steps: int = 200,
    rate: float = 3e-3,
    rank: int | None = None,
    forward: Forward | None = None,
    on_step: Callable[[int], None] = lambda _: None,
) -> Distilled:
    """Fit one B per layer to the active adapter. The adapter itself is not changed.

    Parameters
    ----------
    batches, held_out
        Forward passes to learn from and to be judged by. Where a batch has ``labels``, only the
        tokens that they train count.
    steps, rate
        Of AdamW on all B; one batch per step.
    rank
        The rank to take the mixture at; by default the largest.
    forward
        How a batch is passed through the model; by default each is a :data:`Batch`.
    on_step
        Told how many steps are made; what it raises ends the work.

    Raises
    ------
    ValueError
        If there is nothing to learn from, to judge by, or to distil.
    """
    found = layers(model)
    if not found or not batches or not held_out:
        raise ValueError("distilling needs a DyA-MoQPE adapter, batches, and others held out")
    adapter = found[0][1].active_adapters[0]
    config = found[0][1].config[adapter]
    if config.gating == "request":
        raise ValueError("gates by request need no distilling: each class is a plain LoRA")
    run = forward or (lambda batch: _judged(model(**batch).logits, batch, model))
    training = model.training
    model.eval()
    try:
        with at_rank(model, rank, adapter):
            single = _fitted(run, found, adapter, batches)
            _polish(run, found, adapter, single, batches, steps, rate, on_step)
            same, total = _agreement(run, found, adapter, single, held_out)
    finally:
        model.train(training)
    taken = config.r if rank is None else rank
    made = {name: b.detach() for name, b in single.items()}
    return Distilled(adapter, taken, same / max(total, 1), made, total)


@contextmanager
def standing_in(
    found: Sequence[tuple[str, DyaMoqpeLayer]], adapter: str, single: Mapping[str, Tensor]
) -> Iterator[None]:
    """Within the block every layer uses its single B instead of the mixture."""
    try:
        for name, layer in found:
            layer.plain[adapter] = single[name]
        yield
    finally:
        for _, layer in found:
            layer.plain.pop(adapter, None)


@torch.no_grad()
def _fitted(
    run: Forward,
    found: Sequence[tuple[str, DyaMoqpeLayer]],
    adapter: str,
    batches: Sequence[Any],
) -> dict[str, Tensor]:
    """The least-squares B of every layer over all tokens of ``batches``."""
    sums: dict[str, tuple[Tensor, Tensor]] = {}

    def watch(name: str) -> Callable[..., None]:
        def hook(layer: Any, inputs: tuple[Any, ...], _result: Any) -> None:
            x = inputs[0].reshape(-1, inputs[0].shape[-1])
            a = layer.dya_moqpe_A[adapter][: layer.rank[adapter]]
            z = (x @ a.T.to(x.dtype)).float()  # (T, b)
            y = layer.delta(adapter, inputs[0]).reshape(-1, layer.out_features).float()
            zz, zy = z.T @ z, z.T @ y
            before = sums.get(name)
            sums[name] = (zz, zy) if before is None else (before[0] + zz, before[1] + zy)

        return hook

    hooks = [layer.register_forward_hook(watch(name)) for name, layer in found]  # type: ignore[attr-defined]
    try:
        for batch in batches:
            run(batch)
    finally:
        for hook in hooks:
            hook.remove()
    single = {}
    for name, layer in found:
        if name not in sums:
            raise ValueError(f"{name} took no part in any batch")
        zz, zy = sums[name]
        ridge = _RIDGE * zz.diagonal().mean() * torch.eye(len(zz), device=zz.device)
        fitted = torch.linalg.solve(zz + ridge, zy).to(layer.dya_moqpe_B[adapter].dtype)
        single[name] = fitted.clone()
    return single


def _polish(
    run: Forward,
    found: Sequence[tuple[str, DyaMoqpeLayer]],
    adapter: str,
    single: dict[str, Tensor],
    batches: Sequence[Any],
    steps: int,
    rate: float,
    on_step: Callable[[int], None],
) -> None:
    """Train all B until the distributions agree (KL divergence from the mixture's)."""
    free = [b.requires_grad_() for b in single.values()]
    optimizer = torch.optim.AdamW(free, rate, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(steps, 1))
    for step in range(steps):
        batch = batches[step % len(batches)]
        with torch.no_grad():
            wanted = run(batch).log_softmax(-1)
        with torch.enable_grad(), standing_in(found, adapter, single):
            said = run(batch).log_softmax(-1)
            loss = nn.functional.kl_div(said, wanted, reduction="batchmean", log_target=True)
            gradients = torch.autograd.grad(loss, free)
        for b, gradient in zip(free, gradients, strict=True):
            b.grad = gradient
        optimizer.step()
        schedule.step()
        on_step(step + 1)


@torch.no_grad()
def _agreement(
    run: Forward,
    found: Sequence[tuple[str, DyaMoqpeLayer]],
    adapter: str,
    single: Mapping[str, Tensor],
    held_out: Sequence[Any],
) -> tuple[int, int]:
    """Of how many tokens both say the same, and how many there are."""
    same = total = 0
    for batch in held_out:
        wanted = run(batch).argmax(-1)
        with standing_in(found, adapter, single):
            said = run(batch).argmax(-1)
        same, total = same + int((said == wanted).sum()), total + len(wanted)
    return same, total


def _judged(logits: Tensor, batch: Batch, model: Any) -> Tensor:
    """The logits (T, vocabulary) of the tokens that count, in 32 bits."""
    labels = batch.get("labels")
    masks = [m for m in token_masks(batch) if m.shape == logits.shape[:2]]
    if isinstance(labels, Tensor) and labels.shape == logits.shape[:2]:
        mask = labels != -100
        if not getattr(model.config, "is_encoder_decoder", False):
            mask = torch.cat([mask[:, 1:], torch.zeros_like(mask[:, :1])], 1)  # says the next one
    else:
        mask = masks[0] if masks else torch.ones_like(logits[..., 0], dtype=torch.bool)
    return logits[mask].float()
