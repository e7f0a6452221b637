"""Questions with more and more context, none of which gives the answer away."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slava.domain import Fact
from slava.metrics.contexts import (
    LEVELS,
    TYPES,
    Attribute,
    attributes_of,
    context_questions,
    gain,
    leak,
    level_table,
    type_counts,
)
from slava.packs import load_pack

FACTS = (
    Fact("field_width", "Width of the field", 12.3, "µm"),
    Fact("instrument", "Instrument", "Vendor Model 5"),
    Fact("accelerating_voltage", "Accelerating voltage", 5.0, "kV"),
    Fact("particle_count", "Number of particles", 132),
    Fact("particle_diameter_mean", "Mean diameter", 120.0, "nm", 4.0),
    Fact("particle_diameter_median", "Median diameter", 150.0, "nm"),
    Fact("coverage", "Area covered", 41.0, "%"),
)
PAPER = (
    "The film was annealed at 450 °C for two hours. Its hardness is high. "
    "The cracks run along the grain boundaries.",
)
PARTICLES = load_pack("nanomaterials").class_of("particles")
ALL = attributes_of(FACTS, PARTICLES, PAPER)
SURFACE = ("Is the surface smooth or rough?", "The surface is rough and grainy.")


def test_attributes_are_of_five_types_and_only_of_what_is_known() -> None:
    assert {a.type for a in ALL} == set(TYPES)
    by_type = {t: [a.text for a in ALL if a.type == t] for t in TYPES}
    assert by_type["processing_conditions"] == ["The film was annealed at 450 °C for two hours"]
    assert "Its hardness is high" in by_type["properties"]
    assert "mean diameter: 120 ± 4 nm" in by_type["properties"]
    assert by_type["material_type"] == ["it shows particles"]
    told = " ".join(a.text for a in ALL)
    assert "Vendor" not in told
    assert "cracks" not in told
    assert attributes_of(()) == ()


def test_each_level_adds_one_attribute() -> None:
    asked = context_questions(*SURFACE, ALL)
    assert [q.level for q in asked] == list(LEVELS)
    assert [len(q.attributes) for q in asked] == [0, 1, 2, 3]
    assert asked[0].question == SURFACE[0]
    for less, more in pairwise(asked):
        assert more.attributes[: len(less.attributes)] == less.attributes
    assert all(q.question.endswith(SURFACE[0]) for q in asked)
    assert all(a.text in asked[3].question for a in asked[3].attributes)
    assert len({a.type for a in asked[3].attributes}) == 3
    assert asked[1].attributes[0].type in ("material_type", "appearance")


def test_a_seed_decides_which_attributes() -> None:
    assert context_questions(*SURFACE, ALL, seed=3) == context_questions(*SURFACE, ALL, seed=3)
    chosen = {context_questions(*SURFACE, ALL, seed=s)[3].attributes for s in range(12)}
    assert len(chosen) > 4


@pytest.mark.parametrize(
    ("question", "answer", "leaks"),
    [
        ("How large are the particles?", "About 120 nm.", {"_diameter_"}),
        ("How many are there?", "There are 132.", {"_count"}),
        ("At which voltage was it taken?", "At 5 kV.", {"voltage"}),
        ("What kind of material is this?", "Particles on a film.", {"material"}),
        ("Is it dense?", "It covers 41 % of the area.", {"coverage"}),
        ("What happened to the film?", "It was annealed for two hours.", {"annealed"}),
    ],
)
def test_what_answers_the_question_is_not_told(question: str, answer: str, leaks: set[str]) -> None:
    refused = [a for a in ALL if leak(a, question, answer)]
    named = " ".join(f"{a.type} {a.fact} {a.text}" for a in refused)
    assert all(word in named for word in leaks), named
    for seed in range(5):
        told = context_questions(question, answer, ALL, seed=seed)[-1].attributes
        assert not set(told) & set(refused)


def test_a_median_is_not_told_where_a_mean_is_asked_for() -> None:
    median = next(a for a in ALL if a.fact == "particle_diameter_median")
    assert "size" in leak(median, "What is the mean diameter?", "It is 120 nm.")
    assert not leak(median, *SURFACE)


def test_a_paper_that_speaks_of_cracks_is_silent_where_defects_are_asked_for() -> None:
    (told,) = attributes_of((), passages=("Cracks formed when the film was annealed.",))
    assert leak(told, "Are there any defects?", "Yes, long fractures.")
    assert not leak(told, *SURFACE)


def test_attributes_together_do_not_answer_either() -> None:
    told = [Attribute("other", word) for word in ("granular", "porous", "brittle", "dark")]
    asked = context_questions("How is it?", "Granular, porous, brittle, dark.", told)
    assert [q.level for q in asked] == ["none", "basic"]


def test_levels_without_attributes_are_missing() -> None:
    assert [q.level for q in context_questions(*SURFACE, ALL[:2])] == ["none", "basic", "moderate"]
    assert [q.level for q in context_questions(*SURFACE, ())] == ["none"]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40), st.text(max_size=40), st.integers(0, 9))
def test_any_question_is_taken(question: str, answer: str, seed: int) -> None:
    asked = context_questions(question, answer, ALL, seed=seed)
    assert 1 <= len(asked) <= 4
    assert not any(leak(a, question, answer) for a in asked[-1].attributes)


def test_tables_for_the_heat_map() -> None:
    counts = type_counts(context_questions(*SURFACE, ALL))
    assert [sum(counts[level].values()) for level in LEVELS[1:]] == [1, 2, 3]
    table = level_table(
        [
            ("General", "none", 60),
            ("General", "none", 70),
            ("General", "high", 90),
            ("M", "none", 1),
        ]
    )
    assert table == {"General": {"none": 65, "high": 90}, "M": {"none": 1}}
    assert gain(table) == {"General": 25}
