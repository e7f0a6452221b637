"""Results of an evaluation as they come, made here: models that differ, levels that help."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from slava.domain import (
    AnswerKey,
    ContextLevel,
    Evaluation,
    EvaluationId,
    EvaluationSpec,
    ItemId,
    JudgeChoice,
    MicrographId,
    ModelEntry,
    PersonScore,
    TestItem,
)
from slava.evaluation.results import Figure, Results, Row
from slava.metrics.judged import Judgement

LEVELS: tuple[ContextLevel, ...] = ("none", "basic", "moderate", "high")
TOPICS = (
    ("Morphology", "What is the overall morphology of the structures?"),
    ("Size and shape", "How large are the structures, and which shape do they have?"),
    ("Surface texture and roughness", "Is the surface smooth or rough?"),
    ("Defects and damage", "Are there any cracks, pits or other defects?"),
    ("Material", "Which category does the specimen belong to?"),
)
CATEGORIES = ("nanowires", "particles", "porous_sponge", "films_and_coated_surfaces")
SAID = (
    "The micrograph shows {category} of fairly even size; most of them lie within a tenth of the "
    "mean diameter. {more}",
    "Elongated {category} are arranged without a preferred direction. {more}",
    "The surface appears rough at the scale of the bar, with {category} across the field. {more}",
)
MORE = (
    "No cracks are seen.",
    "A crack crosses the lower left quarter.",
    "Contrast is even, so charging is unlikely.",
    "Some of them overlap, which makes counts uncertain.",
)
FIGURES = (
    Figure("bleu2", "BLEU-2", 0, 1, told="Pairs of words shared with the reference."),
    Figure("rougeL", "ROUGE-L", 0, 1, told="Longest common sequence with the reference."),
    Figure(
        "category_right",
        "Category right",
        0,
        1,
        share=True,
        told="The category named is the label.",
    ),
    Figure(
        "defect_right", "Defect told rightly", 0, 1, share=True, told="A defect is told rightly."
    ),
    Figure("invented", "Invented elements", 0, 5, False, told="Elements that no fact supports."),
    Figure("overall_quality", "Overall quality", 0, 100, told="By a judge, 0 to 100."),
)
MODELS = (
    ModelEntry("sLAVA built-in", "builtin", identity="5f1c" * 16),
    ModelEntry("sLAVA + steel adapter", "builtin", "none", "a41f09c2", "77ab" * 16),
    ModelEntry("Given answers", "given:lab notes"),
)
SKILL = (0.0, 0.13, 0.22)
JUDGE = JudgeChoice("http://127.0.0.1:9/v1", "judge-model", repeats=2)


def made_results(
    items: int = 60,
    models: int = 3,
    levels: Sequence[ContextLevel] = LEVELS,
    *,
    micrographs: int = 24,
    judged: bool = True,
) -> Results:
    """Items in turn about the topics, each answered by every model at every level."""
    random = np.random.default_rng(7)
    tests = [_item(k, micrographs) for k in range(items)]
    entries = MODELS[:models]
    rows = tuple(
        _row(item, entry.title, SKILL[place], level, depth, random, judged)
        for item in tests
        for depth, level in enumerate(levels)
        for place, entry in enumerate(entries)
    )
    spec = EvaluationSpec(
        models=entries,
        measures=("text", "category", "defect", "grounded", "judged"),
        dataset="snapshot of 24 micrographs, held-out part",
        dataset_id="0123456789abcdef" * 4,
        levels=tuple(levels),
        judge=JUDGE if judged else None,
    )
    evaluation = Evaluation(
        EvaluationId("ab12cd34ef56"),
        "Built-in model before and after tuning",
        spec,
        "done",
        len(rows),
        len(rows),
        "2026-11-20T10:15:00Z",
    )
    return Results(
        evaluation,
        entries,
        FIGURES if judged else FIGURES[:-1],
        rows,
        {"quantity": "No question asks for a number that is known. Add measured facts."},
        ("The judge is not told which model answered.",),
    )


def picture(micrograph_id: MicrographId) -> bytes:
    """A drawn micrograph as a JPEG of 320 x 240 px."""
    random = np.random.default_rng(int(micrograph_id[:8], 16))
    y, x = np.mgrid[:240, :320]
    grey = random.normal(70, 9, (240, 320))
    for _ in range(14):
        down, across, radius = random.integers(240), random.integers(320), random.integers(10, 26)
        far = (y - down) ** 2 + (x - across) ** 2
        grey += 95 * np.exp(-((far / radius**2) ** 2))
    buffer = io.BytesIO()
    Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def _item(number: int, micrographs: int) -> TestItem:
    topic, question = TOPICS[number % len(TOPICS)]
    shown = number // len(TOPICS) % micrographs
    category = CATEGORIES[shown % len(CATEGORIES)]
    return TestItem(
        ItemId(f"{number:032x}"),
        MicrographId(f"{shown * 2654435761 % 2**32:08x}" + f"{shown:056x}"),
        question,
        SAID[number % len(SAID)].format(category=category.replace("_", " "), more=MORE[0]),
        topic=topic,
        complexity="simple" if number // len(TOPICS) % 2 else "complex",
        category=category,
        defect=shown % 3 == 0,
    )


def _row(
    item: TestItem,
    model: str,
    skill: float,
    level: ContextLevel,
    depth: int,
    random: np.random.Generator,
    judged: bool,
) -> Row:
    hard = 0.08 * (item.complexity == "complex") + 0.03 * (len(item.topic) % 4)
    good = float(np.clip(0.35 + skill + 0.07 * depth - hard + random.normal(0, 0.11), 0.02, 0.98))
    right = random.random() < good + 0.15
    category = item.category if right else str(random.choice([*CATEGORIES, ""]))
    answer = SAID[int(random.integers(3))].format(
        category=category.replace("_", " ") or "structures", more=MORE[int(random.integers(4))]
    )
    figures = {
        "bleu2": round(0.55 * good**1.6, 4),
        "rougeL": round(0.75 * good, 4),
        "invented": float(random.poisson(1.4 * (1 - good))),
    }
    if item.topic == "Material":
        figures["category_right"] = float(category == item.category)
    if item.topic == "Defects and damage":
        figures["defect_right"] = float(random.random() < 0.5 + 0.45 * good)
    key = AnswerKey(f"{item.id}{model}{level}")
    judgements: tuple[Judgement, ...] = ()
    scores: tuple[PersonScore, ...] = ()
    if judged:
        judgements = tuple(_judgement(item, model, 100 * good, k, random) for k in range(2))
        told = [j.score for j in judgements if j.score is not None]
        figures |= {"overall_quality": float(np.mean(told))} if told else {}
        if random.random() < 0.15:
            score = float(np.clip(round(100 * good + random.normal(0, 9)), 0, 100))
            scores = (PersonScore(key, "overall_quality", "reviewer 1", score, "Mostly right."),)
    invented = int(figures["invented"])
    return Row(
        key,
        item,
        model,
        level,
        item.question,
        "; ".join(["Width of the field: 2.1 µm", "5 kV", "annealed at 450 °C"][:depth]),
        answer,
        "",
        round(float(random.uniform(0.4, 2.5)), 2),
        figures,
        said_category=category if item.topic == "Material" else "",
        judgements=judgements,
        scores=scores,
        flags=("It names titanium, which no fact supports.",) if invented > 1 else (),
    )


def _judgement(
    item: TestItem, model: str, score: float, repeat: int, random: np.random.Generator
) -> Judgement:
    given = float(np.clip(round(score + random.normal(0, 4)), 0, 100))
    bad = random.random() < 0.02
    return Judgement(
        "overall_quality",
        item.id,
        model,
        JUDGE.model,
        "invalid" if bad else "scored",
        None if bad else given,
        "The reply holds no JSON." if bad else "Names the structures, but gives no size.",
        {} if bad else {"coverage": given, "accuracy": given},
        "I cannot." if bad else f'{{"judgements": [{{"answer": "A", "score": {given:g}}}]}}',
        seed=repeat,
        place=int(random.integers(3)),
    )
