"""The vision encoder of sLAVA: a convolutional stem, then a transformer over patches and a CLS.

The stem keeps what a small transformer would lose, fine edges and texture. The encoder knows no
words; :class:`VisionHeads` says, for given vocabularies, what it sees. It must not know where
pictures come from, nor anything of Hugging Face.

Source of the architecture: sLAVA, section 1; the early convolutions after Xiao et al. 2021
(arXiv:2106.14881).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


@dataclass(frozen=True, slots=True)
class VisionConfig:
    """Shape of the encoder. ``patch_px`` is the stride of the whole stem, a power of two >= 8."""

    size_px: int = 192
    patch_px: int = 16
    width: int = 160
    depth: int = 5
    heads: int = 5
    stem_widths: tuple[int, ...] = (48, 96)
    """Channels after each halving of the stem from stride 4; the last ones lead to ``width``."""
    drop: float = 0.0

    @property
    def grid(self) -> int:
        """Patches along one side at ``size_px``."""
        return self.size_px // self.patch_px


class Residual(nn.Module):
    """Two 3 x 3 convolutions around which the signal also passes unchanged."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_convolution(channels, channels, 1), *_convolution(channels, channels, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


def _convolution(before: int, after: int, stride: int) -> list[nn.Module]:
    return [nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]


class Attention(nn.Module):
    """Multi-head self-attention."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        b, n, d = x.shape
        qkv = self.qkv(x).view(b, n, 3, self.heads, d // self.heads)  # (B, N, 3, H, D/H)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)  # each (B, H, N, D/H)
        # Written out: the fused CPU kernel is several times slower to differentiate in bfloat16.
        share = (q * (d // self.heads) ** -0.5 @ k.transpose(-2, -1)).softmax(-1)  # (B, H, N, N)
        mixed = share.to(v.dtype) @ v  # (B, H, N, D/H)
        return self.out(mixed.transpose(1, 2).reshape(b, n, d))


class Block(nn.Module):
    """Attention and a perceptron, each after a layer norm and beside the signal."""

    def __init__(self, width: int, heads: int, drop: float) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )
        self.drop = nn.Dropout(drop)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.drop(self.attention(self.norm1(x)))
        return x + self.drop(self.mlp(self.norm2(x)))


class VisionEncoder(nn.Module):
    """Pictures (B, 1, S, S) in [-1, 1] to tokens (B, 1 + N, D), the CLS first.

    ``S`` may differ from ``config.size_px``; the position embedding is then resampled. The CLS
    starts from the statistics of the stem's channels: fineness and contrast of a texture, which
    the patches alone would have to carry through all layers.
    """

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.config = config
        d = config.width
        self.stem = nn.Sequential(*_stem(config))
        self.cls = nn.Parameter(torch.zeros(1, 1, d))
        self.texture = nn.Linear(2 * sum(config.stem_widths), d)
        self.position = nn.Parameter(torch.randn(1, d, config.grid, config.grid) * 0.02)
        self.blocks = nn.ModuleList(
            Block(d, config.heads, config.drop) for _ in range(config.depth)
        )
        self.norm = nn.LayerNorm(d)

    def forward(self, pixels: Tensor) -> Tensor:
        x, texture = self._stem(pixels)  # (B, D, S/P, S/P), (B, D)
        place: Tensor = self.position
        if x.shape[-2:] != place.shape[-2:]:
            place = F.interpolate(place, x.shape[-2:], mode="bilinear", align_corners=False)
        x = (x + place.to(x.dtype)).flatten(2).transpose(1, 2)  # (B, N, D)
        x = torch.cat([(self.cls + texture[:, None]).to(x.dtype), x], 1)  # (B, 1 + N, D)
        for block in self.blocks:
            x = block(x)
        return self.norm(x)

    def _stem(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The patches, and what mean and spread of the channels at each residual say."""
        statistics = []
        for layer in self.stem:
            x = layer(x)
            if isinstance(layer, Residual):
                spread, mean = torch.std_mean(x.float(), (2, 3))  # each (B, C)
                statistics += [mean, spread]
        told = torch.cat(statistics, 1)
        return x, self.texture(F.layer_norm(told, told.shape[1:]))


def _stem(config: VisionConfig) -> list[nn.Module]:
    """Halve ``log2(patch_px)`` times: once by folding 2 x 2 pixels into channels, then by
    convolutions, with residuals where the grid is already small."""
    layers: list[nn.Module] = [nn.PixelUnshuffle(2)]
    before, stride = 4, 2
    for after in config.stem_widths:
        layers += [*_convolution(before, after, 2), Residual(after)]
        before, stride = after, stride * 2
    while stride < config.patch_px:
        layers += _convolution(before, config.width, 2)
        before, stride = config.width, stride * 2
    return [*layers, nn.Conv2d(before, config.width, 1)]


def pooled(tokens: Tensor) -> Tensor:
    """CLS and mean of the patches side by side: (B, 1 + N, D) to (B, 2 D).

    This is the picture's feature vector for heads, similarity and abstention.
    """
    return torch.cat([tokens[:, 0], tokens[:, 1:].mean(1)], 1)


class VisionHeads(nn.Module):
    """What the encoder says it sees: one classifier per vocabulary, and regressions.

    Defects are local, so theirs is also judged patch by patch and the strongest patches count.
    """

    def __init__(self, width: int, vocabularies: Mapping[str, int], regressions: int) -> None:
        super().__init__()
        self.words = nn.ModuleDict(
            {name: nn.Linear(2 * width, n) for name, n in vocabularies.items()}
        )
        self.numbers = nn.Sequential(
            nn.Linear(2 * width, width), nn.GELU(), nn.Linear(width, regressions)
        )
        self.local = nn.Sequential(
            nn.Linear(width, width), nn.GELU(), nn.Linear(width, vocabularies["defect"])
        )

    def forward(self, tokens: Tensor) -> dict[str, Tensor]:
        """Logits (B, n) per vocabulary, ``numbers`` (B, R), ``defect_map`` (B, N, n_defect)."""
        feature = pooled(tokens)  # (B, 2 D)
        said = {name: head(feature) for name, head in self.words.items()}
        said["defect_map"] = self.local(tokens[:, 1:])  # (B, N, n_defect)
        strongest = said["defect_map"].float().topk(4, dim=1).values.mean(1)  # (B, n_defect)
        said["defect"] = said["defect"].float() + strongest
        said["numbers"] = self.numbers(feature)
        return said
