"""Does the workspace hold what it says it holds? Every byte is hashed again, every row looked at.

It changes nothing. ``problems`` are losses (a changed original, a row without its file);
``leftovers`` are harmless (a file that no row speaks of).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slava.errors import SnapshotDamaged, WorkspaceError
from store.files import hash_file, temporary_files
from store.layout import original_of, preview_of, sidecar_of
from store.store import Store

_REFERENCES = (
    ("calibrations", "micrograph_id", "micrographs"),
    ("measurements", "micrograph_id", "micrographs"),
    ("facts", "measurement_id", "measurements"),
    ("labels", "micrograph_id", "micrographs"),
    ("evidence", "micrograph_id", "micrographs"),
    ("vectors", "micrograph_id", "micrographs"),
    ("vectors", "encoder_id", "encoders"),
    ("pair_states", "pair_id", "pairs"),
    ("pair_flags", "pair_id", "pairs"),
    ("pair_words", "pair_id", "pairs"),
    ("pair_vectors", "pair_id", "pairs"),
    ("reviews", "pair_id", "pairs"),
    ("conversations", "micrograph_id", "micrographs"),
    ("turns", "conversation_id", "conversations"),
    ("ingest_files", "ingest_id", "ingests"),
)
"""Table, its column, and the table whose ``id`` that column holds."""


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What was looked at, what is wrong and what lies about."""

    originals: int
    sidecars: int
    rows: int
    problems: tuple[str, ...]
    leftovers: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Nothing is lost and nothing is changed."""
        return not self.problems

    def to_record(self) -> dict[str, Any]:
        """Names and plain values, for JSON."""
        return {
            "ok": self.ok,
            "originals": self.originals,
            "sidecars": self.sidecars,
            "rows": self.rows,
            "problems": list(self.problems),
            "leftovers": list(self.leftovers),
        }


def verify_workspace(
    store: Store, on_progress: Callable[[int, int], None] | None = None
) -> VerifyReport:
    """Hash every original and sidecar, read every row, follow every reference.

    Parameters
    ----------
    store : Store
        An open workspace.
    on_progress : callable, optional
        Called with the number of micrographs done and their total.
    """
    rows, problems = _read_tables(store)
    known = _micrograph_files(store) if not problems else []
    for done, (name, files) in enumerate(known, start=1):
        problems += [text for path, digest in files for text in _compare(name, path, digest)]
        if on_progress:
            on_progress(done, len(known))
    if not problems:
        problems += _dangling(store)
        problems += _cut_vectors(store)
        problems += _damaged_snapshots(store)
    paths = {path for _, files in known for path, _ in files}
    return VerifyReport(
        originals=len(known),
        sidecars=len(paths) - len(known),
        rows=rows,
        problems=tuple(problems),
        leftovers=tuple(_leftovers(store, paths)),
    )


def _read_tables(store: Store) -> tuple[int, list[str]]:
    """Read every column of every row, so that DuckDB compares its checksums."""
    count, problems = 0, []
    for (table,) in store.database.rows("SELECT table_name FROM duckdb_tables() ORDER BY 1"):
        try:
            found = store.database.row(f"SELECT count(*), bit_xor(hash(t)) FROM {table} t")
            count += found[0] if found else 0
        except WorkspaceError as error:
            problems.append(f"table {table}: {error}")
    return count, problems


def _micrograph_files(store: Store) -> list[tuple[str, list[tuple[Path, str]]]]:
    """Per micrograph its name, and its files with the hashes that they should have."""
    rows = store.database.rows(
        "SELECT id, name, extension, sidecar_sha256 FROM micrographs ORDER BY added_at"
    )
    known = []
    for micrograph_id, name, extension, sidecar in rows:
        files = [(store.layout.original(micrograph_id, extension), micrograph_id)]
        if sidecar is not None:
            files.append((store.layout.sidecar(micrograph_id, sidecar), sidecar))
        known.append((name, files))
    return known


def _compare(name: str, path: Path, digest: str) -> Iterator[str]:
    try:
        found = hash_file(path)
    except FileNotFoundError:
        yield f"missing: {path.name} of {name!r}. Add that file again to restore it."
    except OSError as error:
        yield f"unreadable: {path.name} of {name!r} ({error.strerror or error})."
    else:
        if found != digest:
            yield f"changed: {path.name} of {name!r}. Delete it and add the file again."


def _dangling(store: Store) -> Iterator[str]:
    for table, column, parent in _REFERENCES:
        found = store.database.row(
            f"SELECT count(*) FROM {table} WHERE {column} NOT IN (SELECT id FROM {parent})"
        )
        if found and found[0]:
            yield f"{found[0]} rows of {table} refer to {parent} that are gone."


def _damaged_snapshots(store: Store) -> Iterator[str]:
    """Snapshots that contradict their hashes; their micrographs are hashed above."""
    for snapshot in store.snapshots.list_snapshots():
        try:
            store.snapshots.read_snapshot(snapshot.id)
        except SnapshotDamaged as error:
            yield f"snapshot {snapshot.name!r}: {'; '.join(error.problems)}. Freeze it again."


def _cut_vectors(store: Store) -> Iterator[str]:
    """Vectors that have not as many numbers as their encoder gives."""
    rows = store.database.rows(
        "SELECT e.reference, count(*) FROM vectors v JOIN encoders e ON e.id = v.encoder_id "
        "WHERE octet_length(v.vector) <> 4 * e.dimension GROUP BY e.reference ORDER BY e.reference"
    )
    for reference, count in rows:
        yield f"{count} vectors of the encoder {reference!r} are cut. Embed its micrographs again."


def _leftovers(store: Store, known: set[Path]) -> Iterator[str]:
    for path in sorted(store.layout.micrographs.iterdir()):
        if path in known:
            continue
        named = original_of(path) or sidecar_of(path)
        yield f"{path.name}: {'no row speaks of it' if named else 'not a file of sLAVA'}."
    for path in temporary_files(store.layout.previews):
        yield f"{path.name}: half-written."
    there = {named[0] for path in known if (named := original_of(path))}
    for path in sorted(store.layout.previews.iterdir()):
        if (shown := preview_of(path)) and shown not in there:
            yield f"{path.name}: a preview of a micrograph that is gone."
