"""Micrographs: bytes unharmed, duplicates known, calibrations with their history."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from slava.domain import Box, Calibration, MicrographId, ScaleBar
from slava.errors import (
    BadSetting,
    NotFound,
    UnreadableMicrograph,
    WorkspaceDamaged,
    WorkspaceError,
)
from store import Store
from store.verify import verify_workspace
from tests.store.plain_reader import PlainReader, write_micrograph

AWKWARD_NAMES = [
    "C:\\Users\\anna\\scan 01.png",
    "CON.png",
    "aux",
    "a:b*?.png",
    "trailing dot.",
    "'; DROP TABLE micrographs; --.png",
    '"><script>alert(1)</script>.png',
    "粒子 １(x200).PNG",
    "../../../etc/passwd.png",
    "nul\x00byte.png",
    "undecodable \udce9.png",
    "x" * 400 + ".png",
    "name.<img src=x>",
]


def test_the_original_bytes_are_kept_under_their_hash(store: Store, file: Path) -> None:
    added = store.micrographs.add_micrograph(file)
    path = store.micrographs.original_path(added.micrograph.id)
    assert not added.duplicate
    assert path.read_bytes() == file.read_bytes()
    assert path.name == hashlib.sha256(file.read_bytes()).hexdigest() + ".png"
    assert path.parent == store.workspace / "micrographs"


def test_a_record_comes_back_as_it_was_found(store: Store, file: Path, reader: PlainReader) -> None:
    added = store.micrographs.add_micrograph(file, sidecar=b"nm_per_px=2.5").micrograph
    found = reader(file, sidecar=b"nm_per_px=2.5").micrograph
    assert added.calibration == found.calibration == Calibration(2.5, "sidecar", "beside")
    assert added.instrument == found.instrument
    assert (added.width_px, added.height_px) == (56, 48)
    assert added == store.micrographs.get_micrograph(added.id)
    assert added.added_at


def test_a_record_survives_closing(tmp_path: Path, file: Path) -> None:
    with Store.open(tmp_path / "w", inspect=PlainReader()) as store:
        added = store.micrographs.add_micrograph(file, sidecar=b"nm_per_px=2.5").micrograph
    with Store.open(tmp_path / "w", inspect=PlainReader()) as store:
        assert store.micrographs.list_micrographs() == [added]


def test_the_same_bytes_twice_are_one_micrograph(store: Store, file: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.png"
    copy.write_bytes(file.read_bytes())
    first = store.micrographs.add_micrograph(file)
    second = store.micrographs.add_micrograph(copy)
    assert second.duplicate
    assert second.micrograph == first.micrograph
    assert store.micrographs.count_micrographs() == 1


def test_the_pixels_are_those_of_the_file(store: Store, file: Path) -> None:
    added = store.micrographs.add_micrograph(file).micrograph
    with Image.open(file) as opened:
        assert np.array_equal(store.micrographs.read_grey(added.id), np.asarray(opened))


@pytest.mark.parametrize("content", [b"", b"Dear colleague", b"\x89PNG\r\n\x1a\n cut short"])
def test_a_file_that_is_no_micrograph_changes_nothing(
    store: Store, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "letter.png").write_bytes(content)
    with pytest.raises(UnreadableMicrograph):
        store.micrographs.add_micrograph(tmp_path / "letter.png")
    assert store.micrographs.list_micrographs() == []
    assert list((store.workspace / "micrographs").iterdir()) == []


def test_a_path_that_is_no_file_is_said(store: Store, tmp_path: Path) -> None:
    with pytest.raises(UnreadableMicrograph) as folder:
        store.micrographs.add_micrograph(tmp_path)
    assert str(folder.value) == f"{tmp_path.name}: is a folder. Give a file, or ingest the folder."
    with pytest.raises(UnreadableMicrograph) as missing:
        store.micrographs.add_micrograph(tmp_path / "no.png")
    assert str(missing.value) == (
        "no.png: cannot be read (No such file or directory). "
        "Check the path and that you may read it."
    )


@pytest.mark.parametrize("name", AWKWARD_NAMES)
def test_any_name_is_only_a_name(store: Store, file: Path, name: str) -> None:
    added = store.micrographs.add_micrograph(file, name=name).micrograph
    (kept,) = store.micrographs.list_micrographs()
    assert kept == added
    path = store.micrographs.original_path(added.id)
    assert path.parent == store.workspace / "micrographs"
    assert path.suffix in (".png", ".bin")
    assert store.micrographs.read_grey(added.id).shape == (48, 56)
    assert verify_workspace(store).ok


def test_only_the_last_part_of_a_path_is_a_name(store: Store, file: Path) -> None:
    added = store.micrographs.add_micrograph(file, name="C:\\Users\\anna\\scan 01.png").micrograph
    assert added.name == "scan 01.png"


def test_search_finds_every_word_in_any_case(store: Store, tmp_path: Path) -> None:
    for seed, name in enumerate(["Gold 100%_a.png", "gold b.png", "ÄHRE 5 µm.png"]):
        store.micrographs.add_micrograph(write_micrograph(tmp_path / name, seed))
    gold = store.micrographs.list_micrographs("B gold")
    assert [m.name for m in gold] == ["gold b.png"]
    store.micrographs.set_notes(gold[0].id, "Sintered at 900 °C")
    for search, count in [
        ("GOLD", 2),
        ("100%_", 1),
        ("%", 1),
        ("ähre μm", 1),
        ("sintered gold", 1),
        ("plain", 3),
        (gold[0].id[:10], 1),
        ("silver", 0),
        ("' OR 1=1 --", 0),
        ("  ", 3),
    ]:
        assert len(store.micrographs.list_micrographs(search)) == count, search


def test_the_newest_comes_first_and_a_limit_cuts(store: Store, tmp_path: Path) -> None:
    for seed in range(5):
        store.micrographs.add_micrograph(write_micrograph(tmp_path / f"{seed}.png", seed))
    names = [m.name for m in store.micrographs.list_micrographs(limit=2)]
    assert names == ["4.png", "3.png"]


def test_calibrations_keep_their_history(store: Store, file: Path) -> None:
    micrograph = store.micrographs.add_micrograph(file, sidecar=b"nm_per_px=2.5").micrograph
    by_hand = Calibration(2.6, "manual", "(0, 0) to (100, 0) is 260 nm")
    assert store.micrographs.set_calibration(micrograph.id, by_hand).calibration == by_hand
    assert store.micrographs.set_calibration(micrograph.id, None).calibration is None
    history = store.micrographs.list_calibrations(micrograph.id)
    assert [(h.calibration, h.set_by) for h in history] == [
        (micrograph.calibration, "file"),
        (by_hand, "user"),
        (None, "user"),
    ]
    assert [h.set_at for h in history] == sorted(h.set_at for h in history)


def test_a_sidecar_beside_the_file_is_taken_along(store: Store, file: Path) -> None:
    file.with_suffix(".txt").write_bytes(b"nm_per_px=7")
    micrograph = store.micrographs.add_micrograph(file).micrograph
    assert micrograph.nm_per_px == 7
    assert store.micrographs.read_sidecar(micrograph.id) == b"nm_per_px=7"


def test_a_sidecar_that_comes_later_calibrates(store: Store, file: Path) -> None:
    micrograph = store.micrographs.add_micrograph(file).micrograph
    assert (micrograph.calibration, micrograph.warnings) == (None, ("no sidecar",))
    again = store.micrographs.add_micrograph(file, sidecar=b"nm_per_px=7")
    assert again.duplicate
    assert (again.micrograph.nm_per_px, again.micrograph.warnings) == (7, ())
    replaced = store.micrographs.set_sidecar(micrograph.id, b"nm_per_px=8")
    assert replaced.nm_per_px == 8
    assert store.micrographs.read_sidecar(micrograph.id) == b"nm_per_px=8"
    assert verify_workspace(store).leftovers == ()


def test_a_sidecar_does_not_overrule_the_user(store: Store, file: Path) -> None:
    micrograph = store.micrographs.add_micrograph(file).micrograph
    store.micrographs.set_calibration(micrograph.id, Calibration(3.0, "manual"))
    assert store.micrographs.set_sidecar(micrograph.id, b"nm_per_px=7").nm_per_px == 3.0


def test_removal_takes_everything_with_it(store: Store, file: Path, tmp_path: Path) -> None:
    micrograph = store.micrographs.add_micrograph(file, sidecar=b"nm_per_px=7").micrograph
    other = store.micrographs.add_micrograph(write_micrograph(tmp_path / "b.png", 9)).micrograph
    conversation = store.conversations.add_conversation(micrograph.id, "Grains")
    store.conversations.add_turn(conversation.id, "What is it?")
    kept = store.conversations.add_conversation(other.id, "Other")
    preview = store.workspace / "previews" / f"{micrograph.id}-256.png"
    preview.write_bytes(b"drawn")
    store.micrographs.remove_micrograph(micrograph.id)
    assert not preview.exists()
    assert [m.id for m in store.micrographs.list_micrographs()] == [other.id]
    assert store.conversations.list_conversations() == [kept]
    report = verify_workspace(store)
    assert (report.originals, report.problems, report.leftovers) == (1, (), ())
    assert not store.micrographs.add_micrograph(file).duplicate


def test_a_removal_that_is_refused_leaves_the_micrograph(
    store: Store, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    micrograph = store.micrographs.add_micrograph(file).micrograph

    def refuse(_path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "The file is open in another program")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(WorkspaceError, match="cannot be removed: The file is open"):
        store.micrographs.remove_micrograph(micrograph.id)
    monkeypatch.undo()
    assert store.micrographs.list_micrographs() == [micrograph]
    assert verify_workspace(store).ok
    store.micrographs.remove_micrograph(micrograph.id)
    assert store.micrographs.list_micrographs() == []


def test_an_id_that_is_not_there_is_said(store: Store) -> None:
    unknown = MicrographId("0" * 64)
    for call in (
        store.micrographs.get_micrograph,
        store.micrographs.original_path,
        store.micrographs.read_grey,
        store.micrographs.remove_micrograph,
        store.micrographs.list_calibrations,
        store.micrographs.read_sidecar,
    ):
        with pytest.raises(NotFound) as refused:
            call(unknown)
        assert str(refused.value) == (
            f"There is no micrograph {unknown!r} in this workspace. "
            "Choose one from the library, or add its file again."
        )


def test_renaming_and_its_refusal(store: Store, file: Path) -> None:
    micrograph = store.micrographs.add_micrograph(file).micrograph
    assert store.micrographs.rename_micrograph(micrograph.id, "Grains 2").name == "Grains 2"
    with pytest.raises(BadSetting, match="cannot be empty"):
        store.micrographs.rename_micrograph(micrograph.id, "  ")


def test_a_changed_original_is_noticed_at_reading(store: Store, file: Path, tmp_path: Path) -> None:
    micrograph = store.micrographs.add_micrograph(file).micrograph
    path = store.micrographs.original_path(micrograph.id)
    path.write_bytes(write_micrograph(tmp_path / "other.png", 77).read_bytes())
    with pytest.raises(WorkspaceDamaged, match=r"grains\.png .* has changed on the disk"):
        store.micrographs.read_grey(micrograph.id)
    path.write_bytes(b"not a picture")
    with pytest.raises(WorkspaceDamaged, match="has changed on the disk"):
        store.micrographs.read_grey(micrograph.id)


def test_a_lost_original_is_restored_by_adding_it_again(store: Store, file: Path) -> None:
    micrograph = store.micrographs.add_micrograph(file).micrograph
    store.micrographs.original_path(micrograph.id).unlink()
    with pytest.raises(WorkspaceDamaged, match="is missing from"):
        store.micrographs.read_grey(micrograph.id)
    assert store.micrographs.add_micrograph(file).duplicate
    assert store.micrographs.read_grey(micrograph.id).shape == (48, 56)


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path, file: Path) -> None:
    class Slow(PlainReader):
        def __call__(self, path: Path, **known):  # type: ignore[no-untyped-def]
            found = super().__call__(path, **known)
            write_micrograph(path, 1234)
            return found

    with (
        Store.open(tmp_path / "w", inspect=Slow()) as store,
        pytest.raises(UnreadableMicrograph, match="it changed while it was being read"),
    ):
        store.micrographs.add_micrograph(file)


def test_a_full_disk_is_said_and_nothing_stays(
    store: Store, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import store.files as files

    def refuse(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", refuse)
    with pytest.raises(WorkspaceError, match=r"cannot be written .* No space left on device"):
        store.micrographs.add_micrograph(file)
    monkeypatch.undo()
    assert list((store.workspace / "micrographs").iterdir()) == []
    assert not store.micrographs.add_micrograph(file).duplicate


def barred(path: Path, length_px: int) -> Path:
    pixels = np.zeros((48, 200), np.uint8)
    pixels[0, :length_px] = 255
    Image.fromarray(pixels).save(path)
    return path


def test_a_scale_bar_is_proposed_and_counts_only_when_confirmed(
    store: Store, tmp_path: Path
) -> None:
    added = store.micrographs.add_micrograph(barred(tmp_path / "a.png", 100)).micrograph
    assert (added.databar_read, added.scale_bar, added.proposal) == (False, None, None)

    read = store.micrographs.read_databar(added.id)
    assert read.databar_read
    assert read.letters == (Box(1, 2, 30, 9),)
    assert read.scale_bar == ScaleBar("1 µm", 1000.0, 100.0, 0.9, Box(0, 0, 100, 1))
    assert read.nm_per_px is None
    assert read.proposal == Calibration(
        10.0, "databar", "scale bar 1 µm = 100 px", confidence=0.9, confirmed=False
    )
    assert store.micrographs.get_micrograph(added.id) == read
    assert [r.calibration for r in store.micrographs.list_calibrations(added.id)] == [None]

    confirmed = store.micrographs.confirm_proposal(added.id)
    assert confirmed.calibration == Calibration(10.0, "databar", "scale bar 1 µm = 100 px")
    assert confirmed.proposal is None
    assert store.micrographs.list_calibrations(added.id)[-1].set_by == "user"
    assert store.micrographs.set_calibration(added.id, None).proposal == read.proposal


def test_nothing_to_confirm(store: Store, tmp_path: Path) -> None:
    added = store.micrographs.add_micrograph(barred(tmp_path / "a.png", 0)).micrograph
    assert store.micrographs.read_databar(added.id).scale_bar is None
    with pytest.raises(NotFound, match=r"There is no scale bar to confirm for a\.png\. Draw a"):
        store.micrographs.confirm_proposal(added.id)


def test_a_scale_bar_leaves_another_calibration_alone(store: Store, tmp_path: Path) -> None:
    added = store.micrographs.add_micrograph(barred(tmp_path / "a.png", 100)).micrograph
    by_hand = Calibration(3.0, "manual", "line")
    store.micrographs.set_calibration(added.id, by_hand)
    read = store.micrographs.read_databar(added.id)
    assert read.scale_bar is not None
    assert (read.calibration, read.proposal) == (by_hand, None)
