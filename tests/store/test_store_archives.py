"""A ZIP of several micrographs is taken in member by member, whatever else is in it."""

from __future__ import annotations

import threading
import zipfile
from pathlib import Path

import pytest

import store.unpacking as unpacking
from store import Store
from store.ingest import ingest_paths
from tests.store.plain_reader import PlainReader, write_micrograph


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """Two micrographs, the sidecar of one, and what does not belong there."""
    one = write_micrograph(tmp_path / "made" / "one.png", 1).read_bytes()
    two = write_micrograph(tmp_path / "made" / "two.png", 2).read_bytes()
    archive = tmp_path / "day.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("one.png", one)
        out.writestr("one.txt", "nm_per_px=4")
        out.writestr("sample 3/two.png", two)
        out.writestr("__MACOSX/._one.png", b"desktop")
    return archive


def add_member(archive: Path, name: str, content: bytes) -> None:
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as out:
        out.writestr(name, content)


@pytest.fixture
def kept(tmp_path: Path):  # type: ignore[no-untyped-def]
    with Store.open(tmp_path / "workspace", inspect=PlainReader()) as opened:
        yield opened


def test_each_member_under_its_own_name_with_its_sidecar(kept: Store, packed: Path) -> None:
    report = ingest_paths(kept, [packed])
    assert (len(report.added), report.failed) == (2, ())
    found = {m.name: m.nm_per_px for m in kept.micrographs.list_micrographs()}
    assert found == {"one.png": 4.0, "two.png": None}
    shown = {str(f.file) for f in kept.ingests.list_files(report.id)}
    assert shown == {str(packed / "one.png"), str(packed / "sample 3" / "two.png")}


def test_a_bad_member_is_told_and_spoils_no_other(kept: Store, packed: Path) -> None:
    add_member(packed, "notes.png", b"no picture")
    for name in ("../../outside.png", "/root.png", "C:\\x.png", "a/../../b.png"):
        add_member(packed, name, write_micrograph(packed.parent / "n.png", 9).read_bytes())
    report = ingest_paths(kept, [packed])
    assert len(report.added) == 2
    reasons = sorted(f.reason for f in report.failed)
    assert len(reasons) == 5
    assert sum("leads out of the archive" in reason for reason in reasons) == 4
    assert any("holds no picture" in reason for reason in reasons)
    assert not list(packed.parent.glob("outside.png"))


def test_a_bomb_is_refused_and_the_others_stay(
    kept: Store, packed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "MEMBER_BYTES", 1 << 20)
    add_member(packed, "bomb.png", bytes(8 << 20))
    report = ingest_paths(kept, [packed])
    assert len(report.added) == 2
    assert ["unpacks to more" in f.reason for f in report.failed] == [True]
    monkeypatch.setattr(unpacking, "MOST_MEMBERS", 1)
    again = ingest_paths(kept, [packed])
    assert len(again.duplicates) == 1
    assert all("comes after" in f.reason for f in again.failed)


def test_a_damaged_member_is_named(kept: Store, packed: Path) -> None:
    content = bytearray(packed.read_bytes())
    with zipfile.ZipFile(packed) as archive:
        begin = archive.getinfo("sample 3/two.png").header_offset + 60
    content[begin : begin + 40] = bytes(40)
    packed.write_bytes(content)
    report = ingest_paths(kept, [packed])
    assert len(report.added) == 1
    assert ["day.zip, two.png" in f.reason for f in report.failed] == [True]


def test_one_member_stays_the_file_that_it_is_and_nothing_in_it_is_said(
    kept: Store, tmp_path: Path
) -> None:
    empty = tmp_path / "hidden.zip"
    with zipfile.ZipFile(empty, "w") as out:
        out.writestr(".a", b"1")
        out.writestr(".b", b"2")
    report = ingest_paths(kept, [empty])
    assert ["there is no micrograph in it" in f.reason for f in report.failed] == [True]
    one = tmp_path / "one.zip"
    with zipfile.ZipFile(one, "w") as out:
        out.writestr("a.png", b"1")
    assert unpacking.open_archives([one], tmp_path / "w", lambda: False)[0].path == one


def test_stopping_leaves_the_rest_out(kept: Store, packed: Path) -> None:
    stop = threading.Event()
    stop.set()
    assert not ingest_paths(kept, [packed], stop=stop).added
