"""The router: from z to gates, by token and never across tokens.

A gate depends on its own token's first ``r_min`` components of z and on nothing else: a row is the
same alone and in a batch, a later token cannot change an earlier one, and the gates are the same at
every rank. Gradients are written out, so that nothing but z has to be kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

EPSILON = 1e-6
"""Keeps the RMS of an all-zero z from dividing by zero."""


def normalized(h: Tensor) -> tuple[Tensor, Tensor]:
    """``h`` (T, m) with root mean square 1 per row, and the factors (T, 1) that did it."""
    factor = torch.rsqrt(h.pow(2).mean(-1, keepdim=True) + EPSILON)
    return h * factor, factor


@dataclass(frozen=True, slots=True, eq=False)
class Gates:
    """Gates of T tokens over K experts."""

    logits: Tensor
    """(T, K)."""
    p: Tensor
    """(T, K), softmax over all experts."""
    chosen: Tensor
    """(T, K) bool, the ``top_k`` largest."""
    g: Tensor
    """(T, K), zero where not chosen."""


def gates(logits: Tensor, top_k: int, renormalize: bool) -> Gates:
    """Softmax of ``logits`` (T, K), kept for the ``top_k`` largest of each token."""
    p = logits.softmax(-1)
    places = logits.topk(top_k, dim=-1).indices
    chosen = torch.zeros_like(logits, dtype=torch.bool).scatter_(-1, places, True)
    g = logits.masked_fill(~chosen, -torch.inf).softmax(-1) if renormalize else p * chosen
    return Gates(logits, p, chosen, g)


def gates_backward(found: Gates, renormalize: bool, of_g: Tensor) -> Tensor:
    """Gradient (T, K) of the logits from that of the gates."""
    if renormalize:
        return found.g * (of_g - (of_g * found.g).sum(-1, keepdim=True))
    of_p = of_g * found.chosen
    return found.p * (of_p - (of_p * found.p).sum(-1, keepdim=True))


def normalized_backward(of_n: Tensor, n: Tensor, factor: Tensor) -> Tensor:
    """Gradient of ``h`` in :func:`normalized` from that of its result ``n``."""
    return factor * (of_n - n * (n * of_n).mean(-1, keepdim=True))


def shares(found: Gates, weights: Tensor | None) -> Tensor:
    """What each of the T tokens counts, (T, 1), summing to 1; padding counts nothing."""
    if weights is None:
        return torch.full_like(found.p[:, :1], 1 / max(len(found.p), 1))
    w = weights.to(found.p.dtype)[:, None]
    return w / w.sum().clamp(min=1)


def auxiliary(found: Gates, share: Tensor, balance: float, z_loss: float) -> Tensor:
    """Balance loss (Fedus et al. 2021, arXiv:2101.03961) and z-loss (arXiv:2202.08906), a scalar.

    ``balance * K * sum_k f_k P_k + z_loss * mean(logsumexp²)``, where ``f_k`` is the part of all
    choices that fell on expert k and ``P_k`` its mean probability; 1 and 0 at best.
    """
    k = found.p.shape[-1]
    load = (found.chosen * share).sum(0) / found.chosen[:1].sum().clamp(min=1)  # (K,)
    mean_p = (found.p * share).sum(0)  # (K,)
    z = (found.logits.logsumexp(-1, keepdim=True).pow(2) * share).sum()
    return balance * k * (load.detach() * mean_p).sum() + z_loss * z


def auxiliary_backward(found: Gates, share: Tensor, balance: float, z_loss: float) -> Tensor:
    """Gradient (T, K) of the logits from :func:`auxiliary`."""
    k = found.p.shape[-1]
    load = (found.chosen * share).sum(0) / found.chosen[:1].sum().clamp(min=1)
    inner = load - (found.p * load).sum(-1, keepdim=True)  # (T, K)
    z = 2 * found.logits.logsumexp(-1, keepdim=True)
    return share * found.p * (balance * k * inner + z_loss * z)


def summary(found: Gates, weights: Tensor | None) -> Tensor:
    """What is logged, (K + 2,): choices per expert, summed entropy in nats, and tokens."""
    p = found.p.detach()
    w = p.new_ones(len(p), 1) if weights is None else weights.to(p.dtype)[:, None]
    entropy = -(p * p.clamp(min=1e-30).log() * w).sum()
    return torch.cat([(found.chosen * w).sum(0), entropy[None], w.sum()[None]])
