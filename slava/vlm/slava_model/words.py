"""New words for the built-in model: rows that an adapter adds to the table of words.

The table is read backwards by the decoder, so that a piece which its own answers never use cannot
be written, however its attention is adapted. An adapter therefore changes the rows of the pieces
that its training answers use, and of no others. It must not know texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


class TaughtWords(nn.Module):
    """Stands where the table of words stood, and adds ``rows`` (n, D) to its rows ``ids`` (n,)."""

    ids: Tensor

    def __init__(self, base: nn.Embedding, ids: Tensor, rows: Tensor | None = None) -> None:
        super().__init__()
        self.base = base
        self.register_buffer("ids", ids.long())
        start = torch.zeros(len(ids), base.embedding_dim) if rows is None else rows.float()
        self.rows = nn.Parameter(start.clone(), requires_grad=rows is None)
        self.switched_on = True

    @property
    def weight(self) -> Tensor:
        """(vocabulary, D)"""
        if not self.switched_on:
            return self.base.weight
        return self.base.weight.index_add(0, self.ids, self.rows.to(self.base.weight.dtype))

    def forward(self, ids: Tensor) -> Tensor:
        return F.embedding(ids, self.weight)


def teach_words(model: Any, ids: Iterable[int]) -> TaughtWords:
    """Give ``model`` trainable rows for the pieces ``ids``."""
    wanted = torch.tensor(sorted(set(ids)), dtype=torch.long)
    return _put(model, TaughtWords(_plain(model), wanted))


def load_words(model: Any, ids: Tensor, rows: Tensor) -> TaughtWords:
    """Give ``model`` rows that were learnt before."""
    return _put(model, TaughtWords(_plain(model), ids, rows))


def forget_words(model: Any) -> None:
    """Put the model's own table back."""
    model.encoder.embeddings.word = _plain(model)


@contextmanager
def without_words(words: TaughtWords) -> Iterator[None]:
    """Within the block the model's own table holds."""
    before, words.switched_on = words.switched_on, False
    try:
        yield
    finally:
        words.switched_on = before


def _plain(model: Any) -> nn.Embedding:
    word = model.encoder.embeddings.word
    plain: nn.Embedding = word.base if isinstance(word, TaughtWords) else word
    return plain


def _put(model: Any, words: TaughtWords) -> TaughtWords:
    model.encoder.embeddings.word = words
    return words
