"""Migrations: from the first schema to the newest, with rows and without."""

from __future__ import annotations

from pathlib import Path

import pytest

from slava.errors import WorkspaceDamaged
from store.database import Database, Transaction
from store.migrations import MIGRATIONS, migrate

FIRST_MICROGRAPH = (
    "INSERT INTO micrographs VALUES (repeat('a', 64), 'old.tif', 'tif', 'TIFF', 10, 8, 8, 80, "
    "'FEI', NULL, 'ETD', 1000, 5, 4.5, 'SEM', NULL, 7, 8, 2.5, 'metadata', 'tag', "
    "NULL, '[]', 'sand', '2020', false, NULL)"
)
FIRST_ROWS = (
    FIRST_MICROGRAPH,
    "INSERT INTO calibrations VALUES (repeat('a', 64), 0, 2.5, 'metadata', 'tag', 'file', '2020')",
    "INSERT INTO conversations VALUES ('c', repeat('a', 64), 'Sand', '2020', '2020')",
    "INSERT INTO turns VALUES ('t', 'c', 0, 'What?', 'Sand.', 'done', 'builtin', '', 'none', '{}', "
    "'none', '', '', 1, 0.1, 2, '[]', '', '2020', NULL)",
    "INSERT INTO measurements VALUES ('m', repeat('a', 64), 2.5, 'metadata', '1', 'other', 0.5, "
    "NULL, NULL, NULL, NULL, NULL, NULL, NULL, '[]', '2020')",
    "INSERT INTO facts VALUES ('m', 0, 'width', 'Width', '25.0', 'nm', NULL, '', '{}')",
    "INSERT INTO settings VALUES ('theme', '\"dark\"', '2020')",
    "INSERT INTO ingests VALUES ('i', '/data', 1, 'done', '2020', '2020')",
    "INSERT INTO ingest_files VALUES ('i', 0, '/data/old.tif', 'added', repeat('a', 64), '')",
)


def add_column(transaction: Transaction) -> None:
    transaction.run("ALTER TABLE micrographs ADD COLUMN favourite BOOLEAN DEFAULT false")
    transaction.run("UPDATE micrographs SET favourite = true WHERE notes = 'sand'")


def trip(transaction: Transaction) -> None:
    transaction.run("CREATE TABLE halfway (n INTEGER)")
    raise ZeroDivisionError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "slava.duckdb"


def first_schema(path: Path, rows: tuple[str, ...]) -> None:
    database = Database(path)
    migrate(database, MIGRATIONS[:1])
    with database.writing() as transaction:
        for row in rows:
            transaction.run(row)
    database.close()


def test_an_empty_file_gets_every_step_once(path: Path) -> None:
    database = Database(path)
    assert migrate(database) == tuple(name for name, _ in MIGRATIONS)
    assert migrate(database) == ()
    recorded = database.rows("SELECT position, name, applied_at FROM schema_migrations ORDER BY 1")
    assert [row[:2] for row in recorded] == list(enumerate(name for name, _ in MIGRATIONS))
    assert all(row[2].startswith("20") for row in recorded)
    database.close()


def test_names_are_never_used_twice() -> None:
    names = [name for name, _ in MIGRATIONS]
    assert len(set(names)) == len(names)
    assert names[0] == "first_workspace"


@pytest.mark.parametrize("rows", [(), FIRST_ROWS], ids=["without_rows", "with_rows"])
def test_the_first_schema_comes_up_to_date(path: Path, rows: tuple[str, ...]) -> None:
    first_schema(path, rows)
    database = Database(path)
    taken = migrate(database, (*MIGRATIONS, ("add_favourite", add_column)))
    assert taken == (*(name for name, _ in MIGRATIONS[1:]), "add_favourite")
    found = database.rows("SELECT name, nm_per_px, favourite FROM micrographs")
    assert found == ([("old.tif", 2.5, True)] if rows else [])
    database.close()


def test_the_rows_of_the_first_schema_are_read_by_today(tmp_path: Path) -> None:
    from store import Store

    first_schema(tmp_path / "slava.duckdb", FIRST_ROWS)
    with Store.open(tmp_path) as store:
        (micrograph,) = store.micrographs.list_micrographs("sand")
        assert (micrograph.nm_per_px, micrograph.databar and micrograph.databar.top) == (2.5, 7)
        (talk,) = store.conversations.list_conversations(micrograph.id)
        assert [t.answer for t in store.conversations.list_turns(talk.id)] == ["Sand."]
        measurement = store.facts.get_measurement(micrograph.id)
        assert measurement is not None
        assert [f.text for f in measurement.facts] == ["25 nm"]
        assert store.settings.get_setting("theme") == "dark"
        assert [f.status for f in store.ingests.list_files("i")] == ["added"]


def test_a_step_that_trips_leaves_the_schema_as_it_was(path: Path) -> None:
    first_schema(path, FIRST_ROWS)
    database = Database(path)
    with pytest.raises(ZeroDivisionError):
        migrate(database, (*MIGRATIONS, ("trip", trip)))
    tables = database.rows("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'halfway'")
    assert tables == [(0,)]
    assert database.rows("SELECT name FROM micrographs") == [("old.tif",)]
    assert migrate(database) == ()
    database.close()


def test_a_step_of_another_history_is_refused(path: Path) -> None:
    database = Database(path)
    migrate(database, (("other_beginning", MIGRATIONS[0][1]),))
    with pytest.raises(WorkspaceDamaged, match="has the step 'other_beginning', unknown here"):
        migrate(database)
    database.close()
