"""The three text towers: text encoder, image-grounded encoder, image-grounded decoder.

Source: sLAVA, section 1 and Figures 4 to 8; the mixture of encoder and decoder is that of BLIP
(arXiv:2201.12086). Pictures come in as features here, never as pixels.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from transformers import EncoderDecoderCache

from slava.vlm.slava_model.configuration import SlavaConfig
from slava.vlm.slava_model.layers import DecoderBlock, EncoderBlock

CLS, IMAGE, ENCODE = 1, 2, 3
"""Ids of ``<cls>``, ``<image>`` and ``<Encode>``; ``<pad>`` is 0, ``<Decode>`` 4, ``<EOS>`` 5."""


class Embeddings(nn.Module):
    """One table of words for all three towers; the decoder's output reads it backwards."""

    def __init__(self, config: SlavaConfig) -> None:
        super().__init__()
        self.word = nn.Embedding(config.vocab_size, config.width, padding_idx=config.pad_token_id)
        self.place = nn.Embedding(config.max_text, config.width)
        self.scale = config.width**0.5
        self.question = nn.Sequential(
            nn.LayerNorm(config.question_width), nn.Linear(config.question_width, config.width)
        )

    def forward(self, ids: Tensor, start: int = 0) -> Tensor:
        """Words and places of ``ids`` (B, L), the first at place ``start``: (B, L, D)."""
        places = torch.arange(start, start + ids.shape[1], device=ids.device)
        return self.input(ids) + self.place(places) * self.scale

    def input(self, ids: Tensor) -> Tensor:
        """Words without places; scaled, so that what a word is survives the first layers."""
        return self.word(ids) * self.scale

    def logits(self, hidden: Tensor) -> Tensor:
        """(B, L, D) to (B, L, vocabulary)."""
        return nn.functional.linear(hidden, self.word.weight)


class TextEncoder(nn.Module):
    """Question and auxiliary text, with the micrograph's CLS at the place of ``<image>``.

    The question arrives as token features of a frozen pretrained sentence encoder.
    """

    def __init__(self, config: SlavaConfig) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            EncoderBlock(config.width, config.heads, config.dropout, grounded=False)
            for _ in range(config.text_layers)
        )

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """``x`` (B, L, D), ``mask`` (B, L) bool."""
        for block in self.blocks:
            x = block(x, mask[:, None, None, :])
        return x


class GroundedEncoder(nn.Module):
    """Text that looks at the micrograph; the state of ``<Encode>`` is the fused meaning.

    ``match`` is the image-text matching head. Beside it, ``match_text`` and ``match_image`` compare
    the bag of words with the whole picture, which a small model learns first.
    """

    def __init__(self, config: SlavaConfig) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            EncoderBlock(config.width, config.heads, config.dropout, grounded=True)
            for _ in range(config.encoder_layers)
        )
        self.norm = nn.LayerNorm(config.width)
        self.match = nn.Linear(config.width, 1)
        self.match_text = nn.Linear(config.width, config.width)
        self.match_image = nn.Linear(config.width, config.width)

    def forward(self, x: Tensor, mask: Tensor, image: Tensor) -> Tensor:
        """``x`` (B, L, D), ``mask`` (B, L) bool, ``image`` (B, N, D)."""
        for block in self.blocks:
            x = block(x, mask[:, None, None, :], image)
        return self.norm(x)

    def matched(self, fused: Tensor, words: Tensor, image: Tensor) -> Tensor:
        """Logit (B,) from the state of ``<Encode>``, a mean word and a mean picture, (B, D)."""
        alike = (self.match_text(words) * self.match_image(image)).sum(-1)  # (B,)
        return self.match(fused).squeeze(-1) + alike * image.shape[-1] ** -0.5


class GroundedDecoder(nn.Module):
    """``<Decode>`` to ``<EOS>``: writes the answer while looking at micrograph and question."""

    def __init__(self, config: SlavaConfig) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            DecoderBlock(config.width, config.heads, config.dropout, k)
            for k in range(config.decoder_layers)
        )
        self.norm = nn.LayerNorm(config.width)
        self.fused = nn.Linear(config.width, config.width)
        self.start = config.image_tokens

    def forward(
        self,
        x: Tensor,
        memory: Tensor,
        memory_mask: Tensor | None,
        cache: EncoderDecoderCache | None = None,
    ) -> Tensor:
        """``x`` (B, L, D), ``memory`` (B, M, D), ``memory_mask`` (B, M) bool or none hidden."""
        mask = None if memory_mask is None else memory_mask[:, None, None, :]
        x = x + self.fused(memory[:, self.start : self.start + 1])  # the state of <Encode>
        for block in self.blocks:
            x = block(x, memory, mask, cache)
        return self.norm(x)
