"""Examine the built-in model on drawings it was not trained on, by what it answers.

Beside each figure that a lucky guess could reach stands the same with the pictures shuffled.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from slava.domain import Box, Calibration, Fact
from slava.vlm.backbone import GenerationSettings, Message, View
from slava.vlm.builtin_backbone import BuiltinBackbone
from slava.vlm.slava_model.decision import Decision
from slava.vlm.slava_model.language.answers import answer
from slava.vlm.slava_model.language.ask import Ask
from slava.vlm.slava_model.language.consistency import contradictions
from slava.vlm.slava_model.language.intents import STYLES
from training.builtin.bleu import bleu2
from training.builtin.dataset import Dataset, open_dataset
from training.builtin.questions import question_bank
from training.builtin.route import Routed, evaluate_router
from training.builtin.said_numbers import foreign_numbers, has_physical_unit, random_facts
from training.builtin.text import Pictures, match_pairs, pad, traits_of

SEEN_INTENTS = (
    "category",
    "caption",
    "morphology",
    "arrangement",
    "coverage",
    "surface",
    "defect",
    "interactions",
    "orientation",
    "uniformity",
    "functional",
    "application",
    "quality",
    "periodicity",
    "porosity",
)
"""Intents whose answers depend on the picture: BLEU is taken over these."""


def evaluate_synthetic(
    weights: Path, drawings: Path, rows: range, examined: int = 400
) -> dict[str, float]:
    """Every figure on the held-out drawings ``rows``, ``examined`` questions each."""
    backbone = BuiltinBackbone.load(weights=weights)
    data = open_dataset(drawings)
    views = [view_of(data.pixels[k]) for k in rows]
    decisions = [backbone.decision(view) for view in views]
    rng = random.Random(0)
    order = rng.sample(range(len(views)), len(views))
    figures = _category(decisions, data, rows, order)
    figures |= _defects(backbone, views, data, rows, rng, examined)
    figures |= _sizes(decisions, data, rows)
    figures |= _numbers(backbone, views, rng, examined)
    figures |= _routing(backbone)
    figures |= _sentences(backbone, views, data, rows, order, examined)
    figures["tokens_overruled"] = backbone.overruled / max(1, backbone.chosen)
    free = BuiltinBackbone.load(weights=weights, guarded=False)
    unguarded = _sentences(free, views, data, rows, order, examined)
    figures |= {f"{k}_unguarded": v for k, v in unguarded.items()}
    figures |= _matching(backbone, data, rows, rng)
    figures |= _cost(backbone, views[0], weights)
    return {k: round(float(v), 4) for k, v in figures.items()}


def view_of(
    pixels: np.ndarray, calibration: Calibration | None = None, facts: Sequence[Fact] = ()
) -> View:
    """A drawing as a backbone is shown it."""
    height, width = pixels.shape
    return View(np.array(pixels), Box(0, 0, width, height), calibration, tuple(facts))


def ask(backbone: BuiltinBackbone, view: View, question: str, seed: int = 0) -> str:
    """The whole answer to one question."""
    settings = GenerationSettings(seed=seed)
    chunks = backbone.stream([Message("user", question, (0,))], [view], settings)
    return "".join(chunk.text for chunk in chunks)


def _category(
    decisions: Sequence[Decision], data: Dataset, rows: range, order: Sequence[int]
) -> dict[str, float]:
    truth = [traits_of(data.labels[k]).category for k in rows]
    said = [d.categories[0][0] for d in decisions]
    right = np.array([s == t for s, t in zip(said, truth, strict=True)])
    shuffled = np.mean([said[k] == t for k, t in zip(order, truth, strict=True)])
    sure = np.array([not d.abstained for d in decisions])
    top3 = [t in dict(d.categories[:3]) for d, t in zip(decisions, truth, strict=True)]
    return {
        "category_top1": right.mean(),
        "category_top3": np.mean(top3),
        "category_top1_shuffled": shuffled,
        "category_drop_when_shuffled": right.mean() - shuffled,
        "category_sure_share": sure.mean(),
        "category_top1_when_sure": right[sure].mean() if sure.any() else 0.0,
    }


def _defects(
    backbone: BuiltinBackbone,
    views: Sequence[View],
    data: Dataset,
    rows: range,
    rng: random.Random,
    examined: int,
) -> dict[str, float]:
    """Defect yes or no, read from the answers to questions never trained on."""
    bank = question_bank()
    questions = [
        q
        for q in (*bank.held_out["defect"], *bank.blind["defect"])
        if backbone._understand(q, ()).parts[0].intent == "defect"
    ] or list(bank.asked["defect"][:3])
    chosen = rng.sample(range(len(views)), min(examined, len(views)))
    said = np.array([_says_defect(ask(backbone, views[k], rng.choice(questions))) for k in chosen])
    truth = np.array([traits_of(data.labels[rows[k]]).defect != "none" for k in chosen])
    mixed = rng.sample(list(said), len(said))
    return {
        "defect_balanced_accuracy": _balanced(said, truth),
        "defect_balanced_accuracy_shuffled": _balanced(np.array(mixed), truth),
        "defect_recall": said[truth].mean() if truth.any() else 0.0,
        "defect_specificity": (~said[~truth]).mean() if (~truth).any() else 0.0,
    }


def _says_defect(text: str) -> bool:
    return not re.search(r"\bno defect\b", text, re.IGNORECASE)


def _balanced(said: np.ndarray, truth: np.ndarray) -> float:
    rates = [
        np.mean(said[truth == side] == side) for side in (True, False) if (truth == side).any()
    ]
    return float(np.mean(rates))


def _sizes(decisions: Sequence[Decision], data: Dataset, rows: range) -> dict[str, float]:
    """The model's own estimate of the diameter, where there is a diameter."""
    error = [
        d.size_share / np.exp(data.numbers[k, 0]) - 1
        for d, k in zip(decisions, rows, strict=True)
        if d.size_share is not None and np.isfinite(data.numbers[k, 0])
    ]
    return {"diameter_within_25_percent": float(np.mean(np.abs(error) < 0.25)) if error else 0.0}


def _numbers(
    backbone: BuiltinBackbone, views: Sequence[View], rng: random.Random, examined: int
) -> dict[str, float]:
    """Whether given numbers come back exactly, and no unit without a calibration."""
    asked = ("size", "count", "coverage", "scale", "settings", "orientation", "basics", "caption")
    copied, wrong, units = 0, 0, 0
    for k in range(examined):
        facts = random_facts(rng)
        calibration = Calibration(float(f"{rng.uniform(0.5, 90):.3g}"), "metadata")
        view = views[k % len(views)]
        intent = asked[k % len(asked)]
        question = rng.choice(question_bank().asked[intent])
        told = view_of(view.pixels, calibration, facts)
        known = {f.text for f in facts} | {f"{calibration.nm_per_px:.4g} nm"}
        bad = foreign_numbers(ask(backbone, told, question, k), known)
        wrong += bool(bad)
        copied += not bad
        bare = view_of(view.pixels, None, facts)
        units += has_physical_unit(ask(backbone, bare, question, k))
    return {
        "numbers_copied_exactly": copied / max(1, copied + wrong),
        "physical_unit_without_calibration": units / examined,
    }


def _routing(backbone: BuiltinBackbone) -> dict[str, float]:
    model = backbone._open()
    known = model.config.certainty
    routed = Routed(known["intent_temperature"], known["intent_above"])
    figures = evaluate_router(model.router, routed)
    return {
        "unseen_wording_routed": figures["routed"],
        "unknown_refused": figures["unknown_refused"],
        "known_refused": figures["known_refused"],
    }


def _sentences(
    backbone: BuiltinBackbone,
    views: Sequence[View],
    data: Dataset,
    rows: range,
    order: Sequence[int],
    examined: int,
) -> dict[str, float]:
    """BLEU-2 against the sentences that the truth calls for, in any of their wordings."""
    rng = random.Random(1)
    scores: list[float] = []
    mixed: list[float] = []
    against = 0
    for n in range(examined):
        intent = SEEN_INTENTS[n % len(SEEN_INTENTS)]
        k = rng.randrange(len(views))
        question = rng.choice(question_bank().asked[intent])
        references = wordings(intent, data, rows[k])
        for listed, shown in ((scores, k), (mixed, order[k])):
            said = ask(backbone, views[shown], question, n)
            listed.append(max(bleu2(said, r) for r in references))
        decision = backbone.decision(views[k])
        said = ask(backbone, views[k], question, n)
        against += bool(contradictions(said, decision.traits, filled=True))
    return {
        "bleu2": float(np.mean(scores)),
        "bleu2_shuffled": float(np.mean(mixed)),
        "bleu2_above_shuffled": float(np.mean(scores) - np.mean(mixed)),
        "contradictions": against / examined,
    }


def wordings(intent: str, data: Dataset, row: int) -> list[str]:
    """Every right answer to ``intent`` about one drawing, short and detailed."""
    traits = traits_of(data.labels[row])
    return [
        answer(Ask(intent, traits, frozenset(), False, detailed, style))
        for style in range(STYLES)
        for detailed in (False, True)
    ]


def _matching(
    backbone: BuiltinBackbone, data: Dataset, rows: range, rng: random.Random
) -> dict[str, float]:
    """Whether picture and description belong together, half of the false ones of one category."""
    from training.builtin.assemble import cache_features

    model = backbone._open()
    part = Dataset(
        data.pixels[rows.start : rows.stop],
        data.labels[rows.start : rows.stop],
        data.numbers[rows.start : rows.stop],
        data.masks[rows.start : rows.stop],
    )
    pictures: Pictures = cache_features(model, part, len(part), progress=lambda _: None)
    chosen, texts, right = match_pairs(pictures, min(400, 2 * len(part)), rng)
    tokenizer = backbone._processor.tokenizer
    ids = pad(tokenizer(texts, add_special_tokens=False)["input_ids"])
    with torch.no_grad():
        said = model.match(pictures.features[chosen].float(), ids) > 0
    truth = right > 0.5
    easy = truth | (torch.arange(len(truth)) % 4 == 3)
    return {
        "match_pairs": float((said == truth).float().mean()),
        "match_pairs_other_category": float((said == truth)[easy].float().mean()),
    }


def _cost(backbone: BuiltinBackbone, view: View, weights: Path) -> dict[str, float]:
    """File size, and the speed on one thread, best of several runs."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    first, speed = [], []
    try:
        for k in range(8):
            fresh = view_of(np.roll(view.pixels, k + 1, 1))
            began = time.perf_counter()
            times = [
                time.perf_counter() - began
                for _ in backbone.stream(
                    [Message("user", "Describe the picture in detail.", (0,))],
                    [fresh],
                    GenerationSettings(),
                )
            ]
            first.append(times[0])
            speed.append((len(times) - 1) / (times[-1] - times[0]))
    finally:
        torch.set_num_threads(threads)
    return {
        "file_mb": (weights / "model.safetensors").stat().st_size / 1e6,
        "first_token_ms": 1e3 * min(first),
        "tokens_per_second": max(speed),
    }
