"""The viewer: what it needs to draw a micrograph."""

from __future__ import annotations

from slava.domain import Calibration, Micrograph
from slava.imaging.display import TILE_PX
from ui.present.words import SOURCES, UNCALIBRATED, Shown
from ui.services.measuring import Known
from ui.services.pictures import Picture


def viewer(micrograph: Micrograph, picture: Picture, known: Known, base: str) -> Shown:
    """What the viewer needs to draw a micrograph; its pixels it fetches itself."""
    height, width = picture.levels[0].shape
    calibration = micrograph.calibration
    return {
        "id": micrograph.id,
        "name": micrograph.name,
        "w": width,
        "h": height,
        "bits": micrograph.bit_depth,
        "dtype": picture.samples,
        "tile": TILE_PX,
        "levels": [[level.shape[1], level.shape[0]] for level in picture.levels],
        "nm_per_px": micrograph.nm_per_px,
        "calibration": calibration_text(calibration),
        "calibration_detail": calibration.detail if calibration else "",
        "can_undo": calibration is not None and calibration.source == "manual",
        "min": picture.smallest,
        "max": picture.largest,
        "lo": picture.low,
        "hi": picture.high,
        "hist": list(picture.histogram),
        "base": f"{base}/m/{micrograph.id}",
        "outlines": _outlines_version(known),
    }


def _outlines_version(known: Known) -> str:
    measured = known.measurement
    return str(measured.count) if measured is not None and measured.labels is not None else ""


def calibration_text(calibration: Calibration | None) -> str:
    """``4.538 nm/px · from the file``, or that there is none."""
    if calibration is None:
        return UNCALIBRATED
    return f"{calibration.nm_per_px:.4g} nm/px · {SOURCES[calibration.source]}"
