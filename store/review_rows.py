"""Reviews and the steps that reviewers took, as rows that are only ever added.

A step is one thing a reviewer did: a verdict, the same verdict on many pairs at once, taking a
step back, or taking it again. Steps and reviews share one row of numbers. Whether a review stands
follows from the steps after it. It must not know what reviews make of a pair.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from slava.domain import PairId, Review
from store.database import Database, Row, Transaction

Action = Literal["undo", "redo"]

_REVIEW = (
    "pair_id, position, reviewer, verdict, reason, comment, question, answer, detailed, "
    "seconds, reviewed_at"
)
_NAMES = tuple(_REVIEW.split(", "))
_TAKEN_BACK = (
    "SELECT target FROM review_steps GROUP BY target HAVING arg_max(action, step) = 'undo'"
)


class Numbers:
    """The numbers of reviews and of steps, one after the other; asked for while writing."""

    def __init__(self) -> None:
        self._next: int | None = None

    def next(self, transaction: Transaction, count: int = 1) -> int:
        """The first of ``count`` numbers that nothing has yet."""
        if self._next is None:
            row = transaction.row(
                "SELECT greatest((SELECT coalesce(max(seq), -1) FROM reviews), "
                "(SELECT coalesce(max(step), -1) FROM review_steps)) + 1"
            )
            self._next = int(row[0]) if row else 0
        first = self._next
        self._next += count
        return first


def insert_step(
    transaction: Transaction, step: int, reviewer: str, action: Action, target: int, moment: str
) -> None:
    """Write down that a step was taken back, or taken again."""
    transaction.run(
        "INSERT INTO review_steps VALUES (?, ?, ?, ?, ?)", step, reviewer, action, target, moment
    )


def insert_review(transaction: Transaction, number: int, review: Review) -> None:
    """Write down a review, which is a step of its own."""
    transaction.run(
        "INSERT INTO reviews VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *(number, number, review.pair_id, review.position, review.reviewer, review.verdict),
        *(review.reason, review.comment, review.question, review.answer, review.detailed),
        *(review.seconds, review.reviewed_at),
    )


def insert_same(
    transaction: Transaction, first: int, ids: Sequence[PairId], review: Review
) -> None:
    """Write down the same review for many pairs, numbered from ``first`` on, as one step."""
    transaction.run(
        "INSERT INTO reviews SELECT ? + row_number() OVER (ORDER BY s.seq) - 1, ?, s.pair_id, "
        "s.written, ?, ?, ?, ?, NULL, NULL, NULL, NULL, ? FROM pair_states s "
        "WHERE s.pair_id IN (SELECT unnest(?::VARCHAR[]))",
        *(first, first, review.reviewer, review.verdict, review.reason, review.comment),
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
        f"SELECT max(step) FROM reviews WHERE reviewer = ? AND step NOT IN ({_TAKEN_BACK})",
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
        "AND u.target IN (SELECT step FROM reviews) "
        "AND u.step > (SELECT coalesce(max(step), -1) FROM reviews WHERE reviewer = ?)",
        *(reviewer, reviewer),
    )
    return None if row is None or row[0] is None else int(row[0])


def _review_from(row: Row) -> Review:
    said = dict(zip(_NAMES, row[:-1], strict=True))
    return Review(**said, undone=bool(row[-1]))
