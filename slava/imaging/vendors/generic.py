"""Programs rather than vendors: ImageJ, Gatan, Olympus, TVIPS, and rosettasciio's axes.

The plain resolution of a file (72, 96, 300 per inch) is that of a printed page and is never
a calibration.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from slava.domain import Instrument
from slava.domain.micrograph import Modality
from slava.imaging.vendors.quantity import positive, unit_in_nm, words
from slava.imaging.vendors.said import Said

_RECIPROCAL = "Its pixels are in {unit}, as in a diffraction pattern: they are no lengths."


def imagej(tags: Mapping[str, Any]) -> Said | None:
    """ImageJ: the unit in its description, pixels per unit in the resolution."""
    entries = tags.get("imagej")
    if not entries:
        return None
    unit = _unescaped(str(entries.get("unit", "")))
    per_unit = _ratio(tags.get("tiff", {}).get("XResolution"))
    return _length(1 / per_unit if per_unit else None, unit, f"ImageJ, pixels per {unit}")


def gatan(tags: Mapping[str, Any]) -> Said | None:
    """A TIFF that DigitalMicrograph exported: tags 65003 and 65009."""
    plain = tags.get("tiff", {})
    if "GatanScaleX" not in plain or "GatanUnitX" not in plain:
        return None
    said = _length(positive(plain["GatanScaleX"]), str(plain["GatanUnitX"]), "tag 65009")
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


def scientific(tags: Mapping[str, Any]) -> Said | None:
    """The axes and the common metadata that rosettasciio gives."""
    axes = tags.get("axes")
    if not axes:
        return None
    across = axes[-1]
    said = _length(
        positive(across.get("scale")), str(across.get("units") or ""), "scale of the x axis"
    )
    return Said(
        _instrument(tags.get("metadata", {})), said.nm_per_px, said.detail, warnings=said.warnings
    )


def _instrument(metadata: Any) -> Instrument:
    general = _branch(metadata, "General")
    acquisition = _branch(metadata, "Acquisition_instrument")
    for name in ("TEM", "SEM"):
        said = _branch(acquisition, name)
        if said:
            break
    stem = "STEM" in str(said.get("acquisition_mode", ""))
    modality: Modality = "STEM" if stem else name if said else "unknown"  # type: ignore[assignment]
    when = f"{general.get('date', '')}T{general.get('time', '')}"
    return Instrument(
        model=words(said.get("microscope")),
        magnification=positive(said.get("magnification")),
        accelerating_voltage_kv=positive(said.get("beam_energy")),
        working_distance_mm=positive(said.get("working_distance")),
        detector=words(_branch(said, "Detector").get("detector_type")),
        modality=modality,
        acquired_at=when if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*", when) else None,
    )


def _branch(tree: Any, name: str) -> Mapping[str, Any]:
    branch = tree.get(name) if isinstance(tree, Mapping) else None
    return branch if isinstance(branch, Mapping) else {}


def _length(scale: float | None, unit: str, detail: str) -> Said:
    nm = unit_in_nm(unit)
    if scale is None:
        return Said()
    if nm is None:
        if re.search(r"1\s*/|\^-1|⁻¹|mrad|\brad\b|deg", unit):
            return Said(warnings=(_RECIPROCAL.format(unit=words(unit)),))
        return Said()
    return Said(nm_per_px=scale * nm, detail=detail)


def _unescaped(unit: str) -> str:
    return unit.replace("\\u00B5", "µ").replace("\\u00b5", "µ")


def _ratio(value: Any) -> float | None:
    try:
        above, below = value
        return above / below if above > 0 and below > 0 else None
    except (TypeError, ValueError):
        return None
