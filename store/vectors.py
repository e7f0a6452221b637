"""Micrographs as vectors, one for each encoder that has seen them.

Vectors of different encoders are never mixed: everything here is asked for with the key of one.
They are kept as little-endian float32, and read back as one matrix.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slava.domain import EncoderKey, MicrographId
from slava.errors import BadInput
from store.clock import now
from store.database import Database, Transaction

_SHOWN = "JOIN micrographs m ON m.id = v.micrograph_id AND m.removed_at IS NULL"


@dataclass(frozen=True, slots=True, eq=False)
class VectorMatrix:
    """The vectors of one encoder as one matrix."""

    key: EncoderKey
    ids: tuple[MicrographId, ...]
    """In a fixed order; row ``i`` of ``matrix`` belongs to ``ids[i]``."""
    names: tuple[str, ...]
    """Their file names: untrusted text."""
    matrix: NDArray[np.float32]
    """(len(ids), key.dimension)."""


class Vectors:
    """``store.vectors``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record_vectors(
        self, key: EncoderKey, vectors: Mapping[MicrographId, NDArray[np.float32]]
    ) -> int:
        """Keep what an encoder made of some micrographs, in the place of what it made before.

        Parameters
        ----------
        key : EncoderKey
            What they were made with.
        vectors : mapping
            By micrograph, each (key.dimension,). Those of micrographs that the workspace no
            longer holds are passed over.

        Returns
        -------
        int
            How many were kept.

        Raises
        ------
        BadInput
            When a vector has another dimension than its encoder says, or is not finite.
        """
        packed = {i: _packed(key, i, vector) for i, vector in vectors.items()}
        moment = now()
        with self._database.writing() as transaction:
            encoder = encoder_number(transaction, key)
            there = _among(transaction, list(packed))
            kept = {i: content for i, content in packed.items() if i in there}
            if kept:
                _insert(transaction, encoder, kept, moment)
        return len(kept)

    def load_vectors(self, key: EncoderKey) -> VectorMatrix:
        """Every vector of an encoder as one matrix; none gives (0, key.dimension)."""
        rows = self._database.rows(
            f"SELECT v.micrograph_id, v.vector, m.name FROM vectors v {_SHOWN} "
            f"WHERE v.encoder_id = ({ID_OF}) ORDER BY v.micrograph_id",
            *identity(key),
        )
        ids = tuple(MicrographId(row[0]) for row in rows)
        flat = np.frombuffer(b"".join(row[1] for row in rows), dtype="<f4")
        names = tuple(row[2] for row in rows)
        return VectorMatrix(
            key, ids, names, flat.reshape(len(ids), key.dimension).astype(np.float32)
        )

    def list_missing(self, key: EncoderKey) -> list[MicrographId]:
        """Micrographs of which this encoder has made no vector, newest first."""
        rows = self._database.rows(
            "SELECT id FROM micrographs WHERE removed_at IS NULL AND id NOT IN "
            f"(SELECT micrograph_id FROM vectors WHERE encoder_id = ({ID_OF})) "
            "ORDER BY added_at DESC, id",
            *identity(key),
        )
        return [MicrographId(row[0]) for row in rows]

    def count_vectors(self) -> dict[EncoderKey, int]:
        """How many vectors there are of each encoder."""
        rows = self._database.rows(
            "SELECT e.reference, e.preprocessing, e.dimension, count(m.id) FROM encoders e "
            "LEFT JOIN vectors v ON v.encoder_id = e.id "
            "LEFT JOIN micrographs m ON m.id = v.micrograph_id AND m.removed_at IS NULL "
            "GROUP BY ALL ORDER BY min(e.id)"
        )
        return {EncoderKey(*row[:3]): int(row[3]) for row in rows}

    def remove_vectors(self, key: EncoderKey) -> None:
        """Forget every vector of an encoder; they can be made again."""
        with self._database.writing() as transaction:
            transaction.run(f"DELETE FROM vectors WHERE encoder_id = ({ID_OF})", *identity(key))


ID_OF = "SELECT id FROM encoders WHERE reference = ? AND preprocessing = ? AND dimension = ?"
"""The number of an encoder; parameters are those of :func:`identity`."""


def identity(key: EncoderKey) -> tuple[str, str, int]:
    """What tells an encoder from every other."""
    return key.id, key.preprocessing, key.dimension


def encoder_number(transaction: Transaction, key: EncoderKey) -> int:
    """The number of an encoder in this workspace, given when it is new."""
    known = transaction.row(ID_OF, *identity(key))
    if known:
        return int(known[0])
    newest = transaction.row("SELECT coalesce(max(id), 0) FROM encoders")
    number = int(newest[0]) + 1 if newest else 1
    transaction.run("INSERT INTO encoders VALUES (?, ?, ?, ?, ?)", number, *identity(key), now())
    return number


def _among(transaction: Transaction, ids: list[MicrographId]) -> set[str]:
    known = (
        "SELECT id FROM micrographs WHERE removed_at IS NULL "
        "AND id IN (SELECT unnest(?::VARCHAR[]))"
    )
    return {row[0] for row in transaction.rows(known, ids)}


def _insert(
    transaction: Transaction, encoder: int, packed: Mapping[MicrographId, bytes], moment: str
) -> None:
    """All rows in one statement, column by column: a tenth of the work of one by one."""
    transaction.run(
        "INSERT INTO vectors SELECT ?, unnest(?::VARCHAR[]), unnest(?::BLOB[]), ? "
        "ON CONFLICT (encoder_id, micrograph_id) "
        "DO UPDATE SET vector = excluded.vector, recorded_at = excluded.recorded_at",
        *(encoder, list(packed), list(packed.values()), moment),
    )


def _packed(key: EncoderKey, micrograph_id: str, vector: NDArray[np.float32]) -> bytes:
    row = np.ascontiguousarray(vector, dtype="<f4")
    if row.shape != (key.dimension,):
        raise BadInput(
            f"The encoder {key.id} gives vectors of {key.dimension} numbers, but that of "
            f"{micrograph_id[:12]} has the shape {row.shape}. Embed it again."
        )
    if not np.isfinite(row).all():
        raise BadInput(
            f"The encoder {key.id} made a vector of {micrograph_id[:12]} that is not finite. "
            "Use another encoder."
        )
    return row.tobytes()
