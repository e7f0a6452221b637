"""Pairs found by what they mean: their questions and answers as vectors, made when first asked.

Torch is loaded in the thread of the job. It must not know who asks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slava.domain import EncoderKey, PairId
from store import PairFilter, Store
from ui.services.job import Job, Progress
from ui.services.news import News

KEY = EncoderKey("sentences:all-MiniLM-L6-v2", "question+answer", 384)
BATCH = 128

Vectors = Callable[[Sequence[str]], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Reading(Progress):
    """How many pairs have been read."""


def open_sentences() -> Vectors:
    """The project's own reader, imported when it is first needed."""
    from slava.retrieval.sentences import sentence_vectors

    return sentence_vectors()


class Meanings:
    """Search by meaning; safe to use from any thread."""

    def __init__(
        self, store: Store, news: News, opener: Callable[[], Vectors] = open_sentences
    ) -> None:
        self._store, self._open = store, opener
        self.job = Job[Reading]("meanings", news, "pairs are being read for the search. Wait.")

    def ready(self) -> bool:
        """Whether every pair can be found; begins to read what has not been read."""
        if self.job.busy:
            return False
        missing = self._store.pair_vectors.list_missing(KEY)
        if not missing:
            return True
        now = self.job.now
        if now is not None and now.state == "failed":
            return False
        self.job.begin(Reading(total=len(missing)), lambda: self._read(missing))
        return False

    def search(self, text: str, wanted: PairFilter, count: int = 50) -> list[tuple[PairId, float]]:
        """Pairs that mean most nearly the same, with the cosine of the angle."""
        (vector,) = self._open()([text])
        return self._store.pair_vectors.nearest(KEY, vector, count, wanted)

    def _read(self, ids: Sequence[PairId]) -> None:
        vectors = self._open()
        for begin in range(0, len(ids), BATCH):
            self.job.check()
            pairs = self._store.pairs.get_pairs(ids[begin : begin + BATCH])
            made = vectors([f"{p.pair.question} {p.pair.answer}" for p in pairs])
            self._store.pair_vectors.record_vectors(
                KEY, {p.pair.id: row for p, row in zip(pairs, made, strict=True)}
            )
            self.job.change(done=min(len(ids), begin + BATCH))
