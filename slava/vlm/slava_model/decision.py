"""The one decision on a micrograph: its traits, how likely, and whether to commit to them.

Category, caption, defect answer and the ranking of ``classify`` all come from here. The numbers in
``config.certainty`` were fitted on held-out drawings. It must not know questions or sentences.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from slava.domain import Fact
from slava.synthetic.truth import FLAGS, MORPHOLOGIES, WORDS, coverage_word
from slava.vlm.slava_model.configuration import SlavaConfig
from slava.vlm.slava_model.language.traits import Traits
from slava.vlm.slava_model.modeling import SlavaForConditionalGeneration

CERTAINTY = {
    "temperature": 1.0,
    "sure_above": 0.5,
    "novel_above": 0.995,
    "defect_above": 0.5,
    "intent_temperature": 1.0,
    "intent_above": 0.4,
}
"""What holds where nothing was fitted."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the model commits to."""

    traits: Traits
    categories: tuple[tuple[str, float], ...]
    """Every category with its probability, most probable first; they sum to 1."""
    abstained: bool
    """The category is a list, not a verdict."""
    novelty: float
    """0..1, share of drawings that look more like drawings than this picture."""
    defect_probability: float
    size_share: float | None
    """The model's own estimate of the features' diameter, as a share of the picture's side."""


def certainty_of(config: Any) -> dict[str, float]:
    """The fitted numbers, defaults where there are none."""
    return CERTAINTY | {k: float(v) for k, v in config.certainty.items()}


@torch.no_grad()
def decide(model: SlavaForConditionalGeneration, features: Tensor) -> Decision:
    """Decide on one micrograph, given as features (V, 1 + N, D_v) of V looks at it."""
    config: SlavaConfig = model.config  # type: ignore[assignment]
    said = {k: v.float() for k, v in model.attributes(features).items() if k != "defect_map"}
    novelty = float(model.novelty(features).min())
    return decide_from(said, novelty, config)


def decide_from(said: Mapping[str, Tensor], novelty: float, config: SlavaConfig) -> Decision:
    """Decide from the heads' outputs, each (V, n), over V looks, which are averaged."""
    known = certainty_of(config)
    vocabulary = config.vocabularies
    p = (said["category"] / known["temperature"]).softmax(-1).mean(0)  # (10,)
    order = p.argsort(descending=True, stable=True).tolist()
    categories = tuple((vocabulary["category"][k], float(p[k])) for k in order)
    abstained = categories[0][1] < known["sure_above"] or novelty > known["novel_above"]
    defect = said["defect"].softmax(-1)  # (V, 5)
    none = vocabulary["defect"].index("none")
    faulty = float((1 - defect[:, none]).max())
    words = {name: _word(said[name], vocabulary[name]) for name in WORDS}
    words["category"] = categories[0][0]
    words["morphology"] = _word(
        said["morphology"], vocabulary["morphology"], MORPHOLOGIES[words["category"]]
    )
    kinds = tuple(w for w in vocabulary["defect"] if w != "none")
    words["defect"] = (
        _word(said["defect"], vocabulary["defect"], kinds)
        if faulty > known["defect_above"]
        else "none"
    )
    flags = {name: _word(said[name], vocabulary[name]) == "yes" for name in FLAGS}
    traits = Traits(**words, **flags, sure=not abstained)  # type: ignore[arg-type]
    return Decision(traits, categories, abstained, novelty, faulty, _size(said, config))


def _word(logits: Tensor, words: list[str], among: tuple[str, ...] | None = None) -> str:
    """The likeliest word of ``words``, or of those ``among`` them."""
    p = logits.softmax(-1).mean(0)
    allowed = [k for k, word in enumerate(words) if among is None or word in among]
    return words[max(allowed, key=lambda k: float(p[k]))]


def _size(said: Mapping[str, Tensor], config: SlavaConfig) -> float | None:
    if "log_diameter" not in config.regressions or "numbers" not in said:
        return None
    column = config.regressions.index("log_diameter")
    share = math.exp(float(said["numbers"][:, column].mean()))
    return share if 0.001 < share < 1 else None


def with_measured_coverage(decision: Decision, facts: tuple[Fact, ...]) -> Decision:
    """The decision, its word for the coverage taken from a measured coverage where there is one."""
    for fact in facts:
        if fact.name == "coverage" and not isinstance(fact.value, str) and fact.unit == "%":
            if "phase" in fact.label:
                continue
            word = coverage_word(float(fact.value) / 100)
            return replace(decision, traits=replace(decision.traits, coverage=word))
    return decision
