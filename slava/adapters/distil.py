"""One A and one B in place of a mixture, for servers that know plain LoRA only.

Averaging the gates is unsafe: on an adversarial toy it answers a quarter right. Instead the two of
every layer begin as the best fit of their rank to what the mixture adds (reduced-rank regression
on the layer's whole input: what its gates depend on is seen there, not in the few components that
the mixture's own A keeps), and all B are then trained together until the model's next-token
distribution is that of the mixture. How well that went is measured on batches that were not
trained on.
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

Pair = tuple[Tensor, Tensor]
"""A (b, d_in) and B (b, d_out), scale included."""

_RIDGE = 1e-4
"""Relative to the mean square of the input; keeps directions that no token takes from growing."""
LOOK_EVERY = 20
"""Steps between two looks at the batches that are not learnt from."""
_MOST_BYTES = 2**31
"""Of the inputs' second moments; a larger model keeps the mixture's A, and only B is fitted."""


@dataclass(frozen=True, slots=True, eq=False)
class Distilled:
    """A plain LoRA made out of a mixture at one rank, and how well it stands in for it."""

    adapter: str
    rank: int
    agreement: float
    """Share 0..1 of held-out tokens for which both find the same next token likeliest."""
    single: dict[str, Pair]
    """Per layer."""
    tokens: int = 0
    """How many held-out tokens that share is of."""


class _Part(Sequence[Any]):
    """Some of the batches, each made when it is asked for."""

    def __init__(self, batches: Sequence[Any], places: Sequence[int]) -> None:
        self._batches, self._places = batches, places

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, k: Any) -> Any:
        return self._batches[self._places[k]]


def distil(
    model: nn.Module,
    batches: Sequence[Any],
    held_out: Sequence[Any],
    *,
    steps: int = 200,
    rate: float = 1e-3,
    rank: int | None = None,
    forward: Forward | None = None,
    on_step: Callable[[int], None] = lambda _: None,
) -> Distilled:
    """Fit one A and B per layer to the active adapter. The adapter itself is not changed.

    Parameters
    ----------
    batches, held_out
        Forward passes to learn from and to be judged by. Where a batch has ``labels``, only the
        tokens that they train count.
    steps, rate
        Of AdamW on all B; one batch per step. Every fifth batch is only looked at, and of the fit
        and what training makes of it, that is taken which is nearest to the mixture there.
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
            places = range(len(batches))
            watched = _Part(batches, places[::5] if len(places) > 1 else ())
            taught = _Part(batches, [k for k in places if k % 5] or places)
            single = _nearest(run, found, adapter, taught, watched)
            _polish(run, found, adapter, single, taught, watched, steps, rate, on_step)
            same, total = _agreement(run, found, adapter, single, held_out)
    finally:
        model.train(training)
    taken = config.r if rank is None else rank
    made = {name: (a.detach(), b.detach()) for name, (a, b) in single.items()}
    return Distilled(adapter, taken, same / max(total, 1), made, total)


@contextmanager
def standing_in(
    found: Sequence[tuple[str, DyaMoqpeLayer]], adapter: str, single: Mapping[str, Pair]
) -> Iterator[None]:
    """Within the block every layer uses its single A and B instead of the mixture."""
    try:
        for name, layer in found:
            layer.plain[adapter] = single[name]
        yield
    finally:
        for _, layer in found:
            layer.plain.pop(adapter, None)


def _nearest(
    run: Forward,
    found: Sequence[tuple[str, DyaMoqpeLayer]],
    adapter: str,
    taught: Sequence[Any],
    watched: Sequence[Any],
) -> dict[str, Pair]:
    """Of the fits with the mixture's A and with one of their own, that nearer on ``watched``."""
    fits = [_fitted(run, found, adapter, taught, free=False)]
    if sum(4 * layer.in_features**2 for _, layer in found) <= _MOST_BYTES:
        fits.append(_fitted(run, found, adapter, taught, free=True))
    return min(fits, key=lambda single: _distance(run, found, adapter, single, watched))


@torch.no_grad()
def _fitted(
    run: Forward,
    found: Sequence[tuple[str, DyaMoqpeLayer]],
    adapter: str,
    batches: Sequence[Any],
    *,
    free: bool,
) -> dict[str, Pair]:
    """The least-squares A and B of every layer over all tokens; B alone unless ``free``."""
    sums: dict[str, Pair] = {}

    def seen(layer: DyaMoqpeLayer, x: Tensor) -> Tensor:
        """What is fitted on (T, m): the input, or what the mixture's A keeps of it."""
        flat = x.reshape(-1, x.shape[-1])
        return (flat if free else flat @ _kept(layer, adapter).T.to(x.dtype)).float()

    def watch(name: str) -> Callable[..., None]:
        def hook(layer: Any, inputs: tuple[Any, ...], _result: Any) -> None:
            x = seen(layer, inputs[0])
            y = layer.delta(adapter, inputs[0]).reshape(-1, layer.out_features).float()
            xx, xy = x.T @ x, x.T @ y
            before = sums.get(name)
            sums[name] = (xx, xy) if before is None else (before[0] + xx, before[1] + xy)

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
        xx, xy = (one.double() for one in sums[name])
        square = xx + _RIDGE * xx.diagonal().mean() * torch.eye(len(xx), device=xx.device)
        A, B = _kept(layer, adapter), layer.dya_moqpe_B[adapter]
        pair = (
            _reduced(square, xy, layer.rank[adapter])
            if free
            else (A, torch.linalg.solve(square, xy))
        )
        single[name] = (pair[0].to(A.dtype).clone(), pair[1].to(B.dtype).clone())
    return single


def _kept(layer: DyaMoqpeLayer, adapter: str) -> Tensor:
    A: Tensor = layer.dya_moqpe_A[adapter]
    return A[: layer.rank[adapter]]


def _reduced(square: Tensor, xy: Tensor, rank: int) -> Pair:
    """Reduced-rank regression (Izenman 1975): of all A.T @ B of this rank, the nearest.

    ``square`` (d_in, d_in) are the input's second moments, ``xy`` (d_in, d_out) those with what is
    to be fitted.
    """
    values, vectors = torch.linalg.eigh(square)
    root = values.clamp(min=values[-1] * 1e-12).sqrt()
    whitened = (vectors.T @ xy) / root[:, None]
    left, sizes, right = torch.linalg.svd(whitened, full_matrices=False)
    rank_here = min(rank, len(sizes))
    a = (vectors @ (left[:, :rank_here] / root[:, None])).T
    b = sizes[:rank_here, None] * right[:rank_here]
    even = (b.norm() / a.norm()).clamp(min=1e-12).sqrt()  # neither is much larger than the other
    return a * even, b / even


def _polish(
    run: Forward,
    found: Sequence[tuple[str, DyaMoqpeLayer]],
    adapter: str,
    single: dict[str, Pair],
    taught: Sequence[Any],
    watched: Sequence[Any],
    steps: int,
    rate: float,
    on_step: Callable[[int], None],
) -> None:
    """Train all B until the distributions agree (KL divergence from the mixture's)."""
    free = [b.requires_grad_() for _, b in single.values()]
    optimizer = torch.optim.AdamW(free, rate, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(steps, 1))
    nearest, best = (
        _distance(run, found, adapter, single, watched),
        [b.detach().clone() for b in free],
    )
    for step in range(steps):
        batch = taught[step % len(taught)]
        with torch.enable_grad():
            gradients = torch.autograd.grad(_apart(run, found, adapter, single, batch), free)
        for b, gradient in zip(free, gradients, strict=True):
            b.grad = gradient
        optimizer.step()
        schedule.step()
        if (step + 1) % LOOK_EVERY == 0 or step + 1 == steps:
            now = _distance(run, found, adapter, single, watched)
            if now <= nearest:
                nearest, best = now, [b.detach().clone() for b in free]
        on_step(step + 1)
    with torch.no_grad():
        for b, kept in zip(free, best, strict=True):
            b.copy_(kept)


def _apart(
    run: Forward,
    found: Sequence[tuple[str, DyaMoqpeLayer]],
    adapter: str,
    single: Mapping[str, Pair],
    batch: Any,
) -> Tensor:
    """KL divergence from the mixture's distribution, the mean over the tokens of a batch."""
    wanted, said = (x.log_softmax(-1) for x in _both(run, found, adapter, single, batch))
    return nn.functional.kl_div(said, wanted, reduction="batchmean", log_target=True)


def _both(
    run: Forward,
    found: Sequence[tuple[str, DyaMoqpeLayer]],
    adapter: str,
    single: Mapping[str, Pair],
    batch: Any,
) -> tuple[Tensor, Tensor]:
    """Logits (T, vocabulary) of the mixture, and of the single A and B in its place."""
    with torch.no_grad():
        wanted = run(batch)
    with standing_in(found, adapter, single):
        return wanted, run(batch)


@torch.no_grad()
def _distance(
    run: Forward,
    found: Sequence[tuple[str, DyaMoqpeLayer]],
    adapter: str,
    single: Mapping[str, Pair],
    watched: Sequence[Any],
) -> float:
    """The mean of :func:`_apart` over some batches; 0 for none."""
    apart = [float(_apart(run, found, adapter, single, batch)) for batch in watched]
    return sum(apart) / max(len(apart), 1)


@torch.no_grad()
def _agreement(
    run: Forward,
    found: Sequence[tuple[str, DyaMoqpeLayer]],
    adapter: str,
    single: Mapping[str, Pair],
    held_out: Sequence[Any],
) -> tuple[int, int]:
    """Of how many tokens both say the same, and how many there are."""
    same = total = 0
    for batch in held_out:
        wanted, said = (x.argmax(-1) for x in _both(run, found, adapter, single, batch))
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
