"""What a model is told: by level, in words, and no length in nm without a calibration."""

import re

import pytest

from slava.domain import Calibration, Fact, Micrograph, MicrographId
from slava.errors import BadSetting
from slava.vlm.context import LEVELS, build_context, level_of

FACTS = (
    Fact("field_width", "Field width", 7.52, "µm", method="calibration"),
    Fact("particle_count", "Particles", 17, method="Otsu, watershed"),
    Fact("quality_noise", "Noise", 2.1, "%"),
)


def micrograph(calibrated: bool = True, notes: str = "") -> Micrograph:
    return Micrograph(
        id=MicrographId("0" * 64),
        name="a.tif",
        format="TIFF",
        width_px=1024,
        height_px=768,
        bit_depth=8,
        size_bytes=1,
        calibration=Calibration(7.344, "metadata", "Scan") if calibrated else None,
        notes=notes,
    )


def test_each_level_tells_more_than_the_one_before() -> None:
    told = [build_context(micrograph(notes="annealed"), FACTS, level) for level in LEVELS]
    assert [len(c.facts) for c in told] == [0, 1, 2, 3]
    assert [c.text.count("\n") for c in told] == [0, 2, 3, 5]
    assert "annealed" in told[3].text
    assert "annealed" not in told[2].text


def test_none_tells_nothing_at_all() -> None:
    context = build_context(micrograph(), FACTS, "none")
    assert (context.text, context.facts, context.calibration) == ("", (), None)


def test_the_source_of_the_calibration_is_told() -> None:
    text = build_context(micrograph(), (), "basic").text
    assert "7.344 nm per pixel (source: metadata)" in text


def test_uncalibrated_is_said_and_no_physical_length_appears() -> None:
    facts = (Fact("particle_diameter_mean", "Mean diameter", 61.5, "px"),)
    text = build_context(micrograph(calibrated=False), facts, "high").text
    assert "not calibrated" in text
    assert not re.search(r"\d\s*(nm|µm)", text)


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(BadSetting, match="'full' is none of none, basic, moderate, high"):
        level_of("full")


def test_a_fact_reads_as_people_write_it() -> None:
    assert Fact("d", "D", 452.13, "nm", uncertainty=31.4).text == "452.1 ± 31 nm"
    assert Fact("c", "C", 12.5, "%").text == "12.5%"
    assert Fact("n", "N", 17).text == "17"
    assert Fact("v", "V", "ETD").text == "ETD"
