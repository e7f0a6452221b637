"""What people know of micrographs from elsewhere, and what they said before: the newest counts.

Composition data, and the words of a paper. It must not know who reads them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from slava.domain import Composition, MicrographId, PaperWords
from store.clock import now
from store.database import Database, Row
from store.micrograph_rows import require_micrographs
from store.rows import insert

SetBy = Literal["user", "import"]
"""A person in the window, or a file that somebody gave."""

_Kind = Literal["composition", "paper"]
_TYPES = ("VARCHAR", "VARCHAR", "INTEGER", "VARCHAR", "VARCHAR", "VARCHAR")
_NEWEST = (
    "SELECT micrograph_id, record, position FROM evidence WHERE kind = ? AND micrograph_id IN "
    "(SELECT unnest(?::VARCHAR[])) "
    "QUALIFY position = max(position) OVER (PARTITION BY micrograph_id)"
)


@dataclass(frozen=True, slots=True)
class CompositionRecord:
    """One entry of what was said of a micrograph's composition data."""

    composition: Composition | None
    """``None`` where they were taken away."""
    set_by: SetBy
    set_at: str


@dataclass(frozen=True, slots=True)
class WordsRecord:
    """One entry of what a paper says of a micrograph."""

    words: PaperWords | None
    """``None`` where they were taken away."""
    set_by: SetBy
    set_at: str


class EvidenceStore:
    """``store.evidence``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def set_composition(
        self,
        ids: Collection[MicrographId],
        composition: Composition | None,
        set_by: SetBy = "user",
    ) -> int:
        """Say of some micrographs that there are composition data, or that there are none.

        All or none; what was said before stays in the history.

        Returns
        -------
        int
            For how many that is new.

        Raises
        ------
        NotFound
            When the workspace holds no such micrograph.
        """
        record = json.dumps(asdict(composition)) if composition else None
        return self._set("composition", dict.fromkeys(ids, record), set_by)

    def get_compositions(self, ids: Iterable[MicrographId]) -> dict[MicrographId, Composition]:
        """What is said now, of those that have composition data."""
        found = self._newest("composition", ids)
        return {i: Composition(**json.loads(record)) for i, record in found.items()}

    def list_compositions(self, micrograph_id: MicrographId) -> tuple[CompositionRecord, ...]:
        """Everything that was ever said of them, oldest first; the last one counts."""
        return tuple(
            CompositionRecord(Composition(**json.loads(row[0])) if row[0] else None, *row[1:])
            for row in self._history("composition", micrograph_id)
        )

    def set_words(
        self, words: Mapping[MicrographId, PaperWords | None], set_by: SetBy = "import"
    ) -> int:
        """Keep what papers say of micrographs; otherwise as :meth:`set_composition`."""
        records = {i: json.dumps(asdict(w)) if w else None for i, w in words.items()}
        return self._set("paper", records, set_by)

    def get_words(self, ids: Iterable[MicrographId]) -> dict[MicrographId, PaperWords]:
        """What papers say now, of those that have any."""
        return {i: _words(record) for i, record in self._newest("paper", ids).items()}

    def list_words(self, micrograph_id: MicrographId) -> tuple[WordsRecord, ...]:
        """Everything that was ever given, oldest first; the last one counts."""
        return tuple(
            WordsRecord(_words(row[0]) if row[0] else None, *row[1:])
            for row in self._history("paper", micrograph_id)
        )

    def _set(self, kind: _Kind, records: Mapping[MicrographId, str | None], set_by: SetBy) -> int:
        ids, moment = list(records), now()
        with self._database.writing() as transaction:
            require_micrographs(transaction, ids)
            before = {row[0]: row for row in transaction.rows(_NEWEST, kind, ids)}
            rows: list[tuple[object, ...]] = []
            for at, record in records.items():
                _, known, position = before.get(at, (at, None, -1))
                if record != known:
                    rows.append((at, kind, position + 1, record, set_by, moment))
            insert(transaction, "evidence", _TYPES, rows)
        return len(rows)

    def _newest(self, kind: _Kind, ids: Iterable[MicrographId]) -> dict[MicrographId, str]:
        rows = self._database.rows(_NEWEST, kind, list(ids))
        return {MicrographId(row[0]): row[1] for row in rows if row[1] is not None}

    def _history(self, kind: _Kind, micrograph_id: MicrographId) -> list[Row]:
        return self._database.rows(
            "SELECT record, set_by, set_at FROM evidence WHERE kind = ? AND micrograph_id = ? "
            "ORDER BY position",
            *(kind, micrograph_id),
        )


def _words(record: str) -> PaperWords:
    said = json.loads(record)
    return PaperWords(said["caption"], tuple(said["passages"]))
