"""The toy on which DyA-MoQPE is judged: a small language model learns four maps at once.

The base knows one map from 32 keys to 32 answers. The adapter must learn four others, of which a
token at the beginning says which one holds, through the attention's projections alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch  # noqa: TID253
from torch.nn import functional as F  # noqa: N812, TID253

KEYS, MAPS, WIDTH, ROWS = 32, 4, 64, 64
_DRAW = torch.Generator().manual_seed(7)
BASE_MAP = torch.randperm(KEYS, generator=_DRAW)
NEW_MAPS = torch.stack([torch.randperm(KEYS, generator=_DRAW) for _ in range(MAPS)])


def fresh() -> Any:
    """The toy's architecture with the weights of seed 0."""
    from transformers import AutoModelForCausalLM, Qwen2Config

    torch.manual_seed(0)
    return AutoModelForCausalLM.from_config(
        Qwen2Config(
            hidden_size=WIDTH,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=4,
            vocab_size=96,
            max_position_embeddings=64,
            tie_word_embeddings=False,
        )
    )


def draw(source: torch.Generator, new: bool, rows: int = ROWS) -> tuple[Any, Any, Any]:
    """Token ids (rows, 7), the answer's id (rows,), and which map holds (rows,)."""
    which = torch.randint(0, MAPS, (rows,), generator=source)
    key = torch.randint(0, KEYS, (rows,), generator=source)
    noise = torch.randint(80, 96, (rows, 4), generator=source)
    answer = NEW_MAPS[which, key] if new else BASE_MAP[key]
    last = torch.full((rows, 1), 79)
    parts = [(64 + which)[:, None], noise[:, :2], key[:, None], noise[:, 2:], last]
    return torch.cat(parts, 1), 32 + answer, which


def loss_of(model: Any, ids: Any, answer: Any) -> Any:
    return F.cross_entropy(model(input_ids=ids, logits_to_keep=1).logits[:, -1], answer)


def taught_base() -> dict[str, Any]:
    """Weights that know the base map."""
    model, source = fresh(), torch.Generator().manual_seed(1)
    optimizer = torch.optim.Adam(model.parameters(), 2e-3)
    for _ in range(500):
        ids, answer, _ = draw(source, new=False)
        optimizer.zero_grad()
        loss_of(model, ids, answer).backward()
        optimizer.step()
    return dict(model.state_dict())


@torch.no_grad()
def accuracy(model: Any, prepare: Callable[[Any], None] | None = None) -> float:
    """Share of 1024 new questions answered right; ``prepare`` is told which maps hold."""
    ids, answer, which = draw(torch.Generator().manual_seed(99), new=True, rows=1024)
    if prepare is not None:
        prepare(which)
    said = model.eval()(input_ids=ids, logits_to_keep=1).logits[:, -1].argmax(-1)
    return float((said == answer).float().mean())
