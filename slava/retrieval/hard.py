"""The hard split of GDL-NMID: the micrographs that lie farthest from where their like lie.

Pixels are z-scored, reduced by principal components, grouped by K-means with as many centres as
classes; far from its centre and with a low silhouette is hard. Of every class the hardest are
taken. Source: GDL-NMID, "Identifying Hard-to-Classify Micrographs".
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from slava.errors import BadInput, BadSetting
from slava.retrieval.view import standardised

SIDE_PX = 224
COMPONENTS = 64
_ROUNDS = 50
_STARTS = 4
_BLOCK = 1024

Reals = NDArray[np.float64]


def hard_rows(
    small: Sequence[NDArray[np.uint8]], labels: Sequence[str], share: float = 0.1, seed: int = 0
) -> NDArray[np.int64]:
    """The hardest ``share`` of every class, at least one of each, as sorted rows.

    Parameters
    ----------
    small
        Thumbnails, any size.
    labels
        Of every row.
    share
        Above 0, at most 0.5.

    Raises
    ------
    BadSetting
        If ``share`` is out of its range.
    BadInput
        If a class has fewer than two micrographs.
    """
    if not 0 < share <= 0.5:
        raise BadSetting(f"a share of {share} is not above 0 and at most 0.5.")
    classes = sorted(set(labels))
    few = [label for label in classes if labels.count(label) < 2]
    if few:
        raise BadInput(f"a split needs at least two micrographs of {', '.join(few)}.")
    hardness = how_hard(small, len(classes), seed)
    own = np.array([classes.index(label) for label in labels])
    taken = []
    for code in range(len(classes)):
        rows = np.flatnonzero(own == code)
        order = rows[np.argsort(-hardness[rows], kind="stable")]
        taken.append(order[: max(1, round(share * len(rows)))])
    return np.sort(np.concatenate(taken)).astype(np.int64)


def how_hard(small: Sequence[NDArray[np.uint8]], centres: int, seed: int = 0) -> Reals:
    """How hard each is, 0..1: mean rank of its distance to the centre and of its silhouette."""
    points = _components(np.stack([_flat(each) for each in small]), seed)
    means, member = _k_means(points, centres, seed)
    distance = np.linalg.norm(points - means[member], axis=1)
    return (_rank(distance) + _rank(-_silhouette(points, member))) / 2


def _flat(small: NDArray[np.uint8]) -> NDArray[np.float32]:
    picture = Image.fromarray(standardised(small)).resize((SIDE_PX, SIDE_PX))
    values = np.asarray(picture, np.float32).ravel()
    normed: NDArray[np.float32] = (values - values.mean()) / max(float(values.std()), 1e-6)
    return normed


def _components(pixels: NDArray[np.float32], seed: int) -> Reals:
    """Principal components of rows (n, pixels), by a randomised range (Halko et al. 2011)."""
    centred = pixels - pixels.mean(0)
    wanted = min(COMPONENTS, len(pixels) - 1)
    rng = np.random.default_rng(seed)
    start = rng.normal(size=(len(pixels), min(len(pixels), wanted + 10))).astype(np.float32)
    basis, _ = np.linalg.qr(centred.T @ start)
    for _ in range(2):
        basis, _ = np.linalg.qr(centred.T @ (centred @ basis))
    reduced = centred @ basis
    _, _, turned = np.linalg.svd(reduced, full_matrices=False)
    return np.asarray(reduced @ turned[:wanted].T, dtype=np.float64)


def _k_means(points: Reals, centres: int, seed: int) -> tuple[Reals, NDArray[np.int64]]:
    """The best of a few K-means, each from spread-out starts (Arthur and Vassilvitskii 2007)."""
    rng = np.random.default_rng(seed)
    runs = [_one_k_means(points, centres, rng) for _ in range(_STARTS)]
    return min(runs, key=lambda run: float(((points - run[0][run[1]]) ** 2).sum()))


def _one_k_means(
    points: Reals, centres: int, rng: np.random.Generator
) -> tuple[Reals, NDArray[np.int64]]:
    means = points[[int(rng.integers(len(points)))]]
    while len(means) < centres:
        gap = _squared(points, means).min(1)
        chance = gap / gap.sum() if gap.sum() > 0 else None
        means = np.vstack([means, points[rng.choice(len(points), p=chance)]])
    member = _squared(points, means).argmin(1)
    for _ in range(_ROUNDS):
        means = np.stack(
            [own.mean(0) if len(own := points[member == c]) else means[c] for c in range(centres)]
        )
        moved = _squared(points, means).argmin(1)
        if np.array_equal(moved, member):
            break
        member = moved
    return means, member


def _squared(points: Reals, others: Reals) -> Reals:
    """Squared distances (n, m)."""
    told = (points**2).sum(1)[:, None] - 2 * points @ others.T + (others**2).sum(1)
    return np.maximum(told, 0.0)


def _silhouette(points: Reals, member: NDArray[np.int64]) -> Reals:
    """Silhouette of every point, -1..1; 0 where it is alone in its cluster."""
    clusters = np.unique(member)
    sizes = np.array([(member == c).sum() for c in clusters], dtype=np.float64)
    hot = (member[:, None] == clusters).astype(np.float64)
    sums = np.concatenate(
        [
            np.sqrt(_squared(points[k : k + _BLOCK], points)) @ hot
            for k in range(0, len(points), _BLOCK)
        ]
    )
    own = hot.astype(bool)
    size = hot @ sizes
    inside = (sums * hot).sum(1) / np.maximum(size - 1, 1)
    outside = np.where(own, np.inf, sums / sizes).min(1)
    told = (outside - inside) / np.maximum(np.maximum(inside, outside), 1e-12)
    return np.where((size > 1) & np.isfinite(outside), told, 0.0)


def _rank(values: Reals) -> Reals:
    order = np.empty(len(values))
    order[np.argsort(values, kind="stable")] = np.arange(len(values))
    return order / max(1, len(values) - 1)
