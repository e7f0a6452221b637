"""How well a library classifies labelled queries: every voter, their fusion, all figures.

The fusion is fitted on a held-out part of the library; the queries are only judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slava.domain import Metric, Neighbour, Strategy
from slava.metrics import confusion_matrix, per_class, top_accuracy
from slava.retrieval.asking import ModelAnswer
from slava.retrieval.classify import head_votes
from slava.retrieval.encoder import MicrographEncoder, Vectors
from slava.retrieval.fusion import Fusion, fit_fusion
from slava.retrieval.index import Index
from slava.retrieval.library import Entry
from slava.retrieval.sampling import sample_demonstrations
from slava.retrieval.vote import vote

Ask = Callable[[Entry, Sequence[Neighbour]], ModelAnswer]
"""Asks the backbone about one micrograph."""


@dataclass(frozen=True, slots=True)
class Choice:
    """How demonstrations are chosen."""

    k: int = 5
    strategy: Strategy = "similar"
    metric: Metric = "cosine"
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """What every voter says of n micrographs: probabilities (n, classes) by its name."""

    voters: Mapping[str, NDArray[np.float64]]
    nearest: NDArray[np.float64]
    """(n,), cosine of the nearest demonstration; NaN where none was shown."""
    model_note: str = ""
    model_silent: int = 0
    """For how many the backbone gave no answer; its vote is uniform there."""


def collect_votes(
    index: Index,
    encoder: MicrographEncoder,
    entries: Sequence[Entry],
    vectors: Vectors,
    choice: Choice,
    *,
    ask: Ask | None = None,
    own_group_too: bool = True,
) -> Votes:
    """Let every voter judge ``entries`` with their ``vectors`` (n, dimension).

    A micrograph of the library is never its own neighbour; with ``own_group_too`` false nor are
    those of its group.
    """
    labels = index.classes
    knn, model, nearest, silent, note = [], [], [], 0, ""
    for entry, vector in zip(entries, vectors, strict=True):
        shown = sample_demonstrations(
            index, vector, choice.k, choice.strategy, choice.seed, metric=choice.metric,
            exclude_ids=(entry.id,), exclude_groups=() if own_group_too else (entry.group,),
        )  # fmt: skip
        knn.append(vote(shown, labels))
        nearest.append(max((n.similarity for n in shown), default=np.nan))
        if ask is not None:
            answer = ask(entry, shown)
            silent += answer.probabilities is None
            note = answer.note
            uniform = np.full(len(labels), 1 / len(labels))
            model.append(uniform if answer.probabilities is None else answer.probabilities)
    voters: dict[str, NDArray[np.float64]] = {}
    if choice.k:
        voters["knn"] = np.stack(knn)
    head = head_votes(encoder, vectors, labels)
    if head is not None:
        voters["encoder"] = head
    if model and silent < len(model):
        voters["model"] = np.stack(model)
    return Votes(voters, np.array(nearest), note, silent)


def fit_on_library(
    index: Index,
    encoder: MicrographEncoder,
    entries: Sequence[Entry],
    rows: NDArray[np.int64],
    choice: Choice,
    ask: Ask | None = None,
) -> Fusion:
    """Fit the fusion on ``rows`` of the library, each without itself and its group."""
    if not len(rows):
        return Fusion()
    held = [entries[row] for row in rows]
    votes = collect_votes(
        index, encoder, held, index.vectors[rows], choice, ask=ask, own_group_too=False
    )
    if not votes.voters:
        return Fusion()
    known = np.isfinite(votes.nearest)
    nearest = votes.nearest[known] if known.any() else None
    return fit_fusion(votes.voters, index.label_codes[rows], nearest)


def figures(index: Index, truth: Sequence[str], votes: Votes, fusion: Fusion) -> dict[str, Any]:
    """The keys that the command promises: ``top1`` to ``confusion_matrix``, each voter's top-1.

    ``top1`` to ``top5``, ``per_class`` and the matrix (rows are the truth) are those of the
    fused, recommended answer; a true label that the library lacks counts as wrong.
    """
    classes = index.classes
    labels = sorted({*classes, *truth})
    fused = fusion.fuse(votes.voters)
    rankings = {
        name: _rankings(classes, p) for name, p in (*votes.voters.items(), ("fused", fused))
    }
    said = [ranking[0] for ranking in rankings["fused"]]
    counts = confusion_matrix(truth, said, labels)
    far = votes.nearest < (fusion.least_similarity or -1.0)

    def first(name: str) -> float | None:
        return top_accuracy(rankings[name], truth, 1) if name in rankings else None

    return {
        **{f"top{n}": top_accuracy(rankings["fused"], truth, n) for n in (1, 2, 3, 5)},
        "per_class": {label: asdict(f) for label, f in per_class(counts, labels).items()},
        "confusion_matrix": counts.tolist(),
        "knn_top1": first("knn"),
        "encoder_top1": first("encoder"),
        "model_top1": first("model"),
        "fused_top1": first("fused"),
        "knn_top": {str(n): top_accuracy(rankings["knn"], truth, n) for n in (1, 2, 3, 5)}
        if "knn" in rankings
        else {},
        "abstained": int(far.sum()),
        "n": len(truth),
        "labels": labels,
        "fusion": asdict(fusion),
    }


def _rankings(labels: Sequence[str], p: NDArray[np.float64]) -> list[list[str]]:
    return [[labels[k] for k in row] for row in np.argsort(-p, axis=1, kind="stable")]
