"""Labels given by hand, one key each, and taken back in the opposite order.

It must not know where suggestions come from.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection

from slava.domain import MicrographId
from slava.errors import NotFound
from store import Labelling, LabelRecord, Store


class HandLabels:
    """What somebody labels in this window; safe to use from any thread."""

    def __init__(self, store: Store, labels_changed: Callable[[], None]) -> None:
        self._store, self._labels_changed = store, labels_changed
        self._guard = threading.Lock()
        self._undo: list[tuple[MicrographId, str | None]] = []

    def give(
        self, micrograph_id: MicrographId, label: str | None, *, suggested: bool = False
    ) -> LabelRecord:
        """Give a micrograph a label by hand; ``suggested`` when it is what was suggested."""
        before = self._store.labels.get_label(micrograph_id)
        record = self._store.labels.set_label(
            Labelling(micrograph_id, label, None, "suggestion" if suggested else "hand")
        )
        with self._guard:
            self._undo.append((micrograph_id, before.label if before else None))
        self._labels_changed()
        return record

    def undo(self) -> MicrographId | None:
        """Take back the last label that was given here; the micrograph that had got it."""
        with self._guard:
            if not self._undo:
                return None
            micrograph_id, before = self._undo.pop()
        try:
            self._store.labels.set_label(Labelling(micrograph_id, before))
        except NotFound:
            return self.undo()
        self._labels_changed()
        return micrograph_id

    def next_unlabelled(self, skipped: Collection[str] = ()) -> MicrographId | None:
        """An unlabelled micrograph that was not skipped, oldest first."""
        waiting = reversed(self._store.labels.list_unlabelled())
        return next((i for i in waiting if i not in skipped), None)
