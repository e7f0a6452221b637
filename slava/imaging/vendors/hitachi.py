"""Hitachi: a sidecar ``.txt`` (UTF-16 or not) of ``Key=Value``; tabletops repeat part of it in
the TIFF's comment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from slava.domain import Instrument
from slava.imaging.vendors.quantity import length_nm, moment, positive, size, words
from slava.imaging.vendors.said import Said


def hitachi(tags: Mapping[str, Any]) -> Said | None:
    """What the TIFF's comment says: fewer things, and not the size of the picture."""
    comment = tags.get("tiff", {}).get("XPComment")
    if isinstance(comment, bytes):
        comment = comment.decode("utf-16-le", "replace")
    if not isinstance(comment, str) or "PixelSize=" not in comment or "SignalName=" not in comment:
        return None
    author = tags["tiff"].get("XPAuthor")
    entries = _entries(comment)
    if isinstance(author, bytes):
        entries.setdefault("InstructName", author.decode("utf-16-le", "replace"))
    return _said(entries, "PixelSize in the TIFF's comment")


def hitachi_sidecar(text: str) -> Said | None:
    """What a sidecar says; ``None`` when it is not one of Hitachi's."""
    if "[SemImageFile]" not in text:
        return None
    return _said(_entries(text), "PixelSize")


def _entries(text: str) -> dict[str, str]:
    lines = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {key.strip(): value.strip().strip("\0") for key, _, value in lines}


def _said(entries: Mapping[str, str], where: str) -> Said:
    return Said(
        instrument=_instrument(entries),
        nm_per_px=positive(entries.get("PixelSize")),
        detail=where,
        raster_px=size(entries.get("DataSize", "")),
    )


def _instrument(entries: Mapping[str, str]) -> Instrument:
    condition = entries.get("Condition", "")
    when = f"{entries.get('Date', '')} {entries.get('Time', '')}"
    distance = length_nm(entries.get("WorkingDistance", "") or _in(condition, r"WD=(\S+)"))
    return Instrument(
        vendor="Hitachi",
        model=words(entries.get("InstructName")),
        detector=words(entries.get("SignalName")),
        magnification=positive(entries.get("Magnification") or _in(condition, r"Mag=x?(\S+)")),
        accelerating_voltage_kv=positive(entries.get("AcceleratingVoltage"), 1e-3)
        or positive(_in(condition, r"Vacc=(\S+)")),
        working_distance_mm=distance / 1e6 if distance and distance > 0 else None,
        modality="SEM",
        acquired_at=moment(when, "%Y/%m/%d %H:%M:%S", "%m/%d/%Y %H:%M:%S"),
    )


def _in(text: str, pattern: str) -> str:
    found = re.search(pattern, text)
    return found[1] if found else ""
