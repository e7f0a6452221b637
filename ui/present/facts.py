"""The facts: the table under the viewer."""

from __future__ import annotations

from slava.domain import Fact, MeasureSettings, Micrograph
from ui.present.words import SOURCES, UNCALIBRATED, Shown, per_pixel
from ui.services.measuring import Known, Wish


def facts(known: Known, wish: Wish, grey: tuple[float, float], base: str) -> Shown:
    """The table under the viewer, the warnings, how it is measured, and the user's notes.

    Parameters
    ----------
    wish
        What somebody has set by hand.
    grey
        The lowest and the highest grey value of the file.
    """
    used = known.measurement.used if known.measurement else wish.settings
    return {
        "id": known.micrograph.id,
        "state": known.state,
        "status": _facts_status(known),
        "rows": [
            _calibration_row(known.micrograph),
            *(_fact_row(fact) for fact in known.facts if fact.name != "pixel_size"),
        ],
        "warnings": list(known.warnings),
        "notes": known.micrograph.notes,
        "kind": wish.kind or "",
        "options": _options(wish.settings),
        "used": {"threshold": used.threshold, "min_size_px": used.min_size_px},
        "grey": list(grey),
        "base": f"{base}/m/{known.micrograph.id}",
    }


def _options(settings: MeasureSettings) -> Shown:
    region = settings.region
    box = [region.left, region.top, region.width_px, region.height_px] if region else None
    return {
        "threshold": settings.threshold,
        "min_size_px": settings.min_size_px,
        "polarity": settings.polarity,
        "region": box,
        "excluded": [list(point) for point in settings.excluded],
    }


def _facts_status(known: Known) -> str:
    if known.state == "measuring":
        return "measuring …"
    if known.state == "failed":
        return known.error
    measured = known.measurement
    if measured is None or measured.kind in ("unsure", "other"):
        return ""
    return f"measured as {measured.kind} (sure to {measured.kind_confidence:.0%})"


def _calibration_row(micrograph: Micrograph) -> Shown:
    calibration = micrograph.calibration
    text = per_pixel(calibration.nm_per_px) if calibration else UNCALIBRATED
    method = (
        SOURCES[calibration.source] if calibration else "sizes are in pixels until it is calibrated"
    )
    detail = calibration.detail if calibration else ""
    return _row("calibration", "Calibration", text, method, detail)


def _fact_row(fact: Fact) -> Shown:
    parameters = ", ".join(f"{name} = {value}" for name, value in fact.parameters.items())
    detail = "\n".join(part for part in (fact.method, parameters) if part)
    strong = not isinstance(fact.value, str)
    return _row(fact.name, fact.label, fact.text, fact.method, detail, strong=strong)


def _row(
    name: str, label: str, text: str, method: str, detail: str, *, strong: bool = True
) -> Shown:
    return {
        "name": name,
        "label": label,
        "text": text,
        "method": method,
        "detail": detail or method,
        "strong": strong,
    }
