"""The category of a micrograph without examples: every class of a pack, ranked.

A backbone that has a classifier of its own is asked for it; any other is asked how likely each
class title is as its answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from slava.domain import Ranked
from slava.packs import Pack
from slava.vlm.backbone import Backbone, Message, View

SURE = 0.5
"""Below this probability of the first class the answer is a list, not a verdict."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """All classes, most probable first; ``abstained`` when the first is no verdict."""

    ranked: tuple[Ranked, ...]
    abstained: bool


@runtime_checkable
class RanksCategories(Protocol):
    """A backbone with a calibrated classifier for the nanomaterials pack."""

    def rank_categories(self, view: View) -> Ranking:
        """Rank the classes of the nanomaterials pack for ``view``."""
        ...


def rank_classes(backbone: Backbone, view: View, pack: Pack) -> Ranking:
    """Rank the classes of ``pack`` for ``view``, without demonstrations.

    Raises
    ------
    ModelError
        If the backbone can neither classify nor score.
    """
    if pack.id == "nanomaterials" and isinstance(backbone, RanksCategories):
        return backbone.rank_categories(view)
    titles = [c.title for c in pack.classes]
    question = (
        f"Which category fits this micrograph best: {', '.join(titles)}? Answer with it only."
    )
    scores = backbone.score([Message("user", question, (0,))], [view], titles)
    return ranking_of(pack.labels, np.asarray(scores, dtype=np.float64))


def ranking_of(labels: tuple[str, ...], log_likelihoods: np.ndarray) -> Ranking:
    """Softmax of log-likelihoods, shape (len(labels),), as a ranking."""
    shifted = np.exp(log_likelihoods - log_likelihoods.max())
    probabilities = shifted / shifted.sum()
    order = np.argsort(-probabilities, kind="stable")
    ranked = tuple(Ranked(labels[i], float(probabilities[i])) for i in order)
    return Ranking(ranked, ranked[0].probability < SURE)
