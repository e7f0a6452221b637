"""What became of pairs, worked out from their reviews: some of them, or every one.

It must not know who asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence

from slava.domain import PairId
from store.database import Transaction
from store.pair_outcome import decide, words_of
from store.pair_rows import load_flags, load_pairs
from store.pair_words import insert_words, words_row
from store.review_rows import load_reviews
from store.state_rows import insert_states, load_outcomes, state_row, update_outcomes

_BATCH = 5000


def decide_again(transaction: Transaction, ids: Sequence[PairId], wanted: int) -> None:
    """Work out again what became of some pairs; ``wanted`` reviewers are asked for."""
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        reviews = load_reviews(transaction, batch)
        before = load_outcomes(transaction, batch)
        given = {pair_id: reviews.get(pair_id, []) for pair_id in before}
        decided = {i: (decide(found, wanted), len(found)) for i, found in given.items()}
        update_outcomes(transaction, before, decided)


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
    transaction.run("TRUNCATE pair_words")
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        pairs, flags = load_pairs(transaction, batch), load_flags(transaction, batch)
        reviews = load_reviews(transaction, batch)
        rows, texts = [], []
        for pair_id in batch:
            given = reviews.get(pair_id, [])
            outcome, found = decide(given, wanted), flags.get(pair_id, ())
            pair, place = pairs[pair_id], places[pair_id]
            rows.append(state_row(place, pair, found, outcome, len(given)))
            texts.append(words_row(pair_id, place, words_of(pair, outcome)))
        insert_states(transaction, rows)
        insert_words(transaction, texts)
    return len(ids)
