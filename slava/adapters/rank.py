"""Which rank a training step draws, and which rank is kept afterwards.

Pure: no torch, no model. The draw is a function of seed and step alone, so that every worker and
every resumed run draws the same, and it happens outside the forward pass: a rank drawn inside one
would differ when gradient checkpointing runs it a second time.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping

RANK_MIN, RANK_MAX = 4, 16
RANKS = (4, 6, 8, 12, 16)
"""The ranks at which one training is evaluated."""


def rank_for_step(seed: int, step: int, low: int = RANK_MIN, high: int = RANK_MAX) -> int:
    """The rank of micro-batch ``step``, uniform over ``low``..``high`` inclusive.

    Raises
    ------
    ValueError
        If ``low`` is below 1 or above ``high``.
    """
    if not 1 <= low <= high:
        raise ValueError(f"ranks from {low} to {high}: need 1 <= low <= high")
    digest = hashlib.blake2b(f"{seed}:{step}".encode(), digest_size=8).digest()
    return low + int.from_bytes(digest, "big") % (high - low + 1)


def choose_rank(losses: Mapping[int, float], tolerance: float) -> int:
    """The smallest rank whose loss is at most ``tolerance`` above the best.

    Parameters
    ----------
    losses
        Held-out loss per rank, smaller is better; ranks whose loss is not finite are passed over.
    tolerance
        In the unit of the losses, at least 0.

    Raises
    ------
    ValueError
        If ``tolerance`` is negative, or no loss is finite.
    """
    if not tolerance >= 0:
        raise ValueError(f"tolerance {tolerance}: need a number of at least 0")
    finite = {rank: loss for rank, loss in losses.items() if math.isfinite(loss)}
    if not finite:
        raise ValueError("no rank has a finite loss")
    allowed = min(finite.values()) + tolerance
    return min(rank for rank, loss in finite.items() if loss <= allowed)
