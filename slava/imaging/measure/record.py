"""A measurement as other rooms need it: JSON, the facts panel's list, outlines for the viewer.

This module must not know how anything was measured.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from slava.domain import (
    Box,
    DefectCandidate,
    Fact,
    MeasuredObject,
    Measurement,
    MeasureSettings,
    Micrograph,
)
from slava.imaging.measure.facts import length_fact

MOST_OUTLINES = 1500
"""The viewer draws no more objects than this: the largest."""

SIZES = {"median_size": "d50", "std_size": "std", "d10": "d10", "d50": "d50", "d90": "d90"}
"""Keys of the record, without their units, and where they are found."""


def facts_of(micrograph: Micrograph, measurement: Measurement | None) -> tuple[Fact, ...]:
    """What the file says, then what was measured, in the order in which people read it."""
    measured = measurement.facts if measurement else ()
    return (*_field_facts(micrograph), *_instrument_facts(micrograph), *measured)


def to_record(measurement: Measurement, nm_per_px: float | None = None) -> dict[str, Any]:
    """The measurement as JSON types; sizes in nm are ``None`` without ``nm_per_px``."""
    sizes = measurement.sizes
    px = {f"{key}_px": getattr(sizes, f"{value}_px", None) for key, value in SIZES.items()}
    return {
        "kind": measurement.kind,
        "kind_confidence": round(float(measurement.kind_confidence), 3),
        "sure": measurement.kind != "unsure",
        "count": measurement.count,
        "mean_size_px": measurement.mean_size_px,
        "mean_size_nm": measurement.mean_size_nm,
        **px,
        **{key[:-2] + "nm": _times(value, nm_per_px) for key, value in px.items()},
        "objects": [_object_record(one, nm_per_px) for one in measurement.objects],
        "defects": [_defect_record(one) for one in measurement.defects],
        "method": measurement.method,
        "parameters": _settings_record(measurement.used),
        "facts": [fact_record(fact) for fact in measurement.facts],
        "warnings": list(measurement.warnings),
    }


def _settings_record(used: MeasureSettings) -> dict[str, Any]:
    return {
        "threshold": used.threshold,
        "polarity": used.polarity,
        "min_size_px": used.min_size_px,
        "region": _corners(used.region) if used.region else None,
        "excluded": [list(point) for point in used.excluded],
    }


def _object_record(one: MeasuredObject, nm_per_px: float | None) -> dict[str, Any]:
    """One object; lengths and areas in pixels, rounded, and its size in nm too."""
    named = {name: getattr(one, name) for name in one.__dataclass_fields__ if name != "box"}
    rounded = {k: round(v, 4) if isinstance(v, float) else v for k, v in named.items()}
    return {**rounded, "size_nm": _times(one.size_px, nm_per_px), "box": _corners(one.box)}


def _defect_record(one: DefectCandidate) -> dict[str, Any]:
    return {"kind": one.kind, "box": _corners(one.box), "strength": round(one.strength, 2)}


def _corners(box: Box) -> list[int]:
    return [box.left, box.top, box.right, box.bottom]


def _times(length_px: float | None, nm_per_px: float | None) -> float | None:
    return None if length_px is None or nm_per_px is None else length_px * nm_per_px


def fact_record(fact: Fact) -> dict[str, Any]:
    """One fact as JSON types."""
    return {
        "name": fact.name,
        "label": fact.label,
        "value": fact.value,
        "unit": fact.unit,
        "uncertainty": fact.uncertainty,
        "method": fact.method,
        "parameters": dict(fact.parameters),
    }


def outlines(
    labels: NDArray[np.integer] | None, *, most: int = MOST_OUTLINES
) -> list[dict[str, Any]]:
    """Polygons around the objects of a label image, largest first when there are too many.

    Parameters
    ----------
    labels : (height_px, width_px)
        Objects from 1; ``None`` gives an empty list.

    Returns
    -------
    list of dict
        Per object, in pixels of the file: ``id``, ``ecd_px`` (diameter of the circle of equal
        area), ``circ`` (circularity 0..1), ``bbox`` [x0, y0, x1, y1] and ``pts``, the outline as
        [x, y, x, y, ...], simplified to within half a pixel or a hundredth of the diameter.
    """
    from skimage.measure import regionprops

    if labels is None or not labels.any():
        return []
    regions = sorted(regionprops(np.asarray(labels)), key=lambda r: (-r.area, r.label))[:most]
    return [_outline(region) for region in sorted(regions, key=lambda r: r.label)]


def _outline(region: Any) -> dict[str, Any]:
    from skimage.measure import approximate_polygon, find_contours

    top, left, bottom, right = region.bbox
    diameter = float(np.sqrt(4 * region.area / np.pi))
    contours = find_contours(np.pad(region.image, 1).astype(np.float32), 0.5)
    longest = max(contours, key=len)
    simple = approximate_polygon(longest, max(0.5, 0.01 * diameter))[:-1]
    # find_contours counts from pixel centres and the padding shifts by one
    points = simple[:, ::-1] + (left - 0.5, top - 0.5)
    perimeter = max(float(region.perimeter_crofton), 1e-9)
    return {
        "id": int(region.label),
        "ecd_px": round(diameter, 2),
        "circ": round(min(1.0, 4 * np.pi * float(region.area) / perimeter**2), 3),
        "bbox": [int(left), int(top), int(right), int(bottom)],
        "pts": [round(float(v), 1) for v in points.ravel()],
    }


def _field_facts(micrograph: Micrograph) -> list[Fact]:
    calibration, picture = micrograph.calibration, micrograph.picture
    scale = calibration.nm_per_px if calibration else None
    source = f"pixel size from {calibration.source}" if calibration else "not calibrated"
    facts = [
        length_fact("field_width", "Field width", micrograph.width_px, scale, method=source),
        length_fact("field_height", "Field height", picture.height_px, scale, method=source),
    ]
    if calibration:
        detail = f" ({calibration.detail})" if calibration.detail else ""
        size = Fact("pixel_size", "Pixel size", calibration.nm_per_px, "nm")
        facts.append(
            Fact(size.name, size.label, size.value, "nm", None, f"{calibration.source}{detail}")
        )
    return facts


def _instrument_facts(micrograph: Micrograph) -> list[Fact]:
    said = micrograph.instrument
    model = " ".join(part for part in (said.vendor, said.model) if part) or None
    rows: tuple[tuple[str, str, float | str | None, str], ...] = (
        ("magnification", "Magnification", said.magnification, "x"),
        ("accelerating_voltage", "Accelerating voltage", said.accelerating_voltage_kv, "kV"),
        ("working_distance", "Working distance", said.working_distance_mm, "mm"),
        ("detector", "Detector", said.detector, ""),
        ("instrument", "Instrument", model, ""),
    )
    read = micrograph.databar_read
    method = "the file or the letters in the picture" if read else "the file's metadata"
    return [
        Fact(name, label, value, unit, None, method)
        for name, label, value, unit in rows
        if value is not None
    ]
