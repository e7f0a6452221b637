"""Which labelled micrographs are shown beside a query: six ways to choose them.

Sources: sLAVA 4.4 (similar; from other categories; dissimilar within a category), GDL-NMID
(random against similar); maximal marginal relevance after Carbonell and Goldstein 1998.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from slava.domain import Metric, Neighbour, Strategy
from slava.errors import BadSetting
from slava.retrieval.index import Index, top_rows

STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
METRICS: tuple[Metric, ...] = get_args(Metric)
MOST_DEMONSTRATIONS = 64
_CANDIDATES = 12
"""``diverse`` chooses among this many times ``k`` of the most similar."""

Vector = NDArray[np.float32]


def strategy_of(text: str) -> Strategy:
    """The strategy of that name.

    Raises
    ------
    BadSetting
        If there is none.
    """
    for strategy in STRATEGIES:
        if text in (strategy, strategy.replace("_", "-")):
            return strategy
    raise BadSetting(f"strategy {text!r} is none of {', '.join(STRATEGIES)}.")


def metric_of(text: str) -> Metric:
    """The metric of that name.

    Raises
    ------
    BadSetting
        If there is none.
    """
    for metric in METRICS:
        if text == metric:
            return metric
    raise BadSetting(f"metric {text!r} is none of {', '.join(METRICS)}.")


def sample_demonstrations(
    index: Index,
    query_vector: Vector,
    k: int,
    strategy: Strategy = "similar",
    seed: int = 0,
    *,
    metric: Metric = "cosine",
    label: str | None = None,
    exclude_ids: Collection[str] = (),
    exclude_groups: Collection[str] = (),
    pinned: Sequence[str] = (),
    diversity: float = 0.3,
) -> tuple[Neighbour, ...]:
    """Choose demonstrations for one query.

    Parameters
    ----------
    index
        The library.
    query_vector
        (dimension,), of the same encoder.
    k
        How many, 0 to :data:`MOST_DEMONSTRATIONS`.
    strategy, metric
        See :data:`~slava.domain.Strategy` and :data:`~slava.domain.Metric`.
    seed
        For ``random``: the same seed and query vector draw the same.
    label
        The query's own label for ``other_categories`` and ``dissimilar_within``; without it
        that of its nearest neighbour.
    exclude_ids, exclude_groups
        What may not be shown: the query itself, its own sample, what the user put aside.
    pinned
        Ids that are shown whatever the strategy says; they come first and count towards ``k``.
    diversity
        0..1, for ``diverse``: how much likeness to what is already chosen weighs.

    Returns
    -------
    tuple of Neighbour
        Pinned ones first, then nearest first (farthest first for ``dissimilar_within``, in the
        order of drawing for ``random``); fewer than ``k`` where the library has no more.

    Raises
    ------
    BadSetting
        If ``k`` is out of its range.
    """
    if not 0 <= k <= MOST_DEMONSTRATIONS:
        raise BadSetting(f"k = {k} is not in 0..{MOST_DEMONSTRATIONS}.")
    similarity = index.similarities(query_vector)
    allowed = np.ones(len(index), bool)
    allowed[index.excluded(exclude_ids, exclude_groups)] = False
    first = [row for row in map(index.row_of, pinned) if row is not None and allowed[row]][:k]
    allowed[first] = False
    asked = _Asked(
        index, query_vector, similarity, allowed, k - len(first), first, seed, label, diversity
    )
    rows = [*first, *_WAYS[strategy](asked)]
    return tuple(index.neighbour(row, float(similarity[row]), metric) for row in rows)


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """What a strategy chooses from."""

    index: Index
    query: Vector
    similarity: Vector
    allowed: NDArray[np.bool_]
    """(len(index),): rows that may be shown and are not pinned."""
    k: int
    first: Sequence[int]
    """Rows that are pinned."""
    seed: int
    label: str | None
    diversity: float

    def best(
        self, among: NDArray[np.bool_] | None = None, k: int | None = None, sign: int = 1
    ) -> list[int]:
        """Up to ``k`` allowed rows, nearest first; with the sign -1 farthest first."""
        allowed = self.allowed if among is None else self.allowed & among
        kept = np.where(allowed, sign * self.similarity, np.float32(-np.inf))
        wanted = min(self.k if k is None else k, int(allowed.sum()))
        rows: list[int] = top_rows(kept, wanted).tolist()
        return rows

    def own(self) -> NDArray[np.bool_]:
        """Which rows bear the query's label, or without one that of its nearest."""
        if self.label is None:
            nearest = self.best(k=1)
            code = int(self.index.label_codes[nearest[0]]) if nearest else -1
        elif self.label in self.index.classes:
            code = self.index.classes.index(self.label)
        else:
            held = ", ".join(self.index.classes)
            raise BadSetting(f"{self.label!r} is no class of the library: {held}.")
        bear: NDArray[np.bool_] = self.index.label_codes == code
        return bear


def _random(asked: _Asked) -> list[int]:
    words = np.frombuffer(np.ascontiguousarray(asked.query).tobytes(), dtype=np.uint32)
    rng = np.random.default_rng([asked.seed, int(words.sum(dtype=np.uint64))])
    rows = np.flatnonzero(asked.allowed)
    drawn: list[int] = rng.choice(rows, min(asked.k, len(rows)), replace=False).tolist()
    return drawn


def _diverse(asked: _Asked) -> list[int]:
    """Each next one is similar to the query and unlike what is chosen."""
    vectors, weight = asked.index.vectors, asked.diversity
    rows = np.array(asked.best(k=_CANDIDATES * max(1, asked.k)), dtype=np.int64)
    like = np.full(len(rows), -1.0, dtype=np.float32)
    for row in asked.first:
        like = np.maximum(like, vectors[rows] @ vectors[row])
    chosen: list[int] = []
    for _ in range(min(asked.k, len(rows))):
        penalty = like if chosen or asked.first else np.zeros_like(like)
        place = int(np.argmax((1 - weight) * asked.similarity[rows] - weight * penalty))
        chosen.append(int(rows[place]))
        like = np.maximum(like, vectors[rows] @ vectors[rows[place]])
        rows, like = np.delete(rows, place), np.delete(like, place)
    return chosen


def _balanced(asked: _Asked) -> list[int]:
    """The nearest of every class, classes in the order of their nearest; then the second ones."""

    def nearest_first(rows: Iterable[int]) -> list[int]:
        return sorted(rows, key=lambda row: -float(asked.similarity[row]))

    codes = range(len(asked.index.classes))
    per_class = [asked.best(asked.index.label_codes == code) for code in codes]
    rounds: list[int] = []
    for turn in range(asked.k):
        rounds += nearest_first(rows[turn] for rows in per_class if len(rows) > turn)
        if len(rounds) >= asked.k:
            break
    return nearest_first(rounds[: asked.k])


_WAYS: Mapping[Strategy, Callable[[_Asked], list[int]]] = {
    "similar": lambda asked: asked.best(),
    "random": _random,
    "diverse": _diverse,
    "balanced": _balanced,
    "other_categories": lambda asked: asked.best(~asked.own()),
    "dissimilar_within": lambda asked: asked.best(asked.own(), sign=-1),
}
