"""Which examples a step takes: every example once per epoch, those of like length together.

A function of seed, epoch and lengths, so that the place in the data is the number of the step and
nothing else has to be kept. Pure.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

POOL = 8
"""So many batches are sorted by length together: short enough to stay mixed."""


@dataclass(frozen=True)
class Course:
    """All batches of a run."""

    lengths: tuple[int, ...]
    """Of the examples, in any unit."""
    batch: int
    seed: int

    @property
    def per_epoch(self) -> int:
        """Steps of an epoch; the last one may be smaller."""
        return max(1, math.ceil(len(self.lengths) / self.batch))

    def rows(self, step: int) -> tuple[int, ...]:
        """The examples of step ``step`` (from 0)."""
        epoch, place = divmod(step, self.per_epoch)
        return _epoch(self.lengths, self.batch, self.seed, epoch)[place]


@lru_cache(maxsize=2)
def _epoch(
    lengths: tuple[int, ...], batch: int, seed: int, epoch: int
) -> tuple[tuple[int, ...], ...]:
    rng = random.Random(f"{seed}:{epoch}")
    order = list(range(len(lengths)))
    rng.shuffle(order)
    batches: list[tuple[int, ...]] = []
    for start in range(0, len(order), POOL * batch):
        pool = sorted(order[start : start + POOL * batch], key=lambda row: lengths[row])
        batches += [tuple(pool[k : k + batch]) for k in range(0, len(pool), batch)]
    rng.shuffle(batches)
    return tuple(batches)


def pieces(rows: Sequence[int], size: int) -> list[tuple[int, ...]]:
    """A batch cut into micro-batches of at most ``size``."""
    return [tuple(rows[k : k + size]) for k in range(0, len(rows), size)]
