"""Fitting what an adapter of the built-in model was taught: its pictures and its questions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from slava.vlm.builtin_backbone import BuiltinBackbone
from slava.vlm.slava_model.question_encoder import question_encoder
from slava.vlm.slava_model.taught import Taught

DRAWN = 300
"""So many features stand for the drawings that the model was built on."""
NEVER = -1e4
"""Of a category that no learnt picture has."""
SHRINK = 0.1
"""Share of the covariance that is taken as round: there are few pictures and many features."""
FOLDS, KEPT, ROOM = 10, 0.98, 1.1
"""The radius is where ``KEPT`` of held-out pictures lie, widened by ``ROOM``."""
FEWEST, ANYWHERE = 4, 1e9
"""With fewer pictures nothing is known of how far others lie: only drawings are told apart."""
STRENGTH = 0.05
"""Inverse of the penalty of the separation from drawings."""


def fit_taught(
    base: BuiltinBackbone,
    features: Tensor,
    labels: Sequence[str],
    questions: Sequence[str],
    categories: Sequence[str],
    notes: dict[str, Any],
) -> Taught:
    """Fit from the pooled ``features`` (N, D) of the training part, their labels and questions."""
    own = features.double().numpy()
    means, precision = _domain(own, labels)
    weight, offset = _apart(own, _of_drawings(base))
    head, bias = _head(own, labels, categories)
    read = torch.cat([question_encoder().read([q]).sentence for q in questions])
    intents = {name for name, _ in base._judge(list(questions)) if name not in _NOT_TAUGHT}
    return Taught(
        labels=tuple(categories),
        intents=frozenset(intents),
        questions=read,
        means=torch.from_numpy(means).float(),
        precision=torch.from_numpy(precision).float(),
        radius=_radius(own, labels),
        direction=torch.from_numpy(weight).float(),
        offset=offset,
        head=torch.from_numpy(head).float(),
        bias=torch.from_numpy(bias).float(),
        notes=notes,
    )


_NOT_TAUGHT = frozenset({"unknown", "greeting", "thanks", "help", "improve", "language"})


def _domain(
    own: NDArray[np.float64], labels: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The mean of every label, and the precision that they share."""
    named = np.array(labels)
    means = np.stack([own[named == name].mean(0) for name in sorted(set(labels))])
    within = np.concatenate(
        [own[named == n] - own[named == n].mean(0) for n in sorted(set(labels))]
    )
    width = own.shape[1]
    spread = within.T @ within / max(len(own) - 1, 1)
    round_ = np.trace(spread) / width or 1.0
    shrunk = (1 - SHRINK) * spread + SHRINK * round_ * np.eye(width)
    return means, np.linalg.inv(shrunk)


def _distances(
    picked: NDArray[np.float64], means: NDArray[np.float64], precision: NDArray[np.float64]
) -> NDArray[np.float64]:
    gap = picked[:, None] - means  # (N, C, D)
    squared = np.einsum("ncd,de,nce->nc", gap, precision, gap)
    return np.asarray(np.sqrt(squared.clip(0)).min(1))


def _radius(own: NDArray[np.float64], labels: Sequence[str]) -> float:
    """How far pictures lie from means that were fitted without them."""
    if len(own) < FEWEST:
        return ANYWHERE
    folds = len(own) if len(own) < 4 * FOLDS else FOLDS
    order = np.random.default_rng(0).permutation(len(own))
    held: list[float] = []
    for fold in range(folds):
        out = order[fold::folds]
        rest = np.setdiff1d(order, out)
        means, precision = _domain(own[rest], [labels[i] for i in rest])
        held += _distances(own[out], means, precision).tolist()
    return float(np.quantile(held, KEPT)) * ROOM


def _of_drawings(base: BuiltinBackbone) -> NDArray[np.float64]:
    """Features as drawings have them, from what the model keeps of the drawings it was built on:
    a mean for every category, and the precision that they share."""
    core = base._open()
    means, precision = core.class_means.double().numpy(), core.precision.double().numpy()
    root = np.linalg.cholesky((precision + precision.T) / 2 + 1e-9 * np.eye(len(precision)))
    draws = np.random.default_rng(0).normal(size=(DRAWN, len(precision)))
    apart = np.linalg.solve(root.T, draws.T).T  # (DRAWN, D), covariance precision^-1
    return np.asarray(means[np.arange(DRAWN) % len(means)] + apart)


def _head(
    own: NDArray[np.float64], labels: Sequence[str], categories: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A linear classifier (C, D), (C,) of the features; empty where there are no categories."""
    from sklearn.linear_model import LogisticRegression

    kept = np.array([label in categories for label in labels], dtype=bool)
    if len(categories) < 2 or len({label for label in labels if label in categories}) < 2:
        return np.zeros((0, own.shape[1])), np.zeros(0)
    middle, spread = own[kept].mean(0), own[kept].std(0) + 1e-6
    truth = np.array([categories.index(label) for label in labels if label in categories])
    model = LogisticRegression(C=STRENGTH, max_iter=500, class_weight="balanced")
    model.fit((own[kept] - middle) / spread, truth)
    weight = np.zeros((len(categories), own.shape[1]))
    bias = np.full(len(categories), NEVER)
    found = model.coef_ if len(model.classes_) > 2 else np.concatenate([-model.coef_, model.coef_])
    start = model.intercept_
    start = start if len(model.classes_) > 2 else np.concatenate([-start, start])
    for row, k in enumerate(model.classes_):
        weight[k] = found[row] / spread
        bias[k] = start[row] - middle @ weight[k]
    return weight, bias


def _apart(
    own: NDArray[np.float64], drawn: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Direction and offset of the plane between own pictures and drawings; own ones above it.

    The plane is moved until all but a fiftieth of the own pictures are above it.
    """
    from sklearn.linear_model import LogisticRegression

    both = np.concatenate([own, drawn])
    middle, spread = both.mean(0), both.std(0) + 1e-6
    wanted = np.r_[np.ones(len(own)), np.zeros(len(drawn))]
    plane = LogisticRegression(C=STRENGTH, max_iter=500, class_weight="balanced")
    plane.fit((both - middle) / spread, wanted)
    direction = plane.coef_[0] / spread
    offset = float(plane.intercept_[0] - middle @ direction)
    lowest = float(np.quantile(own @ direction + offset, 1 - KEPT))
    return direction, offset - min(0.0, lowest)
