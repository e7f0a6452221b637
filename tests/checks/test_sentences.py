"""Sentences as people and teachers write them, and the flags that each must get, or none."""

from __future__ import annotations

import pytest

from slava.domain import Composition, Fact, PaperWords
from slava.teacher.checks import CHECKS
from tests.checks.examples import calibrated, flags_of, kinds_of, uncalibrated

RIGHT = [
    "The mean diameter is 312 nm.",
    "The mean diameter of the particles is 312.4 ± 8.1 nm.",
    "The particles are about 0.31 µm across.",
    "The particles are roughly 300 nanometres wide.",
    "Particle sizes range from 220 to 400 nm.",
    "They measure 312 ± 52 nm.",
    "The median diameter is 305 nm, the mean 312 nm.",
    "One tenth are smaller than the D10 value of 221 nm.",
    "The standard deviation of the diameters is 52 nm.",
    "The particles are smaller than 1 µm.",
    "They are larger than 100 nm and smaller than 500 nm.",
    "The particles are a few hundred nanometres in size.",
    "In total 42 particles were counted.",
    "There are forty-two particles in the field.",
    "About 40 particles are visible.",
    "Two large particles touch at the left.",
    "Several particles touch each other.",
    "The particles cover 38.5 % of the field.",
    "The field of view is 3.28 µm wide.",
    "The field of view is 3.28 × 2.46 µm.",
    "One pixel is 3.2 nm.",
    "It was recorded at 10 kV with a working distance of 4.1 mm.",
    "The magnification is 40,000x.",
    "It was taken at 40 kX.",
    "The main direction is 34° from the horizontal.",
    "The mean aspect ratio is 1.21 and the circularity 0.88.",
    "The pattern repeats with a spacing of 640 nm.",
    "The dots are 312 nm wide and repeat every 0.64 µm with a period of 640 nm.",
    "The largest particle is about 450 nm in diameter.",
    "The layer below has a thickness of 100 nm.",
    "The coarse ones are 2x larger than the fine ones.",
    "The diameter is 98 pixels, which is 312 nm.",
    "Scale bar = 1 µm, WD = 4.1 mm, EHT = 10.00 kV, Stage Z = 48.000 mm.",
]

WRONG = [
    ("The mean diameter is 450 nm.", "mean diameter"),
    ("The mean diameter is 312 µm.", "mean diameter"),
    ("The particles are about 500 nm across.", "diameter"),
    ("The particles are a few micrometres in size.", "diameter"),
    ("Particle sizes range from 500 to 900 nm.", "diameter"),
    ("The particles are smaller than 100 nm.", "diameter"),
    ("The mean diameter is 312 ± 150 nm.", "diameter"),
    ("The median diameter is 405 nm, the mean 312 nm.", "median"),
    ("The standard deviation of the diameters is 120 nm.", "spread"),
    ("In total 24 particles were counted.", "particles"),
    ("There are twelve particles in the field.", "particles"),
    ("Some 300 of the particles, 300 particles in all, touch.", "particles"),
    ("The particles cover 65 % of the field.", "area"),
    ("The field of view is 5.1 µm wide.", "field"),
    ("The field of view is 3.28 × 9.5 µm.", "field"),
    ("One pixel is 5.4 nm.", "pixel size"),
    ("It was recorded at 15 kV.", "accelerating voltage"),
    ("The working distance was 8.2 mm.", "working distance"),
    ("The magnification is 25,000x.", "magnification"),
    ("The main direction is 80° from the horizontal.", "direction"),
    ("The mean aspect ratio is 2.5.", "aspect ratio"),
    ("The pattern repeats with a spacing of 1.2 µm.", "spacing"),
    ("A crack of 40 µm length runs through the surface.", "field width"),
    ("The diameter is 200 pixels.", "diameter"),
]

OTHERS = [
    ("The particles contain titanium.", {"invented_element"}),
    ("These are TiO2 nanoparticles.", {"invented_element"}),
    ("The particles are made of gold and silver.", {"invented_element"}),
    ("Si, O and Al are present.", {"invented_element"}),
    ("The coating is probably tin oxide.", {"invented_element"}),
    ("A spectrum would be needed to tell whether titanium is present.", set()),
    ("The composition cannot be told from the grey values.", set()),
    ("No defects. In the field, as seen, He may be at rest. I see no lead to follow.", set()),
    ("The bright phase may lead to a higher contrast.", set()),
    ("It looks like a tin can.", set()),
    ("A tungsten filament was used as the source.", set()),
    ("The particles, e.g. those at the left, are round.", {"abbreviation"}),
    ("This SEM picture shows round bodies.", {"abbreviation"}),
    ("Assembled bodies are seen.", set()),
    ("The value is NaN, as of HY100 and type AB12.", set()),
    ("word " * 60, {"length"}),
    ("", {"length"}),
    ("See figure_2b.tif for more.", {"label_leak"}),
]

UNCALIBRATED = [
    ("The fibres are 97.6 ± 2.5 px wide.", set()),
    ("The fibres are 98 pixels wide; true sizes are unknown.", set()),
    ("The working distance was 4.1 mm.", set()),
    ("The label of the scale bar reads 10 µm.", set()),
    ("No length in nm can be given.", set()),
    ("The fibres are 2 µm wide.", {"uncalibrated_unit"}),
    ("The fibres are several micrometres wide.", {"uncalibrated_unit"}),
    ("The area is 12 µm².", {"uncalibrated_unit"}),
    ("One pixel is 3 nm.", {"uncalibrated_unit"}),
    ("The fibres are 150 px wide.", {"wrong_number"}),
]


def test_every_check_is_asked() -> None:
    assert len(CHECKS) == 6


@pytest.mark.parametrize("sentence", RIGHT)
def test_a_right_sentence_has_no_flag(sentence: str) -> None:
    assert flags_of(sentence) == ()


@pytest.mark.parametrize(("sentence", "fact"), WRONG)
def test_a_wrong_number_names_the_fact_it_contradicts(sentence: str, fact: str) -> None:
    flags = flags_of(sentence)
    assert [f.kind for f in flags] == ["wrong_number"]
    assert fact in flags[0].detail.lower()
    assert 0.5 <= flags[0].severity <= 1


@pytest.mark.parametrize(("sentence", "kinds"), OTHERS)
def test_other_flags(sentence: str, kinds: set[str]) -> None:
    assert kinds_of(sentence) == kinds


@pytest.mark.parametrize(("sentence", "kinds"), UNCALIBRATED)
def test_without_a_calibration(sentence: str, kinds: set[str]) -> None:
    assert kinds_of(sentence, uncalibrated()) == kinds


def test_a_slip_of_units_is_worse_than_a_rough_number() -> None:
    slip, rough = flags_of("The mean diameter is 312 µm."), flags_of("The mean diameter is 380 nm.")
    assert slip[0].severity == 1.0 > rough[0].severity


def test_elements_are_let_pass_where_they_are_given() -> None:
    said = "The TiO2 particles are round."
    assert "invented_element" in kinds_of(said)
    assert not kinds_of(said, calibrated(composition=Composition("EDX")))
    assert not kinds_of(said, calibrated(notes="Titanium dioxide, batch seven."))
    assert not kinds_of(said, question="Which shape have the bodies of titania?")
    assert "invented_element" in kinds_of("Zinc is seen.", calibrated(notes="titanium dioxide"))


def test_a_spectrum_that_does_not_exist() -> None:
    said = "The elemental analysis shows 40 at% of the metal."
    assert [f.severity for f in flags_of(said) if f.kind == "invented_element"] == [1.0]
    assert not kinds_of(said, calibrated(composition=Composition("EDX", "iron")))


def test_what_composition_data_do_not_show_is_still_a_claim() -> None:
    iron = calibrated(composition=Composition("EDX", "Fe, O"))
    assert not kinds_of("The iron oxide particles are round.", iron)
    (flag,) = flags_of("The particles consist of zinc.", iron)
    assert flag.kind == "invented_element"
    assert flag.detail.endswith("the composition data do not show it.")


def test_what_a_paper_says_is_not_invented() -> None:
    said = "The glass holds droplets of silica of 2 µm."
    kinds = kinds_of(said, uncalibrated())
    assert {"invented_element", "uncalibrated_unit"} <= set(kinds)
    paper = PaperWords("Silica-rich droplets.", ("They are 2 µm wide.",))
    assert not kinds_of(said, uncalibrated(paper=paper))


def test_a_claim_with_a_hedge_weighs_less() -> None:
    sure, hedged = flags_of("They contain iron."), flags_of("They might contain iron.")
    assert sure[0].severity > hedged[0].severity


def test_of_two_micrographs_a_number_may_belong_to_either() -> None:
    other = uncalibrated("other")
    both = (calibrated(), other)
    assert not kinds_of("They are 312 nm in the first and 98 px in the second.", *both)
    assert kinds_of("They are 700 nm in the first and 98 px in the second.", *both) == {
        "wrong_number"
    }


def test_a_fact_that_is_hardly_known_contradicts_nothing() -> None:
    facts = (Fact("fibre_diameter_mean", "Fibre diameter", 277.0, "nm", 710.0),)
    assert not kinds_of("The fibres are 1.2 µm wide.", calibrated(facts=facts))
    sure = (Fact("fibre_diameter_mean", "Fibre diameter", 277.0, "nm", 20.0),)
    assert kinds_of("The fibres are 1.2 µm wide.", calibrated(facts=sure)) == {"wrong_number"}
