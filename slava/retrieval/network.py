"""Networks that turn a square of grey values into a vector; trained on the lab's own micrographs.

Two architectures: ``texture``, a small residual network whose channels are summed up by mean and
spread at three scales, made for a few hundred micrographs and two CPU cores; and ``patches``, the
transformer of GDL-NMID (patch 32, dimension 128, 4 heads, local then global attention). They
know pixels only.

Sources: He et al. 2016 (arXiv:1512.03385); GDL-NMID, "Micrograph encoder"; a cosine classifier
after Gidaris and Komodakis 2018 (arXiv:1804.09458).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

Architecture = Literal["texture", "patches"]


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """Shape of a network; what its weights fit to."""

    architecture: Architecture = "texture"
    size_px: int = 128
    """Side of the square that it is shown; a multiple of 32."""
    widths: tuple[int, ...] = (24, 48, 96, 160)
    """Channels of ``texture`` at each scale, from stride 2 on."""
    blocks: tuple[int, ...] = (1, 2, 2, 2)
    """Residuals at each scale."""
    dimension: int = 128
    """Length of the vector, and width of the tokens of ``patches``."""
    patch_px: int = 32
    heads: int = 4
    depth: int = 2
    """Of ``patches``: so many local, then so many global attentions."""


class Residual(nn.Module):
    """Two 3 x 3 convolutions beside the signal; the first may halve the grid."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        last = nn.BatchNorm2d(after)
        nn.init.zeros_(last.weight)
        self.body = nn.Sequential(
            nn.Conv2d(before, after, 3, stride, 1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(),
            nn.Conv2d(after, after, 3, 1, 1, bias=False),
            last,
        )
        same = before == after and stride == 1
        self.beside = (
            nn.Identity()
            if same
            else nn.Sequential(
                nn.AvgPool2d(stride) if stride > 1 else nn.Identity(),
                nn.Conv2d(before, after, 1, bias=False),
                nn.BatchNorm2d(after),
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.beside(x) + self.body(x))


class TextureNet(nn.Module):
    """Squares (B, 1, S, S) to features (B, F): mean and spread of the channels at three scales."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        first = config.widths[0]
        self.stem = nn.Sequential(
            nn.PixelUnshuffle(2),
            nn.Conv2d(4, first, 3, 1, 1, bias=False),
            nn.BatchNorm2d(first),
            nn.ReLU(),
        )
        stages, before = [], first
        for k, (width, count) in enumerate(zip(config.widths, config.blocks, strict=True)):
            layers = [Residual(before, width, 2 if k else 1)]
            layers += [Residual(width, width, 1) for _ in range(count - 1)]
            stages.append(nn.Sequential(*layers))
            before = width
        self.stages = nn.ModuleList(stages)
        self.features = 2 * sum(config.widths[1:])

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x.contiguous(memory_format=torch.channels_last))
        told = []
        for k, stage in enumerate(self.stages):
            x = stage(x)
            if k:
                spread, mean = torch.std_mean(x.float().flatten(2), 2)
                told += [mean, spread]
        return torch.cat(told, 1)


class _Attention(nn.Module):
    """Attention and a perceptron after layer norms; ``near`` (N, N) bars what lies farther."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attend = nn.MultiheadAttention(width, heads, batch_first=True)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x: Tensor, barred: Tensor | None = None) -> Tensor:
        y = self.norm1(x)
        x = x + self.attend(y, y, y, attn_mask=barred, need_weights=False)[0]
        return x + self.mlp(self.norm2(x))


class PatchNet(nn.Module):
    """Squares (B, 1, S, S) to the CLS state (B, D): local attention, then global with the CLS."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        width, grid = config.dimension, config.size_px // config.patch_px
        self.patches = nn.Conv2d(1, width, config.patch_px, config.patch_px)
        self.place = nn.Parameter(torch.randn(1, grid * grid, width) * 0.02)
        self.cls = nn.Parameter(torch.zeros(1, 1, width))
        self.near = nn.ModuleList(_Attention(width, config.heads) for _ in range(config.depth))
        self.far = nn.ModuleList(_Attention(width, config.heads) for _ in range(config.depth))
        self.norm = nn.LayerNorm(width)
        at = torch.arange(grid)
        rows, columns = at.repeat_interleave(grid), at.repeat(grid)
        gap = torch.maximum((rows[:, None] - rows).abs(), (columns[:, None] - columns).abs())
        self.register_buffer("barred", gap > 1, persistent=False)
        self.features = width

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patches(x).flatten(2).transpose(1, 2)  # (B, N, D)
        tokens = tokens + self.place
        for block in self.near:
            tokens = block(tokens, self.barred)
        tokens = torch.cat([self.cls.expand(len(tokens), -1, -1), tokens], 1)
        for block in self.far:
            tokens = block(tokens)
        told: Tensor = self.norm(tokens)[:, 0].float()
        return told


class EncoderNet(nn.Module):
    """Squares (B, 1, S, S) of zero mean and unit deviation to unit vectors (B, dimension)."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.trunk: TextureNet | PatchNet = (
            TextureNet(config) if config.architecture == "texture" else PatchNet(config)
        )
        self.norm = nn.BatchNorm1d(self.trunk.features)
        self.embed = nn.Linear(self.trunk.features, config.dimension)

    def forward(self, squares: Tensor) -> Tensor:
        """Unit vectors (B, dimension)."""
        return F.normalize(self.embed(self.norm(self.trunk(squares))), dim=1)
