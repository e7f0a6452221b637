"""The same micrograph twice: the same bytes, or the same picture in other bytes.

It compares; what becomes of duplicates is for the caller. It must not know files.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from slava.retrieval.view import Picture, standardised, thumbnail

ALIKE = 0.985
"""Correlation of two small copies from which on they show the same picture."""
_SIDE_PX = 32
_BLOCK = 2048


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Rows that are the same picture.

    ``exact`` and ``near`` hold groups of rows of one label, ``conflicts`` groups whose rows
    bear different labels. Every group is sorted and has at least two rows.
    """

    exact: tuple[tuple[int, ...], ...] = ()
    near: tuple[tuple[int, ...], ...] = ()
    conflicts: tuple[tuple[int, ...], ...] = ()


def fingerprint(picture: Picture) -> NDArray[np.float32]:
    """A small copy (1024,) without its slow shading, of zero mean and unit length."""
    small = Image.fromarray(standardised(thumbnail(picture)))
    values = np.asarray(small.resize((_SIDE_PX, _SIDE_PX), Image.Resampling.BILINEAR), np.float32)
    rows, columns = np.mgrid[:_SIDE_PX, :_SIDE_PX].reshape(2, -1).astype(np.float32) / _SIDE_PX
    slow = np.stack([np.ones_like(rows), rows, columns, rows * columns, rows**2, columns**2], 1)
    flat = values.ravel()
    fitted, *_ = np.linalg.lstsq(slow, flat, rcond=None)
    left = flat - slow @ fitted
    return np.asarray(left / max(float(np.linalg.norm(left)), 1e-6), dtype=np.float32)


def find_duplicates(
    ids: Sequence[str], labels: Sequence[str], fingerprints: NDArray[np.float32] | None = None
) -> Duplicates:
    """Which rows show the same picture.

    Parameters
    ----------
    ids, labels
        Content hash and label of each row.
    fingerprints
        (n, 1024) as of :func:`fingerprint`; without them only equal bytes are found.
    """
    by_id: dict[str, list[int]] = defaultdict(list)
    for row, micrograph_id in enumerate(ids):
        by_id[micrograph_id].append(row)
    same = [tuple(rows) for rows in by_id.values() if len(rows) > 1]
    alike = _groups(fingerprints) if fingerprints is not None else []
    near = [rows for rows in alike if len({ids[r] for r in rows}) > 1]
    mixed = {rows for rows in (*same, *near) if len({labels[r] for r in rows}) > 1}
    return Duplicates(
        exact=tuple(rows for rows in same if rows not in mixed),
        near=tuple(rows for rows in near if rows not in mixed),
        conflicts=tuple(sorted(mixed)),
    )


def _groups(fingerprints: NDArray[np.float32]) -> list[tuple[int, ...]]:
    """Connected rows of likeness, block by block so that memory stays small."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(fingerprints)
    pairs: list[NDArray[np.int64]] = []
    for start in range(0, n, _BLOCK):
        like = fingerprints[start : start + _BLOCK] @ fingerprints[start:].T
        found = np.argwhere(like > ALIKE) + start
        pairs.append(found[found[:, 0] < found[:, 1]])
    edges = np.concatenate(pairs) if pairs else np.empty((0, 2), np.int64)
    if not len(edges):
        return []
    graph = coo_array((np.ones(len(edges), bool), (edges[:, 0], edges[:, 1])), shape=(n, n))
    _, member = connected_components(graph, directed=False)
    rows: dict[int, list[int]] = defaultdict(list)
    for row in np.unique(edges):
        rows[int(member[row])].append(int(row))
    return [tuple(group) for group in rows.values()]
