"""How far a judge can be trusted: against a person's scores, and is it judging its own kin?

GlassLLaVA let GPT-4 grade what a model had learnt from GPT-4. It must not know what was judged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from slava.metrics.agreement import cohens_kappa
from slava.metrics.judge_prompts import RANGES, JudgedMeasure

BINS = 4
"""Scores on a scale are put into so many equal parts of it before kappa is taken."""

_FAMILIES: tuple[tuple[str, str], ...] = (
    ("gpt", r"\bgpt|\bchatgpt|\bo[1345](?:\b|-)|davinci|openai"),
    ("claude", r"claude|anthropic"),
    ("gemini", r"gemini|gemma|palm|bard"),
    ("llama", r"llama|llava|vicuna|alpaca"),
    ("qwen", r"qwen|qwq|qvq"),
    ("mistral", r"mistral|mixtral|pixtral|ministral"),
    ("deepseek", r"deepseek"),
    ("phi", r"\bphi-?\d"),
    ("internvl", r"intern(?:vl|lm)"),
    ("minicpm", r"minicpm"),
    ("command", r"command-[ra]|cohere|\baya\b"),
    ("grok", r"grok"),
    ("slava", r"\bslava\b|\bbuiltin\b"),
)


@dataclass(frozen=True, slots=True)
class PersonAgreement:
    """A judge and a person on the same answers."""

    count: int
    """How many both have scored."""
    spearman: float | None
    """Rank correlation, -1..1; ``None`` where one of them gave everything the same score."""
    kappa: float | None
    """Cohen's, of the parts of the scale; ``None`` where it is not defined."""
    mean_difference: float
    """Judge less person: above 0 the judge is the milder one."""


def agreement_with_person(
    judge: Mapping[str, float], person: Mapping[str, float], measure: JudgedMeasure
) -> PersonAgreement:
    """Compare the scores of the items that both have scored.

    Raises
    ------
    ValueError
        If there are none.
    """
    shared = sorted(judge.keys() & person.keys())
    if not shared:
        raise ValueError("judge and person have scored no answer both")
    these, those = [judge[k] for k in shared], [person[k] for k in shared]
    return PersonAgreement(
        len(shared),
        _spearman(these, those),
        cohens_kappa([_part(v, measure) for v in these], [_part(v, measure) for v in those]),
        float(np.mean(these) - np.mean(those)),
    )


def family(model: str) -> str:
    """The family of a model by its name, such as ``gpt``; the name itself where none is known."""
    name = model.strip().lower()
    last = name.rsplit("/", 1)[-1]
    for text in (last, name):
        for known, pattern in _FAMILIES:
            if re.search(pattern, text):
                return known
    return re.split(r"[-:_ ]", last, maxsplit=1)[0]


def same_family(judge: str, teacher: str) -> bool:
    """Whether two models are kin: what one wrote the other may like too well."""
    return bool(judge.strip() and teacher.strip()) and family(judge) == family(teacher)


def _part(score: float, measure: JudgedMeasure) -> int:
    """The part of the scale, 0 to BINS - 1; the highest score belongs to the last."""
    low, high = RANGES[measure]
    return min(BINS - 1, int((score - low) / (high - low) * BINS))


def _spearman(these: list[float], those: list[float]) -> float | None:
    from scipy.stats import spearmanr

    if len(set(these)) < 2 or len(set(those)) < 2:
        return None
    value = float(spearmanr(these, those).statistic)
    return value if np.isfinite(value) else None
