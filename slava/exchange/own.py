"""The key ``slava`` of a record: everything that a format has no name for, and its reading back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from slava.domain import Calibration, CalibrationSource, QAPair
from slava.exchange.entry import Entry, Picture
from slava.handoff.pair_record import from_record, mapping, text, to_record

KEY = "slava"
VERSION = 1

_SOURCES: tuple[CalibrationSource, ...] = get_args(CalibrationSource)
ORIGINALS = "slava_micrographs"
"""In ``QAPair.extra`` of an imported pair: the hashes of the originals that were not there."""
DRAFT = "slava_draft"
"""In ``QAPair.extra`` of an imported pair: the words before a reviewer changed them."""


@dataclass(frozen=True, slots=True)
class Own:
    """What sLAVA has written about a record."""

    pairs: tuple[QAPair, ...]
    drafts: tuple[Mapping[str, Any], ...]
    """For each of them the words before a reviewer changed them; empty where nobody has."""
    pictures: tuple[Mapping[str, Any], ...]
    """What is known of each micrograph; see :func:`own_value`."""
    detailed: bool
    """Whether the record holds the detailed answers."""


def own_value(
    entries: Sequence[Entry], pictures: Sequence[Picture], *, detailed: bool = False
) -> dict[str, Any]:
    """What stands under the key.

    ``draft`` is there where a reviewer has written other words than those that were drafted.
    """
    return {
        "version": VERSION,
        "answer": "detailed" if detailed else "concise",
        "pairs": [_pair_value(entry) for entry in entries],
        "micrographs": [_picture_value(picture) for picture in pictures],
    }


def read_own(value: object) -> Own | None:
    """What :func:`own_value` has written, as an object or as JSON text; ``None`` for nothing.

    Raises
    ------
    ValueError
        Naming all that is wrong with it.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        value = json.loads(value)
    if not isinstance(value, Mapping):
        raise ValueError("the slava field is no object")
    if value.get("version") != VERSION:
        raise ValueError(f"the slava field is of version {value.get('version')!r}, not {VERSION}")
    pairs, pictures = value.get("pairs"), value.get("micrographs")
    if not isinstance(pairs, list) or not pairs or not isinstance(pictures, list):
        raise ValueError("the slava field lacks its pairs or its micrographs")
    if not all(isinstance(one, Mapping) for one in (*pairs, *pictures)):
        raise ValueError("the slava field holds something that is no object")
    return Own(
        pairs=tuple(from_record(one) for one in pairs),
        drafts=tuple(dict(mapping(one, "draft", [])) for one in pairs),
        pictures=tuple(pictures),
        detailed=value.get("answer") == "detailed",
    )


def calibration_of(picture: Mapping[str, Any]) -> Calibration | None:
    """The calibration that a record tells of a micrograph.

    Raises
    ------
    ValueError
        When it is none.
    """
    size, named = picture.get("nm_per_px"), picture.get("calibration_source")
    if size is None:
        return None
    if isinstance(size, bool) or not isinstance(size, (int, float)):
        raise ValueError(f"the pixel size {size!r} is no number")
    source = next((known for known in _SOURCES if known == named), None)
    if source is None:
        raise ValueError(f"the calibration's source {named!r} is unknown")
    detail = text(picture, "calibration_detail", [])
    return Calibration(float(size), source, detail)


def foreign_fields(record: Mapping[str, Any], named: frozenset[str]) -> dict[str, Any]:
    """The fields of a record that neither its format nor sLAVA has a name for."""
    return {key: value for key, value in record.items() if key not in named and key != KEY}


def kept_fields(entries: Sequence[Entry], named: frozenset[str]) -> dict[str, Any]:
    """The fields of others that an import has kept, to be written into a record again."""
    kept: dict[str, Any] = {}
    for entry in entries:
        for key, value in entry.pair.extra.items():
            if key not in named and key not in (KEY, DRAFT, ORIGINALS):
                kept.setdefault(key, value)
    return kept


def alike_fields(kept: Sequence[Mapping[str, Any]]) -> set[str]:
    """The fields whose values are text, numbers or truth values, and of one type in all records.

    Readers that make columns of records take no others; those stand under ``slava`` only.
    """
    types: dict[str, set[type]] = {}
    for fields in kept:
        for key, value in fields.items():
            fits = not isinstance(value, int) or -(2**63) <= value < 2**63
            types.setdefault(key, set()).add(type(value) if fits else object)
    return {key for key, found in types.items() if len(found) == 1 and found <= _SCALARS}


_SCALARS = {str, int, float, bool}


def _pair_value(entry: Entry) -> dict[str, Any]:
    value = {**to_record(entry.pair), "state": entry.state, "reviewers": list(entry.reviewers)}
    if entry.part:
        value["part"] = entry.part
    if entry.draft:
        drafted = to_record(entry.draft)
        value["draft"] = {key: drafted[key] for key in ("id", "question", "answer", "detailed")}
    return value


def _picture_value(picture: Picture) -> dict[str, Any]:
    m = picture.exhibit
    return {
        "id": m.id,
        "file": picture.path,
        "sha256": picture.sha256,
        "width_px": m.width_px,
        "height_px": m.height_px,
        "nm_per_px": m.nm_per_px,
        "calibration_source": m.calibration_source,
        "calibration_detail": m.calibration_detail,
        "databar": [m.databar.top, m.databar.bottom] if m.databar else None,
        "label": m.label,
        "licence": m.licence,
        "confidential": m.confidential,
    }
