"""The answers the decoder learns to write, and the ones that stand in if it ever fails.

One function per intent turns an :class:`Ask` into a short answer and what a detailed one adds.
Numbers are slots. This module must not know how traits were decided.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from slava.vlm.slava_model.language import answers_limits as limits
from slava.vlm.slava_model.language import answers_measured as measured
from slava.vlm.slava_model.language import answers_seen as seen
from slava.vlm.slava_model.language.ask import Ask, Said
from slava.vlm.slava_model.language.intents import DECODED, STYLES


def wordings(ask: Ask) -> tuple[str, ...]:
    """Every answer that ``ask`` allows, in all styles; that of its own style first."""
    styles = [(ask.style + k) % STYLES for k in range(STYLES)]
    return tuple(dict.fromkeys(answer(replace(ask, style=style)) for style in styles))


def answer(ask: Ask) -> str:
    """The answer to ``ask``, slots unfilled."""
    short, more = ANSWERS[ask.intent](ask)
    return f"{short} {more}".strip() if ask.detailed else short


ANSWERS: dict[str, Callable[[Ask], Said]] = {
    "category": seen.category,
    "caption": seen.caption,
    "basics": seen.basics,
    "scale": measured.scale,
    "morphology": seen.morphology,
    "size": measured.size,
    "uniformity": measured.uniformity,
    "arrangement": seen.arrangement,
    "coverage": measured.coverage,
    "count": measured.count,
    "surface": seen.surface,
    "defect": seen.defect,
    "composition": limits.composition,
    "interactions": seen.interactions,
    "environment": seen.environment,
    "technique": seen.technique,
    "quality": seen.quality,
    "settings": measured.settings,
    "functional": limits.functional,
    "application": limits.application,
    "orientation": measured.orientation,
    "periodicity": measured.periodicity,
    "porosity": measured.porosity,
    "comparison": seen.comparison,
    "databar": limits.databar,
    "confidence": seen.confidence,
    "provenance": limits.provenance,
}

if set(ANSWERS) != set(DECODED):
    raise RuntimeError(f"intents without an answer: {set(ANSWERS) ^ set(DECODED)}")
