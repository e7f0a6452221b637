"""The words that count, one text per pair, and finding pairs by parts of them.

Looking for a word in 200,000 texts takes a fifth of a second. So each text also has a signature:
every three bytes that follow one another set one of 1024 bits. A text without the bits of a word
does not hold it, and needs not be looked at. It must not know of verdicts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from slava.domain import PairId
from store.database import Transaction
from store.rows import insert
from store.search import folded

COLUMNS = 16
"""Numbers of 64 bits each in a signature."""

_BITS = 64 * COLUMNS
_NAMES = tuple(f"g{k}" for k in range(COLUMNS))
_TYPES = ("VARCHAR", "BIGINT", "VARCHAR", *["BIGINT"] * COLUMNS)


def words_row(pair_id: PairId, seq: int, texts: Sequence[str]) -> tuple[object, ...]:
    """A row of ``pair_words``."""
    words = folded("\n".join(texts))
    return (pair_id, seq, words, *signature(words))


def insert_words(transaction: Transaction, rows: Sequence[tuple[object, ...]]) -> None:
    """Rows of :func:`words_row`."""
    insert(transaction, "pair_words", _TYPES, rows)


def update_words(transaction: Transaction, pair_id: PairId, texts: Sequence[str]) -> None:
    """Other words of a pair."""
    words = folded("\n".join(texts))
    sets = ", ".join(f"{name} = ?" for name in ("words", *_NAMES))
    transaction.run(
        f"UPDATE pair_words SET {sets} WHERE pair_id = ?", words, *signature(words), pair_id
    )


def holding(text: str) -> tuple[str, list[object]]:
    """A condition on ``pair_states s`` that every word of ``text`` is somewhere in a pair's words.

    Returns
    -------
    tuple
        The SQL condition and its parameters.
    """
    words = sorted(set(folded(text).split()), key=len, reverse=True)
    bits = np.zeros(_BITS, dtype=bool)
    for word in words:
        bits[_places(word)] = True
    wanted = zip(_NAMES, _numbers(bits), strict=True)
    may = " AND ".join(f"(w.{name} & {mask}) = {mask}" for name, mask in wanted if mask) or "TRUE"
    does = " AND ".join(["contains(w.words, ?)"] * len(words)) or "TRUE"
    one = f"CASE WHEN {may} THEN {does} ELSE FALSE END"  # a plain AND would be put in any order
    sql = f"s.seq IN (SELECT w.seq FROM pair_words w WHERE {one})"
    return sql, [*words]


def signature(words: str) -> tuple[int, ...]:
    """The bits of a text as :data:`COLUMNS` signed numbers."""
    bits = np.zeros(_BITS, dtype=bool)
    bits[_places(words)] = True
    return _numbers(bits)


def _places(words: str) -> NDArray[np.uint32]:
    """The bit of every three bytes that follow one another."""
    content = np.frombuffer(words.encode("utf-8", "replace"), dtype=np.uint8).astype(np.uint32)
    three = content[:-2] | content[1:-1] << 8 | content[2:] << 16
    return np.asarray((three * np.uint32(2654435761)) >> np.uint32(22), dtype=np.uint32)


def _numbers(bits: NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(np.packbits(bits, bitorder="little").view("<i8").tolist())
