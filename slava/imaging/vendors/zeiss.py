"""Zeiss SmartSEM: tag 34118, as tifffile parses it.

``AP_IMAGE_PIXEL_SIZE`` is the pixel of the stored picture; ``AP_PIXEL_SIZE`` that of the
monitor, which is the same only where both have 1024 columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slava.domain import Instrument
from slava.imaging.vendors.quantity import length_nm, moment, number, positive, size, words
from slava.imaging.vendors.said import Said


def zeiss(tags: Mapping[str, Any]) -> Said | None:
    """What the tag says."""
    entries = tags.get("zeiss")
    if not entries:
        return None
    raster = size(_value(entries, "dp_image_store"))
    nm_per_px, detail = _pixel_size(entries, raster)
    return Said(
        instrument=_instrument(entries),
        nm_per_px=nm_per_px,
        detail=detail,
        raster_px=raster,
    )


def _value(entries: Mapping[str, Any], key: str) -> str:
    """The value and unit of an entry as one text: ``"2.93 nm"``."""
    entry = entries.get(key)
    if not isinstance(entry, tuple) or len(entry) < 2:
        return ""
    return " ".join(str(part) for part in entry[1:])


def _pixel_size(
    entries: Mapping[str, Any], raster: tuple[int, int] | None
) -> tuple[float | None, str]:
    nm = length_nm(_value(entries, "ap_image_pixel_size"))
    if nm and nm > 0:
        return nm, "AP_IMAGE_PIXEL_SIZE"
    field = length_nm(_value(entries, "ap_width"))
    if field and field > 0 and raster:
        return field / raster[0], "AP_WIDTH over DP_IMAGE_STORE"
    return None, ""


def _instrument(entries: Mapping[str, Any]) -> Instrument:
    distance = length_nm(_value(entries, "ap_wd"))
    return Instrument(
        vendor="Zeiss",
        model=words(_value(entries, "dp_sem")) or words(_value(entries, "dp_column_type")),
        detector=words(_value(entries, "dp_detector_channel")),
        magnification=_magnification(_value(entries, "ap_mag")),
        accelerating_voltage_kv=_kilovolts(entries),
        working_distance_mm=distance * 1e-6 if distance and distance > 0 else None,
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


def _kilovolts(entries: Mapping[str, Any]) -> float | None:
    for key in ("ap_actualkv", "ap_manualkv"):
        text = _value(entries, key)
        read = number(text)
        if read and read > 0:
            return read if "kv" in text.lower().replace(" ", "") else read * 1e-3
    return None


def _acquired_at(entries: Mapping[str, Any]) -> str | None:
    day = _value(entries, "ap_date").lstrip(": ")
    time = _value(entries, "ap_time").lstrip(": ")
    return moment(f"{day} {time}", "%d %b %Y %H:%M:%S") or moment(day, "%d %b %Y")
