"""Test sets: frozen questions with what is known of their answers. The same questions with the
same given answers are the same set. It must not know what is asked of whom.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace

from slava.domain import ItemId, Micrograph, MicrographId, TestItem, TestSet
from slava.errors import BadInput, NotFound
from slava.evaluation.items import dataset_id, item_from, item_record
from store.clock import now
from store.database import Database, Row
from store.micrograph_rows import SELECT, micrograph_from
from store.references import find_meant
from store.rows import insert

LONGEST_NAME = 100
_COLUMNS = "id, name, source, count, created_at, notes"


class TestSets:
    """``store.test_sets``."""

    __test__ = False  # pytest takes the name for a test case

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_test_set(
        self, name: str, items: Sequence[TestItem], source: str, notes: Sequence[str] = ()
    ) -> TestSet:
        """Keep a set; one that is there already keeps its name.

        Raises
        ------
        BadInput
            If it has no question, or no name.
        """
        merged: dict[ItemId, TestItem] = {}
        for item in items:
            before = merged.get(item.id, item)
            merged[item.id] = replace(item, given={**before.given, **item.given})
        once = list(merged.values())
        called = " ".join(name.split())[:LONGEST_NAME]
        if not once:
            raise BadInput("A test set without questions tests nothing. Choose another source.")
        if not called:
            raise BadInput("A test set needs a name.")
        set_id = dataset_id(once)
        rows = [
            (set_id, k, item.id, json.dumps(item_record(item), ensure_ascii=False))
            for k, item in enumerate(once)
        ]
        with self._database.writing() as transaction:
            if transaction.row("SELECT 1 FROM test_sets WHERE id = ?", set_id) is None:
                transaction.run(
                    f"INSERT INTO test_sets ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",
                    *(set_id, called, source, len(once), now(), json.dumps(list(notes))),
                )
                kinds = ("VARCHAR", "BIGINT", "VARCHAR", "VARCHAR")
                insert(transaction, "test_items", kinds, rows)
        return self.get_test_set(set_id)

    def get_test_set(self, reference: str) -> TestSet:
        """The set of an id, of a name, of the beginning of an id, or the ``last``.

        Raises
        ------
        NotFound
            When there is none, or several are meant.
        """
        found = find_meant(self.list_test_sets(), reference)
        if found is None:
            raise NotFound(f"There is no test set {reference!r} in this workspace.")
        return found

    def list_test_sets(self) -> list[TestSet]:
        """Newest first."""
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM test_sets ORDER BY created_at DESC, rowid DESC"
        )
        return [_set_from(row) for row in rows]

    def list_items(self, set_id: str) -> tuple[TestItem, ...]:
        """The questions of a set, in their order."""
        rows = self._database.rows(
            "SELECT record FROM test_items WHERE set_id = ? ORDER BY position", set_id
        )
        return tuple(item_from(json.loads(record)) for (record,) in rows)

    def list_micrographs(self, ids: Iterable[MicrographId]) -> list[Micrograph]:
        """Those that questions are about, but for removed ones; in one look."""
        wanted = sorted(set(ids))
        rows = self._database.rows(f"{SELECT} AND id IN (SELECT unnest(?::VARCHAR[]))", wanted)
        return [micrograph_from(row) for row in rows]

    def remove_test_set(self, set_id: str) -> None:
        """Forget a set that no evaluation stands on.

        Raises
        ------
        BadInput
            If one does.
        """
        with self._database.writing() as transaction:
            used = transaction.row("SELECT 1 FROM evaluations WHERE set_id = ? LIMIT 1", set_id)
            if used is not None:
                raise BadInput("An evaluation stands on this test set. Remove that first.")
            transaction.run("DELETE FROM test_items WHERE set_id = ?", set_id)
            transaction.run("DELETE FROM test_sets WHERE id = ?", set_id)


def _set_from(row: Row) -> TestSet:
    set_id, name, source, count, created_at, notes = row
    return TestSet(set_id, name, source, int(count), created_at, tuple(json.loads(notes)))
