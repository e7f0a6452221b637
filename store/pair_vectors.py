"""Pairs as vectors of their words, for finding what means the same.

Vectors of different encoders are never mixed. Those of one are read once and kept in memory as one
matrix (300 MB for 200,000 pairs of 384 numbers); a search is one product with it. A vector is of
the draft's words: an edit does not change it. It must not know how vectors are made.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slava.domain import EncoderKey, PairId
from slava.errors import BadInput
from store.clock import now
from store.database import Database
from store.pair_filter import PairFilter, condition
from store.rows import among
from store.vectors import ID_OF, encoder_number, identity


@dataclass(frozen=True, slots=True, eq=False)
class _Matrix:
    """All vectors of one encoder, each of length 1."""

    ids: tuple[PairId, ...]
    places: NDArray[np.int64]
    """``seq`` of each, ascending."""
    vectors: NDArray[np.float32]
    """(len(ids), dimension)."""


class PairVectors:
    """``store.pair_vectors``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._kept: dict[EncoderKey, _Matrix] = {}

    def record_vectors(self, key: EncoderKey, vectors: Mapping[PairId, NDArray[np.float32]]) -> int:
        """Keep the vectors of some pairs, in the place of those before.

        Parameters
        ----------
        key : EncoderKey
            What they were made with.
        vectors : mapping
            By pair, each (key.dimension,). Those of pairs that are gone are passed over.

        Returns
        -------
        int
            How many were kept.

        Raises
        ------
        BadInput
            When a vector has another dimension, is not finite, or has no length.
        """
        packed = {i: _unit(key, i, vector).tobytes() for i, vector in vectors.items()}
        moment = now()
        with self._database.writing() as transaction:
            number = encoder_number(transaction, key)
            there = among(transaction, "pairs", "id", packed)
            kept = {i: content for i, content in packed.items() if i in there}
            if kept:
                transaction.run(
                    "INSERT INTO pair_vectors SELECT ?, unnest(?::VARCHAR[]), unnest(?::BLOB[]), ? "
                    "ON CONFLICT (encoder_id, pair_id) "
                    "DO UPDATE SET vector = excluded.vector, recorded_at = excluded.recorded_at",
                    *(number, list(kept), list(kept.values()), moment),
                )
        with self._lock:
            self._kept.pop(key, None)
        return len(kept)

    def list_missing(self, key: EncoderKey, limit: int | None = None) -> list[PairId]:
        """Pairs without a vector of this encoder, first added first."""
        limited = "" if limit is None else f"LIMIT {max(0, int(limit))}"
        rows = self._database.rows(
            "SELECT s.pair_id FROM pair_states s WHERE s.pair_id NOT IN "
            f"(SELECT pair_id FROM pair_vectors WHERE encoder_id = ({ID_OF})) "
            f"ORDER BY s.seq {limited}",
            *identity(key),
        )
        return [PairId(row[0]) for row in rows]

    def nearest(
        self,
        key: EncoderKey,
        vector: NDArray[np.float32],
        count: int = 50,
        wanted: PairFilter | None = None,
    ) -> list[tuple[PairId, float]]:
        """The pairs that mean most nearly the same, with the cosine of the angle, -1..1.

        Parameters
        ----------
        key : EncoderKey
            What ``vector`` was made with; pairs without a vector of it are not found.
        vector : array
            (key.dimension,).
        count : int
            At most so many, nearest first.
        wanted : PairFilter, optional
            Only among these.
        """
        asked = _unit(key, "the question", vector)
        matrix = self._matrix(key)
        likeness = matrix.vectors @ asked
        if wanted is not None:
            meant, parameters = condition(wanted)
            sql = f"SELECT s.seq FROM pair_states s WHERE {meant}"
            among_these = self._database.column(sql, *parameters)
            likeness[~np.isin(matrix.places, among_these)] = -np.inf
        first = min(count, len(matrix.ids))
        best = np.argpartition(-likeness, first - 1)[:first] if first else np.zeros(0, np.intp)
        ordered = sorted(best.tolist(), key=lambda k: (-float(likeness[k]), k))
        found = [(matrix.ids[k], float(likeness[k])) for k in ordered if likeness[k] > -np.inf]
        there = among(self._database, "pairs", "id", [i for i, _ in found])
        return [(i, near) for i, near in found if i in there]

    def _matrix(self, key: EncoderKey) -> _Matrix:
        with self._lock:
            known = self._kept.get(key)
            if known is None:
                rows = self._database.rows(
                    "SELECT v.pair_id, v.vector, p.seq FROM pair_vectors v "
                    "JOIN pairs p ON p.id = v.pair_id "
                    f"WHERE v.encoder_id = ({ID_OF}) ORDER BY p.seq",
                    *identity(key),
                )
                flat = np.frombuffer(b"".join(row[1] for row in rows), dtype="<f4")
                ids = tuple(PairId(row[0]) for row in rows)
                places = np.fromiter((row[2] for row in rows), np.int64, len(rows))
                known = _Matrix(ids, places, flat.reshape(len(ids), key.dimension))
                self._kept = {key: known}
        return known


def _unit(key: EncoderKey, name: str, vector: NDArray[np.float32]) -> NDArray[np.float32]:
    row = np.ascontiguousarray(vector, dtype="<f4")
    if row.shape != (key.dimension,):
        raise BadInput(
            f"The encoder {key.id} gives vectors of {key.dimension} numbers, but that of "
            f"{name[:12]} has the shape {row.shape}. Make it again."
        )
    length = float(np.linalg.norm(row))
    if not np.isfinite(length) or length == 0:
        raise BadInput(
            f"The encoder {key.id} made a vector of {name[:12]} that points nowhere. "
            "Use another encoder."
        )
    return np.asarray(row / length, dtype="<f4")
