"""A question may give away neither the category, nor the answer, nor the name of the file."""

from __future__ import annotations

import pytest

from slava.packs import load_pack
from slava.teacher.checks import rules_of
from slava.teacher.checks.label_leak import telling_stems
from tests.checks.examples import RULES, calibrated, flags_of

ANSWER = "They are compact bodies on an even ground."


def leaks(question: str, answer: str = ANSWER, **more: object) -> list[float]:
    """The severities of the leaks of one question about a micrograph labelled ``label``."""
    name, label = str(more.pop("name", "a")), str(more.pop("label", "particles"))
    flags = flags_of(answer, calibrated(name, label=label), question=question, **more)
    return [f.severity for f in flags if f.kind == "label_leak"]


@pytest.mark.parametrize(
    ("question", "label"),
    [
        ("What kind of particles are these?", "particles"),
        ("To which class does this fibrous mat belong?", "fibres"),
        ("Which kind of fiber network is it?", "fibres"),
        ("Is this porous, sponge-like network natural?", "porous_sponge"),
        ("What is this patterned surface?", "patterned_surfaces"),
        ("Which kind of coating is it?", "films_and_coated_surfaces"),
        ("Which kind of powdery matter is it?", "powder"),
    ],
)
def test_the_category_is_given_away(question: str, label: str) -> None:
    assert leaks(question, label=label, aspect="basics") == [0.9]
    assert leaks(question, label=label, aspect="size") == [0.3]


@pytest.mark.parametrize("label", load_pack().labels)
def test_the_questions_of_the_pack_give_nothing_away(label: str) -> None:
    for aspect in load_pack().aspects:
        assert leaks(aspect.question, label=label, aspect=aspect.label) == []


def test_a_choice_among_the_classes_is_no_leak() -> None:
    choices = ", ".join(c.title for c in load_pack().classes)
    assert leaks(f"Which category is it: {choices}?", "Particles.", kind="classification") == []


def test_the_answer_is_given_away() -> None:
    given = "Compact bodies on even ground, aren't they?"
    assert leaks(f"Why are they compact bodies on an even ground? {given}") == [0.6]
    assert leaks("How was the mean diameter of 312 nm found?", "It is 312 nm.") == [0.6]
    assert leaks("Do they lie on an even ground?", "They lie on an even ground.") == []
    assert leaks("Is it even or uneven?", "It is even.") == []
    assert leaks("How large are the structures?", "The structures are large.") == []


def test_the_name_of_the_file_is_given_away() -> None:
    assert leaks("What is seen in L9_67328b7f?", name="L9_67328b7f") == [0.8]
    assert leaks("What is seen in photo.png?") == [0.6]
    assert leaks("What is seen among the bodies?", name="bodies") == []


def test_words_that_several_classes_share_do_not_tell() -> None:
    assert "surfac" not in telling_stems("films_and_coated_surfaces", RULES)
    for pack_id in ("nanomaterials", "glass", "steel_defects", "textures", "corrosion"):
        pack = load_pack(pack_id)
        told = [telling_stems(label, rules_of(pack)) for label in pack.labels]
        assert not set.intersection(*map(set, told))
