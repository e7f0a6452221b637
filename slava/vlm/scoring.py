"""Log-likelihood of candidate answers under a prompt.

The prompt is read once and its key-value cache copied for each candidate. Because not every
architecture takes up a cache at the right positions, the first candidate is also computed without
one: where the two differ, the cache is not used for that model.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_TOLERANCE_PER_TOKEN = 0.05
"""Nats. 8-bit kernels round differently for long and short inputs; wrong positions differ more."""


@dataclass(frozen=True, slots=True)
class Continuations:
    """A prompt's tokens and each candidate's, split where all candidates still share a prefix."""

    removed: int
    """Tokens at the prompt's end that a candidate's first letters would merge with."""
    tokens: tuple[tuple[int, ...], ...]


def continuations(
    tokenizer: Any, prompt: str, candidates: Sequence[str], end: int | None
) -> Continuations:
    """Tokenize ``candidates`` as they would stand after ``prompt``, each closed by ``end``.

    A candidate is set off by a space where the prompt ends in a letter or a sign, as models that
    write after ``Assistant:`` do.
    """
    base = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    gap = "" if not prompt or prompt[-1].isspace() or _ends_special(tokenizer, base) else " "
    whole = [
        tokenizer(prompt + gap + candidate.strip(), add_special_tokens=False)["input_ids"]
        for candidate in candidates
    ]
    shared = min((_common(base, ids) for ids in whole), default=len(base))
    closing = () if end is None else (end,)
    return Continuations(len(base) - shared, tuple((*ids[shared:], *closing) for ids in whole))


def _ends_special(tokenizer: Any, ids: Sequence[int]) -> bool:
    return bool(ids) and ids[-1] in set(tokenizer.all_special_ids)


def _common(left: Sequence[int], right: Sequence[int]) -> int:
    for index, (a, b) in enumerate(zip(left, right, strict=False)):
        if a != b:
            return index
    return min(len(left), len(right))


class Scorer:
    """Scores continuations with one model."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.shares_prefix: bool | None = None
        """Whether the prompt's cache may be shared; None until it has been tried."""

    def score(self, inputs: Mapping[str, Any], parts: Continuations) -> NDArray[np.float64]:
        """Sum of token log-probabilities of each continuation, shape (len(parts.tokens),)."""
        import torch

        with torch.inference_mode():
            trimmed = trim(inputs, parts.removed)
            if self.shares_prefix is None:
                self.shares_prefix = self._agrees(trimmed, parts.tokens)
            if self.shares_prefix:
                return np.array(self._shared(trimmed, parts.tokens), dtype=np.float64)
            return np.array([self._alone(trimmed, t) for t in parts.tokens], dtype=np.float64)

    def _agrees(self, inputs: Mapping[str, Any], tokens: Sequence[Sequence[int]]) -> bool:
        probe = max(tokens, key=len)
        alone = self._alone(inputs, probe)
        try:
            shared = self._shared(inputs, [probe])[0]
        except (TypeError, ValueError, AttributeError, RuntimeError, IndexError):
            return False
        return abs(alone - shared) <= _TOLERANCE_PER_TOKEN * len(probe)

    def _alone(self, inputs: Mapping[str, Any], tokens: Sequence[int]) -> float:
        """One forward pass over prompt and continuation together."""
        logits = self.model(**extend(inputs, tokens), use_cache=False).logits[0]
        return _log_likelihood(logits[-len(tokens) - 1 : -1], tokens)

    def _shared(self, inputs: Mapping[str, Any], tokens: Sequence[Sequence[int]]) -> list[float]:
        """The prompt once, then each continuation from a copy of its cache."""
        prompt = self.model(**inputs, use_cache=True)
        return [self._after(prompt, inputs, each) for each in tokens]

    def _after(self, prompt: Any, inputs: Mapping[str, Any], tokens: Sequence[int]) -> float:
        import torch

        rows = [prompt.logits[0, -1:]]
        if len(tokens) > 1:
            ids = inputs["input_ids"].new_tensor([list(tokens[:-1])])
            cache = copy.deepcopy(prompt.past_key_values)
            # No mask: nothing is padded, and some models place tokens by the mask's length.
            step = self.model(input_ids=ids, past_key_values=cache, use_cache=True)
            rows.append(step.logits[0])
        return _log_likelihood(torch.cat(rows), tokens)


def _log_likelihood(logits: Any, tokens: Sequence[int]) -> float:
    """``logits`` (n, vocabulary) before each of n tokens."""
    import torch

    ids = torch.tensor(list(tokens), device=logits.device)
    logs = torch.log_softmax(logits.float(), dim=-1)
    return float(logs.gather(1, ids[:, None]).sum())


_PER_TOKEN = ("input_ids", "attention_mask", "mm_token_type_ids", "token_type_ids")


def trim(inputs: Mapping[str, Any], removed: int) -> dict[str, Any]:
    """``inputs`` without their last ``removed`` tokens."""
    if not removed:
        return dict(inputs)
    return {k: v[:, :-removed] if k in _PER_TOKEN else v for k, v in inputs.items()}


def extend(inputs: Mapping[str, Any], tokens: Sequence[int]) -> dict[str, Any]:
    """``inputs`` with text ``tokens`` behind them; shapes (1, n) become (1, n + len(tokens))."""
    import torch

    ids = inputs["input_ids"]
    fill = {
        "input_ids": ids.new_tensor([list(tokens)]),
        "attention_mask": ids.new_ones((1, len(tokens))),
    }
    longer = dict(inputs)
    for name in _PER_TOKEN:
        if name in inputs:
            tail = fill.get(name, ids.new_zeros((1, len(tokens))))
            longer[name] = torch.cat([inputs[name], tail.to(inputs[name].dtype)], dim=1)
    return longer
