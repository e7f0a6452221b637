"""The transformer layers of the text towers: attention with a cache, and pre-norm blocks.

Everything heavy is an ``nn.Linear``, so that bitsandbytes can put its own in their place.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from transformers import EncoderDecoderCache


class Attention(nn.Module):
    """Multi-head attention from ``x`` to itself or to a memory."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)

    def split(self, x: Tensor) -> Tensor:
        """(B, L, D) to (B, H, L, D/H)."""
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def keys(self, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of a memory (B, M, D), each (B, H, M, D/H)."""
        return self.split(self.key(memory)), self.split(self.value(memory))

    def forward(
        self, x: Tensor, kv: tuple[Tensor, Tensor], mask: Tensor | None, causal: bool = False
    ) -> Tensor:
        """Mix ``kv`` for ``x`` (B, L, D); ``mask`` (B, 1, L or 1, M), true where visible."""
        mixed = F.scaled_dot_product_attention(
            self.split(self.query(x)), *kv, attn_mask=mask, is_causal=causal
        )  # (B, H, L, D/H)
        return self.out(mixed.transpose(1, 2).flatten(2))  # (B, L, D)


def perceptron(width: int) -> nn.Sequential:
    """Two linear layers around a GELU, four times as wide between them."""
    return nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))


class EncoderBlock(nn.Module):
    """Self-attention over text and, when ``grounded``, cross-attention to the micrograph."""

    def __init__(self, width: int, heads: int, dropout: float, *, grounded: bool) -> None:
        super().__init__()
        self.norm_self, self.norm_mlp = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.norm_cross = nn.LayerNorm(width) if grounded else None
        self.cross = Attention(width, heads) if grounded else None
        self.mlp = perceptron(width)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor, image: Tensor | None = None) -> Tensor:
        """``x`` (B, L, D), ``mask`` (B, 1, 1, L), ``image`` (B, N, D)."""
        y = self.norm_self(x)
        x = x + self.drop(self.attention(y, self.attention.keys(y), mask))
        if self.cross is not None and self.norm_cross is not None and image is not None:
            x = x + self.drop(self.cross(self.norm_cross(x), self.cross.keys(image), None))
        return x + self.drop(self.mlp(self.norm_mlp(x)))


class DecoderBlock(nn.Module):
    """Causal self-attention, then cross-attention to micrograph and question."""

    def __init__(self, width: int, heads: int, dropout: float, index: int) -> None:
        super().__init__()
        self.index = index
        self.norm_self, self.norm_cross = nn.LayerNorm(width), nn.LayerNorm(width)
        self.norm_mlp = nn.LayerNorm(width)
        self.attention, self.cross = Attention(width, heads), Attention(width, heads)
        self.mlp = perceptron(width)
        self.drop = nn.Dropout(dropout)

    def forward(
        self,
        x: Tensor,
        memory: Tensor,
        memory_mask: Tensor | None,
        cache: EncoderDecoderCache | None,
    ) -> Tensor:
        """``x`` (B, L, D), ``memory`` (B, M, D), ``memory_mask`` (B, 1, 1, M)."""
        y = self.norm_self(x)
        x = x + self.drop(self.attention(y, *self._own_keys(y, cache)))
        kv = self._memory_keys(memory, cache)
        x = x + self.drop(self.cross(self.norm_cross(x), kv, memory_mask))
        return x + self.drop(self.mlp(self.norm_mlp(x)))

    def _own_keys(
        self, y: Tensor, cache: EncoderDecoderCache | None
    ) -> tuple[tuple[Tensor, Tensor], Tensor | None, bool]:
        """Keys so far, the mask that hides later tokens, and whether plain causality does it."""
        kv = self.attention.keys(y)
        if cache is None:
            return kv, None, True
        kv = cache.self_attention_cache.update(*kv, self.index)  # (B, H, past + L, D/H)
        new, seen = y.shape[1], kv[0].shape[2]
        if new == 1 or new == seen:
            return kv, None, new > 1
        row = torch.arange(seen - new, seen, device=y.device)[:, None]  # (L, 1)
        return kv, torch.arange(seen, device=y.device) <= row, False  # mask (L, past + L)

    def _memory_keys(
        self, memory: Tensor, cache: EncoderDecoderCache | None
    ) -> tuple[Tensor, Tensor]:
        """Keys and values of the memory, computed once per answer."""
        if cache is None:
            return self.cross.keys(memory)
        if not cache.is_updated.get(self.index):
            kv = cache.cross_attention_cache.update(*self.cross.keys(memory), self.index)
            cache.is_updated[self.index] = True
            return kv
        layer: Any = cache.cross_attention_cache.layers[self.index]
        return layer.keys, layer.values
