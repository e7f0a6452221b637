"""From what a person typed to the intents it holds: parts, length wished, follow-ups.

The judge of a sentence is handed in, so that this module needs no network.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Judge = Callable[[Sequence[str]], list[tuple[str, float]]]
"""Intent and probability of each question, ``unknown`` when none is likely enough."""

MOST_CHARACTERS = 1200
MOST_PARTS = 3
FEW_WORDS = 6
"""A question of no more words than this may lean on the one before."""

SURE_OF_WHOLE = 0.85
"""A question so surely of one kind is not taken apart, unless its parts stand alone."""
SURE_OF_PART, OWN_WORDS = 0.6, 4
"""A part of fewer words leans on the others ("what is it", "how many")."""

_SENTENCES = re.compile(r"(?<=[?!.;])\s+|\n+")
_JOINED = re.compile(r",?\s+(?:and|also|plus)\s+(?=(?:how|what|which|where|is|are|do|does|can)\b)")
_LONG = re.compile(
    r"\b(detail\w*|thorough\w*|long\w*|comprehensive|extensive\w*|in[- ]depth|elaborate|full|"
    r"everything|at length|complete|more)\b",
    re.IGNORECASE,
)
_SHORT = re.compile(
    r"\b(brief\w*|short\w*|concise\w*|one sentence|one word|few words|quick\w*|summary|only)\b",
    re.IGNORECASE,
)
_MORE = re.compile(
    r"^\W*(?:(?:tell|say|give)(?: me)?(?: some)? more|more(?: detail\w*)?|go on|continue|"
    r"(?:please )?elaborate|in more detail|and\??|what else)\b\W*(?:please)?\W*$",
    re.IGNORECASE,
)
_FOREIGN = re.compile(
    r"[\u0370-\u03ff\u0400-\u04ff\u0590-\u06ff\u0900-\u0dff\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]"
)
"""Letters of scripts in which English is not written."""


@dataclass(frozen=True, slots=True)
class Part:
    """One question within what was typed."""

    intent: str
    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class Understood:
    """What was asked: one part or several, and how long the answer may be."""

    parts: tuple[Part, ...]
    detailed: bool


def shorten(text: str) -> str:
    """At most :data:`MOST_CHARACTERS`: the beginning and the end, where questions stand."""
    text = re.sub(r"\s+", " ", text).strip()
    if len(text) <= MOST_CHARACTERS:
        return text
    half = MOST_CHARACTERS // 2
    return f"{text[:half].rsplit(' ', 1)[0]}. {text[-half:].split(' ', 1)[-1]}"


def understand(question: str, earlier: Sequence[str], judge: Judge) -> Understood:
    """Find the intents of ``question``; ``earlier`` are the user's questions before it."""
    text = shorten(question)
    detailed = bool(_LONG.search(text)) and not _SHORT.search(text)
    if len(_FOREIGN.findall(text)) > 0.3 * max(1, sum(c.isalpha() for c in text)):
        return Understood((Part("language", text, 1.0),), detailed)
    before = shorten(earlier[-1]) if earlier else ""
    if before and _MORE.match(text):
        return Understood(understand(before, earlier[:-1], judge).parts, True)
    pieces = _pieces(text)
    judged = judge([text, *pieces])
    whole = Part(judged[0][0], text, judged[0][1])
    parts = _distinct(pieces, judged[1:])
    if whole.intent == "unknown" and not parts and before and len(text.split()) <= FEW_WORDS:
        intent, probability = judge([f"{before} {text}"])[0]
        parts = (Part(intent, text, probability),) if intent != "unknown" else ()
    several = len(parts) > 1 and (
        whole.probability < SURE_OF_WHOLE or text.count("?") > 1 or all(map(_stands_alone, parts))
    )
    if several or (parts and whole.intent in _POLITE):
        return Understood(parts[:MOST_PARTS], detailed)
    return Understood((whole,), detailed)


def _stands_alone(part: Part) -> bool:
    return part.probability >= SURE_OF_PART and len(part.text.split()) >= OWN_WORDS


def _pieces(text: str) -> list[str]:
    """Sentences and joined questions of ``text``; none when it is a single one."""
    sentences = [s.strip() for s in _SENTENCES.split(text) if len(s.strip()) > 2]
    pieces = [p.strip() for s in sentences for p in _JOINED.split(s) if len(p.strip()) > 2]
    return pieces[-12:] if len(pieces) > 1 else []


_POLITE = frozenset({"greeting", "thanks", "unknown"})


def _distinct(pieces: Sequence[str], judged: Sequence[tuple[str, float]]) -> tuple[Part, ...]:
    """The parts that ask something, each intent once, in the order in which they are asked."""
    found: dict[str, Part] = {}
    for text, (intent, probability) in zip(pieces, judged, strict=True):
        if intent not in _POLITE:
            found.setdefault(intent, Part(intent, text, probability))
    return tuple(found.values())
