"""Figures of answers: each against the library, the fact, the label or the number it stands on."""

from __future__ import annotations

from typing import Any

import pytest
from nltk.translate.bleu_score import sentence_bleu
from rouge_score.rouge_scorer import RougeScorer

from slava.domain import Answered, AnswerKey, EvaluationSpec, Fact, MeasureName, TestItem
from slava.evaluation.columns import FIGURES
from slava.evaluation.figures import (
    Given,
    Scored,
    Scorer,
    figures_of,
    named_class,
    quantity_figures,
)
from slava.evaluation.items import category_item, make_item
from slava.packs import load_pack
from slava.teacher.checks.known import Known
from tests.evaluation.test_asking import IDS, a_micrograph

PACK = load_pack()
CLASSES = ("fibres", "particles", "powder")


def scored(
    item: TestItem,
    answer: str,
    *measures: MeasureName,
    nm_per_px: float | None = 2.0,
    swapped: str = "",
    **more: Any,
) -> Scored:
    facts = (Fact("particle_diameter_mean", "Mean diameter", 50.0, "nm"),)
    known = Known(a_micrograph(IDS[0], nm_per_px), facts if nm_per_px else ())
    scorer = Scorer(EvaluationSpec((), measures, "", ""), PACK, lambda _: known)
    answered = Answered(AnswerKey("k"), answer, **more)
    return scorer.score(Given(item, "high", answered, swapped))


def test_texts_are_compared_by_the_libraries() -> None:
    reference = "The particles are round and lie close together on a flat substrate."
    said = "The particles are round and lie on a rough substrate."
    figures = scored(make_item(IDS[0], "What?", reference=reference), said, "text").figures
    bleu = sentence_bleu([reference.split()], said.split(), weights=(0.5, 0.5))
    assert figures["bleu2"] == pytest.approx(bleu)
    rouge = RougeScorer(["rougeL"]).score(reference, said)["rougeL"].fmeasure
    assert figures["rougeL"] == pytest.approx(rouge)


def test_numbers_are_held_against_facts_and_units_against_the_calibration() -> None:
    item = make_item(IDS[0], "How large are the particles?")
    right = scored(item, "The mean diameter of the particles is 51 nm.", "grounded")
    assert right.figures == {"numbers_right": 1.0, "nothing_invented": 1.0}
    wrong = scored(item, "The mean diameter of the particles is 90 nm.", "grounded")
    assert wrong.figures["numbers_right"] == 0.0
    assert "90 nm" in wrong.flags[0]
    blind = scored(item, "They are 90 nm wide.", "grounded", nm_per_px=None)
    assert blind.figures == {"nothing_invented": 0.0, "declines": 0.0}
    honest = scored(
        item, "They are 45 px wide; the micrograph is not calibrated.", "grounded", nm_per_px=None
    )
    assert honest.figures == {"nothing_invented": 1.0, "declines": 1.0}


def test_a_category_is_ranked_or_named() -> None:
    item = category_item(IDS[0], "powder", CLASSES)
    ranked = (("fibres", 0.5), ("powder", 0.3), ("particles", 0.2))
    told = scored(item, "fibres", "category", ranked=ranked)
    assert told.figures == {"category_right": 0.0, "category_top3": 1.0}
    assert told.said_category == "fibres"
    for answer, right in (("It is a powder.", 1.0), ("Fibres or powder.", 0.0), ("Unclear.", 0.0)):
        assert scored(item, answer, "category").figures == {"category_right": right}


def test_labels_that_no_pack_knows_are_named_by_their_titles() -> None:
    classes = ("rolled_in_scale", "scale", "scratches")
    assert named_class("This is rolled-in  scale.", classes) == "scale"
    assert named_class("Rolled in scale.", classes) == "rolled_in_scale"
    assert named_class("Scratches and scale.", classes) == ""


def test_a_defect_is_affirmed_or_denied() -> None:
    item = make_item(IDS[0], "Are there any cracks?", defect=True)
    for answer, right in (("Yes, two cracks.", 1.0), ("No cracks are visible.", 0.0), ("Hm.", 0.0)):
        assert scored(item, answer, "defect").figures == {"defect_right": right}
    assert scored(make_item(IDS[0], "Are there any cracks?"), "Yes.", "defect").figures == {}


@pytest.mark.parametrize(
    ("wanted", "answer", "within", "error"),
    [
        ("24 µm", "The mean diameter is 22 µm (median 18 µm).", 1.0, 2 / 24),
        ("24 µm", "About 6 µm.", 0.0, 0.75),
        ("24 µm", "About 24 nm.", 0.0, 0.999),
        ("0.5 µm", "500 nm", 1.0, 0.0),
        ("5", "There are five fibres in a field of 80 µm.", 1.0, 0.0),
        ("5", "1000", 0.0, 10.0),
        ("5", "That cannot be told.", 0.0, None),
        ("24 µm", "24 px", 0.0, None),
        ("0", "There are 0 cracks.", 1.0, None),
        ("0", "There are 5 cracks.", 0.0, None),
    ],
)
def test_a_number_is_compared_in_its_own_dimension(
    wanted: str, answer: str, within: float, error: float | None
) -> None:
    figures = quantity_figures(wanted, answer)
    assert figures["quantity_within"] == within
    assert figures.get("quantity_error") == (None if error is None else pytest.approx(error))
    assert quantity_figures("unknown", answer) == {}


def test_reliance_compares_with_the_answer_about_another_micrograph() -> None:
    item = make_item(IDS[0], "What is it?", reference="Thin fibres in a loose mat.")
    same = scored(item, "Round particles.", "reliance", swapped="round particles")
    assert same.figures == {"relies": 0.0, "nearer": 0.5}
    other = scored(item, "Thin fibres in a mat.", "reliance", swapped="Round particles.")
    assert other.figures == {"relies": 1.0, "nearer": 1.0}
    assert scored(item, "Thin fibres.", "reliance").figures == {}


def test_a_failed_answer_has_no_figures() -> None:
    item = make_item(IDS[0], "How many?", reference="Five.", quantity="5")
    assert scored(item, "", "text", "quantity", error="out of memory.").figures == {}


def test_columns_are_those_that_answers_have_in_one_order() -> None:
    spec = EvaluationSpec((), ("quantity", "text"), "", "")
    found = [f.name for f in figures_of(spec, {"quantity_within", "bleu2", "relies"})]
    assert found == ["bleu2", "quantity_within"]
    names = [figure.name for figures in FIGURES.values() for figure in figures]
    assert len(set(names)) == len(names)
    assert all(f.low < f.high and f.told for figures in FIGURES.values() for f in figures)
