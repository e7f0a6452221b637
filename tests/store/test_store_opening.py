"""Opening: the folder, the lock, the damaged and the newer database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from slava.errors import WorkspaceDamaged, WorkspaceError, WorkspaceHeld
from store import Store
from store.database import explain
from store.verify import verify_workspace
from tests.store.plain_reader import PlainReader, write_micrograph
from tests.store.test_store_kill import start


def test_opening_makes_the_folder(tmp_path: Path) -> None:
    with Store.open(tmp_path / "a" / "b") as store:
        assert store.workspace == tmp_path / "a" / "b"
    names = {path.name for path in (tmp_path / "a" / "b").iterdir()}
    assert names == {
        *("slava.duckdb", "slava.lock"),
        *("micrographs", "previews", "adapters", "runs", "exports", "logs"),
    }


def test_a_second_process_learns_who_has_it(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    with start("hold", workspace, tmp_path) as first:
        assert first.stdout is not None
        first.stdout.readline()
        since = json.loads((workspace / "slava.lock").read_text())["since"]
        with pytest.raises(WorkspaceHeld) as refused:
            Store.open(workspace)
        first.communicate("")
    assert str(refused.value) == (
        f"The workspace {workspace} is open in victim.py (PID {first.pid}, since {since}). "
        "Close that window or end that process, or work in another folder with --workspace DIR."
    )
    Store.open(workspace).close()


def test_a_refused_opening_leaves_the_first_in_place(tmp_path: Path) -> None:
    with Store.open(tmp_path) as first:
        with pytest.raises(WorkspaceHeld, match=f"already open in this process .PID {os.getpid()}"):
            Store.open(tmp_path)
        with start("hold", tmp_path, tmp_path) as second:
            assert second.wait() != 0
        first.settings.set_setting("still", "mine")
        assert first.settings.get_setting("still") == "mine"


def test_a_process_that_has_the_database_without_our_lock_is_named(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    path = str(tmp_path / "slava.duckdb")
    code = f"import duckdb; c = duckdb.connect({path!r}); print(1, flush=1); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(WorkspaceHeld, match=rf"\(PID {other.pid}\)\. Close that window"):
            Store.open(tmp_path)
        other.communicate("\n")
    Store.open(tmp_path).close()


def test_the_lock_file_of_a_killed_process_is_no_obstacle(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    with start("hold", workspace, tmp_path) as first:
        assert first.stdout is not None
        first.stdout.readline()
        first.kill()
    assert json.loads((workspace / "slava.lock").read_text())["pid"] == first.pid
    Store.open(workspace).close()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WorkspaceError) as refused:
        Store.open(tmp_path / "file" / "workspace")
    assert str(refused.value) == (
        f"The workspace {tmp_path / 'file' / 'workspace'} cannot be used: Not a directory. "
        "Choose a folder you may write to with --workspace DIR."
    )


def filled(workspace: Path) -> Path:
    with Store.open(workspace, inspect=PlainReader()) as store:
        path = write_micrograph(workspace / "grains.png", seed=3)
        added = store.micrographs.add_micrograph(path, sidecar=b"nm_per_px=4").micrograph
        store.conversations.add_conversation(added.id, "Grains")
    return workspace / "slava.duckdb"


def flip(path: Path, offset: int) -> None:
    content = bytearray(path.read_bytes())
    content[offset : offset + 64] = bytes(b ^ 0x5A for b in content[offset : offset + 64])
    path.write_bytes(content)


@pytest.mark.parametrize("damage", ["text", "empty", "cut", "header", "block"])
def test_a_damaged_database_is_said_and_the_originals_are_taken_up_again(
    tmp_path: Path, damage: str
) -> None:
    database = filled(tmp_path)
    whole = database.read_bytes()
    if damage in ("header", "block"):
        flip(database, {"header": 100, "block": 12_388}[damage])
    else:
        database.write_bytes(
            {"text": b"hello " * 9000, "empty": b"", "cut": whole[:20_000]}[damage]
        )
    with pytest.raises(WorkspaceDamaged, match=r"is damaged .* Move slava\.duckdb and slava"):
        Store.open(tmp_path, inspect=PlainReader())
    database.unlink()
    with Store.open(tmp_path, inspect=PlainReader()) as store:
        (kept,) = store.micrographs.list_micrographs()
        assert kept.name == f"recovered-{kept.id[:8]}.png"
        assert kept.nm_per_px == 4.0
        report = verify_workspace(store)
        assert (report.problems, report.leftovers) == ((), ())


def test_a_damaged_log_is_said(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    write_micrograph(tmp_path / "in" / "a.png", seed=1)
    with start("chat", workspace, tmp_path / "in") as victim:
        assert victim.stdout is not None
        for _ in range(30):
            victim.stdout.readline()
        victim.kill()
    log = workspace / "slava.duckdb.wal"
    flip(log, log.stat().st_size // 2)
    with pytest.raises(WorkspaceDamaged, match=r"is damaged \(Failure while replaying WAL file"):
        Store.open(workspace)


def test_a_newer_schema_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store, store.database.writing() as transaction:
        transaction.run("INSERT INTO schema_migrations VALUES (99, 'of_tomorrow', '')")
    with pytest.raises(WorkspaceDamaged) as refused:
        Store.open(tmp_path)
    assert str(refused.value) == (
        f"{tmp_path / 'slava.duckdb'} was written by a newer sLAVA (its schema has the step "
        "'of_tomorrow', unknown here). Update sLAVA, or choose another folder with "
        "--workspace DIR."
    )


def test_the_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "slava.duckdb")
    code = f"import duckdb; duckdb.connect({path!r}).execute('create table sales(n int)')"
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(WorkspaceDamaged, match=r"of another program .it has the table sales"):
        Store.open(tmp_path)


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    store.close()
    store.close()
    with pytest.raises(WorkspaceError, match=r"has been closed\. Open it again"):
        store.micrographs.list_micrographs()


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("IO Error: Could not write all bytes: No space left on device", "is full. Free some"),
        ("Serialization Error: version number 99", "newer DuckDB"),
        ("Corrupt database file", "is damaged"),
        ("something else", "Check the free disk space"),
    ],
)
def test_what_the_database_says_is_put_into_words(tmp_path: Path, told: str, meant: str) -> None:
    assert meant in str(explain(RuntimeError(told), tmp_path / "slava.duckdb"))
