"""Measurements with their facts, methods and parameters.

A measurement follows from the pixels, the calibration and the method: it counts as long as the
calibration it was made with is the current one and its method is the version asked for. Older
ones stay, so that an earlier answer can still be explained.
"""

from __future__ import annotations

import json
import uuid
import zlib
from collections.abc import Mapping
from types import EllipsisType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slava.domain import Calibration, Fact, Measurement, MicrographId
from store.clock import now
from store.database import Database, Row, Transaction
from store.details import (
    Wish,
    packed_details,
    packed_wish,
    plain,
    unpacked_details,
    unpacked_wish,
)
from store.micrograph_rows import require_micrograph

_MEASUREMENT = (
    "kind, kind_confidence, count, mean_size_px, mean_size_nm, labels_height_px, "
    "labels_width_px, labels_type, labels, warnings, details"
)


class Facts:
    """``store.facts``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record_measurement(
        self,
        micrograph_id: MicrographId,
        measurement: Measurement,
        *,
        calibration: Calibration | EllipsisType | None = ...,
        method_version: str = "1",
        wish: Wish | None = None,
    ) -> None:
        """Keep what was measured.

        Parameters
        ----------
        micrograph_id : MicrographId
            What it was measured on.
        measurement : Measurement
            The facts, and the labels if there are any.
        calibration : Calibration or None, optional
            The calibration it was made with, when that may have changed since; without it the
            current one.
        method_version : str
            Changes whenever the same pixels would give other facts.
        wish : (Kind or None, MeasureSettings), optional
            How somebody wanted it measured.

        Raises
        ------
        NotFound
            When the workspace holds no such micrograph.
        """
        measurement_id = uuid.uuid4().hex
        with self._database.writing() as transaction:
            current = require_micrograph(transaction, micrograph_id).calibration
            made_with = current if isinstance(calibration, EllipsisType) else calibration
            transaction.run(
                f"INSERT INTO measurements (id, micrograph_id, nm_per_px, calibration_source, "
                f"method_version, {_MEASUREMENT}, wish, recorded_at) "
                f"VALUES ({', '.join('?' * 18)})",
                *(measurement_id, micrograph_id, *_key(made_with), method_version),
                *(*_values(measurement), packed_wish(wish) if wish else None, now()),
            )
            _insert_facts(transaction, measurement_id, measurement.facts)

    def get_measurement(
        self, micrograph_id: MicrographId, *, method_version: str = "1", whole: bool = False
    ) -> Measurement | None:
        """The newest measurement with the current calibration and this version of the method.

        ``None`` when there is none: measure (again). What was kept before objects and settings
        were is given without them, or with ``whole`` not at all.

        Raises
        ------
        NotFound
            When the workspace holds no such micrograph.
        """
        current = require_micrograph(self._database, micrograph_id).calibration
        row = self._database.row(
            f"SELECT id, {_MEASUREMENT} FROM measurements WHERE micrograph_id = ? "
            "AND method_version = ? AND nm_per_px IS NOT DISTINCT FROM ? "
            "AND calibration_source IS NOT DISTINCT FROM ? ORDER BY recorded_at DESC LIMIT 1",
            *(micrograph_id, method_version, *_key(current)),
        )
        details = unpacked_details(row[-1]) if row else None
        if not row or (whole and details is None):
            return None
        return _measurement_from(row[1:-1], self._facts(row[0]), details or {})

    def get_wish(self, micrograph_id: MicrographId) -> Wish | None:
        """How it was last wanted to be measured, whatever the calibration and the method since."""
        row = self._database.row(
            "SELECT wish FROM measurements WHERE micrograph_id = ? AND wish IS NOT NULL "
            "ORDER BY recorded_at DESC LIMIT 1",
            micrograph_id,
        )
        return unpacked_wish(row[0]) if row else None

    def _facts(self, measurement_id: str) -> tuple[Fact, ...]:
        rows = self._database.rows(
            "SELECT name, label, value, unit, uncertainty, method, parameters FROM facts "
            "WHERE measurement_id = ? ORDER BY position",
            measurement_id,
        )
        return tuple(
            Fact(r[0], r[1], json.loads(r[2]), r[3], r[4], r[5], json.loads(r[6])) for r in rows
        )


def _key(calibration: Calibration | None) -> tuple[float | None, str | None]:
    return (calibration.nm_per_px, calibration.source) if calibration else (None, None)


def _insert_facts(transaction: Transaction, measurement_id: str, facts: tuple[Fact, ...]) -> None:
    for position, fact in enumerate(facts):
        transaction.run(
            "INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(measurement_id, position, fact.name, fact.label, _json(fact.value), fact.unit),
            *(plain(fact.uncertainty), fact.method, _json(dict(fact.parameters))),
        )


def _values(m: Measurement) -> tuple[object, ...]:
    sizes = (plain(m.count), plain(m.mean_size_px), plain(m.mean_size_nm))
    warnings = json.dumps(list(m.warnings))
    return (
        m.kind,
        float(m.kind_confidence),
        *sizes,
        *_packed(m.labels),
        warnings,
        packed_details(m),
    )


def _packed(labels: NDArray[np.int32] | None) -> tuple[object, ...]:
    """Shape, type and compressed bytes; the narrowest type that holds the highest label."""
    if labels is None:
        return (None, None, None, None)
    kind = np.min_scalar_type(int(labels.max(initial=0))).newbyteorder("<")
    content = np.ascontiguousarray(labels, dtype=kind).tobytes()
    return (*labels.shape, kind.str, zlib.compress(content, 1))


def _unpacked(row: Row) -> NDArray[np.int32] | None:
    height_px, width_px, kind, content = row
    if content is None:
        return None
    flat = np.frombuffer(zlib.decompress(content), dtype=np.dtype(kind))
    return flat.reshape(height_px, width_px).astype(np.int32)


def _measurement_from(row: Row, facts: tuple[Fact, ...], details: Mapping[str, Any]) -> Measurement:
    return Measurement(
        kind=row[0],
        kind_confidence=row[1],
        facts=facts,
        count=row[2],
        mean_size_px=row[3],
        mean_size_nm=row[4],
        labels=_unpacked(row[5:9]),
        warnings=tuple(json.loads(row[9])),
        **details,
    )


def _json(value: object) -> str:
    return json.dumps(value, default=plain)
