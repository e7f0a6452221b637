"""Facts turned into sentences are never flagged; with one number changed they always are."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from slava.domain import Calibration, Fact
from slava.teacher.checks import Known
from slava.teacher.checks.wrong_number import wrong_number
from tests.checks.examples import RULES, micrograph, pair

LENGTHS = {
    "particle_diameter_mean": (
        "The mean diameter of the particles is {}.",
        "On average the particles are {} across.",
        "The particles measure {} on average, and they lie on an even ground.",
        "They have a mean size of {}, which was measured on all of them.",
        "A typical particle is {} wide.",
        "The bodies, {} in mean diameter, are round.",
        "Round particles of {} in diameter are seen.",
        "Mean diameter: {}.",
    ),
    "particle_diameter_std": (
        "The standard deviation of the diameters is {}.",
        "Their diameters have a spread of {}.",
    ),
    "particle_diameter_d90": ("The D90 value of the diameters is {}.",),
    "lattice_spacing": (
        "The pattern repeats with a spacing of {}.",
        "The rows are {} apart.",
        "A period of {} was measured.",
    ),
    "field_width": (
        "The field of view is {} wide.",
        "The picture spans {}.",
        "The field width is {}, enough to see many of them.",
    ),
    "pixel_size": ("One pixel is {}.", "The pixel size is {}.", "It has {} per pixel."),
    "working_distance": ("The working distance was {}.", "It was taken at WD = {}."),
}
OTHERS = {
    "particle_count": (
        "In total {} particles were counted.",
        "There are {} particles in the field.",
        "The number of particles is {}.",
        "The picture shows {} round particles.",
    ),
    "coverage": ("The particles cover {}% of the field.", "{} percent of the area is covered."),
    "accelerating_voltage": ("It was recorded at {} kV.", "The voltage was {} kV."),
    "magnification": ("The magnification is {}x.", "It was taken at a magnification of {}."),
    "particle_aspect_ratio": ("The mean aspect ratio is {}.",),
}
NM = {"nm": 1.0, "µm": 1e3, "mm": 1e6}


def known_micrograph(draw: Random) -> Known:
    """A calibrated micrograph of particles, everything about it drawn."""
    nm, mean_px, share = draw.uniform(0.5, 200), draw.uniform(12, 60), draw.uniform(0.1, 0.4)

    def length(name: str, label: str, px: float) -> Fact:
        value = px * nm
        unit = "µm" if value >= 1e3 else "nm"
        return Fact(name, label, value / NM[unit], unit)

    facts = (
        length("field_width", "Field width", 1024),
        length("field_height", "Field height", 768),
        Fact("pixel_size", "Pixel size", nm, "nm"),
        Fact("working_distance", "Working distance", draw.uniform(2, 20), "mm"),
        Fact("accelerating_voltage", "Accelerating voltage", draw.uniform(0.5, 30), "kV"),
        Fact("magnification", "Magnification", float(draw.randint(50, 200_000)), "x"),
        Fact("particle_count", "Particles", draw.randint(8, 900)),
        length("particle_diameter_mean", "Mean diameter", mean_px),
        length("particle_diameter_std", "Spread of diameters", mean_px * share),
        length("particle_diameter_d90", "D90, 90 % are smaller", mean_px * (1 + 1.3 * share)),
        length("lattice_spacing", "Spacing", mean_px * 2.6),
        Fact("coverage", "Area covered", draw.uniform(5, 60), "%"),
        Fact("particle_aspect_ratio", "Aspect ratio", draw.uniform(1.05, 4)),
    )
    return Known(micrograph(calibration=Calibration(nm, "metadata")), facts)


def claim(draw: Random, name: str, template: str, factor: float) -> tuple[Known, str]:
    """A sentence about one fact, its value times ``factor``."""
    known = known_micrograph(draw)
    fact = next(f for f in known.facts if f.name == name)
    changed = float(fact.value) * factor
    if name in LENGTHS:
        unit = draw.choice(["nm", "µm"]) if fact.unit != "mm" else "mm"
        text = f"{_four(changed * NM[fact.unit] / NM[unit])} {unit}"
    elif name in ("particle_count", "magnification"):
        text = str(round(changed))
    else:
        text = _four(changed)
    return known, template.format(text)


def _four(value: float) -> str:
    return replace(Fact("", "", value), unit="").text


def wrong(known: Known, sentence: str) -> list[str]:
    """The flags of the one check that is tried here."""
    draft, told = pair(sentence, about=(known,)), {known.micrograph.id: known}
    return [f.detail for f in wrong_number(draft, told, RULES)]


TEMPLATES = [(n, t) for table in (LENGTHS, OTHERS) for n, texts in table.items() for t in texts]


@pytest.mark.parametrize(("name", "template"), TEMPLATES)
def test_a_fact_in_words_is_never_flagged(name: str, template: str) -> None:
    draw = Random(f"right {template}")
    for _ in range(30):
        told = claim(draw, name, template, 1.0)
        assert wrong(*told) == [], told[1]


@pytest.mark.parametrize(("name", "template"), TEMPLATES)
def test_a_changed_number_is_always_flagged(name: str, template: str) -> None:
    draw = Random(f"wrong {template}")
    for factor in (0.1, 0.4, 0.7, 1.4, 2.3, 10.0, 1000.0) * 5:
        told = claim(draw, name, template, factor)
        assert len(wrong(*told)) == 1, told[1]
