"""TESCAN: lines of ``Key=Value`` in tag 50431, and the same in a sidecar ``.hdr``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from slava.domain import Instrument
from slava.imaging.vendors.quantity import moment, positive, words
from slava.imaging.vendors.said import Said

_LINE = re.compile(rb"([A-Za-z][A-Za-z0-9 ]{1,60})=([^\r\n\0]{0,400})[\r\n]")


def tescan(tags: Mapping[str, Any]) -> Said | None:
    """What the tag says. It holds a preview picture too, which is passed over."""
    blob = tags.get("tiff", {}).get("TESCAN")
    if isinstance(blob, str):
        blob = blob.encode("utf-8", "replace")
    if not isinstance(blob, bytes):
        return None
    return _said({key.decode(): _text(value) for key, value in _LINE.findall(blob)}, "tag 50431")


def tescan_sidecar(text: str) -> Said | None:
    """What a ``.hdr`` says; ``None`` when it is not one of TESCAN's."""
    if "[MAIN]" not in text or "PixelSizeX" not in text:
        return None
    lines = (line.partition("=") for line in text.splitlines() if "=" in line)
    return _said({key.strip(): value.strip() for key, _, value in lines}, "PixelSizeX")


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace").strip()


def _said(entries: Mapping[str, str], where: str) -> Said | None:
    nm_per_px = positive(entries.get("PixelSizeX"), 1e9)
    if nm_per_px is None and "Device" not in entries:
        return None
    strip = positive(entries.get("ImageStripSize"))
    return Said(
        instrument=_instrument(entries),
        nm_per_px=nm_per_px,
        detail="PixelSizeX" if where == "PixelSizeX" else f"PixelSizeX in {where}",
        databar_rows=int(strip) if strip else None,
        warnings=_squareness(nm_per_px, positive(entries.get("PixelSizeY"), 1e9)),
    )


def _squareness(across: float | None, down: float | None) -> tuple[str, ...]:
    if not across or not down or abs(down / across - 1) < 0.01:
        return ()
    return (f"Its pixels are not square: {across:.4g} nm wide and {down:.4g} nm high.",)


def _instrument(entries: Mapping[str, Any]) -> Instrument:
    volts = entries.get("HV") or entries.get("AcceleratorVoltage")
    when = f"{entries.get('Date', '')} {entries.get('Time', '')}"
    return Instrument(
        vendor="TESCAN",
        model=words(entries.get("Device")),
        detector=words(entries.get("Detector") or entries.get("Detector0")),
        magnification=positive(entries.get("Magnification")),
        accelerating_voltage_kv=positive(volts, 1e-3),
        working_distance_mm=positive(entries.get("WD"), 1e3),
        modality="SEM",
        acquired_at=moment(when, "%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M:%S"),
    )
