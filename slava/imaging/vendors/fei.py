"""FEI and Thermo Fisher: the INI text in tags 34680 and 34682, as tifffile parses it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slava.domain import Instrument
from slava.imaging.vendors.quantity import moment, number, positive, words
from slava.imaging.vendors.said import Said

_NOT_ELECTRONS = {"IRBeam", "CCD", "NavCam", "CBeam"}


def fei(tags: Mapping[str, Any]) -> Said | None:
    """What the tag says.

    Lengths are metres and voltages volts in it. The magnification is not written; it is the
    width of the canvas it refers to (``Image.MagCanvasRealWidth``) over the field width.
    """
    sections = tags.get("fei")
    if not sections:
        return None
    text = _Sections(sections)
    beam = words(text.get("Beam", "Beam")) or "EBeam"
    nm_per_px, detail, warnings = _pixel_size(text, beam)
    width, height = (
        number(text.get("Image", "ResolutionX")),
        number(text.get("Image", "ResolutionY")),
    )
    return Said(
        instrument=_instrument(text, beam),
        nm_per_px=nm_per_px,
        detail=detail,
        raster_px=(int(width), int(height)) if width and height else None,
        picture_rows=int(height) if height and height > 0 else None,
        databar_rows=_rows(text.get("PrivateFei", "DatabarHeight")),
        warnings=warnings,
    )


class _Sections:
    def __init__(self, sections: Mapping[str, Any]) -> None:
        self._sections = sections

    def get(self, section: str, key: str) -> Any:
        entries = self._sections.get(section)
        value = entries.get(key) if isinstance(entries, Mapping) else None
        return None if value == "" else value

    def anywhere(self, key: str) -> Any:
        """The value in whichever section has the key, as the old XL microscopes write them."""
        values = (self.get(section, key) for section in self._sections)
        return next((value for value in values if value is not None), None)


def _rows(value: Any) -> int | None:
    rows = positive(value)
    return int(rows) if rows else None


def _pixel_size(text: _Sections, beam: str) -> tuple[float | None, str, tuple[str, ...]]:
    scan = words(text.get("Beam", "Scan")) or "EScan"
    for section in (scan, "Scan"):
        across = positive(text.get(section, "PixelWidth"), 1e9)
        down = positive(text.get(section, "PixelHeight"), 1e9)
        if across:
            return across, f"{section}.PixelWidth", _squareness(across, down)
    field = positive(text.get(beam, "HFW"), 1e9)
    columns = positive(text.get("Image", "ResolutionX"))
    if field and columns:
        return field / columns, f"{beam}.HFW over Image.ResolutionX", ()
    return None, "", ()


def _squareness(across: float, down: float | None) -> tuple[str, ...]:
    if down is None or abs(down / across - 1) < 0.01:
        return ()
    return (f"Its pixels are not square: {across:.4g} nm wide and {down:.4g} nm high.",)


def _instrument(text: _Sections, beam: str) -> Instrument:
    volts = text.get(beam, "HV") or text.get("Beam", "HV") or text.anywhere("flAccV")
    distance = text.get(beam, "WD") or text.get("Stage", "WorkingDistance")
    field, canvas = (
        positive(text.get(beam, "HFW")),
        positive(text.get("Image", "MagCanvasRealWidth")),
    )
    electrons = beam not in _NOT_ELECTRONS
    return Instrument(
        vendor="FEI",
        model=words(text.get("System", "SystemType")),
        detector=words(text.get("Detectors", "Name")),
        magnification=positive(
            canvas / field if field and canvas else text.anywhere("Magnification")
        ),
        accelerating_voltage_kv=positive(volts, 1e-3),
        working_distance_mm=positive(distance, 1e3) or positive(text.anywhere("flWD")),
        modality="SEM" if electrons else "optical",
        acquired_at=moment(
            str(text.get("PrivateFei", "TimeOfCreation") or ""), "%d.%m.%Y %H:%M:%S"
        ),
    )
