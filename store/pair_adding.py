"""Adding pairs with all that goes with them, and taking them away with their micrograph.

It must not know what reviews make of a pair.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from slava.domain import PairId, QAPair
from slava.errors import BadInput, NotFound
from store.database import Transaction
from store.pair_rows import Flags, insert_drafts, insert_flags
from store.pair_words import insert_words, words_row
from store.rows import among
from store.state_rows import insert_states, state_row

_ABOUT_PAIRS = ("reviews", "pair_flags", "pair_words", "pair_vectors")


def insert_pairs(
    transaction: Transaction, pairs: Iterable[QAPair], flags: Flags, moment: str
) -> tuple[tuple[PairId, ...], tuple[PairId, ...]]:
    """Insert the pairs that are not there yet, each pending and with its flags.

    Returns
    -------
    tuple
        Ids of those that were added, and of those that were known.

    Raises
    ------
    NotFound
        When a micrograph is not in the workspace.
    BadInput
        When a pair has no id, no micrograph or no words.
    """
    given = {pair.id: _checked(pair) for pair in pairs}
    known = among(transaction, "pairs", "id", given)
    fresh = [pair for pair in given.values() if pair.id not in known]
    _require_micrographs(transaction, fresh)
    row = transaction.row("SELECT coalesce(max(seq) + 1, 0) FROM pairs")
    first = int(row[0]) if row else 0
    for start in range(0, len(fresh), 5000):
        part = list(enumerate(fresh[start : start + 5000], first + start))
        insert_drafts(transaction, part, moment)
        states = [state_row(n, p, flags.get(p.id, ())) for n, p in part]
        insert_states(transaction, states)
        texts = [words_row(p.id, n, (p.question, p.answer, p.detailed)) for n, p in part]
        insert_words(transaction, texts)
    flagged = {p.id: tuple(flags[p.id]) for p in fresh if flags.get(p.id)}
    insert_flags(transaction, flagged, moment)
    return tuple(p.id for p in fresh), tuple(i for i in given if i in known)


def removals_of_micrograph() -> tuple[str, ...]:
    """Statements that take away every pair about a micrograph, each with its id as ``?``."""
    about = "(SELECT pair_id FROM pair_states WHERE contains(micrographs, ?))"
    statements = [f"DELETE FROM {table} WHERE pair_id IN {about}" for table in _ABOUT_PAIRS]
    return (
        *statements,
        f"DELETE FROM pairs WHERE id IN {about}",
        "DELETE FROM pair_states WHERE contains(micrographs, ?)",
    )


def _checked(pair: QAPair) -> QAPair:
    for missing, what in (
        (not pair.id, "an id"),
        (not pair.micrograph_ids, "a micrograph"),
        (not pair.question.strip() and pair.kind != "caption", "a question"),
        (not pair.answer.strip(), "an answer"),
    ):
        if missing:
            raise BadInput(
                f"The pair {pair.id or pair.question[:40]!r} has not {what}. Draft it again, or "
                "leave it out of the import."
            )
    return pair


def _require_micrographs(transaction: Transaction, pairs: Sequence[QAPair]) -> None:
    wanted = {str(i) for pair in pairs for i in pair.micrograph_ids}
    sql = "SELECT id FROM micrographs WHERE removed_at IS NULL"
    gone = wanted - {row[0] for row in transaction.rows(sql)} if wanted else set()
    if gone:
        raise NotFound(
            f"{len(gone)} micrographs that pairs speak of are not in this workspace, such as "
            f"{min(gone)[:12]!r}. Add their files first."
        )
