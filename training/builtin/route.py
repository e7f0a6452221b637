"""Train the question router: from the frozen sentence embedding to one of the intents.

Only this small head learns. Its temperature and threshold come from hand-written questions that it
was not trained on, and the figures from a further, blind part of the bank.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from slava.vlm.slava_model.language.intents import NAMES
from slava.vlm.slava_model.modeling import Router
from slava.vlm.slava_model.question_encoder import question_encoder
from training.builtin.questions import disturbed, question_bank

COPIES = 2
"""Disturbed copies of each question beside itself."""
UNKNOWN = NAMES.index("unknown")


@dataclass(frozen=True, slots=True)
class Routed:
    """How sure the router may be."""

    temperature: float
    above: float
    """Below this probability a question counts as unknown."""


@torch.no_grad()
def embed(questions: Sequence[str], batch: int = 128) -> Tensor:
    """Sentence embeddings (n, 384)."""
    read = question_encoder().read
    parts = [read(questions[k : k + batch]).sentence for k in range(0, len(questions), batch)]
    return torch.cat(parts)


def train_router(
    router: Router,
    *,
    steps: int = 1200,
    seed: int = 0,
    most: int | None = None,
    copies: int = COPIES,
) -> Routed:
    """Train ``router`` in place, on ``most`` questions per intent, and fit its certainty."""
    rng = random.Random(seed)
    torch.manual_seed(seed)
    learnt = _learnt(rng, most, copies)
    x, y = embed([q for q, _ in learnt]), torch.tensor([k for _, k in learnt])
    weight = 1 / torch.bincount(y, minlength=len(NAMES)).clamp(min=1).float()
    optimizer = torch.optim.AdamW(router.parameters(), lr=3e-3, weight_decay=0.02)
    generator = torch.Generator().manual_seed(seed)
    router.train()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = 3e-3 * (1 - step / steps)
        rows = torch.multinomial(weight[y], 256, replacement=True, generator=generator)
        noise = torch.randn(256, x.shape[1], generator=generator) * 0.015
        loss = F.cross_entropy(router(x[rows] + noise), y[rows], label_smoothing=0.05)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return _certainty(router.eval())


def _learnt(rng: random.Random, most: int | None, copies: int) -> list[tuple[str, int]]:
    """Every question of the bank and its disturbed copies, with its intent."""
    learnt = []
    for k, name in enumerate(NAMES):
        for q in question_bank().asked[name][:most]:
            learnt += [(q, k), *((disturbed(q, rng), k) for _ in range(copies))]
    return learnt


@torch.no_grad()
def _certainty(router: Router) -> Routed:
    """The temperature, and the threshold that routes or refuses most questions rightly."""
    logits, target = _judged(router, question_bank().held_out)
    temperature = fit_temperature(logits, target)
    probability, said = (logits / temperature).softmax(1).max(1)
    steps = torch.linspace(0.2, 0.7, 51)
    known = target != UNKNOWN
    scores = []
    for above in steps:
        told = torch.where(probability < above, UNKNOWN, said)
        right = (told == target).float()
        scores.append(right[known].mean() + 0.5 * right[~known].mean())
    return Routed(temperature, float(steps[int(torch.stack(scores).argmax())]))


def _judged(router: Router, questions: dict[str, tuple[str, ...]]) -> tuple[Tensor, Tensor]:
    """Logits (n, intents) and right intents (n,) of a part of the bank."""
    pairs = [(q, k) for k, name in enumerate(NAMES) for q in questions[name]]
    return router(embed([q for q, _ in pairs])), torch.tensor([k for _, k in pairs])


def fit_temperature(logits: Tensor, target: Tensor) -> float:
    """The temperature (Guo et al. 2017, arXiv:1706.04599) that makes ``logits`` (n, k) honest."""
    log_t = nn.Parameter(torch.zeros(()))
    optimizer = torch.optim.LBFGS([log_t], max_iter=60)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = F.cross_entropy(logits / log_t.exp(), target)
        loss.backward()
        return loss

    with torch.enable_grad():
        optimizer.step(closure)
    return float(log_t.detach().exp().clamp(0.05, 10))


@torch.no_grad()
def evaluate_router(router: Router, routed: Routed) -> dict[str, float]:
    """Figures on the blind questions: known ones routed right, unknown ones refused."""
    logits, target = _judged(router, question_bank().blind)
    probability, said = (logits / routed.temperature).softmax(1).max(1)
    said = torch.where(probability < routed.above, UNKNOWN, said)
    known = target != UNKNOWN
    return {
        "routed": float((said[known] == target[known]).float().mean()),
        "unknown_refused": float((said[~known] == UNKNOWN).float().mean()),
        "known_refused": float((said[known] == UNKNOWN).float().mean()),
        "questions": float(len(target)),
    }
