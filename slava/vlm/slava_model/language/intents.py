"""The kinds of question the built-in model answers, from the ten aspects and around them.

Source of the aspects: sLAVA, section 4.3.
"""

from __future__ import annotations

from dataclasses import dataclass

STYLES = 6
"""How many wordings an answer has; which one is told to the decoder as a token."""


@dataclass(frozen=True, slots=True)
class Intent:
    """One kind of question. ``about`` completes "I can tell you about ..."."""

    name: str
    about: str
    decoded: bool = True
    """Whether the decoder writes the answer; else it is a fixed reply."""


INTENTS = (
    Intent("category", "its category"),
    Intent("caption", "what it shows, briefly or in detail"),
    Intent("basics", "the kind of material and its scale"),
    Intent("scale", "the pixel size and the width of the field"),
    Intent("morphology", "the shape of the structures"),
    Intent("size", "how large they are"),
    Intent("uniformity", "how much their sizes vary"),
    Intent("arrangement", "how they are arranged"),
    Intent("coverage", "how much of the field they cover"),
    Intent("count", "how many there are"),
    Intent("surface", "the texture of the surface"),
    Intent("defect", "visible defects"),
    Intent("composition", "what the picture says of the composition"),
    Intent("interactions", "whether the structures touch"),
    Intent("environment", "the background and foreign matter"),
    Intent("technique", "the imaging technique"),
    Intent("quality", "noise, blur and charging"),
    Intent("settings", "voltage, working distance, detector and magnification"),
    Intent("functional", "functional parts"),
    Intent("application", "what such a material is used for"),
    Intent("orientation", "orientation and alignment"),
    Intent("periodicity", "whether a pattern repeats"),
    Intent("porosity", "pores"),
    Intent("comparison", "what else it could be"),
    Intent("databar", "the databar"),
    Intent("confidence", "how sure I am"),
    Intent("provenance", "what a picture cannot tell"),
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
