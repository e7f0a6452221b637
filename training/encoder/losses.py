"""What vectors should be: near those of their class, or of the other view of their picture.

Sources: NT-Xent after Sohn 2016 and GDL-NMID (Chen et al. 2020, arXiv:2002.05709), supervised
contrast after Khosla et al. 2020 (arXiv:2004.11362).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812


def nt_xent(one: Tensor, other: Tensor, temperature: float) -> Tensor:
    """NT-Xent of two views, unit vectors (B, D) each: every view shall find its other one."""
    vectors = torch.cat([one, other])
    n = len(one)
    like = vectors @ vectors.T / temperature
    like.fill_diagonal_(float("-inf"))
    partner = torch.arange(2 * n).roll(n)
    return F.cross_entropy(like, partner)


def supervised_contrast(vectors: Tensor, truth: Tensor, temperature: float) -> Tensor:
    """Mean over unit vectors (B, D) that share their class ``truth`` (B,) with another one."""
    like = vectors @ vectors.T / temperature
    own = torch.eye(len(vectors), dtype=torch.bool)
    logs = like - torch.logsumexp(like.masked_fill(own, float("-inf")), 1, keepdim=True)
    same = (truth[:, None] == truth) & ~own
    count = same.sum(1)
    if not bool(count.any()):
        return like.sum() * 0
    told = -(logs * same).sum(1) / count.clamp(min=1)
    return (told * (count > 0)).sum() / (count > 0).sum().clamp(min=1)


def class_logits(vectors: Tensor, head: Tensor, scale: float) -> Tensor:
    """Scaled cosines of unit vectors (B, D) and class vectors (C, D): (B, C)."""
    return scale * (vectors @ F.normalize(head, dim=1).T)
