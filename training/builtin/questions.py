"""The bank of questions: many ways to ask the same, some held out.

Read from ``questions.toml``, whose small grammar is expanded here. It must not know answers.
"""

from __future__ import annotations

import random
import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from slava.vlm.slava_model.language.intents import NAMES

MOST = 240
"""Questions of one intent that are drawn from its grammar."""

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_NOUN = re.compile(r"@(\w+)")


@dataclass(frozen=True, slots=True)
class Bank:
    """Questions by intent: to learn from, to fit the certainty with, and to be tested on."""

    asked: dict[str, tuple[str, ...]]
    held_out: dict[str, tuple[str, ...]]
    blind: dict[str, tuple[str, ...]]


@lru_cache(maxsize=2)
def question_bank(seed: int = 0) -> Bank:
    """Expand the grammar, at most :data:`MOST` questions per intent, the same for one seed."""
    with (Path(__file__).parent / "questions.toml").open("rb") as file:
        told = tomllib.load(file)
    nouns = told.pop("nouns")
    rng = random.Random(seed)
    asked = {name: _expand(told[name]["ask"], nouns, rng) for name in NAMES}
    held_out = {name: _once(told[name]["held_out"], nouns, rng) for name in NAMES}
    blind = {name: _once(told[name]["blind"], nouns, rng) for name in NAMES}
    tested = {_plain(q) for part in (held_out, blind) for listed in part.values() for q in listed}
    learnt = {n: tuple(q for q in listed if _plain(q) not in tested) for n, listed in asked.items()}
    return Bank(learnt, held_out, blind)


def _plain(question: str) -> str:
    """The question without what does not matter, to tell whether two are the same."""
    return re.sub(r"\W+", " ", question).strip().lower()


def _expand(frames: list[str], nouns: dict[str, list[str]], rng: random.Random) -> tuple[str, ...]:
    """Every frame about equally often, no question twice."""
    found: dict[str, None] = {}
    for _ in range(40):
        for frame in frames:
            found[_draw(frame, nouns, rng)] = None
            if len(found) >= MOST:
                return tuple(found)
    return tuple(found)


def _once(frames: list[str], nouns: dict[str, list[str]], rng: random.Random) -> tuple[str, ...]:
    return tuple(_draw(frame, nouns, rng) for frame in frames)


def _draw(frame: str, nouns: dict[str, list[str]], rng: random.Random) -> str:
    text = frame
    while _CHOICE.search(text):
        text = _CHOICE.sub(lambda m: rng.choice(m[1].split("|")), text, count=1)
    text = _NOUN.sub(lambda m: rng.choice(nouns[m[1]]), text)
    return re.sub(r"\s+", " ", text).strip()


def disturbed(question: str, rng: random.Random) -> str:
    """The question as people type it: without capitals, marks or a letter, or politely."""
    kind = rng.random()
    if kind < 0.35:
        return question
    if kind < 0.5:
        return question.lower()
    if kind < 0.65:
        return question.rstrip("?.! ").lower()
    if kind < 0.8:
        opening = rng.choice(
            ("Please tell me: ", "Could you say ", "Hi, ", "I wonder: ", "Please: ")
        )
        return opening + question[:1].lower() + question[1:]
    if len(question) > 12:
        k = rng.randrange(1, len(question) - 1)
        return question[:k] + question[k + 1 :]
    return question
