"""Slots: the decoder says *where* a number stands, code says *which*.

A slot is a token such as ``<SIZE>``. What fills it is copied from a measured fact or from the
calibration, never computed by a network. This module must not know how facts are measured; the
agreement is their stable names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from slava.domain import Calibration, Fact

FACT_OF_SLOT: dict[str, tuple[str, ...]] = {
    "SIZE": ("particle_diameter_mean", "fibre_diameter_mean"),
    "COUNT": ("particle_count", "fibre_count"),
    "COVERAGE": ("coverage",),
    "ORIENTATION": ("orientation",),
    "ALIGNMENT": ("alignment", "orientation_order"),
    "SPREAD": ("particle_diameter_std", "fibre_diameter_std"),
    "PERIOD": ("period",),
    "POROSITY": ("porosity", "pore_fraction"),
    "FIELD_WIDTH": ("field_width",),
    "PIXEL_SIZE": ("pixel_size",),
    "MAGNIFICATION": ("magnification",),
    "VOLTAGE": ("accelerating_voltage",),
    "WORKING_DISTANCE": ("working_distance",),
    "DETECTOR": ("detector",),
}
"""Which facts may fill a slot, the first present one does."""

OWN_SLOTS = ("ESTIMATE", "FIRST", "SECOND", "THIRD", "CONFIDENCE", "SOURCE")
"""Slots filled by the model's own judgement, and said to be so in the sentence around them."""

SLOTS = (*FACT_OF_SLOT, *OWN_SLOTS)
SLOT_TOKENS = tuple(f"<{name}>" for name in SLOTS)

PHYSICAL_UNITS = frozenset({"nm", "µm", "mm", "pm", "nm/px", "nm per pixel", "µm/px", "nm²", "µm²"})
OF_THE_INSTRUMENT = frozenset({"working_distance"})
"""Lengths that the file states of the instrument: they need no calibration."""

NOT_AVAILABLE = "not available"
_SLOT = re.compile("<(" + "|".join(SLOTS) + ")>")


def fact_slots(facts: Iterable[Fact], calibration: Calibration | None) -> dict[str, str]:
    """What the known facts and the calibration put into slots.

    A length of the specimen in a physical unit is left out without a calibration.
    """
    told = {f.name: f for f in facts if _admitted(f, calibration)}
    filled: dict[str, str] = {}
    for slot, names in FACT_OF_SLOT.items():
        fact = next((told[n] for n in names if n in told), None)
        if fact is not None:
            filled[slot] = fact.text
    if calibration is not None:
        filled.setdefault("PIXEL_SIZE", f"{calibration.nm_per_px:.4g} nm")
        filled["SOURCE"] = calibration.source
    else:
        filled.pop("PIXEL_SIZE", None)
        filled.pop("FIELD_WIDTH", None)
    return filled


def _admitted(fact: Fact, calibration: Calibration | None) -> bool:
    if calibration is not None or fact.name in OF_THE_INSTRUMENT:
        return True
    if isinstance(fact.value, str):
        return not re.search(r"\d\s*(?:[nµumpc]m|[åÅ])\b", fact.value)
    return fact.unit not in PHYSICAL_UNITS


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values into the slots of ``text``; one without a value becomes plain words."""
    return _SLOT.sub(lambda match: values.get(match[1], NOT_AVAILABLE), text)


def slots_in(text: str) -> tuple[str, ...]:
    """The slots that ``text`` names, in order."""
    return tuple(_SLOT.findall(text))
