"""Periodic patterns: spacings and angles of the lattice that repeats.

This module must not know how the lattice was found.
"""

from __future__ import annotations

import numpy as np

from slava.domain import Fact, MeasureSettings
from slava.imaging.measure.facts import Ruler, length_fact
from slava.imaging.measure.found import Found
from slava.imaging.measure.lattice import Lattice
from slava.imaging.measure.prepared import Prepared

METHOD = "peaks of the Fourier spectrum, fitted by one lattice"


def measure_pattern(prepared: Prepared, settings: MeasureSettings, ruler: Ruler) -> Found:
    """Spacings and angles of whatever repeats."""
    used = MeasureSettings(region=prepared.box, excluded=settings.excluded)
    lattice, step = prepared.lattice
    if lattice is None:
        return Found(METHOD, used, warnings=("Nothing repeats often enough to be measured.",))
    fine = Ruler(ruler.step * step, ruler.nm_per_px)
    facts = _facts(lattice, fine)
    return Found(METHOD, used, tuple(facts), None, fine.px(float(np.hypot(*lattice.first))))


def _facts(lattice: Lattice, ruler: Ruler) -> list[Fact]:
    parameters: dict[str, float | int | str] = {
        "explained": round(lattice.explained, 3),
        "reduced_by": ruler.step,
    }
    rows = [("lattice_spacing", "Spacing", lattice.first)]
    if lattice.second is not None:
        rows.append(("lattice_spacing_second", "Second spacing", lattice.second))
    facts = [
        length_fact(
            name,
            label,
            ruler.px(float(np.hypot(*vector))),
            ruler.nm_per_px,
            uncertainty_px=ruler.px(lattice.error),
            method=METHOD,
            parameters=parameters,
        )
        for name, label, vector in rows
    ]
    turned = "Direction of repetition, counterclockwise from horizontal"
    facts.append(Fact("lattice_direction", turned, lattice.angle_deg, "°", None, METHOD))
    if lattice.between_deg is not None:
        angle = lattice.between_deg
        facts.append(Fact("lattice_angle", "Angle between spacings", angle, "°", None, METHOD))
    return facts
