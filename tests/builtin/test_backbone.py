"""The built-in model behind the seam: what it answers with the weights of the package."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import torch  # noqa: TID253

from slava.domain import Calibration, Fact
from slava.errors import ModelError
from slava.packs import load_pack
from slava.synthetic.truth import CATEGORIES
from slava.vlm.backbone import Backbone, GenerationSettings, Message, View
from slava.vlm.builtin_backbone import BuiltinBackbone
from slava.vlm.classify import RanksCategories, rank_classes
from slava.vlm.slava_model.language.consistency import contradictions
from slava.vlm.slava_model.language.intents import DECODED
from slava.vlm.slava_model.language.phrases import CATEGORY
from slava.vlm.slava_model.language.slots import fill
from slava.vlm.slava_model.load import WEIGHTS, load_model
from tests.builtin.drawn import drawn_view
from training.builtin.questions import question_bank
from training.builtin.said_numbers import foreign_numbers, has_physical_unit, random_facts

CALIBRATION = Calibration(2.5, "metadata", "Scan.PixelWidth")
FACTS = (
    Fact("particle_diameter_mean", "Mean diameter", 45.24, "nm", 3.1),
    Fact("fibre_diameter_mean", "Fibre diameter", 91.7, "nm", 4.0),
    Fact("particle_count", "Particles", 217),
    Fact("fibre_count", "Fibres", 23),
    Fact("field_width", "Field width", 0.64, "µm"),
    Fact("accelerating_voltage", "Accelerating voltage", 15, "kV"),
)


def answer(backbone: BuiltinBackbone, view: View, *texts: str, seed: int = 0) -> str:
    """The answer to the last of ``texts``, the user's turns."""
    messages = [Message("user", text, (0,) if k == 0 else ()) for k, text in enumerate(texts)]
    settings = GenerationSettings(seed=seed)
    return "".join(c.text for c in backbone.stream(messages, [view], settings))


def test_it_is_a_backbone_and_ranks_categories(backbone: BuiltinBackbone) -> None:
    assert isinstance(backbone, Backbone)
    assert isinstance(backbone, RanksCategories)


def test_its_report_says_what_it_is(backbone: BuiltinBackbone) -> None:
    report = backbone.report()
    assert (report.id, report.kind, report.device) == ("builtin", "builtin", "cpu")
    assert (report.parameters or 0) > 1e6
    assert 0 < (report.memory_bytes or 0) < 500e6
    for told in ("demonstration", "guesses", "composition", "no inspection", "larger model"):
        assert told in report.notice


def test_the_weights_fit_in_the_repository() -> None:
    assert (WEIGHTS / "model.safetensors").stat().st_size <= 20e6


def test_the_last_chunk_says_that_it_ended(backbone: BuiltinBackbone, view: View) -> None:
    chunks = list(backbone.stream([Message("user", "Describe it.", (0,))], [view], SETTINGS))
    assert [c.finish for c in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1].finish == "end"
    assert len(chunks) > 5


SETTINGS = GenerationSettings()


def test_the_same_question_gets_the_same_answer(backbone: BuiltinBackbone, view: View) -> None:
    assert answer(backbone, view, "Describe it.") == answer(backbone, view, "Describe it.")


def test_a_limit_of_tokens_is_kept(backbone: BuiltinBackbone, view: View) -> None:
    settings = GenerationSettings(max_new_tokens=4)
    chunks = list(backbone.stream([Message("user", "Describe it.", (0,))], [view], settings))
    assert sum(c.tokens for c in chunks) == 4
    assert chunks[-1].finish == "length"


def test_stop_ends_within_one_token(backbone: BuiltinBackbone, view: View) -> None:
    stop = threading.Event()
    stream = backbone.stream([Message("user", "Describe it.", (0,))], [view], SETTINGS, stop)
    next(stream)
    stop.set()
    assert [c.finish for c in stream] == ["stopped"]


def test_streaming_equals_generating(backbone: BuiltinBackbone, view: View) -> None:
    """What is streamed is what ``generate`` gives, where the decoder is not guarded."""
    model, processor = load_model(WEIGHTS)
    free = BuiltinBackbone(model, processor, guarded=False)
    part = free._understand("Describe it.", ()).parts[0]
    ask, values = free._ask(part, view, False, SETTINGS)
    ids = model.generate(
        encoder_outputs=(free._memory(part, view, ask),),
        decoder_input_ids=torch.tensor([[model.config.decoder_start_token_id]]),
        max_new_tokens=model.config.max_text - 1,
        do_sample=False,
    )[0]
    text = processor.tokenizer.decode(ids, skip_special_tokens=True)
    assert fill(text, values) == answer(free, view, "Describe it.")


def test_the_guard_has_little_to_do(backbone: BuiltinBackbone) -> None:
    chosen, overruled = backbone.chosen, backbone.overruled
    for k, category in enumerate(CATEGORIES):
        answer(backbone, drawn_view(category, 60 + k), "Describe it in detail.")
    assert (backbone.overruled - overruled) / (backbone.chosen - chosen) < 0.25


# ------------------------------------------------------------------------------ numbers
@pytest.mark.parametrize("category", ["particles", "fibres"])
def test_numbers_are_copied_exactly(backbone: BuiltinBackbone, category: str) -> None:
    view = drawn_view(category, 11, CALIBRATION, FACTS)
    text = answer(backbone, view, "How large are they? How many are there?")
    assert "45.24 ± 3.1 nm" in text or "91.7 ± 4 nm" in text
    assert "217" in text or "23" in text


def test_no_number_is_invented(backbone: BuiltinBackbone) -> None:
    import random

    rng = random.Random(3)
    for k, intent in enumerate(DECODED):
        facts = random_facts(rng)
        view = drawn_view("particles", 11, CALIBRATION, facts)
        question = rng.choice(question_bank().asked[intent])
        known = {f.text for f in facts} | {"2.5 nm"}
        assert foreign_numbers(answer(backbone, view, question, seed=k), known) == [], question


def test_without_a_calibration_no_answer_holds_a_physical_unit(backbone: BuiltinBackbone) -> None:
    view = drawn_view("particles", 11, None, FACTS)
    for intent in DECODED:
        for question in question_bank().asked[intent][:2]:
            assert not has_physical_unit(answer(backbone, view, question)), question


def test_the_missing_calibration_is_said(backbone: BuiltinBackbone, view: View) -> None:
    text = answer(backbone, view, "What is the pixel size?").lower()
    assert "calibrat" in text


# -------------------------------------------------------------------------- understanding
def test_unseen_wordings_are_routed(backbone: BuiltinBackbone) -> None:
    pairs = [(q, name) for name in DECODED for q in question_bank().blind[name]]
    judged = backbone._judge([q for q, _ in pairs])
    right = [said == name for (said, _), (_, name) in zip(judged, pairs, strict=True)]
    assert np.mean(right) >= 0.92


@pytest.mark.parametrize("question", ["What is the capital of Mongolia?", "asdf jkl", "<b>x</b>"])
def test_what_is_not_understood_gets_no_guess(
    backbone: BuiltinBackbone, view: View, question: str
) -> None:
    assert "kinds of question" in answer(backbone, view, question)


def test_a_greeting_is_answered_without_a_micrograph(backbone: BuiltinBackbone) -> None:
    chunks = backbone.stream([Message("user", "Hello!")], [], SETTINGS)
    assert "".join(c.text for c in chunks).startswith("Hello.")


def test_another_language_gets_an_honest_answer(backbone: BuiltinBackbone, view: View) -> None:
    assert "English" in answer(backbone, view, "Wie groß sind die Partikel?")
    assert "English" in answer(backbone, view, "颗粒有多大?")


def test_a_follow_up_leans_on_what_was_asked(backbone: BuiltinBackbone) -> None:
    view = drawn_view("particles", 11, CALIBRATION, FACTS)
    assert "217" in answer(backbone, view, "How large are they?", "And how many?")


def test_a_question_of_any_length_is_answered(backbone: BuiltinBackbone, view: View) -> None:
    assert answer(backbone, view, "How many particles are there? " + "really " * 14_000)


def test_without_a_micrograph_it_says_so(backbone: BuiltinBackbone) -> None:
    chunks = backbone.stream([Message("user", "How large are the particles?")], [], SETTINGS)
    assert "no micrograph" in "".join(c.text for c in chunks)
    with pytest.raises(ModelError, match="no micrograph"):
        backbone.score([Message("user", "Which category?")], [], ["Fibres"])


# ---------------------------------------------------------------------------- one truth
@pytest.mark.parametrize("category", CATEGORIES)
def test_answers_agree_with_the_one_decision(backbone: BuiltinBackbone, category: str) -> None:
    view = drawn_view(category, 23)
    decision = backbone.decision(view)
    ranking = backbone.rank_categories(view)
    assert ranking.ranked[0].label == decision.categories[0][0]
    assert ranking.abstained == decision.abstained
    assert sum(r.probability for r in ranking.ranked) == pytest.approx(1)
    for question in ("Which category is it?", "Describe it in detail.", "Is there a defect?"):
        text = answer(backbone, view, question)
        assert contradictions(text, decision.traits, filled=True) == (), text
        if question.startswith("Which") and not decision.traits.sure:
            assert CATEGORY[ranking.ranked[0].label].label in text


def test_scoring_agrees_with_the_ranking(backbone: BuiltinBackbone, view: View) -> None:
    pack = load_pack("nanomaterials")
    ranking = rank_classes(backbone, view, pack)
    titles = [c.title for c in pack.classes]
    scores = backbone.score([Message("user", "Which category?", (0,))], [view], titles)
    assert pack.labels[int(scores.argmax())] == ranking.ranked[0].label


def test_any_candidate_can_be_scored(backbone: BuiltinBackbone, view: View) -> None:
    scores = backbone.score(
        [Message("user", "Is there a defect?", (0,))], [view], ["Yes, a crack.", "漢字", "No."]
    )
    assert scores.shape == (3,)
    assert np.isfinite(scores).all()
    assert scores[1] < scores[2]


def test_two_micrographs_are_compared_one_after_the_other(backbone: BuiltinBackbone) -> None:
    views = [drawn_view("fibres", 3), drawn_view("tips", 4)]
    message = Message("user", "Compare the two micrographs.", (0, 1))
    text = "".join(c.text for c in backbone.stream([message], views, SETTINGS))
    assert text.startswith("Micrograph 1: ")
    assert "\n\nMicrograph 2: " in text


def test_most_drawings_are_put_into_their_category(backbone: BuiltinBackbone) -> None:
    views = [(c, drawn_view(c, 50_000_000 + k)) for k in range(2) for c in CATEGORIES]
    right = [backbone.decision(view).categories[0][0] == c for c, view in views]
    assert np.mean(right) >= 0.6


# --------------------------------------------------------------------------- quantized
@pytest.mark.parametrize("quantization", ["int8", "nf4"])
def test_quantized_it_answers_and_decides_the_same(
    backbone: BuiltinBackbone, quantization: str
) -> None:
    small = BuiltinBackbone.load(quantization, WEIGHTS)  # type: ignore[arg-type]
    theirs, ours = small.report(), backbone.report()
    assert theirs.quantization == quantization
    assert 0 < (theirs.memory_bytes or 0) < (ours.memory_bytes or 0)
    same = 0
    for k, category in enumerate(CATEGORIES):
        view = drawn_view(category, 31 + k, CALIBRATION, FACTS)
        same += small.decision(view).traits == backbone.decision(view).traits
        text = answer(small, view, "Which category is it?")
        decision = small.decision(view)
        assert not contradictions(text, decision.traits, filled=True)
        if decision.traits.sure:
            assert CATEGORY[decision.traits.category].label.split()[0] in text
    assert same >= 9


def test_a_closed_model_says_so(tmp_path: Path) -> None:
    model, processor = load_model(WEIGHTS)
    backbone = BuiltinBackbone(model, processor)
    backbone.close()
    with pytest.raises(ModelError, match="was closed"):
        backbone.report()
