"""What can be asked, how it is answered, and that numbers are copied and never invented."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slava.domain import Calibration, Fact
from slava.synthetic.truth import CATEGORIES, MORPHOLOGY_WORDS
from slava.vlm.slava_model.language.answers import answer
from slava.vlm.slava_model.language.ask import Ask
from slava.vlm.slava_model.language.consistency import contradictions, forbidden
from slava.vlm.slava_model.language.intents import DECODED, INTENTS, NAMES, STYLES
from slava.vlm.slava_model.language.phrases import CATEGORY, SHAPE, agree
from slava.vlm.slava_model.language.replies import REPLIES
from slava.vlm.slava_model.language.slots import SLOTS, fact_slots, fill, slots_in
from slava.vlm.slava_model.language.traits import Traits
from slava.vlm.slava_model.language.understand import MOST_CHARACTERS, shorten, understand
from training.builtin.questions import question_bank
from training.builtin.said_numbers import foreign_numbers, has_physical_unit
from training.builtin.text import draw_ask, draw_traits

CALIBRATED = Calibration(1.5, "metadata")
seeds = st.integers(0, 2**32 - 1)


def some_ask(seed: int) -> Ask:
    rng = random.Random(seed)
    return draw_ask(draw_traits(rng), rng)


@given(seeds)
def test_no_answer_contradicts_its_decision(seed: int) -> None:
    ask = some_ask(seed)
    assert contradictions(answer(ask), ask.traits) == ()


@given(seeds)
def test_answers_hold_no_digits_but_slots_that_have_values(seed: int) -> None:
    ask = some_ask(seed)
    text = answer(ask)
    assert not any(c.isdigit() for c in text)
    assert set(slots_in(text)) <= ask.known


@given(seeds)
def test_answers_are_whole_sentences(seed: int) -> None:
    text = answer(some_ask(seed))
    assert text[0].isupper() or text.startswith("<")
    assert text.endswith(".")
    assert "|" not in text
    assert "  " not in text


def test_an_answer_of_another_category_is_a_contradiction() -> None:
    rng = random.Random(0)
    ask = draw_ask(draw_traits(rng), rng, "category")
    for category in CATEGORIES:
        traits = Traits(category, "round", *("isolated", "random", "low", "smooth", "narrow"))
        other = next(c for c in CATEGORIES if c != category)
        told = answer(Ask("category", Traits(other, *_rest(traits)), style=ask.style))
        assert contradictions(told, traits)


def _rest(traits: Traits) -> tuple[str, ...]:
    return (
        traits.morphology,
        traits.arrangement,
        traits.orientation,
        traits.coverage,
        traits.texture,
        traits.spread,
    )


def test_a_defect_and_no_defect_exclude_each_other() -> None:
    plain = ("particles", "round", "isolated", "random", "low", "smooth", "narrow")
    whole, cracked = Traits(*plain), Traits(*plain, defect="crack")
    for style in range(STYLES):
        assert contradictions(answer(Ask("defect", cracked, style=style)), whole)
        assert contradictions(answer(Ask("defect", whole, style=style)), cracked)


def test_an_unsure_decision_names_no_category() -> None:
    plain = ("particles", "round", "isolated", "random", "low", "smooth", "narrow")
    traits = Traits(*plain, sure=False)
    assert "particles" in forbidden(traits)
    assert not any("category" in t or "morphology" in t for t in traits.tokens)


def test_every_word_of_the_truth_has_a_phrase() -> None:
    assert set(CATEGORY) == set(CATEGORIES)
    assert set(SHAPE) == set(MORPHOLOGY_WORDS)


def test_verbs_agree() -> None:
    assert agree("The tip are|is sharp.", plural=False) == "The tip is sharp."
    assert agree("The fibres cover|covers it.", plural=True) == "The fibres cover it."


def test_there_are_more_than_twenty_kinds_of_question_each_asked_in_many_ways() -> None:
    bank = question_bank()
    assert len(DECODED) >= 20
    assert all(len(bank.asked[name]) >= 25 for name in NAMES)
    for name in NAMES:
        tested = {*bank.held_out[name], *bank.blind[name]}
        assert tested
        assert not tested & set(bank.asked[name]), name


def test_every_undecoded_intent_has_a_reply() -> None:
    assert set(REPLIES) == {i.name for i in INTENTS if not i.decoded}


# ------------------------------------------------------------------------------------ slots
def test_values_are_copied_exactly() -> None:
    facts = (Fact("particle_diameter_mean", "Mean diameter", 45.24, "nm", 3.1),)
    values = fact_slots(facts, CALIBRATED)
    assert fill("It is <SIZE>.", values) == f"It is {facts[0].text}."


def test_without_a_calibration_no_length_in_a_physical_unit_is_told() -> None:
    facts = (
        Fact("particle_diameter_mean", "Mean diameter", 45.2, "nm"),
        Fact("field_width", "Field width", 3.2, "µm"),
        Fact("pixel_size", "Pixel size", 1.5, "nm"),
        Fact("fibre_diameter_mean", "Fibre diameter", "about 12 nm"),
        Fact("particle_count", "Particles", 12),
    )
    values = fact_slots(facts, None)
    assert values == {"COUNT": "12"}


def test_pixels_are_told_without_a_calibration() -> None:
    facts = (Fact("particle_diameter_mean", "Mean diameter", 45.2, "px"),)
    assert fact_slots(facts, None) == {"SIZE": "45.2 px"}


def test_a_slot_without_a_value_becomes_words() -> None:
    assert fill("It is <SIZE>.", {}) == "It is not available."


@given(st.sampled_from(SLOTS), st.text(max_size=20))
def test_filling_changes_nothing_but_slots(slot: str, value: str) -> None:
    assert fill(f"a <{slot}> b", {slot: value}) == f"a {value} b"


def test_the_measures_of_the_evaluation_see_what_they_should() -> None:
    assert foreign_numbers("It is 45.2 nm.", {"45.2 nm"}) == []
    assert foreign_numbers("It is 45.3 nm.", {"45.2 nm"}) == ["45.3"]
    assert has_physical_unit("about 12 nm")
    assert not has_physical_unit("about 12 px")


# ---------------------------------------------------------------------------- understanding
def judge(questions: Sequence[str]) -> list[tuple[str, float]]:
    def one(text: str) -> tuple[str, float]:
        low = text.lower()
        found = [
            n for w, n in (("many", "count"), ("large", "size"), ("crack", "defect")) if w in low
        ]
        if len(found) == 1:
            return found[0], 0.9
        return (found[0], 0.5) if found else ("unknown", 0.3)

    return [one(q) for q in questions]


def intents(question: str, *earlier: str) -> list[str]:
    return [p.intent for p in understand(question, earlier, judge).parts]


def test_parts_of_a_question_are_answered_in_order() -> None:
    assert intents("How large are they? And how many are there?") == ["size", "count"]
    assert intents("how large are they and how many are there") == ["size", "count"]


def sure_judge(questions: Sequence[str]) -> list[tuple[str, float]]:
    """A judge that is sure of the last thing it reads of, as the router is of long questions."""
    known = (("imaged", "technique"), ("used", "application"), ("what is it", "category"))
    return [
        next(((n, 0.95) for w, n in known if w in q.lower()), ("unknown", 0.2)) for q in questions
    ]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is it used for and how was it imaged?", ["application", "technique"]),
        ("How was it imaged and what is it?", ["technique"]),
    ],
)
def test_a_question_that_seems_of_one_kind_is_taken_apart_only_into_whole_questions(
    question: str, expected: list[str]
) -> None:
    assert [p.intent for p in understand(question, (), sure_judge).parts] == expected


def test_a_short_follow_up_leans_on_the_question_before() -> None:
    assert intents("and in nm?", "How large are they?") == ["size"]
    assert intents("and in nm?") == ["unknown"]


def test_more_means_the_same_again_at_length() -> None:
    asked = understand("Tell me more.", ["How large are they?"], judge)
    assert asked.parts[0].intent == "size"
    assert asked.detailed


@pytest.mark.parametrize(
    "question", ["这张图片显示了什么?", "Какой размер частиц?", "粒子の大きさは?"]
)
def test_other_scripts_are_told_apart(question: str) -> None:
    assert intents(question) == ["language"]


def test_a_wish_for_length_is_heard() -> None:
    assert understand("how large, in detail", (), judge).detailed
    assert not understand("how large, briefly", (), judge).detailed


@given(st.text(max_size=3000))
def test_any_text_is_cut_to_a_bound(text: str) -> None:
    assert len(shorten(text)) <= MOST_CHARACTERS + 2


def test_of_a_long_text_the_ends_count() -> None:
    assert intents("How large are they? " + "bla " * 30_000) == ["size"]
    assert intents("bla " * 30_000 + "How many are there?") == ["count"]
