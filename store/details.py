"""What was measured object by object, as bytes and back: sizes, objects, defects, settings.

Columns of JSON, compressed: every number comes back exactly as it was. It must not know of the
database.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict, astuple, fields
from typing import Any

import numpy as np

from slava.domain import Box, DefectCandidate, MeasuredObject, Measurement, MeasureSettings, Sizes
from slava.domain.fact import Kind

Wish = tuple[Kind | None, MeasureSettings]
"""How somebody wanted it measured: as what (``None`` is chosen from the pixels), and how."""

_OBJECT = tuple(field.name for field in fields(MeasuredObject))
_SETTING = frozenset(field.name for field in fields(MeasureSettings))


def packed_details(m: Measurement) -> bytes:
    """Everything of a measurement beyond its facts, labels and warnings."""
    said = {
        "sizes": asdict(m.sizes) if m.sizes else None,
        "objects": _columns(m.objects),
        "defects": [[one.kind, astuple(one.box), one.strength] for one in m.defects],
        "method": m.method,
        "used": _settings(m.used),
    }
    return zlib.compress(json.dumps(said, default=plain).encode(), 1)


def unpacked_details(content: bytes | None) -> dict[str, Any] | None:
    """The fields of a ``Measurement`` that :func:`packed_details` has kept, by their names.

    ``None`` where none were kept, or those of a version whose objects have other fields.
    """
    said = json.loads(zlib.decompress(content)) if content is not None else None
    if said is None or set(said["objects"]) != set(_OBJECT):
        return None
    return {
        "sizes": Sizes(**said["sizes"]) if said["sizes"] else None,
        "objects": _objects(said["objects"]),
        "defects": tuple(DefectCandidate(k, Box(*box), s) for k, box, s in said["defects"]),
        "method": said["method"],
        "used": _settings_from(said["used"]),
    }


def packed_wish(wish: Wish) -> str:
    """A wish as JSON."""
    kind, settings = wish
    return json.dumps({"kind": kind, "settings": _settings(settings)}, default=plain)


def unpacked_wish(text: str) -> Wish:
    """The wish that :func:`packed_wish` has kept."""
    said = json.loads(text)
    return said["kind"], _settings_from(said["settings"])


def plain(value: object) -> object:
    """A number of NumPy as one of Python, which DuckDB and JSON take."""
    return value.item() if isinstance(value, np.generic) else value


def _columns(objects: Sequence[MeasuredObject]) -> dict[str, list[Any]]:
    """One list per field, so that names are written once and like stands beside like."""
    columns: dict[str, list[Any]] = {name: [getattr(o, name) for o in objects] for name in _OBJECT}
    columns["box"] = [astuple(box) for box in columns["box"]]
    return columns


def _objects(columns: dict[str, list[Any]]) -> tuple[MeasuredObject, ...]:
    columns["box"] = [Box(*corners) for corners in columns["box"]]
    rows = zip(*(columns[name] for name in _OBJECT), strict=True)
    return tuple(MeasuredObject(*row) for row in rows)


def _settings(settings: MeasureSettings) -> dict[str, Any]:
    said = asdict(settings)
    said["region"] = astuple(settings.region) if settings.region else None
    return said


def _settings_from(said: dict[str, Any]) -> MeasureSettings:
    """What another version could set and this one cannot is left out."""
    known = {name: value for name, value in said.items() if name in _SETTING}
    region = Box(*said["region"]) if said["region"] else None
    excluded = tuple((x, y) for x, y in said["excluded"])
    return MeasureSettings(**{**known, "region": region, "excluded": excluded})
