"""The recipe in miniature, the report and the measures."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

from slava.errors import BadSetting
from slava.vlm.backbone import GenerationSettings, Message
from slava.vlm.builtin_backbone import BuiltinBackbone
from tests.builtin.drawn import drawn_view
from training.builtin.bleu import bleu2
from training.builtin.build import build_model
from training.builtin.dataset import VOCABULARIES
from training.builtin.on_real import calibration_error, evaluate_real
from training.builtin.report import SYNTHETIC_BARS, report_text
from training.builtin.text import Pictures, describing, match_pairs


def test_an_unknown_preset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="preset 'huge' is none of full, quick, tiny"):
        build_model(tmp_path, preset="huge")


def test_the_recipe_runs_from_nothing_to_a_model_that_answers(tmp_path: Path) -> None:
    told: list[str] = []
    report = build_model(tmp_path, preset="tiny", seed=3, on_progress=told.append)
    assert {bar.name for bar in SYNTHETIC_BARS} <= set(report["synthetic"])
    assert json.loads((tmp_path / "report.json").read_text()) == report
    card = (tmp_path / "MODEL_CARD.md").read_text()
    assert "No real micrograph" in card
    assert "demonstration model" in card
    assert told
    backbone = BuiltinBackbone.load(weights=tmp_path)
    message = Message("user", "Which category is it?", (0,))
    chunks = list(backbone.stream([message], [drawn_view("powder", 3)], GenerationSettings()))
    assert chunks[-1].finish == "end"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_quick_recipe_learns(tmp_path: Path) -> None:
    report = build_model(tmp_path, preset="quick", on_progress=lambda _: None)
    assert report["synthetic"]["category_top1"] > 0.2
    assert report["synthetic"]["unseen_wording_routed"] > 0.5


@pytest.mark.real_data
@pytest.mark.slow
def test_the_category_of_real_micrographs_beats_the_published_mark(real_data: Path) -> None:
    from slava.vlm.slava_model.load import WEIGHTS

    figures = evaluate_real(WEIGHTS, real_data)
    assert figures["nffa_category_top1"] >= 0.55
    assert figures["nffa_category_top3"] >= 0.85


def test_the_report_names_the_bars_that_were_missed() -> None:
    text = report_text({"category_top1": 0.5, "bleu2": 0.9}, {"nffa_category_top1": 0.6}, "made")
    assert "Bars not reached: category_top1." in text
    assert "| bleu2 | 0.9 | >= 0.85 | yes |" in text


def test_bleu_is_that_of_the_papers() -> None:
    assert bleu2("a b c d", "a b c d") == 1.0
    assert bleu2("a b x d", "a b c d") == pytest.approx((3 / 4 * 1 / 3) ** 0.5)
    assert bleu2("a b", "a b c d") == pytest.approx(np.exp(-1))
    assert bleu2("", "a") == bleu2("x", "a") == 0.0


def test_a_calibrated_confidence_has_no_error() -> None:
    assert calibration_error(np.full(4, 0.75), np.array([1, 1, 1, 0], bool)) == 0.0
    assert calibration_error(np.full(4, 0.95), np.zeros(4, bool)) == pytest.approx(0.95)


def test_of_a_pair_that_does_not_belong_together_the_text_is_untrue() -> None:
    import torch

    sizes = [len(words) for words in VOCABULARIES.values()]
    labels = np.random.default_rng(0).integers(0, sizes, (40, len(sizes)))
    labels[1::2, :-3] = labels[::2, :-3]  # each pair of rows differs in what is not described
    pictures = Pictures(torch.zeros(40, 2, 1), labels)
    rows, texts, right = match_pairs(pictures, 40, random.Random(0))
    assert right.mean() == 0.5
    for row, text, true in zip(rows, texts, right.tolist(), strict=True):
        said = {describing(pictures.traits(row), random.Random(k)) for k in range(1500)}
        if not true:
            assert text not in said
