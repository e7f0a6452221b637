"""Zeiss SmartSEM: the text in tag 34118, a line with a key before each line with its value.

tifffile's own reading of it loses values in capitals (``EHT = 500 V``), so it is read here.
``AP_IMAGE_PIXEL_SIZE`` is the pixel of the stored picture; ``AP_PIXEL_SIZE`` that of the
monitor, which is the same only where both have 1024 columns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from slava.domain import Instrument
from slava.imaging.vendors.quantity import length_nm, moment, number, positive, size, words
from slava.imaging.vendors.said import Said
from slava.imaging.vendors.text import decode

_KEY = re.compile(r"[A-Z]{2}_[A-Z0-9_]+")
_VALUE = re.compile(r"[^=:]*[=:]\s*(.*?)\s*")


def zeiss(tags: Mapping[str, Any]) -> Said | None:
    """What the tag says."""
    raw = tags.get("tiff", {}).get("Zeiss")
    if not isinstance(raw, bytes):
        return None
    entries = _entries(decode(raw))
    if not entries:
        return None
    raster = size(entries.get("DP_IMAGE_STORE", ""))
    nm_per_px, detail = _pixel_size(entries, raster)
    return Said(
        instrument=_instrument(entries),
        nm_per_px=nm_per_px,
        detail=detail,
        raster_px=raster,
    )


def _entries(text: str) -> dict[str, str]:
    """Value by key: ``AP_WD`` is ``2.7 mm``, from ``WD = 2.7 mm`` or ``WD :2.7 mm``."""
    lines = text.splitlines()
    entries: dict[str, str] = {}
    for key, line in pairwise(lines):
        found = _VALUE.fullmatch(line)
        if found and _KEY.fullmatch(key.strip()):
            entries.setdefault(key.strip(), found[1])
    return entries


def _pixel_size(
    entries: Mapping[str, str], raster: tuple[int, int] | None
) -> tuple[float | None, str]:
    nm = length_nm(entries.get("AP_IMAGE_PIXEL_SIZE", ""))
    if nm and nm > 0:
        return nm, "AP_IMAGE_PIXEL_SIZE"
    field = length_nm(entries.get("AP_WIDTH", ""))
    if field and field > 0 and raster:
        return field / raster[0], "AP_WIDTH over DP_IMAGE_STORE"
    return None, ""


def _instrument(entries: Mapping[str, str]) -> Instrument:
    distance = length_nm(entries.get("AP_WD", ""))
    return Instrument(
        vendor="Zeiss",
        model=words(entries.get("DP_SEM", "")) or words(entries.get("DP_COLUMN_TYPE", "")),
        detector=words(entries.get("DP_DETECTOR_CHANNEL", "")),
        magnification=_magnification(entries.get("AP_MAG", "")),
        accelerating_voltage_kv=_kilovolts(entries),
        working_distance_mm=distance / 1e6 if distance and distance > 0 else None,
        modality="SEM",
        acquired_at=_acquired_at(entries),
    )


def _magnification(text: str) -> float | None:
    """``"100.00 K X"`` is 100000."""
    read = positive(text.replace(",", ""))
    if read is None:
        return None
    letters = "".join(c for c in text.upper() if c.isalpha())
    return read * {"K": 1e3, "M": 1e6}.get(letters[:1], 1.0)


def _kilovolts(entries: Mapping[str, str]) -> float | None:
    for key in ("AP_ACTUALKV", "AP_MANUALKV"):
        text = entries.get(key, "")
        read = number(text)
        if read and read > 0:
            return read if "kv" in text.lower().replace(" ", "") else read / 1e3
    return None


def _acquired_at(entries: Mapping[str, str]) -> str | None:
    day = entries.get("AP_DATE", "")
    time = entries.get("AP_TIME", "")
    return moment(f"{day} {time}", "%d %b %Y %H:%M:%S") or moment(day, "%d %b %Y")
