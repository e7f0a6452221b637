"""Labels given by hand, one key each, and taken back in the opposite order.

It must not know where suggestions come from.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence

from slava.domain import MicrographId
from slava.errors import NotFound
from store import Labelling, LabelRecord, Store


class HandLabels:
    """What somebody labels in this window; safe to use from any thread."""

    def __init__(self, store: Store, labels_changed: Callable[[], None]) -> None:
        self._store, self._labels_changed = store, labels_changed
        self._guard = threading.Lock()
        self._undo: list[list[Labelling]] = []

    def give(
        self, micrograph_id: MicrographId, label: str | None, *, suggested: bool = False
    ) -> None:
        """Give a micrograph a label by hand; ``suggested`` when it is what was suggested."""
        self.give_all([micrograph_id], label, suggested=suggested)

    def give_all(
        self, ids: Sequence[MicrographId], label: str | None, *, suggested: bool = False
    ) -> None:
        """Give many the same label; one undo takes all of them back."""
        before = [(i, self._store.labels.get_label(i)) for i in ids]
        self._store.labels.set_labels(
            Labelling(i, label, None, "suggestion" if suggested else "hand") for i in ids
        )
        with self._guard:
            self._undo.append([_as_it_was(i, record) for i, record in before])
        self._labels_changed()

    def undo(self) -> MicrographId | None:
        """Take back what was last labelled here; the first micrograph that had got a label."""
        with self._guard:
            if not self._undo:
                return None
            before = self._undo.pop()
        back = [labelling for labelling in before if self._taken_back(labelling)]
        if not back:
            return self.undo()
        self._labels_changed()
        return back[0].micrograph_id

    def _taken_back(self, labelling: Labelling) -> bool:
        try:
            self._store.labels.set_label(labelling)
        except NotFound:  # removed meanwhile
            return False
        return True

    def next_unlabelled(self, skipped: Collection[str] = ()) -> MicrographId | None:
        """An unlabelled micrograph that was not skipped, oldest first."""
        waiting = reversed(self._store.labels.list_unlabelled())
        return next((i for i in waiting if i not in skipped), None)


def _as_it_was(micrograph_id: MicrographId, record: LabelRecord | None) -> Labelling:
    if record is None:
        return Labelling(micrograph_id, None)
    return Labelling(micrograph_id, record.label, record.group, record.provenance, record.set_by)
