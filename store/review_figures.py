"""Figures of reviewing: how fast somebody goes, whose drafts are kept, and who agrees with whom.

It must not know how verdicts become the state of a pair.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from slava.domain import PairId, Verdict
from slava.metrics.agreement import Agreement, cohens_kappa, observed_agreement
from store.database import Database, Transaction
from store.pair_outcome import keeps
from store.review_rows import standing_verdicts


@dataclass(frozen=True, slots=True)
class Drafted:
    """How many pairs of one teacher, model and prompt were judged, and how many kept."""

    teacher: str
    model: str
    prompt_version: str
    judged: int
    """Verdicts but for skips."""
    kept: int
    """Accepted, as they stand or edited."""

    @property
    def acceptance(self) -> float:
        """Share that was kept, 0..1."""
        return self.kept / self.judged if self.judged else 0.0


@dataclass(frozen=True, slots=True)
class Pace:
    """What a reviewer has done since some moment; what was taken back does not count."""

    reviewer: str
    count: int
    """Verdicts and skips."""
    minutes: float
    """From the first to the last of them, with the time that the first one took."""
    per_minute: float
    """0 where there is no time to divide by."""
    by_verdict: Mapping[Verdict, int]
    by_drafting: tuple[Drafted, ...]
    """Most judged first."""
    median_seconds: float | None
    """Of those whose time is known."""


def pace(source: Database, reviewer: str, since: str = "") -> Pace:
    """What ``reviewer`` has done since ``since`` (ISO 8601, UTC; everything when empty)."""
    rows = source.rows(
        f"SELECT v.pair_id, v.verdict, v.seconds, v.reviewed_at FROM ({standing_verdicts()}) v "
        "WHERE v.reviewer = ? AND v.reviewed_at >= ? ORDER BY v.seq",
        *(reviewer, since),
    )
    by_verdict: dict[Verdict, int] = {}
    for row in rows:
        by_verdict[row[1]] = by_verdict.get(row[1], 0) + 1
    minutes = _minutes(rows[0][3], rows[-1][3], rows[0][2]) if rows else 0.0
    known = sorted(row[2] for row in rows if row[2] is not None)
    return Pace(
        reviewer=reviewer,
        count=len(rows),
        minutes=minutes,
        per_minute=len(rows) / minutes if minutes else 0.0,
        by_verdict=by_verdict,
        by_drafting=_by_drafting(source, reviewer, since),
        median_seconds=known[len(known) // 2] if known else None,
    )


def agreements(source: Database | Transaction) -> list[Agreement]:
    """Every two reviewers on the pairs that both have judged; most of these first.

    The newest verdict of each counts, and only whether the pair is kept: one who edits and one
    who accepts agree that it is worth keeping.
    """
    rows = source.rows(
        "SELECT pair_id, reviewer, arg_max(verdict, seq) FROM "
        f"({standing_verdicts()}) WHERE verdict <> 'skipped' GROUP BY pair_id, reviewer "
        "QUALIFY count(*) OVER (PARTITION BY pair_id) > 1"
    )
    said: dict[PairId, dict[str, bool]] = {}
    for pair_id, reviewer, verdict in rows:
        said.setdefault(pair_id, {})[reviewer] = keeps(verdict)
    both: dict[tuple[str, str], list[tuple[bool, bool]]] = {}
    for verdicts in said.values():
        for one, other in combinations(sorted(verdicts), 2):
            both.setdefault((one, other), []).append((verdicts[one], verdicts[other]))
    found = [_agreement(*names, judged) for names, judged in both.items()]
    return sorted(found, key=lambda a: (-a.count, a.first, a.second))


def _agreement(one: str, other: str, judged: list[tuple[bool, bool]]) -> Agreement:
    first, second = [a for a, _ in judged], [b for _, b in judged]
    observed = observed_agreement(first, second)
    return Agreement(one, other, len(judged), observed, cohens_kappa(first, second))


def _by_drafting(source: Database, reviewer: str, since: str) -> tuple[Drafted, ...]:
    rows = source.rows(
        "SELECT s.teacher, s.model, s.prompt_version, count(*), "
        "count(*) FILTER (v.verdict IN ('accepted', 'edited')) "
        f"FROM ({standing_verdicts()}) v JOIN pair_states s ON s.pair_id = v.pair_id "
        "WHERE v.reviewer = ? AND v.reviewed_at >= ? AND v.verdict <> 'skipped' "
        "GROUP BY ALL ORDER BY count(*) DESC, s.teacher, s.model, s.prompt_version",
        *(reviewer, since),
    )
    return tuple(Drafted(*row) for row in rows)


def _minutes(first: str, last: str, seconds: float | None) -> float:
    between = datetime.fromisoformat(last) - datetime.fromisoformat(first)
    return (between.total_seconds() + (seconds or 0.0)) / 60.0
