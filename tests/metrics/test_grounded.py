"""Answers held against measured facts, people's labels, and a swapped micrograph."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slava.domain import Calibration, Fact, Micrograph, MicrographId
from slava.metrics.grounded import ground, grounded_figures
from slava.metrics.labels import defect_figures, says_category, says_defect
from slava.metrics.reliance import reliance
from slava.packs import load_pack
from slava.teacher.checks.known import Known

NANO = load_pack("nanomaterials")
WORDS = ["120", "nm", "µm", "132", "particles", "no", "cracks", "5 kV", "±", "-", "to", "1e9", "."]


def known(nm_per_px: float | None = 2.0) -> Known:
    calibration = Calibration(nm_per_px, "metadata") if nm_per_px else None
    micrograph = Micrograph(MicrographId("a" * 64), "x.tif", "TIFF", 1000, 800, 8, 1, calibration)
    unit = "nm" if nm_per_px else "px"
    size = 120.0 if nm_per_px else 60.0
    return Known(
        micrograph,
        (
            Fact("particle_diameter_mean", "Mean diameter of the particles", size, unit, 2.0),
            Fact("particle_count", "Number of particles", 132),
            Fact("accelerating_voltage", "Accelerating voltage", 5.0, "kV"),
            *((Fact("field_width", "Width of the field", 2.0, "µm"),) if nm_per_px else ()),
        ),
    )


@pytest.mark.parametrize(
    ("answer", "checkable", "wrong"),
    [
        ("The particles have a mean diameter of 121 nm.", 1, 0),
        ("The particles have a mean diameter of 0.12 µm.", 1, 0),
        ("The particles have a mean diameter of 250 nm.", 1, 1),
        ("The particles have a mean diameter of 120 µm.", 1, 1),
        ("There are 132 particles, imaged at 5 kV.", 2, 0),
        ("There are 400 particles, imaged at 20 kV.", 2, 2),
        ("The surface is smooth.", 0, 0),
    ],
)
def test_numbers_are_checked_with_their_units(answer: str, checkable: int, wrong: int) -> None:
    found = ground("How large are the particles?", answer, known())
    assert (found.checkable, found.count("wrong_number")) == (checkable, wrong)
    assert found.quantities >= found.checkable


def test_a_scale_without_calibration_is_invented_and_its_refusal_is_seen() -> None:
    asked = "How large are the particles?"
    invents = ground(asked, "The particles are about 50 nm across.", known(None))
    assert invents.count("uncalibrated_unit") == 1
    assert not invents.declines
    pixels = "They are 60 px across; their physical size is unknown without a calibration."
    assert ground(asked, pixels, known(None)).declines
    for told in (
        "The micrograph is not calibrated, so no size can be given in nanometres.",
        "Without a scale bar I cannot tell the diameter.",
        "The pixel size is unknown.",
    ):
        assert ground(asked, told, known(None)).declines, told
        assert not ground(asked, told, known()).declines
    assert not ground(asked, "They are round.", known(None)).declines


def test_invented_elements_are_seen_unless_the_question_names_them() -> None:
    answer = "The particles consist of gold."
    assert ground("What is shown?", answer, known()).count("invented_element") == 1
    assert ground("Are the gold particles round?", answer, known()).count("invented_element") == 0


def test_figures_of_many_answers() -> None:
    size = "How large are they?"
    figures = grounded_figures(
        [
            ground(size, "The particles have a mean diameter of 121 nm.", known()),
            ground(size, "The particles have a mean diameter of 300 nm.", known()),
            ground(size, "The particles are 40 nm across.", known(None)),
            ground(size, "The size is unknown; there is no calibration.", known(None)),
        ]
    )
    assert (figures.answers, figures.checkable, figures.numbers_right) == (4, 2, 0.5)
    assert figures.with_wrong_numbers == 0.25
    assert figures.with_invented_elements == 0
    assert (figures.uncalibrated, figures.with_invented_scale, figures.declining) == (2, 0.5, 0.5)
    calibrated = grounded_figures([ground(size, "They are round.", known())])
    assert (calibrated.numbers_right, calibrated.declining) == (None, None)
    with pytest.raises(ValueError, match="no answer"):
        grounded_figures([])


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("Yes, near the left edge.", True),
        ("No, the surface is intact.", False),
        ("A long crack runs across the film.", True),
        ("The surface is smooth, with no visible cracks, scratches or voids.", False),
        ("There is no debris, but a fracture is visible.", True),
        ("The film is defect-free.", False),
        ("The film is free of flaws.", False),
        ("Cracks are not visible.", False),
        ("This may indicate a defect.", True),
        ("It cannot be determined whether defects are present.", None),
        ("More information is needed to identify any anomaly.", None),
        ("The particles are round.", None),
        ("No cracks are seen, but a scratch is.", True),
        ("No", False),
        ("Noble metals cover the film.", None),
    ],
)
def test_defects_are_read_from_answers(answer: str, said: bool | None) -> None:
    assert says_defect(answer) is said


def test_defect_figures_show_what_always_yes_would_reach() -> None:
    truth = [True] * 8 + [False] * 2
    always = defect_figures([True] * 10, truth)
    assert (always.accuracy, always.balanced, always.always_the_same) == (0.8, 0.5, 0.8)
    mixed = defect_figures([True, None, *[True] * 6, False, None], truth)
    assert mixed.sensitivity == pytest.approx(7 / 8)
    assert (mixed.specificity, mixed.undecided, mixed.accuracy) == (0.5, 0.2, 0.8)
    assert defect_figures([True], [True]).balanced is None
    with pytest.raises(ValueError, match="nothing to judge"):
        defect_figures([], [])


@pytest.mark.parametrize(
    ("answer", "label"),
    [
        ("It shows nanowires.", "nanowires"),
        ("Its category is films_and_coated_surfaces.", "films_and_coated_surfaces"),
        ("This is a porous, sponge-like network.", "porous_sponge"),
        ("A MEMS device or electrode structure.", "mems_devices_and_electrodes"),
        ("Category: patterned surfaces", "patterned_surfaces"),
        ("Nanowires and particles.", None),
        ("A rock.", None),
        ("", None),
    ],
)
def test_the_category_is_read_from_answers(answer: str, label: str | None) -> None:
    assert says_category(answer, NANO) == label


def test_an_answer_that_ignores_the_micrograph_is_found() -> None:
    own = ["Round particles of even size.", "Long fibres in a mesh."]
    blind = reliance(own, ["round particles of even size", "Long fibres in a mesh."], own)
    assert (blind.changed, blind.difference) == (0, 0)
    assert blind.nearer_with_own == 0.5
    seeing = reliance(own, ["A flat film.", "Pores everywhere."], own)
    assert (seeing.changed, seeing.nearer_with_own) == (1, 1)
    assert seeing.difference > 0.7
    assert reliance(own, own).nearer_with_own is None
    with pytest.raises(ValueError, match="nothing to judge"):
        reliance([], [])
    with pytest.raises(ValueError, match="zip"):
        reliance(["a"], [])


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80) | st.lists(st.sampled_from(WORDS), max_size=15).map(" ".join))
def test_any_answer_is_taken(answer: str) -> None:
    for shown in (known(), known(None)):
        found = ground("How large are they?", answer, shown)
        assert found.count("wrong_number") <= found.checkable <= found.quantities
        grounded_figures([found])
    assert says_defect(answer) in (True, False, None)
    says_category(answer, NANO)
