"""Base against adapter on the test part, which neither training nor any choice has seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from slava.adapters import set_rank
from slava.errors import ModelError
from slava.metrics.text import TextPair, score_texts
from slava.retrieval.showing import title_of
from slava.vlm.backbone import Backbone
from training.finetune.config import TrainConfig
from training.finetune.examples import Drawn, Example, Examples, both, generator, plain
from training.finetune.learner import Learner, learn
from training.finetune.sample import NEW_TOKENS, answer_of

CATEGORY_TOKENS = 24
"""Of an answer that names a category, at most."""


@dataclass(slots=True)
class Evaluation:
    """What base and adapter reach."""

    metrics: dict[str, float] = field(default_factory=dict)
    """Such as ``accuracy_base`` and ``accuracy``."""
    answers: list[dict[str, Any]] = field(default_factory=list)
    """Side by side: micrograph, question, expected, base, adapter."""


def evaluate(
    learner: Learner,
    examples: Examples,
    config: TrainConfig,
    rank: int | None = None,
    go_on: Callable[[], bool] = lambda: True,
) -> Evaluation:
    """Ask both the same questions of the test part, drawn by the config's seed.

    Parameters
    ----------
    rank
        That the adapter answers with; ``None`` is its largest.
    go_on
        Asked between answers; where it says no, what is there is returned.
    """
    learn(learner.model, False)
    set_rank(learner.model, rank)
    tokens = min(NEW_TOKENS, config.longest_answer)
    test = examples.part("test")
    labelled = _some([e for e in test if e.kind == "label"], config.evaluate_most, config.seed)
    asked = _some([e for e in test if e.kind != "label"], config.evaluate_answers, config.seed)
    drawn = [d for example in asked for d in both(example)]
    found = Evaluation()
    adapted: list[tuple[str, str | None]] = []
    backbone = learner.backbone()
    said = [answer_of(learner, backbone, d, tokens) for d in drawn if go_on()]
    for example in labelled:
        if go_on():
            adapted.append(_category(learner, backbone, example, examples.labels))
    with learner.base() as base:
        before = [answer_of(learner, base, d, tokens) for d in drawn if go_on()]
        plain_said = [_category(learner, base, e, examples.labels) for e in labelled if go_on()]
    if len(said) == len(before) == len(drawn):
        _texts(found, drawn, before, said)
    if len(adapted) == len(plain_said) == len(labelled) and labelled:
        _categories(found, labelled, plain_said, adapted)
    return found


def _category(
    learner: Learner, backbone: Backbone, example: Example, labels: Sequence[str]
) -> tuple[str, str | None]:
    """What is written when asked for the category, and the likeliest label."""
    drawn = plain(example)
    written = answer_of(learner, backbone, drawn, CATEGORY_TOKENS)
    messages, views = learner.asked(drawn)
    try:
        scores = backbone.score(messages, views, [title_of(label) for label in labels])
    except ModelError:
        return written, None
    return written, labels[int(np.argmax(scores))]


def _categories(
    found: Evaluation,
    labelled: Sequence[Example],
    base: Sequence[tuple[str, str | None]],
    adapted: Sequence[tuple[str, str | None]],
) -> None:
    n = len(labelled)
    for name, told in (("_base", base), ("", adapted)):
        right = sum(label == e.category for e, (_, label) in zip(labelled, told, strict=True))
        named = sum(names(said, e.category) for e, (said, _) in zip(labelled, told, strict=True))
        found.metrics[f"accuracy{name}"] = right / n
        found.metrics[f"accuracy_written{name}"] = named / n
    found.metrics["labelled"] = float(n)
    for e, (before, _), (after, _) in zip(labelled, base, adapted, strict=True):
        found.answers.append(_row(e, e.wordings[0], e.answer, before, after))


def names(text: str, label: str) -> bool:
    """Whether ``text`` names the category."""
    return title_of(label).lower() in text.lower()


def _texts(
    found: Evaluation, drawn: Sequence[Drawn], base: Sequence[str], said: Sequence[str]
) -> None:
    if not drawn:
        return
    for name, answers in (("_base", base), ("", said)):
        figures = score_texts(
            [TextPair(k, d.answer, a) for k, (d, a) in enumerate(zip(drawn, answers, strict=True))]
        )
        for measure, value in figures.mean.items():
            if value is not None:
                found.metrics[f"{measure}{name}"] = value
    found.metrics["answered"] = float(len(drawn))
    for d, before, after in zip(drawn, base, said, strict=True):
        found.answers.append(_row(d.example, d.question, d.answer, before, after))


def _row(example: Example, question: str, expected: str, base: str, said: str) -> dict[str, Any]:
    return {
        "example": example.id,
        "kind": example.kind,
        "micrographs": list(example.micrograph_ids),
        "category": example.category,
        "question": question,
        "expected": expected,
        "base": base,
        "adapter": said,
    }


def _some(listed: Sequence[Example], most: int, seed: int) -> list[Example]:
    if len(listed) <= most:
        return list(listed)
    return sorted(generator(seed, 0, "test part").sample(list(listed), most), key=lambda e: e.id)
