"""What waits for whom, kept in memory up to 2000 pairs ahead.

Looking through every pair for the riskiest one takes longer than reading it; a list is made once
and then followed, while verdicts take pairs out of it. A list may be behind: whoever takes a pair
from it looks whether the pair still waits. It must not know of leases.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from slava.domain import PairId, PairState
from store.database import Database
from store.pair_filter import PairFilter, condition, joined, ordering

AHEAD = 2000
"""Pairs in a list."""
BEHIND_S = 120.0
"""A list follows pairs that were added, flagged or taken back after so many seconds at most."""
KEPT = 128
"""Lists kept; those used last."""


@dataclass(slots=True)
class _List:
    """The first pairs that wait for somebody."""

    state: PairState
    made_at: float
    change: int
    ids: dict[PairId, None] = field(default_factory=dict)


class Waiting:
    """Lists of pairs by reviewer and filter."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database, self._clock = database, clock
        self._lock = threading.Lock()
        self._lists: OrderedDict[tuple[str, PairFilter], _List] = OrderedDict()
        self._change = 0

    def first(
        self, reviewer: str, wanted: PairFilter, count: int, passed: set[PairId]
    ) -> list[PairId]:
        """At least the first ``count`` pairs that wait for a reviewer and are not in ``passed``."""
        with self._lock:
            known = self._lists.get((reviewer, wanted))
            if known and self._follows(known):
                self._lists.move_to_end((reviewer, wanted))
                found = _first(known, count, passed)
                if len(found) == count:
                    return found
        fresh = self._made(reviewer, wanted, count + len(passed))
        with self._lock:
            self._lists[reviewer, wanted] = fresh
            self._lists.move_to_end((reviewer, wanted))
            while len(self._lists) > KEPT:
                self._lists.popitem(last=False)
            return _first(fresh, count, passed)

    def judged(self, pair_id: PairId, reviewer: str, state: PairState) -> None:
        """A verdict was written: the pair waits no longer for its reviewer, nor in other states."""
        with self._lock:
            for (name, _), known in self._lists.items():
                if name == reviewer or known.state != state:
                    known.ids.pop(pair_id, None)

    def changed(self) -> None:
        """Other pairs wait now, or in another order."""
        with self._lock:
            self._change += 1

    def forget(self) -> None:
        """Make every list again."""
        with self._lock:
            self._lists.clear()

    def _follows(self, known: _List) -> bool:
        return known.change == self._change or self._clock() - known.made_at < BEHIND_S

    def _made(self, reviewer: str, wanted: PairFilter, count: int) -> _List:
        with self._lock:
            made = _List(wanted.state or "pending", self._clock(), self._change)
        meant, parameters = _for_reviewer(reviewer, wanted)
        rows = self._database.rows(
            f"SELECT s.pair_id FROM pair_states s WHERE {meant} "
            f"ORDER BY {ordering(wanted.order)} LIMIT {AHEAD + count}",
            *parameters,
        )
        made.ids = dict.fromkeys(PairId(row[0]) for row in rows)
        return made


def _first(known: _List, count: int, passed: set[PairId]) -> list[PairId]:
    found: list[PairId] = []
    for pair_id in known.ids:
        if len(found) == count:
            break
        if pair_id not in passed:
            found.append(pair_id)
    return found


def _for_reviewer(reviewer: str, wanted: PairFilter) -> tuple[str, list[object]]:
    """The condition of a filter, and that the pair waits for this reviewer."""
    meant, parameters = condition(replace(wanted, state=wanted.state or "pending"))
    own = joined((reviewer,))
    if wanted.state in (None, "pending"):
        meant, parameters = f"{meant} AND NOT contains(s.reviewers, ?)", [*parameters, own]
    if wanted.skipped_by is None:
        meant, parameters = f"{meant} AND NOT contains(s.skippers, ?)", [*parameters, own]
    return meant, parameters
