"""What became of pairs as rows and back; the only place that knows the order of their columns.

A row of ``pair_states`` follows from a pair, its flags and its reviews. It must not know how.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from slava.domain import Flag, PairId, QAPair, ReviewedPair
from slava.errors import NotFound
from store.database import Database, Row, Transaction
from store.pair_filter import joined, parted
from store.pair_outcome import Outcome, words_of
from store.pair_rows import flags_from, load_pairs
from store.pair_words import update_words
from store.rows import insert, safe

_STATE_TYPES = (
    *("VARCHAR", "BIGINT", *["VARCHAR"] * 7, "DOUBLE", *["VARCHAR"] * 5, "INTEGER", "INTEGER"),
    *["VARCHAR"] * 4,
)
_OUTCOME = (
    *("state", "reason", "reviewers", "skippers", "reviews", "written", "reviewed_at"),
    *("question", "answer", "detailed"),
)
_OUTCOME_TYPES = (*["VARCHAR"] * 4, "INTEGER", "INTEGER", *["VARCHAR"] * 4)
_WORDS = slice(-3, None)
"""Of these columns, the edited words."""
_SELECT = (
    f"SELECT s.pair_id, {', '.join('s.' + name for name in _OUTCOME)}, f.flags "
    "FROM pair_states s LEFT JOIN pair_flags f ON f.pair_id = s.pair_id WHERE s.pair_id "
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A pair as it stands, with the row that says so."""

    reviewed: ReviewedPair
    row: Row
    """The columns that follow from reviews."""

    @property
    def written(self) -> int:
        """How many reviews were ever written of it, also those taken back."""
        return int(self.row[_OUTCOME.index("written")])


def load_standing(source: Database | Transaction, ids: Sequence[str]) -> dict[str, Standing]:
    """Pairs with what became of them, by id; those not there are left out."""
    if len(ids) == 1:
        rows = source.rows(f"{_SELECT} = ?", ids[0])
    else:
        rows = source.rows(f"{_SELECT} IN (SELECT unnest(?::VARCHAR[]))", list(ids))
    pairs = load_pairs(source, ids)
    return {
        row[0]: Standing(reviewed_from(pairs[row[0]], row[1:-1], flags_from(row[-1])), row[1:-1])
        for row in rows
        if row[0] in pairs
    }


def load_reviewed(source: Database | Transaction, ids: Sequence[str]) -> list[ReviewedPair]:
    """Pairs with what became of them, in the order of ``ids``; those not there are left out."""
    found = load_standing(source, ids)
    return [found[i].reviewed for i in ids if i in found]


def require_standing(source: Database | Transaction, pair_id: str) -> Standing:
    """The pair of an id.

    Raises
    ------
    NotFound
        When the workspace holds no such pair.
    """
    found = load_standing(source, [pair_id])
    if not found:
        raise NotFound(f"There is no pair {pair_id!r} in this workspace. Choose one from the list.")
    return found[pair_id]


def require_reviewed(source: Database | Transaction, pair_id: str) -> ReviewedPair:
    """The same without the row."""
    return require_standing(source, pair_id).reviewed


def update_outcome(
    transaction: Transaction, before: Standing, outcome: Outcome, written: int
) -> ReviewedPair:
    """Write what became of a pair: only what has changed. ``written`` reviews there are of it."""
    pair = before.reviewed.pair
    row = _outcome_row(outcome, written)
    changed = [
        (name, new) for name, new, old in zip(_OUTCOME, row, before.row, strict=True) if new != old
    ]
    if changed:
        sets = ", ".join(f"{name} = ?" for name, _ in changed)
        values = [new for _, new in changed]
        transaction.run(f"UPDATE pair_states SET {sets} WHERE pair_id = ?", *values, pair.id)
    after = reviewed_from(pair, row, before.reviewed.flags)
    _update_words(transaction, before.reviewed, after)
    return after


def load_outcomes(source: Database | Transaction, ids: Sequence[str]) -> dict[PairId, Row]:
    """The columns that follow from reviews, by pair; nothing of the pairs themselves is read."""
    rows = source.rows(
        f"SELECT pair_id, {', '.join(_OUTCOME)} FROM pair_states "
        "WHERE pair_id IN (SELECT unnest(?::VARCHAR[]))",
        list(ids),
    )
    return {PairId(row[0]): row[1:] for row in rows}


def reviews_in(row: Row) -> int:
    """How many reviews stand, by a row of :func:`load_outcomes`."""
    return int(row[_OUTCOME.index("reviews")])


def update_outcomes(
    transaction: Transaction,
    before: Mapping[PairId, Row],
    outcomes: Mapping[PairId, tuple[Outcome, int]],
) -> None:
    """Write what became of many pairs, where that is new.

    Parameters
    ----------
    before
        The rows of :func:`load_outcomes` of all of them.
    outcomes
        What became of each, and how many reviews were ever written of it.
    """
    after = {i: _outcome_row(*given) for i, given in outcomes.items()}
    changed = {i: row for i, row in after.items() if row != before[i]}
    if not changed:
        return
    sets = ", ".join(f"{name} = u.{name}" for name in _OUTCOME)
    types = zip((*_OUTCOME, "id"), (*_OUTCOME_TYPES, "VARCHAR"), strict=True)
    columns = ", ".join(f"unnest(?::{kind}[]) AS {name}" for name, kind in types)
    rows = [(*row, i) for i, row in changed.items()]
    transaction.run(
        f"UPDATE pair_states SET {sets} FROM (SELECT {columns}) u WHERE pair_states.pair_id = u.id",
        *(safe(column) for column in zip(*rows, strict=True)),
    )
    reworded = [i for i, row in changed.items() if row[_WORDS] != before[i][_WORDS]]
    for pair_id, pair in load_pairs(transaction, reworded).items() if reworded else ():
        update_words(transaction, PairId(pair_id), words_of(pair, outcomes[pair.id][0]))


def state_row(
    seq: int, pair: QAPair, flags: Sequence[Flag], outcome: Outcome | None = None, written: int = 0
) -> tuple[object, ...]:
    """A row of ``pair_states``."""
    by = pair.drafting
    return (
        *(pair.id, seq, joined(pair.micrograph_ids), pair.kind, pair.aspect, pair.category),
        *(by.teacher, by.model, by.prompt_version, *risk(flags)),
        *_outcome_row(outcome or Outcome(), written),
    )


def insert_states(transaction: Transaction, rows: Sequence[tuple[object, ...]]) -> None:
    """Rows of :func:`state_row`."""
    insert(transaction, "pair_states", _STATE_TYPES, rows)


def risk(flags: Sequence[Flag]) -> tuple[float, str]:
    """The worst severity, and the kinds as one text."""
    kinds = list(dict.fromkeys(flag.kind for flag in flags))
    return max((flag.severity for flag in flags), default=0.0), joined([*kinds])


def reviewed_from(pair: QAPair, row: Row, flags: tuple[Flag, ...]) -> ReviewedPair:
    """A pair with the columns that follow from its reviews."""
    said = dict(zip(_OUTCOME, row, strict=True))
    edited = Outcome(question=said["question"], answer=said["answer"], detailed=said["detailed"])
    words = words_of(pair, edited)
    reviewers = parted(said["reviewers"])
    return ReviewedPair(pair, said["state"], *words, flags, reviewers, said["reviews"])


def _update_words(transaction: Transaction, before: ReviewedPair, after: ReviewedPair) -> None:
    texts = (after.question, after.answer, after.detailed)
    if texts != (before.question, before.answer, before.detailed):
        update_words(transaction, PairId(after.pair.id), texts)


def _outcome_row(outcome: Outcome, written: int) -> tuple[object, ...]:
    return (
        *(outcome.state, outcome.reason or "", joined(outcome.reviewers)),
        *(joined(outcome.skippers), outcome.reviews, written, outcome.reviewed_at),
        *(outcome.question, outcome.answer, outcome.detailed),
    )
