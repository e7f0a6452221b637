"""TIFF of programs rather than instruments: ImageJ, DigitalMicrograph, Olympus, TVIPS.

The plain resolution of a file (72, 96, 300 per inch) is that of a printed page and is never
a calibration.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slava.domain import Instrument
from slava.imaging.vendors.quantity import positive
from slava.imaging.vendors.said import Said
from slava.imaging.vendors.scientific import length_per_px


def imagej(tags: Mapping[str, Any]) -> Said | None:
    """ImageJ: the unit in its description, pixels per unit in the resolution."""
    entries = tags.get("imagej")
    if not entries:
        return None
    unit = _unescaped(str(entries.get("unit", "")))
    per_unit = _ratio(tags.get("tiff", {}).get("XResolution"))
    return length_per_px(1 / per_unit if per_unit else None, unit, f"ImageJ, pixels per {unit}")


def gatan(tags: Mapping[str, Any]) -> Said | None:
    """A TIFF that DigitalMicrograph exported: tags 65003 and 65009."""
    plain = tags.get("tiff", {})
    if "GatanScaleX" not in plain or "GatanUnitX" not in plain:
        return None
    said = length_per_px(positive(plain["GatanScaleX"]), str(plain["GatanUnitX"]), "tag 65009")
    return Said(Instrument(vendor="Gatan"), said.nm_per_px, said.detail, warnings=said.warnings)


def olympus(tags: Mapping[str, Any]) -> Said | None:
    """Olympus SIS: metres per pixel."""
    entries = tags.get("olympus")
    if not entries:
        return None
    instrument = Instrument(vendor="Olympus", magnification=positive(entries.get("magnification")))
    return Said(instrument, positive(entries.get("pixelsizex"), 1e9), "pixelsizex")


def tvips(tags: Mapping[str, Any]) -> Said | None:
    """TVIPS EM-MENU: nanometres per pixel, volts."""
    entries = tags.get("tvips")
    if not entries:
        return None
    instrument = Instrument(
        vendor="TVIPS",
        magnification=positive(entries.get("Magnification")),
        accelerating_voltage_kv=positive(entries.get("HighTension"), 1e-3)
        or positive(entries.get("TemHighTension"), 1e-3),
        modality="TEM",
    )
    return Said(instrument, positive(entries.get("PixelSizeX")), "PixelSizeX")


def _unescaped(unit: str) -> str:
    return unit.replace("\\u00B5", "µ").replace("\\u00b5", "µ")


def _ratio(value: Any) -> float | None:
    try:
        above, below = value
        return above / below if above > 0 and below > 0 else None
    except (TypeError, ValueError):
        return None
