"""The same picture twice among the demonstrations: found in the background, decided with a click.

Two that are kept become one source, so that neither vouches for the other; one that is left out
loses its label, which can be taken back. It must not know how they are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from slava.domain import MicrographId
from slava.errors import BadInput, SlavaError
from store import Labelling, LabelRecord, Store
from ui.services.job import Job, Progress
from ui.services.labelling import HandLabels
from ui.services.news import News

TOLD_EVERY = 8
"""Micrographs that are looked at between two tellings."""


@dataclass(frozen=True, slots=True)
class Twin:
    """One picture of a group, and how like it is to that of the group which is most like it."""

    id: MicrographId
    name: str
    label: str
    similarity: float
    """Correlation of small copies without shading, -1..1."""


Twins = tuple[Twin, ...]


@dataclass(frozen=True, slots=True)
class Searched(Progress):
    """How far a search has come, and the groups that wait for a decision."""

    groups: tuple[Twins, ...] = ()
    unreadable: int = 0
    decided: int = 0


class Duplicating:
    """Searches the labelled micrographs; safe to use from any thread."""

    def __init__(
        self, store: Store, news: News, labels: HandLabels, labels_changed: Callable[[], None]
    ) -> None:
        self._store, self._labels, self._labels_changed = store, labels, labels_changed
        self.job = Job[Searched]("duplicates", news, "duplicates are being looked for. Wait.")

    def begin(self) -> None:
        """Compare every labelled micrograph with every other.

        Raises
        ------
        BadInput
            If there are no two.
        ModelError
            If that is being done already.
        """
        labelled = self._store.labels.list_labelled()
        if len(labelled) < 2:
            raise BadInput("there are no two labelled micrographs to compare. Add some first.")
        self.job.begin(Searched(total=len(labelled)), lambda: self._search(labelled))

    def leave_out(self, micrograph_id: MicrographId) -> None:
        """Take its label away; it can be taken back like every label given by hand."""
        self._labels.give(micrograph_id, None)

        def without(group: Twins) -> Twins:
            rest = tuple(twin for twin in group if twin.id != micrograph_id)
            return rest if len(rest) > 1 else ()

        self._decide(micrograph_id, without)

    def keep(self, micrograph_id: MicrographId) -> None:
        """Keep all of its group, as one source: none of them vouches for another."""
        now = self.job.now
        group = next((g for g in (now.groups if now else ()) if micrograph_id in _ids(g)), ())
        known = [r for r in map(self._store.labels.get_label, _ids(group)) if r is not None]
        source = next((r.group for r in known if r.group), f"alike {micrograph_id[:12]}")
        self._store.labels.set_labels(
            Labelling(r.micrograph_id, r.label, source, r.provenance, r.set_by) for r in known
        )
        self._labels_changed()
        self._decide(micrograph_id, lambda _: ())

    def _decide(self, micrograph_id: MicrographId, change: Callable[[Twins], Twins]) -> None:
        def decided(now: Searched) -> Searched:
            groups = [change(g) if micrograph_id in _ids(g) else g for g in now.groups]
            return replace(now, groups=tuple(filter(None, groups)), decided=now.decided + 1)

        self.job.update(decided)

    # ------------------------------------------------------------------ the work
    def _search(self, labelled: Sequence[LabelRecord]) -> None:
        from slava.retrieval.duplicates import find_duplicates

        records, prints = self._prints(labelled)
        if len(records) < 2:
            return
        self.job.change(note="comparing them")
        matrix = np.stack(prints)
        found = find_duplicates(
            [r.micrograph_id for r in records], [r.label or "" for r in records], matrix
        )
        groups = [self._twins([records[row] for row in rows], matrix[list(rows)])
                  for rows in (*found.conflicts, *found.near)]  # fmt: skip
        self.job.change(groups=tuple(groups), note="")

    def _prints(
        self, labelled: Sequence[LabelRecord]
    ) -> tuple[list[LabelRecord], list[NDArray[np.float32]]]:
        from slava.retrieval.duplicates import fingerprint
        from slava.retrieval.view import specimen_view

        records, prints = [], []
        for place, record in enumerate(labelled, start=1):
            self.job.check()
            try:
                known = self._store.micrographs.get_micrograph(record.micrograph_id)
                grey = self._store.micrographs.read_grey(known.id)
                prints.append(fingerprint(specimen_view(known, grey)))
                records.append(record)
            except SlavaError:  # removed meanwhile, or its file is gone
                self.job.update(lambda s: replace(s, unreadable=s.unreadable + 1))
            if place % TOLD_EVERY == 0 or place == len(labelled):
                self.job.change(done=place)
        return records, prints

    def _twins(self, records: Sequence[LabelRecord], prints: NDArray[np.float32]) -> Twins:
        like = prints @ prints.T
        np.fill_diagonal(like, -1)
        return tuple(
            Twin(
                r.micrograph_id,
                self._store.micrographs.get_micrograph(r.micrograph_id).name,
                r.label or "",
                float(row.max()),
            )
            for r, row in zip(records, like, strict=True)
        )


def _ids(group: Twins) -> list[MicrographId]:
    return [twin.id for twin in group]
