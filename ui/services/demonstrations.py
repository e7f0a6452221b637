"""The labelled library as an index in memory, and how far its classes lie apart.

Made anew when labels, vectors or micrographs have changed. It must not know queries, nor how
vectors are made.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from slava.domain import EncoderKey, MicrographId
from store import LabelRecord, Store, VectorMatrix
from ui.services.news import News

if TYPE_CHECKING:
    from slava.retrieval.fusion import Fusion
    from slava.retrieval.index import Index

VALIDATED = 300
"""So many labelled micrographs are left out, one by one, to see how sure a vote is."""
EARNED = {"knn": 1.0, "encoder": 1.0, "model": 0.0}
"""What each voter weighs where the neighbours' vote was validated and the model's was not."""
WEIGHTS = "classify_weights"
"""Setting: what was fitted for an encoder with a model."""
FEWEST = 8
"""With fewer labelled micrographs nothing is said about how close is close."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What an index was made from; another stamp is another index."""

    key: EncoderKey
    labels: int
    vectors: int
    micrographs: int


class Demonstrations:
    """Index and fusion of the encoder in use; safe to use from any thread."""

    def __init__(self, store: Store, news: News) -> None:
        self._store, self._news = store, news
        self._guard = threading.RLock()
        self._labels = 0
        self._matrix: tuple[tuple[EncoderKey, int], VectorMatrix] | None = None
        self._index: tuple[Stamp, Index] | None = None
        self._fusions: dict[tuple[Stamp, int], Fusion] = {}

    @property
    def labels_version(self) -> int:
        """Grows with every change of a label."""
        with self._guard:
            return self._labels

    def labels_changed(self) -> None:
        """Some micrograph has another label now."""
        with self._guard:
            self._labels += 1
        self._news.tell()

    def stamp(self, key: EncoderKey, made: int) -> Stamp:
        """What an index would be made from now; ``made`` counts the vectors' changes."""
        with self._guard:
            return Stamp(key, self._labels, made, self._store.micrographs.count_micrographs())

    def index(self, stamp: Stamp) -> Index:
        """Every vector of the encoder, with the labels there are now."""
        with self._guard:
            if self._index is None or self._index[0] != stamp:
                matrix = self._vectors(stamp)
                known = {r.micrograph_id: r for r in self._store.labels.list_labelled()}
                self._index = stamp, _index_of(matrix, known)
            return self._index[1]

    def fusion(self, stamp: Stamp, k: int, model: str = "") -> Fusion:
        """How sure a vote of ``k`` neighbours is in this library, and when nothing is close.

        Found by leaving out labelled micrographs one by one, each with its source; where
        ``model`` was weighed with this encoder, its weight is used.
        """
        with self._guard:
            index = self.index(stamp)
            if (stamp, k) not in self._fusions:
                self._fusions = {at: f for at, f in self._fusions.items() if at[0] == stamp}
                self._fusions[stamp, k] = _fusion_of(index, k)
            found = self._fusions[stamp, k]
        return self._with_weights(found, stamp.key, model)

    def keep_weights(self, key: EncoderKey, model: str, fitted: Fusion) -> None:
        """Use these weights and temperatures with this encoder and this model from now on."""
        kept = dict(self._store.settings.get_setting(WEIGHTS, {}))
        kept[_pair(key, model)] = fitted.to_json()
        self._store.settings.set_setting(WEIGHTS, kept)
        self.labels_changed()

    def _with_weights(self, fusion: Fusion, key: EncoderKey, model: str) -> Fusion:
        from slava.retrieval.fusion import Fusion

        kept = self._store.settings.get_setting(WEIGHTS, {}).get(_pair(key, model))
        if kept is None:
            return fusion
        weighed = Fusion.from_json(kept)
        return replace(
            fusion,
            weights={**fusion.weights, **weighed.weights},
            temperatures={**weighed.temperatures, **fusion.temperatures},
        )

    def _vectors(self, stamp: Stamp) -> VectorMatrix:
        at = (stamp.key, stamp.vectors)
        if self._matrix is None or self._matrix[0] != at:
            self._matrix = at, self._store.vectors.load_vectors(stamp.key)
        return self._matrix[1]


def _pair(key: EncoderKey, model: str) -> str:
    return f"{key.id} {key.preprocessing} {model}"


def _index_of(matrix: VectorMatrix, known: dict[MicrographId, LabelRecord]) -> Index:
    from slava.retrieval.index import Index

    records = [known.get(i) for i in matrix.ids]
    return Index(
        key=matrix.key,
        ids=matrix.ids,
        labels=[(r.label or "") if r else "" for r in records],
        groups=[r.group if r else "" for r in records],
        vectors=matrix.matrix,
        names=matrix.names,
    )


def _fusion_of(index: Index, k: int) -> Fusion:
    from slava.retrieval.fusion import Fusion, abstain_below, fit_temperature
    from slava.retrieval.vote import vote

    labelled = np.flatnonzero(index.label_codes >= 0)
    if len(labelled) < FEWEST or len(index.classes) < 2:
        return Fusion()
    rng = np.random.default_rng(0)
    chosen = rng.choice(labelled, min(VALIDATED, len(labelled)), replace=False)
    votes, nearest, truth = [], [], []
    for row in chosen:
        own, source = {index.ids[row]}, {index.groups[row]}
        found = index.nearest(index.vectors[row], max(1, k), exclude_ids=own, exclude_groups=source)
        if found:
            votes.append(vote(found, index.classes))
            nearest.append(found[0].similarity)
            truth.append(index.label_codes[row])
    if len(votes) < FEWEST:
        return Fusion()
    temperature = fit_temperature(np.stack(votes), np.array(truth))
    threshold = abstain_below(np.array(nearest))
    return Fusion(dict(EARNED), {"knn": temperature}, threshold, len(votes))
