"""Change drawn pictures so that only what they show stays the same.

Batches of pictures and their defect masks are turned, cropped, stretched, and given other grey
levels, focus and noise. It must not know the model or the loss.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812


@dataclass(frozen=True, slots=True)
class Augmented:
    """A batch as the encoder gets it."""

    pixels: Tensor
    """(B, 1, S, S), -1..1"""
    masks: Tensor
    """(B, 1, MASK, MASK), share of a defect in each cell, 0..1"""
    zoom: Tensor
    """(B,), how much larger features are, as a share of the picture, than in the drawing."""
    whole: Tensor
    """(B,) bool, nothing was cropped away."""


def augment(
    pixels: Tensor,
    masks: Tensor,
    size_px: int,
    generator: torch.Generator,
    strength: float = 1.0,
) -> Augmented:
    """Augment (B, H, W) uint8 pictures and (B, M, M) uint8 masks to ``size_px``.

    ``strength`` (0..1) is how far and how often pictures are changed; at 0 they are only turned
    and mirrored.
    """
    matrix, zoom, whole = _crops(len(pixels), generator, strength)
    x = pixels[:, None].float() / 255
    m = masks[:, None].float() / 255
    x = _look(x, matrix, whole, size_px)
    m = _resample(m, matrix, masks.shape[-1])
    x = _degrade(_levels(x, generator, strength), generator, strength)
    x = _cut_out(x, generator, strength)
    return Augmented((x * 2 - 1).clamp(-1.2, 1.2), m, zoom, whole)


def _uniform(n: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    return torch.rand(n, generator=generator) * (high - low) + low


def _some(n: int, share: float, g: torch.Generator) -> Tensor:
    """(n,) bool, true for about ``share`` of them."""
    return torch.rand(n, generator=g) < share


def _crops(n: int, g: torch.Generator, strength: float) -> tuple[Tensor, Tensor, Tensor]:
    """Affine matrices (n, 2, 3) from output to input coordinates, their zoom, and who is whole."""
    whole = ~_some(n, 0.55 * strength, g)
    scale = torch.where(whole, torch.ones(n), torch.exp(_uniform(n, -0.9, -0.02, g)))
    stretch = torch.where(whole, torch.ones(n), torch.exp(_uniform(n, -0.16, 0.16, g)))
    sx, sy = (scale * stretch).clamp(max=1), (scale / stretch).clamp(max=1)
    tx, ty = (1 - sx) * _uniform(n, -1, 1, g), (1 - sy) * _uniform(n, -1, 1, g)
    flip = torch.where(_some(n, 0.5, g), -1.0, 1.0)
    quarter = torch.randint(0, 4, (n,), generator=g) * (torch.pi / 2)
    tilt = _uniform(n, -0.2, 0.2, g) * _some(n, 0.3 * strength, g)
    cos, sin = torch.cos(quarter + tilt), torch.sin(quarter + tilt)
    rows = [sx * cos * flip, -sx * sin, tx, sy * sin * flip, sy * cos, ty]
    return torch.stack(rows, 1).view(n, 2, 3), (sx * sy) ** -0.5, whole


def _look(x: Tensor, matrix: Tensor, whole: Tensor, size: int) -> Tensor:
    """Every picture through its matrix; reduced first where it stays whole."""
    seen = torch.empty(len(x), 1, size, size)
    if whole.any():
        seen[whole] = _resample(_resize(x[whole], size), matrix[whole], size)
    if not whole.all():
        cut = ~whole
        seen[cut] = _resize(_resample(x[cut], matrix[cut], max(size, x.shape[-1])), size)
    return seen


def _resize(x: Tensor, size: int) -> Tensor:
    return F.interpolate(x, (size, size), mode="bilinear", antialias=True, align_corners=False)


def _resample(x: Tensor, matrix: Tensor, size: int) -> Tensor:
    grid = F.affine_grid(matrix, [len(x), 1, size, size], align_corners=False)
    return F.grid_sample(x, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def _levels(x: Tensor, g: torch.Generator, strength: float) -> Tensor:
    """Gamma, contrast, brightness; rarely a negative."""
    n = len(x)
    column = (n, 1, 1, 1)
    x = x.clamp(1e-3, 1) ** torch.exp(strength * _uniform(n, -0.5, 0.5, g)).view(column)
    gain = torch.exp(strength * _uniform(n, -0.6, 0.4, g)).view(column)
    mean = x.mean((1, 2, 3), keepdim=True)
    x = (x - mean) * gain + mean + strength * _uniform(n, -0.2, 0.2, g).view(column)
    negative = _some(n, 0.04 * strength, g).view(column)
    return torch.where(negative, 1 - x, x)


def _degrade(x: Tensor, g: torch.Generator, strength: float) -> Tensor:
    """Blur a third of the batch and add noise to half of it, at full strength."""
    n = len(x)
    soft = F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), 3, 1)
    amount = _uniform(n, 0, 1, g) * _some(n, 0.33 * strength, g)
    x = x + (soft - x) * amount.view(n, 1, 1, 1)
    noise = torch.randn(x.shape, generator=g)
    sigma = _uniform(n, 0, 0.08, g) * _some(n, 0.5 * strength, g)
    return x + noise * sigma.view(n, 1, 1, 1)


def _cut_out(x: Tensor, g: torch.Generator, strength: float) -> Tensor:
    """Grey rectangles over a third of the batch at most, as labels and databars hide parts."""
    n, size = len(x), x.shape[-1]
    for k in torch.nonzero(_some(n, 0.3 * strength, g)).flatten().tolist():
        height, width = (_uniform(2, 0.05, 0.3, g) * size).int().tolist()
        top, left = (torch.rand(2, generator=g) * 0.8 * size).int().tolist()
        x[k, :, top : top + height, left : left + width] = torch.rand(1, generator=g)
    return x
