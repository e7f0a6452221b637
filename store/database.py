"""The one place that speaks to DuckDB.

Every call gets a cursor of its own: a DuckDB connection that two threads share refuses one of
them or hands it the other's rows. Writing transactions run one after the other, because DuckDB
answers two at once on the same row with a conflict instead of waiting.

It must not know what the tables mean.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from slava.errors import WorkspaceDamaged, WorkspaceError
from store.lock import held

Row = tuple[Any, ...]

CLOSE_WAIT_S = 60.0
"""Longest that closing waits for a call of another thread."""

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    # Nothing is fetched at run time, and the database reads no file but its own.
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "enable_external_access": "false",
    "python_enable_replacements": "false",
    # The memory and the cores belong to the model.
    "memory_limit": "1GB",
    "threads": "1",
}


class Database:
    """An open DuckDB file.

    Raises
    ------
    WorkspaceHeld
        When another program has the file open.
    WorkspaceDamaged
        When it is no database, or contradicts its checksums.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writing = threading.RLock()
        self._calls = threading.Condition()
        self._under_way, self._closed = 0, False
        with self._explained():
            self._root = duckdb.connect(str(path), config=_CONFIG)

    def rows(self, sql: str, *parameters: object) -> list[Row]:
        """All rows of a query, from the last committed state."""
        with self._explained(), self._cursor() as cursor:
            return cursor.execute(sql, [_bindable(p) for p in parameters]).fetchall()

    def column(self, sql: str, *parameters: object) -> NDArray[Any]:
        """The only column of a query, its type that of the column, without a NULL: many numbers."""
        with self._explained(), self._cursor() as cursor:
            found = cursor.execute(sql, [_bindable(p) for p in parameters]).fetchnumpy()
        (column,) = found.values()
        return np.asarray(column)

    def row(self, sql: str, *parameters: object) -> Row | None:
        """The first row of a query."""
        found = self.rows(sql, *parameters)
        return found[0] if found else None

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """A transaction: on the disk when the block ends, undone when it raises."""
        with self._writing, self._explained(), self._cursor() as cursor:
            cursor.begin()
            try:
                yield Transaction(cursor)
                cursor.commit()
            except BaseException:
                with suppress(duckdb.Error):
                    cursor.rollback()
                raise

    def checkpoint(self) -> None:
        """Move what the write-ahead log holds into the file."""
        with self._writing, self._explained(), self._cursor() as cursor:
            cursor.execute("CHECKPOINT")

    def close(self) -> None:
        """Wait for the calls under way, then close the file; later calls are refused.

        DuckDB does not close a connection one of whose cursors is at work.
        """
        with self._writing, self._calls:
            self._closed = True
            self._calls.wait_for(lambda: not self._under_way, CLOSE_WAIT_S)
            self._root.close()

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._calls:
            if self._closed:
                raise closed(self.path)
            cursor = self._root.cursor()
            self._under_way += 1
        try:
            yield cursor
        finally:
            cursor.close()
            with self._calls:
                self._under_way -= 1
                self._calls.notify_all()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """DuckDB's errors as ours; a wrong statement is a defect of ours and stays one."""
        try:
            yield
        except (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException):
            raise
        except duckdb.Error as error:
            raise explain(error, self.path) from error


class Transaction:
    """Statements that are committed together."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor

    def rows(self, sql: str, *parameters: object) -> list[Row]:
        """Rows as this transaction sees them."""
        return self._cursor.execute(sql, [_bindable(p) for p in parameters]).fetchall()

    def row(self, sql: str, *parameters: object) -> Row | None:
        """The first row as this transaction sees it."""
        found = self.rows(sql, *parameters)
        return found[0] if found else None

    def run(self, sql: str, *parameters: object) -> None:
        """Execute one statement."""
        self._cursor.execute(sql, [_bindable(p) for p in parameters])


def explain(error: Exception, path: Path) -> WorkspaceError:
    """What an error of DuckDB means for the user.

    DuckDB reports a damaged file under several classes and says so only in its text.
    """
    text = " ".join(str(error).split())
    holder = re.search(r"(?:held in|open in) (.*?) ?\(PID (\d+)\)", text)
    if holder:
        return held(path.parent, int(holder[2]), Path(holder[1].strip()).name, "")
    if re.search(r"No space left|disk (?:is )?full|not enough space", text, re.IGNORECASE):
        return WorkspaceError(f"The disk of {path.parent} is full. Free some space, then go on.")
    if "version number" in text:
        return WorkspaceDamaged(
            f"{path} was written by a newer DuckDB ({text}). Update sLAVA, "
            "or use another folder with --workspace DIR."
        )
    if re.search(r"[Cc]orrupt|not a valid DuckDB|replaying WAL|read enough bytes|checksum", text):
        return damaged(path, text)
    if "Connection already closed" in text:
        return closed(path)
    return WorkspaceError(
        f"The database {path} refused: {text[:300]}. Check the free disk space, start again, "
        "then run: slava verify"
    )


def closed(path: Path) -> WorkspaceError:
    """A call that came too late."""
    return WorkspaceError(f"The workspace {path.parent} has been closed. Open it again.")


def damaged(path: Path, text: str) -> WorkspaceDamaged:
    """A database that cannot be read, and what is left to do."""
    return WorkspaceDamaged(
        f"{path} is damaged ({text[:300]}). Move {path.name} and {path.name}.wal aside or restore "
        "a copy, then start again: the originals in micrographs/ are taken up again by themselves, "
        "conversations only from the copy."
    )


def _bindable(value: object) -> object:
    """Text without lone surrogates (undecodable file names), which DuckDB refuses."""
    if not isinstance(value, str):
        return value
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return value.encode("utf-8", "replace").decode("utf-8")
    return value
