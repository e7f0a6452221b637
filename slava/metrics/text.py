"""How much an answer says in the words of the one that was hoped for: BLEU, ROUGE, METEOR.

The conventions are those with which the rows that sLAVA prints (Tables 2, 10, 29 to 31) come out
to three decimals: BLEU and METEOR of nltk on words between blanks, case kept by BLEU; BLEU without
smoothing; ROUGE as F-measure of rouge-score without stemming; METEOR with WordNet's synonyms, or
not at all. The numbers are the libraries' own. It must not know where answers come from.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from slava.errors import BadInput

if TYPE_CHECKING:
    from slava.metrics.wordnet import WordNet

MEASURES = ("bleu2", "bleu4", "rouge1", "rouge2", "rougeL", "meteor")
"""In the order of the papers' tables. Every one is 0..1, larger is closer."""

_BLEU_WEIGHTS = [(1 / 2,) * 2, (1 / 4,) * 4]
_ROUGE = ("rouge1", "rouge2", "rougeL")

Id = str | int


@dataclass(frozen=True, slots=True)
class TextPair:
    """An answer beside the one that was hoped for."""

    id: Id
    reference: str
    prediction: str


@dataclass(frozen=True, slots=True)
class TextFigures:
    """Every measure of every pair, and over all pairs."""

    rows: tuple[tuple[Id, Mapping[str, float | None]], ...]
    """In the order of the pairs; ``None`` for a measure that was left out."""
    mean: Mapping[str, float | None]
    std: Mapping[str, float | None]
    """Between pairs, of all of them (divided by their number, not one less)."""
    left_out: Mapping[str, str]
    """Why a measure is missing, and the way to have it."""
    wordnet: str = ""
    """The version of WordNet that METEOR used; empty where it was left out."""

    def columns(self) -> dict[str, list[float]]:
        """Each measure that was taken, of all pairs in their order."""
        taken = [m for m in MEASURES if m not in self.left_out]
        return {m: [_number(figures[m]) for _, figures in self.rows] for m in taken}


def score_texts(
    pairs: Sequence[TextPair],
    *,
    wordnet_folder: Path | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> TextFigures:
    """Compare every prediction with its reference.

    Parameters
    ----------
    wordnet_folder
        Where WordNet is, if it is not where nltk looks for it.
    progress
        Called after every pair with how many are done.

    Raises
    ------
    BadInput
        If there are no pairs, or ``wordnet_folder`` holds no WordNet.
    """
    if not pairs:
        raise BadInput("there is no answer to compare.")
    from slava.metrics.wordnet import WAY_OUT, find_wordnet

    wordnet = find_wordnet(wordnet_folder)
    if wordnet is None and wordnet_folder is not None:
        raise BadInput(f"{wordnet_folder} holds no WordNet (index.noun, data.noun and so on).")
    score = row_scorer(wordnet)
    rows: list[tuple[Id, Mapping[str, float | None]]] = []
    for pair in pairs:
        rows.append((pair.id, score(pair.reference, pair.prediction)))
        progress(len(rows))
    measured = MEASURES if wordnet is not None else MEASURES[:-1]
    table = np.array([[figures[m] for m in measured] for _, figures in rows], dtype=np.float64)
    means, stds = table.mean(axis=0).tolist(), table.std(axis=0).tolist()
    missing: dict[str, float | None] = dict.fromkeys(MEASURES)
    return TextFigures(
        tuple(rows),
        missing | dict(zip(measured, means, strict=True)),
        missing | dict(zip(measured, stds, strict=True)),
        {} if wordnet is not None else {"meteor": WAY_OUT},
        wordnet.version if wordnet is not None else "",
    )


def row_scorer(wordnet: WordNet | None) -> Callable[[str, str], dict[str, float | None]]:
    """A function of (reference, prediction) that gives all measures, METEOR ``None`` without
    WordNet. It may be called from any thread."""
    from nltk.stem.porter import PorterStemmer
    from nltk.translate.bleu_score import sentence_bleu
    from nltk.translate.meteor_score import single_meteor_score
    from rouge_score.rouge_scorer import RougeScorer

    rouge, stemmer = RougeScorer(list(_ROUGE)), PorterStemmer()

    def score(reference: str, prediction: str) -> dict[str, float | None]:
        hoped, said = reference.split(), prediction.split()
        bleu2, bleu4 = sentence_bleu(
            [hoped], said, weights=_BLEU_WEIGHTS, smoothing_function=_unsmoothed
        )
        overlaps = rouge.score(reference, prediction)
        figures: dict[str, float | None] = {"bleu2": float(bleu2), "bleu4": float(bleu4)}
        figures.update((name, float(overlaps[name].fmeasure)) for name in _ROUGE)
        figures["meteor"] = (
            float(single_meteor_score(hoped, said, stemmer=stemmer, wordnet=wordnet))
            if wordnet is not None
            else None
        )
        return figures

    return score


def _number(value: float | None) -> float:
    if value is None:
        raise ValueError("a measure that was taken lacks a value")
    return value


def _unsmoothed(precisions: Sequence[Any], **_: object) -> list[Any]:
    """What nltk does without smoothing, less its warning: nothing in common is next to nothing."""
    return [p if p.numerator else sys.float_info.min for p in precisions]
