"""Micrographs as rows and back; the only place that knows the order of the columns."""

from __future__ import annotations

import json

from slava.domain import Calibration, Databar, Instrument, Micrograph, MicrographId
from store.database import Row

_COLUMNS = (
    "id, name, extension, format, width_px, height_px, bit_depth, size_bytes, "
    "vendor, instrument_model, detector, magnification, accelerating_voltage_kv, "
    "working_distance_mm, modality, acquired_at, databar_top, databar_bottom, "
    "sidecar_sha256, warnings, notes, added_at, recovered"
)
_NAMES = tuple(_COLUMNS.split(", "))

INSERT = (
    f"INSERT INTO micrographs ({_COLUMNS}) VALUES ({', '.join('?' * len(_NAMES))}) "
    "ON CONFLICT (id) DO NOTHING RETURNING id"
)
"""Gives back the id when the row is new."""

READ_AGAIN = (
    "UPDATE micrographs SET vendor = ?, instrument_model = ?, detector = ?, magnification = ?, "
    "accelerating_voltage_kv = ?, working_distance_mm = ?, modality = ?, acquired_at = ?, "
    "warnings = ?, sidecar_sha256 = ? WHERE id = ?"
)
"""Takes :func:`instrument_values`, the warnings as JSON, the sidecar's hash and the id."""

SELECT = f"""SELECT {", ".join("m." + n for n in _NAMES)}, c.nm_per_px, c.source, c.detail
    FROM micrographs m LEFT JOIN calibrations c ON c.micrograph_id = m.id AND c.position =
        (SELECT max(position) FROM calibrations WHERE micrograph_id = m.id)
    WHERE m.removed_at IS NULL"""
"""Each micrograph with the newest of its calibrations."""


def insert_values(
    m: Micrograph, *, extension: str, sidecar_sha256: str | None, recovered: bool
) -> tuple[object, ...]:
    """The parameters of :data:`INSERT`."""
    bar = (m.databar.top, m.databar.bottom) if m.databar else (None, None)
    shape = (m.format, m.width_px, m.height_px, m.bit_depth, m.size_bytes)
    said = (sidecar_sha256, json.dumps(m.warnings), m.notes, m.added_at, recovered)
    return (m.id, m.name, extension, *shape, *instrument_values(m.instrument), *bar, *said)


def instrument_values(i: Instrument) -> tuple[object, ...]:
    """The instrument's columns in their order."""
    optics = (i.magnification, i.accelerating_voltage_kv, i.working_distance_mm)
    return (i.vendor, i.model, i.detector, *optics, i.modality, i.acquired_at)


def micrograph_from(row: Row) -> Micrograph:
    """A row of :data:`SELECT` as a record."""
    said = dict(zip(_NAMES, row, strict=False))
    return Micrograph(
        id=MicrographId(said["id"]),
        name=said["name"],
        format=said["format"],
        width_px=said["width_px"],
        height_px=said["height_px"],
        bit_depth=said["bit_depth"],
        size_bytes=said["size_bytes"],
        calibration=calibration_from(row[-3:]),
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
        warnings=tuple(json.loads(said["warnings"])),
        notes=said["notes"],
        added_at=said["added_at"],
    )


def calibration_from(row: Row) -> Calibration | None:
    """Pixel size, source and detail as a record; no pixel size is no calibration."""
    nm_per_px, source, detail = row
    return None if nm_per_px is None else Calibration(nm_per_px, source, detail)


def _databar_from(top: int | None, bottom: int | None) -> Databar | None:
    return None if top is None or bottom is None else Databar(top, bottom)
