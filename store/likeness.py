"""Which micrographs show the same picture in other bytes, remembered beside the previews.

A fingerprint of 4 KB per micrograph follows from its pixels alone and can be made again.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from slava.domain import MicrographId
from store.files import write_whole
from store.layout import Layout
from store.micrographs import Micrographs

_SIZE = 1024
_EVERY = 100
"""Micrographs between two words on the progress."""


class Likeness:
    """Compares the micrographs of a workspace."""

    def __init__(self, micrographs: Micrographs, layout: Layout) -> None:
        self._micrographs, self._layout = micrographs, layout

    def look(self, ids: Sequence[MicrographId], on_progress: Callable[[str], None]) -> None:
        """Make the fingerprints that are not there yet.

        Raises
        ------
        WorkspaceDamaged
            When an original is gone or has changed.
        """
        missing = [i for i in ids if self._kept(i) is None]
        for number, micrograph_id in enumerate(missing):
            if number % _EVERY == 0:
                on_progress(f"comparing micrographs: {number} of {len(missing)}")
            self._fingerprint(micrograph_id)

    def groups(self, ids: Sequence[MicrographId]) -> list[tuple[MicrographId, ...]]:
        """Those among ``ids`` that show the same picture."""
        if len(ids) < 2:
            return []
        from slava.retrieval.duplicates import find_duplicates

        rows = np.stack([self._fingerprint(i) for i in ids])
        found = find_duplicates(ids, [""] * len(ids), rows)
        return [tuple(ids[row] for row in rows_of_one) for rows_of_one in found.near]

    def _fingerprint(self, micrograph_id: MicrographId) -> NDArray[np.float32]:
        kept = self._kept(micrograph_id)
        if kept is not None:
            return kept
        from slava.retrieval.duplicates import fingerprint
        from slava.retrieval.view import specimen_view

        record = self._micrographs.get_micrograph(micrograph_id)
        made = fingerprint(specimen_view(record, self._micrographs.read_grey(micrograph_id)))
        buffer = io.BytesIO()
        np.save(buffer, made.astype("<f4"), allow_pickle=False)
        write_whole(buffer.getvalue(), self._path(micrograph_id))
        return made

    def _kept(self, micrograph_id: MicrographId) -> NDArray[np.float32] | None:
        try:
            found = np.load(self._path(micrograph_id), allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        return found.astype(np.float32) if found.shape == (_SIZE,) else None

    def _path(self, micrograph_id: MicrographId) -> Path:
        return self._layout.previews / f"{micrograph_id}.likeness.npy"
