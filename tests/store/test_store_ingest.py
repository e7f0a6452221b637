"""Taking in folders: progress, stopping, duplicates, and errors that stay with their file."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from slava.errors import BadInput, WorkspaceError
from store import FileResult, Store
from store.candidates import has_text_beside, list_candidates
from store.ingest import ingest_folder, ingest_paths
from store.verify import verify_workspace
from tests.store.plain_reader import PlainReader, write_micrograph


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Eleven micrographs (one of them twice, one below), sidecars, and what is none."""
    top = tmp_path / "in"
    for seed in range(10):
        write_micrograph(top / f"m{seed}.png", seed=seed)
    write_micrograph(top / "below" / "deep.png", seed=77)
    (top / "again.png").write_bytes((top / "m4.png").read_bytes())
    (top / "m3.txt").write_text("nm_per_px=3")
    (top / "m5.txt").write_text("My notes: too bright.")
    (top / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    (top / "letter.txt").write_text("Dear colleague")
    (top / "Thumbs.db").write_bytes(b"junk")
    (top / ".hidden.png").write_bytes(b"junk")
    return top


def test_a_folder_is_taken_in_with_its_sidecars(store: Store, folder: Path) -> None:
    seen: list[FileResult] = []
    report = ingest_folder(store, folder, on_progress=seen.append)
    assert (len(report.added), len(report.duplicates), report.cancelled) == (11, 1, False)
    assert [f.file.name for f in report.failed] == ["broken.png", "letter.txt"]
    assert report.failed[0].reason == "broken.png: holds no picture. Give a PNG."
    assert [r.position for r in seen] == list(range(report.total)) == list(range(14))
    assert report.summary.startswith("11 added, 1 known already, 2 failed (")
    kept = {m.name: m.nm_per_px for m in store.micrographs.list_micrographs()}
    assert (kept["m3.png"], kept["m5.png"], kept["m6.png"]) == (3, None, None)
    assert verify_workspace(store).ok


def test_the_result_of_every_file_is_kept(store: Store, folder: Path) -> None:
    seen: list[FileResult] = []
    report = ingest_folder(store, folder, on_progress=seen.append)
    assert store.ingests.list_files(report.id) == seen
    assert store.ingests.list_files(report.id, "failed") == list(report.failed)
    (ingest,) = store.ingests.list_ingests()
    assert (ingest.status, ingest.total, ingest.folder) == ("done", 14, str(folder))


def test_a_second_ingest_finds_only_duplicates(store: Store, folder: Path) -> None:
    ingest_folder(store, folder)
    again = ingest_folder(store, folder)
    assert (len(again.added), len(again.duplicates), len(again.failed)) == (0, 12, 2)
    assert store.micrographs.count_micrographs() == 11


def test_folders_below_are_left_alone_when_asked(store: Store, folder: Path) -> None:
    report = ingest_folder(store, folder, recursive=False)
    assert report.total == 13


def test_stopping_keeps_what_was_reported(tmp_path: Path, folder: Path) -> None:
    stop, seen = threading.Event(), list[FileResult]()

    def progress(result: FileResult) -> None:
        seen.append(result)
        stop.set()

    with Store.open(tmp_path / "w", inspect=PlainReader(seconds=0.1)) as store:
        report = ingest_folder(store, folder, on_progress=progress, stop=stop)
        assert report.cancelled
        assert 1 <= len(seen) < report.total
        assert f"stopped after {len(seen)} of 14" in report.summary
        assert store.ingests.list_files(report.id) == seen
        assert store.ingests.list_ingests()[0].status == "cancelled"
        verified = verify_workspace(store)
        assert (verified.problems, verified.leftovers) == ((), ())
        rest = ingest_folder(store, folder)
        assert not rest.cancelled
        assert store.micrographs.count_micrographs() == 11


def test_stopped_before_it_began(store: Store, folder: Path) -> None:
    stop = threading.Event()
    stop.set()
    report = ingest_folder(store, folder, stop=stop)
    assert (report.cancelled, report.added) == (True, ())


def test_an_empty_folder_is_no_error(store: Store, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    report = ingest_folder(store, tmp_path / "empty")
    assert (report.total, report.cancelled) == (0, False)


def test_what_is_no_folder_is_bad_input(store: Store, file: Path) -> None:
    with pytest.raises(BadInput) as refused:
        ingest_folder(store, file)
    assert str(refused.value) == (
        f"{file} is not a folder. Give a folder, or the files themselves."
    )


def test_files_and_folders_together(store: Store, folder: Path, file: Path) -> None:
    missing = file.with_name("no.png")
    sidecar = folder / "m3.txt"
    report = ingest_paths(store, [file, missing, folder / "m3.png", sidecar, folder / "below"])
    assert len(report.added) == 3
    assert [f.reason for f in report.failed] == [
        "no.png: cannot be read (No such file or directory). "
        "Check the path and that you may read it."
    ]


def test_the_workspace_itself_is_not_taken_in(tmp_path: Path) -> None:
    write_micrograph(tmp_path / "a.png", seed=1)
    with Store.open(tmp_path / "workspace", inspect=PlainReader()) as store:
        assert ingest_folder(store, tmp_path).total == 1
        assert ingest_folder(store, tmp_path).total == 1


def test_a_reader_that_trips_fails_for_that_file_only(tmp_path: Path, folder: Path) -> None:
    class Tripping(PlainReader):
        def __call__(self, path: Path, **known):  # type: ignore[no-untyped-def]
            if path.name == "m2.png":
                raise IndexError("list index out of range")
            return super().__call__(path, **known)

    with Store.open(tmp_path / "w", inspect=Tripping()) as store:
        report = ingest_folder(store, folder)
    assert len(report.added) == 10
    assert "m2.png: an unexpected IndexError (list index out of range)." in {
        f.reason for f in report.failed
    }


def test_a_workspace_that_refuses_ends_the_ingest(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import store.files as files

    written = iter(range(100))

    def refuse_later(_descriptor: int) -> None:
        if next(written) > 6:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", refuse_later)
    with pytest.raises(WorkspaceError, match="No space left on device"):
        ingest_folder(store, folder)
    assert store.ingests.list_ingests()[0].status == "failed"
    assert verify_workspace(store).problems == ()


def test_a_progress_that_raises_ends_the_ingest(tmp_path: Path, folder: Path) -> None:
    def progress(_result: FileResult) -> None:
        raise KeyboardInterrupt

    with Store.open(tmp_path / "w", inspect=PlainReader(seconds=0.1)) as store:
        with pytest.raises(KeyboardInterrupt):
            ingest_folder(store, folder, on_progress=progress)
        assert store.ingests.list_ingests()[0].status == "failed"
        assert 0 < store.micrographs.count_micrographs() < 11
        assert verify_workspace(store).leftovers == ()


@pytest.mark.parametrize(
    ("name", "sidecar"),
    [
        ("a.tif", "a.txt"),
        ("a.TIF", "a.TXT"),
        ("a.tif", "a-tif.hdr"),
        ("a.tif", "a.hdr"),
        ("a.bmp", "a.bmp.txt"),
        ("１_200倍(x200).tif", "１_200倍(x200).txt"),
    ],
)
def test_texts_of_other_files_are_passed_over(tmp_path: Path, name: str, sidecar: str) -> None:
    for each in (name, sidecar, "b.tif", "a1.txt"):
        (tmp_path / each).touch()
    assert has_text_beside(tmp_path / name)
    assert not has_text_beside(tmp_path / "b.tif")
    assert not has_text_beside(tmp_path / sidecar)
    assert {path.name for path in list_candidates([tmp_path])} == {name, "b.tif", "a1.txt"}
    given = [tmp_path / sidecar, tmp_path / name]
    assert list_candidates(given) == [tmp_path / name]


def test_a_sidecar_that_came_later_is_taken_up_by_the_next_ingest(
    store: Store, folder: Path
) -> None:
    ingest_folder(store, folder)
    (folder / "m6.txt").write_text("nm_per_px=6")
    ingest_folder(store, folder)
    assert store.micrographs.list_micrographs("m6.png")[0].nm_per_px == 6


def test_files_come_in_the_order_people_count_in(tmp_path: Path) -> None:
    for name in ("s10.png", "s9.png", "S1.png", "²x.png", "b/x.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    names = [path.name for path in list_candidates([tmp_path])]
    assert names == ["S1.png", "s9.png", "s10.png", "²x.png", "x.png"]
