"""Sentences, plain forms and stems of texts. It must not know micrographs."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_END = re.compile(r"(?<=[.!?])[\"”)]?\s+(?=[A-Z“\"(0-9])|\n+")
_ABBREVIATED = re.compile(r"(?:\b(?:e\.g|i\.e|etc|approx|ca|Fig|vs|resp|cf|al)|\b[A-Z])\.$")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_ENDINGS = tuple(
    sorted(
        (
            "ically",
            "ical",
            "osity",
            "ously",
            "ous",
            "ings",
            "ing",
            "edly",
            "ed",
            "ies",
            "es",
            "s",
            "ly",
            "ness",
            "al",
            "y",
            "e",
        ),
        key=lambda ending: -len(ending),
    )
)
_SPELLING = (
    ("fibre", "fiber"),
    ("fibrous", "fiber"),
    ("colour", "color"),
    ("grey", "gray"),
    ("centre", "center"),
)


def word_set(text: str) -> frozenset[str]:
    """The words of ``text``, which are parted by spaces."""
    return frozenset(text.split())


STOPWORDS = word_set(
    "a an the of in on at to and or is are was were be been being this that these those it its "
    "they them their there here what which how who where when why do does did can could would "
    "with for from by as into about i you we my your our if than then so some any each every all "
    "seen shown shows show see visible micrograph micrographs image images picture pictures "
    "appear appears look looks like one more most such very"
)

SAYS_A_LIMIT = re.compile(
    r"\b(?:can(?:not|'t|’t| not)|could not|not (?:possible|known|determined|told|tell|identif\w+|"
    r"available|measured|calibrated)|does(?: not|n't|n’t) (?:tell|show|reveal|allow|say)|unknown|"
    r"would (?:be needed|be required|need|require|show|tell)|(?:is|are) (?:needed|required)|"
    r"no (?:\w+ )?(?:evidence|information|data|way|elements?|spectrum|spectra)|whether|unless)\b",
    re.IGNORECASE,
)
"""A sentence that says what a micrograph does not tell."""


def sentences(text: str) -> list[str]:
    """The sentences of ``text``; an abbreviation's full stop ends none."""
    parts: list[str] = []
    for piece in _END.split(text):
        if parts and _ABBREVIATED.search(parts[-1]):
            parts[-1] += f" {piece}"
        elif piece.strip():
            parts.append(piece.strip())
    return parts


def plain(text: str) -> str:
    """Lower case, one kind of dash, quote and space, no punctuation at the end of words."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("μ", "µ")
    folded = re.sub(r"[‐‑–—−]", "-", folded)
    return re.sub(r"\s+", " ", re.sub(r"[^\w\s.%°±<>/-]|[.](?!\d)", " ", folded)).strip()


def words(text: str) -> list[str]:
    """The words of ``text`` as they stand, hyphenated ones whole."""
    return _WORD.findall(text)


def stems(text: str) -> list[str]:
    """Stems of all words, hyphenated ones in parts, in one spelling."""
    low = text.casefold().replace("_", " ")
    for british, american in _SPELLING:
        low = low.replace(british, american)
    return [stem(w) for w in re.findall(r"[^\W_]+", low)]


def content_stems(text: str) -> list[str]:
    """Stems of the words that carry meaning."""
    return [stem(w) for w in map(str.casefold, re.findall(r"[^\W_]+", text)) if w not in STOPWORDS]


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The word without its ending, in one spelling; porous, pores and porosity become one.

    A plain stripping of endings: nltk's stemmer would bring four seconds of imports.
    """
    for british, american in _SPELLING:
        word = word.replace(british, american)
    for _ in range(2):
        ending = next((e for e in _ENDINGS if word.endswith(e) and len(word) - len(e) >= 3), "")
        word = word.removesuffix(ending)
    return word


def shortened(text: str, most: int = 60) -> str:
    """``text`` on one line for the sentence of a flag."""
    line = re.sub(r"\s+", " ", text).strip()
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
