"""Who is looking at which pair, so that no two people judge the same one.

Leases live in this process: it is the only one that has the workspace open, and when it ends
nobody is looking at anything (decision 0010). It must not know what a verdict is.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from slava.domain import PairId, ReviewedPair
from slava.errors import BadSetting, PairTaken
from store.database import Database
from store.pair_filter import BETWEEN, PairFilter
from store.state_rows import load_reviewed, require_reviewed
from store.waiting import Waiting

LEASE_MINUTES = 10.0
"""How long a pair waits for somebody who does nothing."""

LONGEST_NAME = 100


def checked_reviewer(name: str) -> str:
    """The name of a reviewer without spaces around it.

    Raises
    ------
    BadSetting
        When it is empty, too long or not one line.
    """
    written = name.strip()
    if not written or len(written) > LONGEST_NAME or BETWEEN in written:
        raise BadSetting(
            f"{name[:30]!r} cannot be the name of a reviewer. "
            f"Use one line of 1 to {LONGEST_NAME} characters."
        )
    return written


class Leases:
    """``store.leases``.

    Parameters
    ----------
    database : Database
        Where the pairs are.
    waiting : Waiting
        What waits for whom.
    minutes : float
        A lease ends so long after its holder has last done anything here.
    clock : callable
        Seconds; only differences count.
    """

    def __init__(
        self,
        database: Database,
        waiting: Waiting,
        minutes: float = LEASE_MINUTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database, self._waiting, self._clock = database, waiting, clock
        self.minutes = minutes
        self._lock = threading.Lock()
        self._held: dict[PairId, tuple[str, float]] = {}

    def next_pair(
        self, reviewer: str, wanted: PairFilter | None = None, skip: Collection[PairId] = ()
    ) -> ReviewedPair | None:
        """The first pair that waits for this reviewer; nobody else is given it meanwhile.

        Parameters
        ----------
        reviewer : str
            Who is going to judge it.
        wanted : PairFilter, optional
            Which pairs; pending ones, unless it asks for another state. Those that the reviewer
            has judged already or left for later are passed over, unless it asks for these.
        skip : collection of PairId
            What the reviewer has before them anyway.

        Returns
        -------
        ReviewedPair or None
            ``None`` when nothing waits, or all that waits is before somebody else.
        """
        found = self.prefetch(reviewer, 1, wanted, skip)
        return found[0] if found else None

    def prefetch(
        self,
        reviewer: str,
        count: int,
        wanted: PairFilter | None = None,
        skip: Collection[PairId] = (),
    ) -> list[ReviewedPair]:
        """The first ``count`` pairs that wait for this reviewer, all of them leased.

        What the reviewer holds already comes again (a page that was loaded anew), unless it is
        in ``skip``.
        """
        name, passed = checked_reviewer(reviewer), set(skip)
        meant = wanted or PairFilter()
        taken: list[ReviewedPair] = []
        while len(taken) < count:
            others = self.held_by_others(name)
            first = self._waiting.first(name, meant, count - len(taken), passed | others)
            if not first:
                break
            ids = self._take(name, first)
            passed |= set(ids)
            found = load_reviewed(self._database, ids) if ids else []
            good = [pair for pair in found if _waits(pair, name, meant)]
            taken += good
            self.release(name, set(ids) - {pair.pair.id for pair in good})
            for pair in found:
                if pair not in good:
                    self._waiting.judged(pair.pair.id, name, pair.state)
        return taken

    def lease_pair(self, reviewer: str, pair_id: PairId) -> ReviewedPair:
        """Take a certain pair, such as one chosen from a list.

        Raises
        ------
        PairTaken
            When somebody else is looking at it.
        NotFound
            When the workspace holds no such pair.
        """
        name = checked_reviewer(reviewer)
        found = require_reviewed(self._database, pair_id)
        with self._lock:
            self._renew(name)
            self._require_free(name, pair_id)
            self._held[pair_id] = (name, self._ends())
        return found

    def release(self, reviewer: str, ids: Collection[PairId] | None = None) -> None:
        """Give pairs back: these, or all that the reviewer holds."""
        with self._lock:
            for pair_id, (holder, _) in list(self._held.items()):
                if holder == reviewer.strip() and (ids is None or pair_id in ids):
                    del self._held[pair_id]

    def holder(self, pair_id: PairId) -> str | None:
        """Who is looking at a pair."""
        with self._lock:
            self._expire()
            held = self._held.get(pair_id)
        return held[0] if held else None

    def held_by_others(self, reviewer: str) -> set[PairId]:
        """What somebody else is looking at."""
        with self._lock:
            self._expire()
            return {i for i, (holder, _) in self._held.items() if holder != reviewer}

    @contextmanager
    def judging(self, reviewer: str, pair_id: PairId) -> Iterator[None]:
        """Hold a pair while its verdict is written; it is given back when that has worked.

        Raises
        ------
        PairTaken
            When somebody else is looking at it.
        """
        with self._lock:
            self._renew(reviewer)
            self._require_free(reviewer, pair_id)
            known = pair_id in self._held
            self._held[pair_id] = (reviewer, self._ends())
        try:
            yield
        except BaseException:
            if not known:
                self.release(reviewer, {pair_id})
            raise
        self.release(reviewer, {pair_id})

    def _take(self, reviewer: str, ids: list[PairId]) -> list[PairId]:
        """Lease those that nobody else has taken meanwhile."""
        with self._lock:
            self._renew(reviewer)
            free = [i for i in ids if self._held.get(i, (reviewer, 0.0))[0] == reviewer]
            for pair_id in free:
                self._held[pair_id] = (reviewer, self._ends())
        return free

    def _require_free(self, reviewer: str, pair_id: PairId) -> None:
        holder = self._held.get(pair_id, (reviewer, 0.0))[0]
        if holder != reviewer:
            raise PairTaken(
                f"{holder} is looking at this pair. Go on with the next one; it comes back if "
                "they leave it."
            )

    def _renew(self, reviewer: str) -> None:
        self._expire()
        for pair_id, (holder, _) in self._held.items():
            if holder == reviewer:
                self._held[pair_id] = (holder, self._ends())

    def _expire(self) -> None:
        moment = self._clock()
        for pair_id in [i for i, (_, end) in self._held.items() if end <= moment]:
            del self._held[pair_id]

    def _ends(self) -> float:
        return self._clock() + self.minutes * 60.0


def _waits(pair: ReviewedPair, reviewer: str, wanted: PairFilter) -> bool:
    """Whether a pair of a list that may be behind still waits for a reviewer."""
    state = wanted.state or "pending"
    return pair.state == state and (state != "pending" or reviewer not in pair.reviewers)
