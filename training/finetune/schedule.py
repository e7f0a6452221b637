"""The learning rate, and when to end early. Pure; its state is plain values in a checkpoint."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from training.finetune.config import Schedule

LEAST_GAIN = 1e-4
"""A validation loss that is better by less counts as no better."""
HALVED = 0.5


@dataclass(slots=True)
class Pace:
    """Learning rate and patience of one run."""

    rate: float
    schedule: Schedule
    steps: int
    warmup: int
    plateau: int
    patience: int | None
    factor: float = 1.0
    """Of the rate, after plateaus and after a loss that was no number."""
    best: float = math.inf
    best_step: int = 0
    stale: int = 0
    """Epochs since the best."""
    stale_since_halved: int = 0

    def at(self, step: int) -> float:
        """The learning rate of step ``step`` (from 0)."""
        warm = min(1.0, (step + 1) / self.warmup) if self.warmup else 1.0
        fall = 1.0
        if self.schedule == "cosine":
            done = max(0, step - self.warmup) / max(1, self.steps - self.warmup)
            fall = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
        return self.rate * self.factor * warm * fall

    def judge(self, loss: float, step: int) -> bool:
        """Take note of a validation loss after an epoch; whether it is the best so far."""
        if loss < self.best - LEAST_GAIN:
            self.best, self.best_step = loss, step
            self.stale = self.stale_since_halved = 0
            return True
        self.stale += 1
        self.stale_since_halved += 1
        if self.schedule == "plateau" and self.stale_since_halved >= self.plateau:
            self.factor *= HALVED
            self.stale_since_halved = 0
        return False

    @property
    def exhausted(self) -> bool:
        """Whether patience has ended."""
        return self.patience is not None and self.stale >= self.patience

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps of it."""
        return {name: asdict(self)[name] for name in _KEPT}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from :meth:`state`."""
        for name in _KEPT:
            value = state[name]
            setattr(self, name, float(value) if name in ("factor", "best") else value)


_KEPT = ("factor", "best", "best_step", "stale", "stale_since_halved")
