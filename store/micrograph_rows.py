"""Micrographs as rows and back; the only place that knows the order of the columns."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, astuple

from slava.domain import (
    Box,
    Calibration,
    Databar,
    Instrument,
    Micrograph,
    MicrographId,
    ScaleBar,
)
from slava.errors import NotFound
from store.database import Database, Row, Transaction
from store.rows import insert

_COLUMNS = (
    "id, name, extension, format, width_px, height_px, bit_depth, size_bytes, "
    "vendor, instrument_model, detector, magnification, accelerating_voltage_kv, "
    "working_distance_mm, modality, acquired_at, databar_top, databar_bottom, "
    "scale_bar, databar_read, letters, nm_per_px, calibration_source, calibration_detail, "
    "sidecar_sha256, warnings, notes, added_at, recovered, confidential, licence"
)
_NAMES = tuple(_COLUMNS.split(", "))
_TYPES: dict[str, str] = {
    **dict.fromkeys(("width_px", "height_px", "bit_depth"), "INTEGER"),
    **dict.fromkeys(("databar_top", "databar_bottom"), "INTEGER"),
    **dict.fromkeys(("magnification", "accelerating_voltage_kv"), "DOUBLE"),
    **dict.fromkeys(("working_distance_mm", "nm_per_px"), "DOUBLE"),
    **dict.fromkeys(("databar_read", "recovered", "confidential"), "BOOLEAN"),
    "size_bytes": "BIGINT",
}
"""Of the columns that are no text."""
_READ_AGAIN = (
    "vendor = ?, instrument_model = ?, detector = ?, magnification = ?, "
    "accelerating_voltage_kv = ?, working_distance_mm = ?, modality = ?, acquired_at = ?, "
    "databar_top = ?, databar_bottom = ?, scale_bar = ?, databar_read = ?, "
    "letters = ?, warnings = ?"
)

SELECT = f"SELECT {_COLUMNS} FROM micrographs WHERE removed_at IS NULL"
"""Rows for :func:`micrograph_from`."""


def find_micrograph(source: Database | Transaction, micrograph_id: str) -> Micrograph | None:
    """The record of an id, if there is one."""
    row = source.row(f"{SELECT} AND id = ?", micrograph_id)
    return micrograph_from(row) if row else None


def require_micrograph(source: Database | Transaction, micrograph_id: str) -> Micrograph:
    """The record of an id.

    Raises
    ------
    NotFound
        When the workspace holds no such micrograph.
    """
    found = find_micrograph(source, micrograph_id)
    if found is None:
        raise NotFound(
            f"There is no micrograph {micrograph_id!r} in this workspace. "
            "Choose one from the library, or add its file again."
        )
    return found


def require_micrographs(transaction: Transaction, ids: Collection[str]) -> None:
    """Every id is that of a micrograph of the workspace.

    Raises
    ------
    NotFound
        Naming the first that is not.
    """
    rows = transaction.rows(
        "SELECT id FROM micrographs WHERE removed_at IS NULL "
        "AND id IN (SELECT unnest(?::VARCHAR[]))",
        list(ids),
    )
    gone = set(ids) - {row[0] for row in rows}
    if gone:
        require_micrograph(transaction, min(gone))


def insert_rows(transaction: Transaction, rows: list[tuple[object, ...]]) -> None:
    """Insert rows of :func:`values_of` in one statement: a tenth of the work of one by one."""
    types = [_TYPES.get(name, "VARCHAR") for name in _NAMES]
    insert(transaction, f"micrographs ({_COLUMNS})", types, rows)


def update_read(
    transaction: Transaction, micrograph_id: MicrographId, found: Micrograph, sidecar_sha256: str
) -> None:
    """Replace what reading the file has found; not its name, notes and calibration."""
    transaction.run(
        f"UPDATE micrographs SET {_READ_AGAIN}, sidecar_sha256 = ? WHERE id = ?",
        *(*_read_values(found), json.dumps(found.warnings), sidecar_sha256, micrograph_id),
    )


def update_databar(
    transaction: Transaction, micrograph_id: MicrographId, found: Micrograph
) -> None:
    """Replace what reading the file and its letters has found; not its name, notes, calibration."""
    transaction.run(
        f"UPDATE micrographs SET {_READ_AGAIN} WHERE id = ?",
        *(*_read_values(found), json.dumps(found.warnings), micrograph_id),
    )


def values_of(
    m: Micrograph, *, extension: str, sidecar_sha256: str | None, recovered: bool
) -> tuple[object, ...]:
    """A record as a row."""
    shape = (m.format, m.width_px, m.height_px, m.bit_depth, m.size_bytes)
    said = (sidecar_sha256, json.dumps(m.warnings), m.notes, m.added_at, recovered)
    terms = (m.confidential, m.licence)
    return (
        m.id,
        m.name,
        extension,
        *shape,
        *_read_values(m),
        *calibration_values(m.calibration),
        *said,
        *terms,
    )


def calibration_values(calibration: Calibration | None) -> tuple[object, ...]:
    """Pixel size, source and detail; three times nothing for no calibration."""
    if calibration is None:
        return (None, None, None)
    return (calibration.nm_per_px, calibration.source, calibration.detail)


def _read_values(m: Micrograph) -> tuple[object, ...]:
    """What reading the file has found, but for pixels and calibration."""
    letters = json.dumps([astuple(box) for box in m.letters])
    said = (_scale_bar_value(m.scale_bar), m.databar_read, letters)
    return (*_instrument_values(m.instrument), *_databar_values(m.databar), *said)


def _instrument_values(i: Instrument) -> tuple[object, ...]:
    optics = (i.magnification, i.accelerating_voltage_kv, i.working_distance_mm)
    return (i.vendor, i.model, i.detector, *optics, i.modality, i.acquired_at)


def _databar_values(bar: Databar | None) -> tuple[object, ...]:
    return (bar.top, bar.bottom) if bar else (None, None)


def _scale_bar_value(bar: ScaleBar | None) -> str | None:
    return json.dumps(asdict(bar)) if bar else None


def micrograph_from(row: Row) -> Micrograph:
    """A row of :data:`SELECT` as a record."""
    said = dict(zip(_NAMES, row, strict=True))
    return Micrograph(
        id=MicrographId(said["id"]),
        name=said["name"],
        format=said["format"],
        width_px=said["width_px"],
        height_px=said["height_px"],
        bit_depth=said["bit_depth"],
        size_bytes=said["size_bytes"],
        calibration=calibration_from(
            (said["nm_per_px"], said["calibration_source"], said["calibration_detail"])
        ),
        instrument=Instrument(
            vendor=said["vendor"],
            model=said["instrument_model"],
            detector=said["detector"],
            magnification=said["magnification"],
            accelerating_voltage_kv=said["accelerating_voltage_kv"],
            working_distance_mm=said["working_distance_mm"],
            modality=said["modality"],
            acquired_at=said["acquired_at"],
        ),
        databar=_databar_from(said["databar_top"], said["databar_bottom"]),
        scale_bar=_scale_bar_from(said["scale_bar"]),
        databar_read=bool(said["databar_read"]),
        letters=tuple(Box(*corners) for corners in json.loads(said["letters"])),
        warnings=tuple(json.loads(said["warnings"])),
        notes=said["notes"],
        added_at=said["added_at"],
        confidential=bool(said["confidential"]),
        licence=said["licence"],
    )


def calibration_from(row: Row) -> Calibration | None:
    """Pixel size, source and detail as a record; no pixel size is no calibration."""
    nm_per_px, source, detail = row
    return None if nm_per_px is None else Calibration(nm_per_px, source, detail)


def _databar_from(top: int | None, bottom: int | None) -> Databar | None:
    return None if top is None or bottom is None else Databar(top, bottom)


def _scale_bar_from(text: str | None) -> ScaleBar | None:
    if text is None:
        return None
    said = json.loads(text)
    box = said.pop("box")
    return ScaleBar(**said, box=Box(**box) if box else None)
