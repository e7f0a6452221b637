"""Verify: finds what is changed, missing or lying about, and changes nothing itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from store import Store
from store.migrations import MIGRATIONS
from store.verify import verify_workspace
from tests.store.plain_reader import PlainReader, write_micrograph


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "workspace", inspect=PlainReader()) as store:
        for seed in range(3):
            path = write_micrograph(tmp_path / f"m{seed}.png", seed)
            store.micrographs.add_micrograph(path, sidecar=f"nm_per_px={seed + 1}".encode())
        yield store


def original(store: Store, name: str) -> Path:
    (found,) = store.micrographs.list_micrographs(name)
    return store.micrographs.original_path(found.id)


def test_a_whole_workspace_is_ok(filled: Store) -> None:
    steps: list[tuple[int, int]] = []
    report = verify_workspace(filled, lambda done, total: steps.append((done, total)))
    assert report.ok
    assert (report.originals, report.sidecars) == (3, 3)
    assert (report.problems, report.leftovers) == ((), ())
    assert steps == [(1, 3), (2, 3), (3, 3)]
    assert report.to_record()["ok"] is True


def test_one_flipped_bit_is_found(filled: Store) -> None:
    path = original(filled, "m1.png")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    report = verify_workspace(filled)
    assert report.problems == (
        f"changed: {path.name} of 'm1.png'. Delete it and add the file again.",
    )
    assert not report.ok


def test_missing_files_are_found(filled: Store) -> None:
    path = original(filled, "m0.png")
    (sidecar,) = path.parent.glob(f"{path.stem}.*.sidecar.txt")
    path.unlink()
    sidecar.unlink()
    problems = verify_workspace(filled).problems
    assert [p.split(" of ")[0] for p in problems] == [
        f"missing: {path.name}",
        f"missing: {sidecar.name}",
    ]


def test_a_changed_sidecar_is_found(filled: Store) -> None:
    path = original(filled, "m0.png")
    (sidecar,) = path.parent.glob(f"{path.stem}.*.sidecar.txt")
    sidecar.write_text("nm_per_px=1000")
    (problem,) = verify_workspace(filled).problems
    assert problem.startswith(f"changed: {sidecar.name}")


def test_what_lies_about_is_a_leftover_and_no_problem(filled: Store) -> None:
    folder = filled.workspace / "micrographs"
    (folder / f"{'0' * 64}.png").write_bytes(b"no row")
    (folder / "notes.docx").write_bytes(b"mine")
    (folder / ".writing-abc").write_bytes(b"half")
    (filled.workspace / "previews" / ".writing-def").write_bytes(b"half")
    (filled.workspace / "previews" / f"{'1' * 64}-256.png").write_bytes(b"of nothing")
    (filled.workspace / "previews" / f"{original(filled, 'm1').stem}-256.png").write_bytes(b"ok")
    report = verify_workspace(filled)
    assert report.ok
    assert report.leftovers == (
        ".writing-abc: not a file of sLAVA.",
        f"{'0' * 64}.png: no row speaks of it.",
        "notes.docx: not a file of sLAVA.",
        ".writing-def: half-written.",
        f"{'1' * 64}-256.png: a preview of a micrograph that is gone.",
    )


def test_rows_that_refer_to_nothing_are_found(filled: Store) -> None:
    with filled.database.writing() as transaction:
        transaction.run("INSERT INTO conversations VALUES ('c', 'gone', 'Lost', '', '')")
    assert verify_workspace(filled).problems == (
        "1 rows of conversations refer to micrographs that are gone.",
    )


def test_opening_tidies_what_was_half_written_and_keeps_what_is_not_ours(tmp_path: Path) -> None:
    workspace = tmp_path / "w"
    with Store.open(workspace, inspect=PlainReader()) as store:
        folder = store.workspace / "micrographs"
        (folder / ".writing-abc").write_bytes(b"half")
        (folder / "notes.docx").write_bytes(b"mine")
        (folder / f"{'0' * 64}.png").write_bytes(b"bytes of another name")
        preview = store.workspace / "previews" / f"{'1' * 64}-256.png"
        preview.write_bytes(b"of nothing")
    with Store.open(workspace, inspect=PlainReader()) as store:
        names = {path.name for path in folder.iterdir()}
        assert names == {"notes.docx", f"{'0' * 64}.png"}
        assert not preview.exists()
        assert store.micrographs.count_micrographs() == 0


def test_an_original_without_a_row_is_taken_up_and_named_when_it_comes_again(
    tmp_path: Path,
) -> None:
    path = write_micrograph(tmp_path / "grains.png", 1)
    with Store.open(tmp_path / "w", inspect=PlainReader()) as store:
        added = store.micrographs.add_micrograph(path, sidecar=b"nm_per_px=4").micrograph
        with store.database.writing() as transaction:
            transaction.run("DELETE FROM micrographs")
            transaction.run("DELETE FROM calibrations")
    with Store.open(tmp_path / "w", inspect=PlainReader()) as store:
        kept = store.micrographs.get_micrograph(added.id)
        assert (kept.name, kept.nm_per_px) == (f"recovered-{added.id[:8]}.png", 4.0)
        again = store.micrographs.add_micrograph(path)
        assert (again.duplicate, again.micrograph.name) == (True, "grains.png")
        renamed = store.micrographs.add_micrograph(path, name="other.png").micrograph
        assert renamed.name == "grains.png"
        assert verify_workspace(store).leftovers == ()


def test_a_removal_that_was_cut_off_is_finished(tmp_path: Path) -> None:
    path = write_micrograph(tmp_path / "grains.png", 1)
    with Store.open(tmp_path / "w", inspect=PlainReader()) as store:
        added = store.micrographs.add_micrograph(path, sidecar=b"nm_per_px=4").micrograph
        with store.database.writing() as transaction:
            transaction.run("UPDATE micrographs SET removed_at = '2026'")
        assert store.micrographs.list_micrographs() == []
    with Store.open(tmp_path / "w", inspect=PlainReader()) as store:
        report = verify_workspace(store)
        assert (report.originals, report.rows, report.leftovers) == (0, len(MIGRATIONS), ())
        assert not store.micrographs.add_micrograph(path).duplicate
        assert store.micrographs.get_micrograph(added.id).name == "grains.png"
