"""What became of pairs, worked out from their reviews: some of them, or every one.

It must not know who asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence

from slava.domain import PairId
from store.database import Transaction
from store.pair_outcome import decide
from store.pair_rows import (
    insert_states,
    load_flags,
    load_pairs,
    state_row,
    update_outcomes,
)
from store.review_rows import load_reviews

_BATCH = 5000


def decide_again(transaction: Transaction, ids: Sequence[PairId], wanted: int) -> None:
    """Work out again what became of some pairs; ``wanted`` reviewers are asked for."""
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        pairs, reviews = load_pairs(transaction, batch), load_reviews(transaction, batch)
        found = []
        for pair_id, pair in pairs.items():
            given = reviews.get(PairId(pair_id), [])
            found.append((pair, decide(given, wanted), len(given)))
        update_outcomes(transaction, found)


def rebuild_states(transaction: Transaction, wanted: int) -> int:
    """Throw away what became of every pair and work it out from the beginning.

    Returns
    -------
    int
        Of how many.
    """
    places: dict[PairId, int] = dict(transaction.rows("SELECT id, seq FROM pairs ORDER BY seq"))
    ids = list(places)
    transaction.run("TRUNCATE pair_states")
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        pairs, flags = load_pairs(transaction, batch), load_flags(transaction, batch)
        reviews = load_reviews(transaction, batch)
        rows = []
        for pair_id in batch:
            given = reviews.get(pair_id, [])
            outcome, found = decide(given, wanted), flags.get(pair_id, ())
            pair = pairs[pair_id]
            rows.append(state_row(places[pair_id], pair, found, outcome, len(given)))
        insert_states(transaction, rows)
    return len(ids)
