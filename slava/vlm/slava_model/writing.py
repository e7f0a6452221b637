"""Write an answer token by token: choose within what may be said, fill slots, give out words.

Between the decoder's logits and the text of a stream. It must not know questions or pictures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from slava.vlm.slava_model.language.consistency import forbidden
from slava.vlm.slava_model.language.slots import NOT_AVAILABLE, SLOT_TOKENS
from slava.vlm.slava_model.language.traits import Traits


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
        ids = range(len(tokenizer))
        names = tokenizer.convert_ids_to_tokens(list(ids))
        self.slots = {k: name[1:-1] for k, name in zip(ids, names, strict=True) if _slot(name)}
        self.marks = {
            k for k, name in zip(ids, names, strict=True) if _mark(name) and k not in self.slots
        } - {tokenizer.eos_token_id}
        self.texts = [tokenizer.decode([k]) for k in ids]
        self._phrases: dict[str, tuple[tuple[int, ...], ...]] = {}

    def spellings(self, phrase: str) -> tuple[tuple[int, ...], ...]:
        """The ids of ``phrase`` within, and at the beginning of, a sentence."""
        if phrase not in self._phrases:
            capital = phrase[:1].upper() + phrase[1:]
            written = (f" {phrase}", f" {capital}", capital, phrase)
            listed = self._tokenizer(list(written), add_special_tokens=False)["input_ids"]
            self._phrases[phrase] = tuple(dict.fromkeys(map(tuple, listed)))
        return self._phrases[phrase]


def _slot(name: str) -> bool:
    return name in SLOT_TOKENS


def _mark(name: str) -> bool:
    return len(name) > 2 and name.startswith("<") and name.endswith(">")


class Chooser:
    """Chooses ids; never a mark, a slot without a value, or the end of a forbidden phrase."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        traits: Traits,
        known: frozenset[str],
        sampling: Sampling | None = None,
    ) -> None:
        self.sampling = sampling or Sampling()
        never = vocabulary.marks | {k for k, n in vocabulary.slots.items() if n not in known}
        self._never = torch.tensor(sorted(never))
        self._ends: dict[int, list[tuple[int, ...]]] = {}
        for phrase in forbidden(traits):
            for ids in vocabulary.spellings(phrase):
                self._ends.setdefault(ids[-1], []).append(ids[:-1])
        self._generator = torch.Generator().manual_seed(self.sampling.seed)

    def __call__(self, logits: Tensor, ids: list[int]) -> int:
        """The next id after ``ids``, given ``logits`` (vocabulary,)."""
        scores = logits.float()
        scores[self._never] = -torch.inf
        while True:
            chosen = self._draw(scores)
            if not self._contradicts(chosen, ids):
                return chosen
            scores[chosen] = -torch.inf

    def _contradicts(self, chosen: int, ids: list[int]) -> bool:
        return any(
            not start or tuple(ids[-len(start) :]) == start for start in self._ends.get(chosen, ())
        )

    def _draw(self, scores: Tensor) -> int:
        how = self.sampling
        if how.temperature <= 0:
            return int(scores.argmax())
        p, order = (scores / how.temperature).softmax(0).sort(descending=True)
        p[1:][p.cumsum(0)[:-1] > how.top_p] = 0
        return int(order[torch.multinomial(p, 1, generator=self._generator)])


def spoken(ids: Iterator[int], vocabulary: Vocabulary, values: Mapping[str, str]) -> Iterator[str]:
    """The text of each id, slots filled with ``values``, copied exactly."""
    for k in ids:
        slot = vocabulary.slots.get(k)
        yield vocabulary.texts[k] if slot is None else values.get(slot, NOT_AVAILABLE)
