"""The viewer: what it needs to draw a micrograph."""

from __future__ import annotations

from slava.domain import Calibration, Micrograph, ScaleBar
from slava.imaging.display import TILE_PX
from ui.present.words import SOURCES, UNCALIBRATED, Shown, per_pixel
from ui.services.measuring import Known
from ui.services.pictures import Picture


def viewer(
    micrograph: Micrograph,
    picture: Picture,
    known: Known,
    base: str,
    *,
    bar: ScaleBar | None = None,
    reading: bool = False,
) -> Shown:
    """What the viewer needs to draw a micrograph; its pixels it fetches itself.

    Parameters
    ----------
    bar
        The scale bar in the picture that waits for a yes.
    reading
        Whether one is being looked for.
    """
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
        "region": _region(known),
        "bar": _bar(bar) if bar else None,
        "reading": reading,
    }


def _region(known: Known) -> list[int] | None:
    """Left, top, width and height of the part that was measured; ``None`` for the picture."""
    measured = known.measurement
    region = measured.used.region if measured else None
    if region is None or region == known.micrograph.picture:
        return None
    return [region.left, region.top, region.width_px, region.height_px]


def _bar(bar: ScaleBar) -> Shown:
    box = bar.box
    return {
        "text": bar.text,
        "nm": bar.length_nm,
        "px": bar.length_px,
        "confidence": bar.confidence,
        "box": [box.left, box.top, box.right, box.bottom] if box else None,
    }


def _outlines_version(known: Known) -> str:
    """Changes with the outlines; empty when there are none."""
    measured = known.measurement
    if measured is None or measured.labels is None:
        return ""
    return f"{measured.kind}-{measured.count}-{measured.mean_size_px}"


def calibration_text(calibration: Calibration | None) -> str:
    """``4.538 nm/px · from the file``, or that there is none."""
    if calibration is None:
        return UNCALIBRATED
    return f"{per_pixel(calibration.nm_per_px)} · {SOURCES[calibration.source]}"
