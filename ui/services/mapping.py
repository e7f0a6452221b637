"""A map of the library: every vector as a point, near where its neighbours are.

Principal components at once, t-SNE when it is ready (in a thread, kept for the encoder). What
came later is placed among its nearest. It must not know labels, nor how a map is drawn.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from slava.domain import EncoderKey
from ui.services.news import News

if TYPE_CHECKING:
    from slava.retrieval.index import Index

log = logging.getLogger("slava.mapping")

MOST = 3000
"""So many vectors at most are laid out by t-SNE; the others are placed among them."""
FEWEST = 5
STALE = 0.2
"""Share of new vectors from which on a map is laid out anew."""
AMONG = 3

Method = Literal["pca", "tsne"]
Points = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """Points (n, 2) within 0..1, row by row those of the index that it was asked for."""

    method: Method
    points: Points


class Mapping:
    """The map of the encoder in use; safe to use from any thread."""

    def __init__(self, news: News) -> None:
        self._news = news
        self._guard = threading.Lock()
        self._laid: tuple[EncoderKey, dict[str, int], Points] | None = None
        self._failed: tuple[EncoderKey, int] | None = None
        self._worker: threading.Thread | None = None
        self._times = 0
        self._closed = False

    def map_of(self, index: Index) -> Map | None:
        """The map as far as it is there; a better one is begun. ``None`` for too few."""
        if len(index) < FEWEST:
            return None
        with self._guard:
            laid = self._laid if self._laid and self._laid[0] == index.key else None
        known = laid is not None and sum(i in laid[1] for i in index.ids)
        if laid is None or not known or len(index) - known > STALE * len(index):
            self._begin(index)
        if laid is None or not known:
            return Map("pca", _components(index.vectors))
        return Map("tsne", _placed(index, laid[1], laid[2]))

    @property
    def laid(self) -> int:
        """Grows with every map that has been laid out."""
        with self._guard:
            return self._times

    def close(self, timeout_s: float) -> None:
        """Lay out no more, and wait for the map under way."""
        with self._guard:
            self._closed, worker = True, self._worker
        if worker is not None:
            worker.join(timeout_s)

    def _begin(self, index: Index) -> None:
        with self._guard:
            if self._worker or self._closed or self._failed == (index.key, len(index)):
                return
            self._worker = threading.Thread(
                target=self._work, args=(index,), name="slava-mapping", daemon=True
            )
            self._worker.start()

    def _work(self, index: Index) -> None:
        try:
            rng = np.random.default_rng(0)
            rows = np.sort(rng.permutation(len(index))[:MOST])
            points = _neighbourhoods(index.vectors[rows])
            place = {index.ids[row]: n for n, row in enumerate(rows)}
            with self._guard:
                self._laid = index.key, place, points
                self._times += 1
        except Exception:
            log.exception("the map could not be laid out")
            with self._guard:
                self._failed = index.key, len(index)
        finally:
            with self._guard:
                self._worker = None
            self._news.tell()


def _components(vectors: NDArray[np.float32], number: int = 2) -> Points:
    """The first principal components of vectors (n, d), (n, number), within 0..1."""
    centred = vectors - vectors.mean(0)
    values, axes = np.linalg.eigh(centred.T @ centred)
    return _squared(centred @ axes[:, np.argsort(-values)[:number]])


def _neighbourhoods(vectors: NDArray[np.float32]) -> Points:
    """t-SNE of vectors (n, d) after principal components, (n, 2), within 0..1.

    Source: van der Maaten and Hinton 2008, as scikit-learn has it.
    """
    from sklearn.manifold import TSNE

    few = _components(vectors, min(30, *vectors.shape))
    perplexity = min(30.0, (len(vectors) - 1) / 3)
    start = (few[:, :2] - few[:, :2].mean(0)) * 1e-2
    tsne = TSNE(perplexity=perplexity, init=start.astype(np.float32), random_state=0)
    return _squared(tsne.fit_transform(few))


def _squared(points: NDArray[np.floating]) -> Points:
    """Points (n, d) moved and scaled into 0..1, with one scale for all axes."""
    low, high = points.min(0), points.max(0)
    span = max(float((high - low).max()), 1e-9)
    return np.asarray((points - (low + high) / 2) / span + 0.5, dtype=np.float32)


def _placed(index: Index, place: dict[str, int], points: Points) -> Points:
    """Known rows where they were laid, others in the middle of their nearest known ones."""
    at = np.array([place.get(i, -1) for i in index.ids])
    known = np.flatnonzero(at >= 0)
    laid = np.empty((len(index), 2), np.float32)
    laid[known] = points[at[known]]
    for row in np.flatnonzero(at < 0):
        near = known[np.argsort(-(index.vectors[known] @ index.vectors[row]))[:AMONG]]
        laid[row] = laid[near].mean(0)
    return laid
