"""Which labelled micrographs are shown beside a query: six ways to choose them.

Sources: sLAVA 4.4 (similar; from other categories; dissimilar within a category), GDL-NMID
(random against similar); maximal marginal relevance after Carbonell and Goldstein 1998.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
    wanted = k - len(first)
    rows: Sequence[int]
    if strategy == "random":
        rows = _random(allowed, wanted, query_vector, seed).tolist()
    elif strategy == "diverse":
        rows = _diverse(index, similarity, allowed, wanted, diversity, first)
    elif strategy == "balanced":
        rows = _balanced(index, similarity, allowed, wanted)
    else:
        if strategy != "similar":
            code = _code(index, similarity, allowed, label)
            own = index.label_codes == code
            allowed &= own if strategy == "dissimilar_within" else ~own
        sign = -1 if strategy == "dissimilar_within" else 1
        rows = _best(sign * similarity, allowed, wanted).tolist()
    return tuple(index.neighbour(row, float(similarity[row]), metric) for row in [*first, *rows])


def _best(values: Vector, allowed: NDArray[np.bool_], k: int) -> NDArray[np.int64]:
    kept = np.where(allowed, values, np.float32(-np.inf))
    return top_rows(kept, min(k, int(allowed.sum())))


def _random(allowed: NDArray[np.bool_], k: int, query: Vector, seed: int) -> NDArray[np.int64]:
    words = np.frombuffer(np.ascontiguousarray(query).tobytes(), dtype=np.uint32)
    rng = np.random.default_rng([seed, int(words.sum(dtype=np.uint64))])
    rows = np.flatnonzero(allowed)
    return rng.choice(rows, min(k, len(rows)), replace=False)


def _diverse(
    index: Index,
    similarity: Vector,
    allowed: NDArray[np.bool_],
    k: int,
    diversity: float,
    first: Sequence[int],
) -> list[int]:
    """Each next one is similar to the query and unlike what is chosen."""
    rows = _best(similarity, allowed, _CANDIDATES * max(1, k))
    among = index.vectors[rows]
    like = np.full(len(rows), -1.0, dtype=np.float32)
    for row in first:
        like = np.maximum(like, among @ index.vectors[row])
    chosen: list[int] = []
    for _ in range(min(k, len(rows))):
        penalty = like if chosen or first else np.zeros_like(like)
        place = int(np.argmax((1 - diversity) * similarity[rows] - diversity * penalty))
        chosen.append(int(rows[place]))
        like = np.maximum(like, among @ among[place])
        rows, among, like = (
            np.delete(rows, place),
            np.delete(among, place, 0),
            np.delete(like, place),
        )
    return chosen


def _balanced(index: Index, similarity: Vector, allowed: NDArray[np.bool_], k: int) -> list[int]:
    """The nearest of every class, classes in the order of their nearest; then the second ones."""
    per_class = [
        _best(similarity, allowed & (index.label_codes == code), k)
        for code in range(len(index.classes))
    ]
    rounds: list[int] = []
    for turn in range(k):
        level = [int(rows[turn]) for rows in per_class if len(rows) > turn]
        rounds += sorted(level, key=lambda row: -float(similarity[row]))
        if len(rounds) >= k:
            break
    return sorted(rounds[:k], key=lambda row: -float(similarity[row]))


def _code(index: Index, similarity: Vector, allowed: NDArray[np.bool_], label: str | None) -> int:
    """The place of the query's label among the classes."""
    if label is not None:
        if label not in index.classes:
            raise BadSetting(f"{label!r} is no class of the library: {', '.join(index.classes)}.")
        return index.classes.index(label)
    nearest = _best(similarity, allowed, 1)
    return int(index.label_codes[nearest[0]]) if len(nearest) else -1
