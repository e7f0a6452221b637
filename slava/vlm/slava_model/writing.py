"""Write an answer token by token: choose within what may be said, fill slots, give out words.

The decoder proposes every token. A token that leads out of every wording which the decision on the
micrograph allows is overruled by the decoder's best token within them, at once and not after the
fact, so that a stream never has to take words back. How often that happens is counted and
reported. This module must not know questions or pictures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from slava.vlm.slava_model.language.slots import NOT_AVAILABLE, SLOT_TOKENS


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen. Temperature 0 is greedy."""

    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0


class Vocabulary:
    """What the tokenizer's ids mean to a writer; made once per model."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        ids = list(range(len(tokenizer)))
        names = tokenizer.convert_ids_to_tokens(ids)
        self.end: int = tokenizer.eos_token_id
        self.slots = {
            k: name[1:-1] for k, name in zip(ids, names, strict=True) if name in SLOT_TOKENS
        }
        self.texts = [tokenizer.decode([k]) for k in ids]

    def ids(self, texts: Sequence[str]) -> list[tuple[int, ...]]:
        """Each text as ids, ``<EOS>`` at its end."""
        listed = self._tokenizer(list(texts), add_special_tokens=False)["input_ids"]
        return [(*row, self.end) for row in listed]


class Chooser:
    """Chooses the next id of an answer, within ``wordings`` or, without any, freely.

    ``overruled`` counts the tokens of ``chosen`` that were not the decoder's first choice.
    """

    def __init__(
        self, wordings: Sequence[tuple[int, ...]] | None, sampling: Sampling | None = None
    ) -> None:
        self.sampling = sampling or Sampling()
        self.overruled = self.chosen = 0
        self._left = list(dict.fromkeys(wordings)) if wordings is not None else None
        self._generator = torch.Generator().manual_seed(self.sampling.seed)

    def __call__(self, logits: Tensor, ids: list[int]) -> int:
        """The next id after ``ids``, given ``logits`` (vocabulary,)."""
        scores = logits.float()
        if self._left is None:
            return self._draw(scores)
        place = len(ids)
        allowed = sorted({row[place] for row in self._left})
        best = allowed[self._draw(scores[allowed])]
        self.chosen += 1
        self.overruled += int(scores.argmax()) not in allowed
        self._left = [row for row in self._left if row[place] == best]
        return best

    def _draw(self, scores: Tensor) -> int:
        how = self.sampling
        if how.temperature <= 0 or len(scores) == 1:
            return int(scores.argmax())
        p, order = (scores / how.temperature).softmax(0).sort(descending=True)
        p[1:][p.cumsum(0)[:-1] > how.top_p] = 0
        return int(order[torch.multinomial(p, 1, generator=self._generator)])


def spoken(ids: Iterator[int], vocabulary: Vocabulary, values: Mapping[str, str]) -> Iterator[str]:
    """The text of each id, slots filled with ``values``, copied exactly."""
    for k in ids:
        slot = vocabulary.slots.get(k)
        yield vocabulary.texts[k] if slot is None else values.get(slot, NOT_AVAILABLE)
