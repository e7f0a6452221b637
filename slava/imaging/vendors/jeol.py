"""JEOL: a sidecar ``.txt`` with lines of ``$CM_KEY value``, ``$$SM_KEY value``, and the XML of
the SightX transmission microscopes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from slava.domain import Instrument
from slava.imaging.vendors.quantity import length_nm, moment, positive, size, words
from slava.imaging.vendors.said import Said

_LINE = re.compile(r"^\${1,2}([A-Z]{2}_[A-Z0-9_]+)[ \t]+(.*?)\s*$", re.MULTILINE)
_NO_SIZE = "The sidecar does not say for which size of picture it was written; compare the bar."
_NM_PER_UNIT = {2: 25.4e6, 3: 10e6}
"""TIFF 6.0, ResolutionUnit: inch, centimetre."""


def jeol_sidecar(text: str) -> Said | None:
    """What a sidecar says; ``None`` when it is not one of JEOL's.

    The pixel size is the length of its scale bar over the bar's pixels. Its size is that of the
    picture, with or without the databar.
    """
    entries = dict(_LINE.findall(text))
    if not any(key.startswith(("CM_", "SM_")) for key in entries):
        return None
    bar_px = positive(entries.get("SM_MICRON_BAR"))
    bar_nm = length_nm(entries.get("SM_MICRON_MARKER", ""))
    raster = size(entries.get("CM_FULL_SIZE", ""))
    return Said(
        instrument=_instrument(entries),
        nm_per_px=bar_nm / bar_px if bar_px and bar_nm and bar_nm > 0 else None,
        detail="SM_MICRON_MARKER over SM_MICRON_BAR",
        raster_px=raster,
        picture_rows=raster[1] if raster else None,
        warnings=() if raster else (_NO_SIZE,),
    )


def _instrument(entries: Mapping[str, str]) -> Instrument:
    when = f"{entries.get('CM_DATE', '')} {entries.get('CM_TIME', '')}"
    return Instrument(
        vendor="JEOL",
        model=words(entries.get("CM_INSTRUMENT")),
        detector=words(
            entries.get("CM_DETECTOR_NAME")
            or entries.get("CM_DETECTOR")
            or entries.get("CM_SIGNAL")
        ),
        magnification=positive(entries.get("CM_MAG")),
        accelerating_voltage_kv=positive(entries.get("CM_ACCEL_VOLT")),
        working_distance_mm=positive(entries.get("SM_WD")),
        modality="SEM",
        acquired_at=moment(when, "%Y/%m/%d %H:%M:%S"),
    )


def jeol_sightx(tags: Mapping[str, Any]) -> Said | None:
    """What the XML in the description of a SightX TIFF says.

    The TIFF's resolution is that of the camera; divided by the magnification it is that of the
    specimen. A diffraction pattern has no length per pixel.
    """
    plain = tags.get("tiff", {})
    text = str(plain.get("ImageDescription", ""))
    if not str(plain.get("Make", "")).startswith("JEOL") or "<TemReporter" not in text:
        return None
    mode, value = _element(text, "ModeString"), positive(_element(text, "SelectorValue"))
    is_tem = _element(text, "EosMode") == "eosTEM"
    instrument = Instrument(
        vendor="JEOL",
        model=words(plain.get("Model")),
        magnification=value if mode == "MAG" else None,
        accelerating_voltage_kv=positive(_element(text, "AccelerationVoltage"), 1e-3),
        modality="TEM" if is_tem else "STEM",
        acquired_at=words(_element(text, "DateTime")[:19]),
    )
    if is_tem and mode == "MAG" and value:
        pitch = _camera_pitch_nm(plain)
        nm = pitch / value if pitch else None
        return Said(instrument, nm, "XResolution over SelectorValue")
    if mode == "DIFF":
        warning = "It is a diffraction pattern: its pixels are angles, not lengths."
        return Said(instrument, warnings=(warning,))
    return Said(instrument)


def _element(text: str, name: str) -> str:
    found = re.search(rf"<{name}>([^<]*)</{name}>", text)
    return found[1] if found else ""


def _camera_pitch_nm(plain: Mapping[str, Any]) -> float | None:
    unit = _NM_PER_UNIT.get(int(plain.get("ResolutionUnit", 0)))
    try:
        above, below = plain["XResolution"]
        return unit * below / above if unit else None
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
