"""A library's vectors in memory, and the nearest of them: one product of matrix and vector.

It must not know where vectors are kept, nor how they are made.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from slava.domain import Demonstration, EncoderKey, Metric, Neighbour
from slava.errors import BadInput

UNLABELLED = ""
"""The label of a micrograph that has none; it is never a demonstration."""


@dataclass(frozen=True, eq=False)
class Index:
    """Vectors of one encoder with what is known of their micrographs, row by row.

    ``vectors`` is (n, dimension), float32, of unit length; ``ids``, ``labels``, ``groups`` and
    ``names`` have n entries. A label may be empty: such a row is found by :meth:`nearest` only
    where ``labelled_only`` is false.
    """

    key: EncoderKey
    ids: Sequence[str]
    labels: Sequence[str]
    groups: Sequence[str]
    vectors: NDArray[np.float32]
    names: Sequence[str] = ()
    classes: tuple[str, ...] = field(init=False)
    """The labels that there are, sorted."""
    label_codes: NDArray[np.int64] = field(init=False)
    """(n,), the place of each label in ``classes``; -1 is unlabelled."""
    _row_of: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        n = len(self.ids)
        lengths = {len(self.labels), len(self.groups), len(self.names) or n, n}
        if lengths != {n} or self.vectors.shape != (n, self.key.dimension):
            raise ValueError(
                f"{n} ids, {len(self.labels)} labels, {len(self.groups)} groups and vectors of "
                f"shape {self.vectors.shape} do not belong together ({self.key.dimension} wanted)"
            )
        classes = tuple(sorted({label for label in self.labels if label != UNLABELLED}))
        place = {label: k for k, label in enumerate(classes)}
        codes = np.array([place.get(label, -1) for label in self.labels], dtype=np.int64)
        set_ = object.__setattr__
        set_(self, "vectors", np.ascontiguousarray(self.vectors, dtype=np.float32))
        set_(self, "classes", classes)
        set_(self, "label_codes", codes)
        set_(self, "_row_of", {micrograph_id: k for k, micrograph_id in enumerate(self.ids)})

    def __len__(self) -> int:
        return len(self.ids)

    def row_of(self, micrograph_id: str) -> int | None:
        """The row of a micrograph; ``None`` where it is not in the index."""
        return self._row_of.get(micrograph_id)

    def similarities(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """Cosine of every row with ``vector`` (dimension,), shape (n,).

        Raises
        ------
        BadInput
            When the vector is none of this encoder's.
        """
        if vector.shape != (self.key.dimension,):
            raise BadInput(
                f"a vector of shape {vector.shape} is not one of the encoder {self.key.id} "
                f"({self.key.dimension} numbers). Embed the micrograph again with it."
            )
        return self.vectors @ np.asarray(vector, dtype=np.float32)

    def excluded(
        self, ids: Collection[str] = (), groups: Collection[str] = (), labelled_only: bool = True
    ) -> NDArray[np.int64]:
        """Rows that may not be taken; the empty group is never left out."""
        rows = [self._row_of[i] for i in ids if i in self._row_of]
        barred = set(groups) - {""}
        if barred:
            rows += [k for k, group in enumerate(self.groups) if group in barred]
        found = np.array(rows, dtype=np.int64)
        if labelled_only:
            found = np.concatenate([found, np.flatnonzero(self.label_codes < 0)])
        return np.unique(found)

    def nearest(
        self,
        vector: NDArray[np.float32],
        k: int,
        metric: Metric = "cosine",
        exclude_ids: Collection[str] = (),
        exclude_groups: Collection[str] = (),
        *,
        labelled_only: bool = True,
    ) -> tuple[Neighbour, ...]:
        """The ``k`` nearest rows, nearest first; fewer where there are not so many.

        Vectors have unit length, so both metrics give the same order; ``euclidean`` tells the
        distance as well.
        """
        similarity = self.similarities(vector)
        barred = self.excluded(exclude_ids, exclude_groups, labelled_only)
        if len(barred):
            similarity[barred] = -np.inf
        rows = top_rows(similarity, min(k, len(self) - len(barred)))
        return tuple(self.neighbour(int(row), float(similarity[row]), metric) for row in rows)

    def neighbour(self, row: int, similarity: float, metric: Metric = "cosine") -> Neighbour:
        """Row ``row`` as a neighbour of that similarity."""
        name = self.names[row] if self.names else ""
        shown = Demonstration(self.ids[row], self.labels[row], self.groups[row], name)
        distance = float(np.sqrt(max(0.0, 2 - 2 * similarity))) if metric == "euclidean" else None
        return Neighbour(shown, similarity, distance)


def top_rows(values: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """The places of the ``k`` largest of ``values`` (n,), largest first; ties by place."""
    if k <= 0:
        return np.empty(0, dtype=np.int64)
    if k < len(values):
        # Only what reaches the k-th value is sorted; a full sort costs more than the product.
        found = np.flatnonzero(values >= _kth_largest(values, k))
    else:
        found = np.arange(len(values))
    order = np.lexsort((found, -values[found]))
    return found[order][:k]


def _kth_largest(values: NDArray[np.float32], k: int) -> np.float32:
    """The ``k``-th largest value; a lower bound from a sample keeps the partition small."""
    if len(values) > 64 * k and len(values) > 4096:
        sample = values[:: len(values) // 2048]
        floor = np.partition(sample, len(sample) - min(k, len(sample)))[-min(k, len(sample))]
        above = values[values >= floor]
        if len(above) >= k:
            values = above
    return np.float32(np.partition(values, len(values) - k)[len(values) - k])
