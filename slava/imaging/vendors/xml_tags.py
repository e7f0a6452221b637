"""Metadata as XML: Phenom and Velox in tag 34683, OME-TIFF in the description."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from slava.domain import Instrument
from slava.imaging.vendors.quantity import length_nm, moment, number, positive, unit_in_nm, words
from slava.imaging.vendors.said import Said
from slava.imaging.vendors.scientific import length_per_px


def thermo(tags: Mapping[str, Any]) -> Said | None:
    """What tag 34683 says: ``FeiImage`` of the Phenoms, ``Metadata`` of Velox and its kin."""
    root = _parse(tags.get("tiff", {}).get("ThermoXML"))
    if root is None:
        return None
    return {"FeiImage": _phenom, "Metadata": _velox}.get(_name(root), _nobody)(root)


def ome(tags: Mapping[str, Any]) -> Said | None:
    """OME-TIFF: ``PhysicalSizeX`` of the first ``Pixels``, µm unless it says otherwise."""
    text = str(tags.get("tiff", {}).get("ImageDescription", ""))
    if "<OME" not in text:
        return None
    root = _parse(text)
    pixels = _find(root, "Pixels") if root is not None else None
    if pixels is None:
        return None
    unit = pixels.get("PhysicalSizeXUnit", "µm")
    return length_per_px(positive(pixels.get("PhysicalSizeX")), unit, "PhysicalSizeX of OME")


def _nobody(_: ElementTree.Element) -> Said | None:
    return None


def _phenom(root: ElementTree.Element) -> Said:
    volts = number(_text(root, "highVoltage"))
    detectors = _find(root, "detectors")
    used = [_name(each) for each in detectors or () if positive(_text(each, "mixFactor"))]
    return Said(
        instrument=Instrument(
            vendor="Phenom",
            model=words(_text(root, "type")),
            detector=words(", ".join(used)),
            accelerating_voltage_kv=abs(volts) * _kilo(root, "highVoltage") if volts else None,
            working_distance_mm=_millimetres(root, "workingDistance"),
            modality="SEM",
            acquired_at=moment(_text(root, "time")[:19], "%Y-%m-%dT%H:%M:%S"),
        ),
        nm_per_px=_nanometres(root, "pixelWidth"),
        detail="pixelWidth in tag 34683",
    )


def _velox(root: ElementTree.Element) -> Said:
    size = _find(root, "PixelSize")
    across = _find(size, "X") if size is not None else None
    unit = across.get("unit", "") if across is not None else ""
    scale = positive(across.text) if across is not None else None
    said = length_per_px(scale, unit, "PixelSize in tag 34683")
    distance = positive(_text(root, "WorkingDistance"), 1e3)
    instrument = Instrument(
        vendor=words(_text(root, "Manufacturer")),
        model=words(_text(root, "InstrumentModel") or _text(root, "InstrumentClass")),
        detector=words(_text(root, "DetectorName")),
        magnification=positive(_text(root, "NominalMagnification")),
        accelerating_voltage_kv=positive(_text(root, "AccelerationVoltage"), 1e-3),
        working_distance_mm=distance,
        modality="SEM" if distance else "unknown",
        acquired_at=moment(_text(root, "AcquisitionDatetime")[:19], "%Y-%m-%dT%H:%M:%S"),
    )
    return Said(instrument, said.nm_per_px, said.detail, warnings=said.warnings)


def _parse(text: Any) -> ElementTree.Element | None:
    if not isinstance(text, str) or "<" not in text or "<!ENTITY" in text:
        return None
    try:
        return ElementTree.fromstring(re.sub(r"^[^<]*", "", text).rstrip("\0 \r\n"))
    except (ElementTree.ParseError, ValueError):
        return None


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _find(root: ElementTree.Element | None, name: str) -> ElementTree.Element | None:
    """The first element of this name at any depth, in whatever namespace."""
    if root is None:
        return None
    return next((each for each in root.iter() if _name(each) == name), None)


def _text(root: ElementTree.Element, name: str) -> str:
    found = _find(root, name)
    return (found.text or "").strip() if found is not None else ""


def _kilo(root: ElementTree.Element, name: str) -> float:
    found = _find(root, name)
    return 1.0 if found is not None and found.get("unit", "kV").lower() == "kv" else 1e-3


def _nanometres(root: ElementTree.Element, name: str) -> float | None:
    found = _find(root, name)
    if found is None or unit_in_nm(found.get("unit", "")) is None:
        return None
    length = length_nm(f"{found.text} {found.get('unit')}")
    return length if length and length > 0 else None


def _millimetres(root: ElementTree.Element, name: str) -> float | None:
    length = _nanometres(root, name)
    return length / 1e6 if length else None
