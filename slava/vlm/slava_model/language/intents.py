"""The kinds of question the built-in model answers, from the ten aspects and around them.

Source of the aspects: sLAVA, section 4.3.
"""

from __future__ import annotations

from dataclasses import dataclass

STYLES = 6
"""How many wordings an answer has; which one is told to the decoder as a token."""


@dataclass(frozen=True, slots=True)
class Intent:
    """One kind of question. ``about`` is what it is about, in a word or two."""

    name: str
    about: str
    decoded: bool = True
    """Whether the decoder writes the answer; else it is a fixed reply."""


INTENTS = (
    Intent("category", "category"),
    Intent("caption", "description, brief or detailed"),
    Intent("basics", "kind of material"),
    Intent("scale", "scale"),
    Intent("morphology", "shape"),
    Intent("size", "size"),
    Intent("uniformity", "size distribution"),
    Intent("arrangement", "arrangement"),
    Intent("coverage", "coverage"),
    Intent("count", "number"),
    Intent("surface", "surface"),
    Intent("defect", "defects"),
    Intent("composition", "composition"),
    Intent("interactions", "boundaries"),
    Intent("environment", "surroundings"),
    Intent("technique", "technique"),
    Intent("quality", "picture quality"),
    Intent("settings", "microscope settings"),
    Intent("functional", "function"),
    Intent("application", "uses"),
    Intent("orientation", "orientation"),
    Intent("periodicity", "periodicity"),
    Intent("porosity", "porosity"),
    Intent("comparison", "alternatives"),
    Intent("databar", "databar"),
    Intent("confidence", "confidence"),
    Intent("provenance", "limits"),
    Intent("greeting", "", decoded=False),
    Intent("thanks", "", decoded=False),
    Intent("help", "", decoded=False),
    Intent("improve", "", decoded=False),
    Intent("language", "", decoded=False),
    Intent("unknown", "", decoded=False),
)
"""``unknown`` is last: whatever is none of the others."""

NAMES = tuple(intent.name for intent in INTENTS)
DECODED = tuple(intent.name for intent in INTENTS if intent.decoded)


def control_tokens() -> tuple[str, ...]:
    """The auxiliary tokens that steer an answer: intent, length, style, calibration."""
    intents = [f"<intent:{name}>" for name in DECODED]
    styles = [f"<style:{k}>" for k in range(STYLES)]
    return (*intents, "<concise>", "<detailed>", *styles, "<calibrated>", "<uncalibrated>")
