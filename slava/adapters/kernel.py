"""The update of one layer, ``s (X A[:, :b]) sum_k g_k B_k[:b]``, as one autograd function.

All experts are one product: the outer product of z and the gates, (T, b K), times the experts laid
side by side. For the way back only z = X A is kept (and one bit per component under dropout); gates
and outer product are computed again. ``X`` itself is never kept: that is the saving.

A is held as (r, d_in), B as (r, K, d_out), so that a rank's prefix is contiguous memory and what
lies past it is never read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from slava.adapters.gates import (
    Gates,
    auxiliary,
    auxiliary_backward,
    gates,
    gates_backward,
    normalized,
    normalized_backward,
    shares,
    summary,
)


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """What the update of one call depends on beside its weights."""

    rank: int
    scale: float
    top_k: int = 2
    renormalize: bool = True
    dropout: float = 0.0
    balance: float = 0.0
    z_loss: float = 0.0
    watched: bool = False
    """Whether the losses and the summary are wanted."""
    classes: Tensor | None = None
    """(T,) int, the request's class of each token; None when the router reads z."""
    weights: Tensor | None = None
    """(T,), 0 for padding; None when all tokens count."""


def update(
    x: Tensor, A: Tensor, router: Tensor, B: Tensor, keep: Tensor | None, how: Mixture
) -> tuple[Tensor, Tensor, Tensor]:
    """The update and what the router is judged by.

    Parameters
    ----------
    x : (T, d_in)
    A : (r, d_in), frozen, best in the precision of ``x``
    router : (K, m), reading the first m components of z; or (classes, K)
    B : (r, K, d_out), in the precision of training
    keep : (T, b) bool, false where dropout falls; None without dropout

    Returns
    -------
    The update (T, d_out) in the precision of ``x``, the auxiliary loss (a scalar), and
    :func:`~slava.adapters.gates.summary` (K + 2,); the last two are zero unless ``how.watched``.
    """
    result: tuple[Tensor, Tensor, Tensor] = _Update.apply(x, A, router, B, keep, how)
    return result


def plain_update(
    x: Tensor, A: Tensor, router: Tensor, B: Tensor, keep: Tensor | None, how: Mixture
) -> tuple[Tensor, Tensor, Tensor]:
    """The same by ordinary autograd: what :func:`update` is tested against."""
    b = how.rank
    z = (x @ A[:b].T.to(x.dtype)).to(B.dtype)
    found = _route(z, router, how)[0]
    u = _outer(_dropped(z, keep, how), found.g * how.scale)
    y = (u @ B[:b].flatten(0, 1)).to(x.dtype)
    return y, *_judged(found, how)


class _Update(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        A: Tensor,
        router: Tensor,
        B: Tensor,
        keep: Tensor | None,
        how: Mixture,
    ) -> tuple[Tensor, Tensor, Tensor]:
        b = how.rank
        with torch.autocast(x.device.type, enabled=False):
            z = (x @ A[:b].T.to(x.dtype)).to(B.dtype)  # (T, b)
            found = _route(z, router, how)[0]
            u = _outer(_dropped(z, keep, how), found.g * how.scale)
            y = (u @ B[:b].flatten(0, 1)).to(x.dtype)
            aux, told = _judged(found, how)
        ctx.save_for_backward(z, keep, A, router, B)
        ctx.how, ctx.dtype = how, x.dtype
        ctx.set_materialize_grads(False)
        ctx.mark_non_differentiable(told)
        return y, aux, told

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, of_y: Tensor | None, of_aux: Tensor | None, _told: Any) -> Any:
        z, keep, A, router, B = ctx.saved_tensors
        how: Mixture = ctx.how
        b, k = how.rank, B.shape[1]
        needs_x, _, needs_router, needs_B = ctx.needs_input_grad[:4]
        found, n, factor = _route(z, router, how)
        of_z = torch.zeros_like(z)
        of_logits = torch.zeros_like(found.logits)
        of_B = None
        if of_y is not None:
            of_y = of_y.to(B.dtype)
            zd, g = _dropped(z, keep, how), found.g * how.scale
            if needs_x or needs_router:
                of_u = (of_y @ B[:b].flatten(0, 1).T).unflatten(1, (b, k))  # (T, b, K)
                of_z = _dropped((of_u * g[:, None].to(z.dtype)).sum(-1), keep, how)
                of_g = (of_u * zd[..., None]).sum(1).to(g.dtype) * how.scale
                of_logits = gates_backward(found, how.renormalize, of_g)
            if needs_B:
                of_B = torch.zeros_like(B)
                of_B[:b] = (_outer(zd, g).T @ of_y).unflatten(0, (b, k))
        if of_aux is not None and how.watched:
            share = shares(found, how.weights)
            of_logits = of_logits + of_aux * auxiliary_backward(
                found, share, how.balance, how.z_loss
            )
        of_router = None
        if how.classes is not None:
            if needs_router:
                of_router = torch.zeros_like(router)
                of_router.index_add_(0, how.classes, of_logits.to(router.dtype))
        else:
            m = router.shape[1]
            if needs_router:
                of_router = (of_logits.T @ n).to(router.dtype)
            of_n = of_logits @ router.to(of_logits.dtype)
            of_z[:, :m] += normalized_backward(of_n, n, factor).to(z.dtype)
        of_x = of_z.to(ctx.dtype) @ A[:b].to(ctx.dtype) if needs_x else None
        return of_x, None, of_router, of_B, None, None


def _route(z: Tensor, router: Tensor, how: Mixture) -> tuple[Gates, Tensor, Tensor]:
    """The gates, and with a router on z what it read (T, m) and by how much that was scaled."""
    wide = torch.promote_types(z.dtype, torch.float32)
    if how.classes is not None:
        logits = router.to(wide)[how.classes]
        return gates(logits, how.top_k, how.renormalize), z, z
    n, factor = normalized(z[:, : router.shape[1]].to(wide))
    logits = n @ router.to(wide).T
    return gates(logits, how.top_k, how.renormalize), n, factor


def _dropped(z: Tensor, keep: Tensor | None, how: Mixture) -> Tensor:
    return z if keep is None else z * keep * (1 / (1 - how.dropout))


def _outer(z: Tensor, g: Tensor) -> Tensor:
    """(T, b) and (T, K) to (T, b K)."""
    return (z[..., None] * g[:, None].to(z.dtype)).flatten(1)


def _judged(found: Gates, how: Mixture) -> tuple[Tensor, Tensor]:
    if not how.watched:
        return found.logits.new_zeros(()), found.logits.new_zeros(found.logits.shape[1] + 2)
    share = shares(found, how.weights)
    return auxiliary(found, share, how.balance, how.z_loss), summary(found, how.weights)
