"""Other views of the same micrograph, as the instrument could have taken them.

Turned, mirrored, nearer or farther, brighter or darker, with more or less contrast, noise and
focus, a part hidden. Never another hue: a micrograph has none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812


@dataclass(frozen=True, slots=True)
class Variation:
    """How far views differ. Sides are shares of the picture's side, the others deviations."""

    least_side: float = 0.6
    most_side: float = 1.0
    stretch: float = 0.08
    angle_deg: float = 8.0
    gain: float = 0.15
    offset: float = 0.15
    gamma: float = 0.2
    noise: float = 0.12
    blurred: float = 0.15
    hidden: float = 0.3
    """Share of views of which a square is hidden."""


SUPERVISED = Variation()
CONTRASTIVE = Variation(least_side=0.45, gain=0.25, offset=0.25, gamma=0.3, noise=0.2, hidden=0.4)


def varied(pictures: Tensor, size_px: int, by: Variation, rng: torch.Generator) -> Tensor:
    """One view of each of (B, 1, S, S), zero mean and unit deviation: (B, 1, size, size)."""
    n = len(pictures)
    x = F.grid_sample(
        pictures,
        F.affine_grid(_placements(n, by, rng), [n, 1, size_px, size_px], align_corners=False),
        mode="bilinear",
        padding_mode="reflection",
        align_corners=False,
    )
    x = normed(x)
    bent = torch.exp(_normal((n, 1, 1, 1), by.gamma, rng))
    low = (x / 6 + 0.5).clamp(0, 1)
    x = normed((low**bent - 0.5) * 6)
    x = x * torch.exp(_normal((n, 1, 1, 1), by.gain, rng)) + _normal((n, 1, 1, 1), by.offset, rng)
    soft = torch.rand((n, 1, 1, 1), generator=rng) < by.blurred
    x = torch.where(soft, F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), 3, 1), x)
    noise = torch.rand((n, 1, 1, 1), generator=rng) * by.noise
    x = x + torch.randn(x.shape, generator=rng) * noise
    return _partly_hidden(x, by.hidden, rng)


def normed(x: Tensor) -> Tensor:
    """Every picture (B, 1, H, W) to zero mean and unit deviation."""
    spread, mean = torch.std_mean(x, (1, 2, 3), keepdim=True)
    return (x - mean) / spread.clamp(min=1e-3)


def _placements(n: int, by: Variation, rng: torch.Generator) -> Tensor:
    """Where in a picture each view lies: matrices (n, 2, 3) for ``affine_grid``."""

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(n, generator=rng)

    side = uniform(by.least_side, by.most_side)
    stretch = torch.exp(_normal((n,), by.stretch, rng))
    wide, high = (side * stretch).clamp(max=1.0), (side / stretch).clamp(max=1.0)
    turns = torch.randint(0, 4, (n,), generator=rng) * (math.pi / 2)
    angle = turns + uniform(-by.angle_deg, by.angle_deg) * (math.pi / 180)
    mirror = torch.where(torch.rand(n, generator=rng) < 0.5, -1.0, 1.0)
    cos, sin = torch.cos(angle), torch.sin(angle)
    left, top = uniform(-1, 1) * (1 - wide), uniform(-1, 1) * (1 - high)
    rows = (
        torch.stack([cos * wide * mirror, -sin * wide, left], 1),
        torch.stack([sin * high * mirror, cos * high, top], 1),
    )
    return torch.stack(rows, 1)


def _normal(shape: tuple[int, ...], deviation: float, rng: torch.Generator) -> Tensor:
    return torch.randn(shape, generator=rng) * deviation


def _partly_hidden(x: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """A square of up to a third of the side becomes mean grey in a share of the views."""
    n, size = len(x), x.shape[-1]
    half = torch.rand(n, generator=rng) * (size / 6)
    half = torch.where(torch.rand(n, generator=rng) < share, half, torch.zeros(n))
    middle = torch.rand((n, 2), generator=rng) * size
    at = torch.arange(size)
    inside = [(at[None] - middle[:, k, None]).abs() < half[:, None] for k in (0, 1)]
    covered = inside[0][:, None, :, None] & inside[1][:, None, None, :]
    return torch.where(covered, torch.zeros(()), x)
