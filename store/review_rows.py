"""Reviews and the steps that reviewers took, as rows that are only ever added.

A step is one thing a reviewer did: a verdict, a verdict on many pairs at once, taking a step back
or taking it again. Whether a review stands follows from the steps after it. It must not know what
reviews make of a pair.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from slava.domain import PairId, Review
from store.database import Database, Row, Transaction

Action = Literal["review", "bulk", "undo", "redo"]

_REVIEW = (
    "pair_id, position, reviewer, verdict, reason, comment, question, answer, detailed, "
    "seconds, reviewed_at"
)
_NAMES = tuple(_REVIEW.split(", "))
_TAKEN_BACK = (
    "SELECT target FROM review_steps WHERE action IN ('undo', 'redo') "
    "GROUP BY target HAVING arg_max(action, step) = 'undo'"
)


def next_step(transaction: Transaction) -> int:
    """The number of the next step."""
    row = transaction.row("SELECT coalesce(max(step) + 1, 0) FROM review_steps")
    return int(row[0]) if row else 0


def insert_step(
    transaction: Transaction,
    reviewer: str,
    action: Action,
    moment: str,
    target: int | None = None,
) -> int:
    """Write down a step; ``target`` is the one that it takes back or takes again."""
    step = next_step(transaction)
    transaction.run(
        "INSERT INTO review_steps VALUES (?, ?, ?, ?, ?)",
        *(step, reviewer, action, step if target is None else target, moment),
    )
    return step


def insert_review(transaction: Transaction, step: int, review: Review) -> None:
    """Write down a review that a step consists of."""
    transaction.run(
        "INSERT INTO reviews SELECT coalesce(max(seq) + 1, 0), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? "
        "FROM reviews",
        *(step, review.pair_id, review.position, review.reviewer, review.verdict, review.reason),
        *(review.comment, review.question, review.answer, review.detailed, review.seconds),
        review.reviewed_at,
    )


def insert_same(transaction: Transaction, step: int, ids: Sequence[PairId], review: Review) -> None:
    """Write down the same review for many pairs."""
    transaction.run(
        "INSERT INTO reviews SELECT (SELECT coalesce(max(seq) + 1, 0) FROM reviews) + "
        "row_number() OVER (ORDER BY s.seq) - 1, ?, s.pair_id, s.written, ?, ?, ?, ?, NULL, NULL, "
        "NULL, NULL, ? FROM pair_states s WHERE s.pair_id IN (SELECT unnest(?::VARCHAR[]))",
        *(step, review.reviewer, review.verdict, review.reason, review.comment),
        *(review.reviewed_at, list(ids)),
    )


def load_reviews(
    source: Database | Transaction, ids: Sequence[PairId] | None = None
) -> dict[PairId, list[Review]]:
    """The reviews of some pairs, or of all, oldest first; with whether they were taken back."""
    which = "TRUE" if ids is None else "r.pair_id IN (SELECT unnest(?::VARCHAR[]))"
    if ids is not None and len(ids) == 1:
        which = "r.pair_id = ?"
    given: list[object] = [] if ids is None else [ids[0] if len(ids) == 1 else list(ids)]
    rows = source.rows(
        f"SELECT {_REVIEW}, step IN ({_TAKEN_BACK}) FROM reviews r WHERE {which} ORDER BY r.seq",
        *given,
    )
    found: dict[PairId, list[Review]] = {}
    for row in rows:
        found.setdefault(PairId(row[0]), []).append(_review_from(row))
    return found


def standing_verdicts() -> str:
    """A query of the reviews that were not taken back."""
    return f"SELECT * FROM reviews WHERE step NOT IN ({_TAKEN_BACK})"


def pairs_of_step(source: Database | Transaction, step: int) -> list[PairId]:
    """What a step gave a verdict on, in order."""
    rows = source.rows("SELECT pair_id FROM reviews WHERE step = ? ORDER BY seq", step)
    return [PairId(row[0]) for row in rows]


def newest_standing(source: Database | Transaction, reviewer: str) -> int | None:
    """The newest verdict of a reviewer that stands, as its step."""
    row = source.row(
        "SELECT max(step) FROM review_steps WHERE reviewer = ? AND action IN ('review', 'bulk') "
        f"AND step NOT IN ({_TAKEN_BACK})",
        reviewer,
    )
    return None if row is None or row[0] is None else int(row[0])


def newest_taken_back(source: Database | Transaction, reviewer: str) -> int | None:
    """What a reviewer took back last and has not taken again, unless they went on since.

    Undoing goes from the newest step to older ones, so the oldest of what was taken back since
    the last verdict is the one that was taken back last.
    """
    row = source.row(
        f"WITH back AS ({_TAKEN_BACK}) SELECT arg_max(u.target, u.step) FROM review_steps u "
        "WHERE u.reviewer = ? AND u.action = 'undo' AND u.target IN (SELECT target FROM back) "
        "AND u.step > (SELECT coalesce(max(step), -1) FROM review_steps "
        "WHERE reviewer = ? AND action IN ('review', 'bulk'))",
        *(reviewer, reviewer),
    )
    return None if row is None or row[0] is None else int(row[0])


def _review_from(row: Row) -> Review:
    said = dict(zip(_NAMES, row[:-1], strict=True))
    return Review(**said, undone=bool(row[-1]))
