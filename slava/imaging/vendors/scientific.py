"""What Gatan, Velox, TIA, Phenom, TVIPS and JEOL files say, from rosettasciio's trees."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from slava.domain import Instrument
from slava.domain.micrograph import Modality
from slava.imaging.vendors.quantity import (
    length_nm,
    moment,
    number,
    positive,
    unit_in_nm,
    words,
)
from slava.imaging.vendors.said import Said

LARGEST_NM = 1e6
"""A millimetre per pixel is no electron micrograph: such a number is a reciprocal length."""
RECIPROCAL = "Its pixels are {unit}, as in a diffraction pattern: they have no length."
CAMERA = "Its file says how large the camera's pixels are ({nm:.5g} nm), not those of the specimen."

_FILETIME_EPOCH = 11_644_473_600
"""Seconds from 1601, where Windows counts from, to 1970."""


def scientific(tags: Mapping[str, Any]) -> Said | None:
    """The scale of the x axis, and what the instrument says; ``None`` without axes."""
    axes = tags.get("axes")
    if not axes:
        return None
    original = tags.get("original", {})
    instrument = Instrument()
    for read in (_gatan, _velox, _phenom, _tvips, _jeol):
        found = read(original, tags.get("metadata", {}))
        if found is not None:
            instrument = found
            break
    scale, unit = positive(axes[-1].get("scale")), str(axes[-1].get("units") or "")
    if scale and instrument.vendor == "TVIPS" and unit == "nm":
        return Said(instrument, warnings=(CAMERA.format(nm=scale),))
    said = length_per_px(scale, unit, "scale of the x axis")
    return Said(instrument, said.nm_per_px, said.detail, warnings=said.warnings)


def length_per_px(scale: float | None, unit: str, detail: str) -> Said:
    """``scale`` units per pixel, if the unit is one of length; a reciprocal one is warned of."""
    nm = unit_in_nm(unit)
    if scale is None:
        return Said()
    if nm is None:
        is_reciprocal = re.search(r"1\s*/|\^-1|⁻¹|rad\b|deg", unit)
        return Said(warnings=(RECIPROCAL.format(unit=words(unit)),)) if is_reciprocal else Said()
    if scale * nm > LARGEST_NM:
        return Said(warnings=(RECIPROCAL.format(unit="too large for lengths"),))
    return Said(nm_per_px=scale * nm, detail=detail)


def at(tree: Any, *path: str) -> Any:
    """The value at a path of keys; ``None`` where the path ends early."""
    for key in path:
        if not isinstance(tree, Mapping) or key not in tree:
            return None
        tree = tree[key]
    return tree


def _branches(tree: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(tree, Mapping):
        yield from (branch for branch in tree.values() if isinstance(branch, Mapping))


def _gatan(original: Any, _: Any) -> Instrument | None:
    tags = next(
        (t for b in _branches(at(original, "ImageList")) if (t := at(b, "ImageTags"))), None
    )
    said = at(tags, "Microscope Info")
    if not isinstance(said, Mapping):
        return None
    scanning = str(said.get("Operation Mode", "")).upper() == "SCANNING"
    transmission = "TEM" in f"{said.get('Illumination Mode', '')} {said.get('Operation Mode', '')}"
    volts = positive(said.get("Voltage"), 1e-3)
    is_tem = transmission or (volts or 0) > 40
    return Instrument(
        vendor="Gatan",
        model=words(at(tags, "Session Info", "Microscope") or said.get("Name")),
        detector=words(at(tags, "DataBar", "Signal Name") or at(tags, "DataBar", "Device Name")),
        magnification=positive(said.get("Indicated Magnification")),
        accelerating_voltage_kv=volts,
        modality=("STEM" if scanning else "TEM") if is_tem else "unknown",
        acquired_at=_filetime(at(tags, "DataBar", "Acquisition Time (OS)")),
    )


def _filetime(value: Any) -> str | None:
    ticks = positive(value)
    if ticks is None:
        return None
    try:
        return datetime.fromtimestamp(ticks / 1e7 - _FILETIME_EPOCH, UTC).isoformat("T", "seconds")
    except (OverflowError, OSError, ValueError):
        return None


def _velox(original: Any, metadata: Any) -> Instrument | None:
    optics = at(original, "Optics")
    if not isinstance(optics, Mapping):
        return None
    scanning = {"1": False, "2": True}.get(str(optics.get("OperatingMode")))
    modality: Modality = "unknown" if scanning is None else "STEM" if scanning else "TEM"
    return Instrument(
        vendor=words(at(original, "Instrument", "Manufacturer")),
        model=words(at(original, "Instrument", "InstrumentModel")),
        detector=words(at(metadata, "General", "title")),
        magnification=positive(optics.get("NominalMagnification")),
        accelerating_voltage_kv=positive(optics.get("AccelerationVoltage"), 1e-3),
        modality=modality,
        acquired_at=_general_time(metadata),
    )


def _general_time(metadata: Any) -> str | None:
    day, time = at(metadata, "General", "date"), at(metadata, "General", "time")
    return moment(f"{day} {str(time)[:8]}", "%Y-%m-%d %H:%M:%S")


def _phenom(original: Any, metadata: Any) -> Instrument | None:
    if not str(at(original, "instrument", "type") or "").startswith("Phenom"):
        return None
    volts = number(at(original, "acquisition", "scan", "highVoltage", "value"))
    distance = length_nm(
        f"{at(original, 'workingDistance', 'value')} {at(original, 'workingDistance', 'unit')}"
    )
    detectors = at(original, "acquisition", "scan", "detectors") or {}
    used = [name for name, each in detectors.items() if positive(at(each, "mixFactor"))]
    return Instrument(
        vendor="Phenom",
        model=words(at(original, "instrument", "edition") or at(original, "instrument", "type")),
        detector=words(", ".join(used)),
        accelerating_voltage_kv=abs(volts) if volts else None,
        working_distance_mm=distance / 1e6 if distance and distance > 0 else None,
        modality="SEM",
        acquired_at=_general_time(metadata),
    )


def _tvips(original: Any, metadata: Any) -> Instrument | None:
    header = at(original, "tvips_header")
    if not isinstance(header, Mapping):
        return None
    diffraction = at(metadata, "Signal", "signal_type") == "diffraction"
    volts = positive(header.get("ht"))  # some write kilovolts
    return Instrument(
        vendor="TVIPS",
        magnification=None if diffraction else positive(header.get("magtotal")),
        accelerating_voltage_kv=volts / 1e3 if volts and volts > 1e3 else volts,
        modality="TEM",
        acquired_at=_general_time(metadata),
    )


def _jeol(original: Any, metadata: Any) -> Instrument | None:
    said = at(original, "Instrument")
    if at(said, "ScanSize") is None:
        return None
    optics = at(metadata, "Acquisition_instrument") or {}
    modality: Modality = "SEM" if "SEM" in optics else "TEM" if "TEM" in optics else "unknown"
    return Instrument(
        vendor="JEOL",
        magnification=positive(said.get("Mag")),
        accelerating_voltage_kv=positive(said.get("AccV")),
        modality=modality,
        acquired_at=_general_time(metadata),
    )


def tia_sidecar(text: str) -> Said | None:
    """What the ``.emi`` beside a ``.ser`` says of the instrument; ``None`` when it is none."""
    start, end = text.find("<ObjectInfo>"), text.find("</ObjectInfo>")
    if not 0 <= start < end:
        return None
    text = text[start:end]
    fields = dict(re.findall(r"<Label>([^<]*)</Label><Value>([^<]*)</Value>", text))
    mode = fields.get("Mode", "")
    camera = _element(text, "CameraNamePath")
    scanning = "STEM" in mode
    diffraction = "Diffraction" in mode or (scanning and bool(camera))
    return Said(
        Instrument(
            vendor=words(_element(text, "Manufacturer")),
            model=words(fields.get("Microscope")),
            detector=words(camera),
            magnification=positive(fields.get("Magnification")),
            accelerating_voltage_kv=positive(fields.get("High tension"))
            or positive(_element(text, "AcceleratingVoltage"), 1e-3),
            modality="STEM" if scanning else "TEM",
            acquired_at=moment(_element(text, "AcquireDate"), "%a %b %d %H:%M:%S %Y"),
        ),
        warnings=(RECIPROCAL.format(unit="angles"),) if diffraction else (),
    )


def _element(text: str, name: str) -> str:
    found = re.search(rf"<{name}>([^<]*)</{name}>", text)
    return found[1] if found else ""
