"""Frozen sets of pairs in a workspace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from slava.domain import Calibration, MicrographId, PairId, QAPair
from slava.errors import BadSetting, NotFound, SnapshotDamaged
from slava.handoff.read_snapshot import read_snapshot
from slava.handoff.run_folder import RunFolder
from slava.teacher.pairs import with_id
from store import Judgement, PairFilter, Store
from store.labels import Labelling
from store.snapshots import AddedSnapshot
from store.verify import verify_workspace
from tests.store.plain_reader import write_micrograph


def add(store: Store, folder: Path, seed: int) -> MicrographId:
    return store.micrographs.add_micrograph(
        write_micrograph(folder / f"m{seed}.png", seed=seed)
    ).micrograph.id


def pair(ids: list[MicrographId], question: str = "What?", **fields: object) -> QAPair:
    return with_id(QAPair(PairId(""), tuple(ids), question, "This.", **fields))  # type: ignore[arg-type]


def freeze(store: Store, name: str, **wanted: Any) -> AddedSnapshot:
    """Without measuring, which takes longest."""
    return store.snapshots.add_snapshot(name, **{"measure": False, **wanted})


@pytest.fixture
def ids(store: Store, tmp_path: Path) -> list[MicrographId]:
    return [add(store, tmp_path, seed) for seed in range(10)]


@pytest.fixture
def pairs(store: Store, ids: list[MicrographId]) -> list[QAPair]:
    """Two about each of ten micrographs; those of the last two are not accepted."""
    made = [
        pair([i], f"{word}?", category=f"c{n % 2}", aspect="early" if n < 8 else "late")
        for n, i in enumerate(ids)
        for word in "ab"
    ]
    store.pairs.add_pairs(made)
    store.reviews.record_bulk(PairFilter(aspect="early"), "ada", "accepted")
    store.reviews.record_review(made[16].id, "ada", Judgement("rejected", reason="wrong_number"))
    store.reviews.record_review(
        made[0].id,
        "ada",
        Judgement("edited", answer="That."),
        seen=store.pairs.get_pair(made[0].id).reviews,
    )
    return made


def test_accepted_pairs_are_frozen_with_the_words_that_count(
    store: Store, pairs: list[QAPair], ids: list[MicrographId]
) -> None:
    store.micrographs.set_calibration(ids[0], Calibration(2.0, "manual", "line"))
    store.micrographs.set_licence([ids[0]], "CC0")
    store.micrographs.set_confidential([ids[1]])
    store.labels.set_label(Labelling(ids[0], "wires", group="paper 7"))
    added = freeze(store, "first")
    assert not added.known
    assert added.left_out == {"rejected": 1, "not reviewed": 3}
    assert added.snapshot.pairs == {"train": 12, "validation": 2, "test": 2}
    content = store.snapshots.read_snapshot(added.snapshot.id, micrographs=True)
    assert {e.pair.id for e in content.pairs} == {one.id for one in pairs[:16]}
    edited = next(e for e in content.pairs if e.pair.id == pairs[0].id)
    assert (edited.pair.answer, edited.reviewers, edited.state) == ("That.", ("ada",), "accepted")
    shown = content.micrographs[ids[0]]
    assert (shown.nm_per_px, shown.calibration_source, shown.licence) == (2.0, "manual", "CC0")
    assert (shown.label, shown.group) == ("wires", "paper 7")
    assert shown.file(store.workspace).is_file()
    assert "2 nm per pixel" in "\n".join(shown.context["basic"])
    assert content.micrographs[ids[1]].confidential


def test_the_datasheet_counts(store: Store, pairs: list[QAPair], ids: list[MicrographId]) -> None:
    store.micrographs.set_confidential([ids[1]])
    made = freeze(store, "first").snapshot
    sheet = store.snapshots.read_snapshot(made.id).manifest.datasheet
    assert sheet["category"] == {"c0": 8, "c1": 8}
    assert sheet["reviewer"] == {"ada": 16}
    assert sheet["answer_words"] == {"1-10": 16}
    assert sheet["confidential_micrographs"] == 1
    assert sheet["left_out"] == {"not reviewed": 3, "rejected": 1}
    (row,) = sheet["acceptance"]
    assert (row["teacher"], row["drafted"], row["rate"]) == ("local", 20, round(16 / 17, 4))
    text = (store.snapshots.folder(made.id) / "datasheet.md").read_text(encoding="utf-8")
    assert "94.1%" in text
    assert "Confidential micrographs: 1." in text


def test_the_same_content_is_one_snapshot(store: Store, pairs: list[QAPair]) -> None:
    first = freeze(store, "first")
    again = freeze(store, "second")
    assert (again.known, again.snapshot) == (True, first.snapshot)
    assert store.snapshots.list_snapshots() == [first.snapshot]
    with pytest.raises(BadSetting, match="already"):
        freeze(store, "first", states="all")
    other = freeze(store, "all", states="all").snapshot
    assert sum(other.pairs.values()) == 19
    assert store.snapshots.list_snapshots() == [other, first.snapshot]
    assert freeze(store, "seed", seed=9).snapshot.id != first.snapshot.id


def test_a_filter_chooses(store: Store, pairs: list[QAPair]) -> None:
    made = freeze(store, "c1", wanted=PairFilter(category="c1"))
    assert sum(made.snapshot.pairs.values()) == 8
    assert made.left_out["not asked for"] == 10


def test_pictures_that_look_alike_stay_together(store: Store, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    ids = []
    for number in range(6):
        pixels = rng.integers(0, 200, (64, 64)).astype(np.uint8)
        for copy in range(2):
            file = tmp_path / f"{number}-{copy}.png"
            Image.fromarray(pixels + 20 * copy).save(file)
            ids.append(store.micrographs.add_micrograph(file).micrograph.id)
    store.pairs.add_pairs([pair([i]) for i in ids])
    made = freeze(store, "twins", states="all").snapshot
    content = store.snapshots.read_snapshot(made.id)
    parts = {e.pair.micrograph_ids[0]: e.part for e in content.pairs}
    assert len(set(ids)) == 12
    assert all(parts[ids[n]] == parts[ids[n + 1]] for n in range(0, 12, 2))
    assert set(parts.values()) == {"train", "validation", "test"}


def test_nothing_to_freeze_is_said_with_the_reason(store: Store, ids: list[MicrographId]) -> None:
    with pytest.raises(BadSetting, match="none at all"):
        freeze(store, "first")
    store.pairs.add_pairs([pair([ids[0]])])
    with pytest.raises(BadSetting, match="1 not reviewed"):
        freeze(store, "first")
    for name in ("", " ", "x" * 101):
        with pytest.raises(BadSetting, match="1 to 100"):
            freeze(store, name, states="all")
    only = freeze(store, "one", states="all")
    assert "validation and test" in only.warnings[0]


def test_a_snapshot_is_found_by_name_or_id_and_removed(store: Store, pairs: list[QAPair]) -> None:
    made = freeze(store, "first").snapshot
    for reference in ("first", "last", made.id, made.id[:8], made.id[:4]):
        assert store.snapshots.get_snapshot(reference) == made
    for reference in ("nope", made.id[:3], ""):
        with pytest.raises(NotFound, match="slava snapshot"):
            store.snapshots.get_snapshot(reference)
    folder = store.snapshots.folder(made.id)
    store.snapshots.remove_snapshot(made.id)
    assert not folder.exists()
    assert store.snapshots.list_snapshots() == []


def test_a_copy_is_verified_and_whole(store: Store, pairs: list[QAPair], tmp_path: Path) -> None:
    made = freeze(store, "first").snapshot
    run = RunFolder(store.workspace / "runs" / "r1")
    store.snapshots.copy_snapshot(made.id, run.snapshot)
    assert read_snapshot(run.snapshot, store.workspace).manifest.id == made.id
    original = store.micrographs.original_path(pairs[0].micrograph_ids[0])
    original.write_bytes(original.read_bytes() + b"\0")
    with pytest.raises(SnapshotDamaged, match=original.name):
        store.snapshots.copy_snapshot(made.id, run.snapshot)


def test_a_damaged_snapshot_is_said_and_can_be_frozen_again(
    store: Store, pairs: list[QAPair]
) -> None:
    made = freeze(store, "first").snapshot
    manifest = store.snapshots.folder(made.id) / "manifest.json"
    manifest.write_text(json.dumps({"version": 1}))
    with pytest.raises(SnapshotDamaged, match=r"manifest\.json"):
        store.snapshots.read_snapshot(made.id)
    (problem,) = verify_workspace(store).problems
    assert problem.startswith("snapshot 'first': manifest.json")
    (store.snapshots.folder(made.id).parent / ".writing-x").mkdir()
    again = freeze(store, "first")
    assert [path.name for path in store.snapshots.folder(made.id).parent.iterdir()] == [made.id]
    assert (again.known, again.snapshot.id) == (True, made.id)
    assert store.snapshots.read_snapshot(made.id).manifest.name == "first"


def test_a_workspace_opened_again_has_its_snapshots(tmp_path: Path, reader: object) -> None:
    where = tmp_path / "other"
    with Store.open(where, inspect=reader) as store:  # type: ignore[arg-type]
        store.pairs.add_pairs([pair([add(store, tmp_path, 1)])])
        made = freeze(store, "first", states="all").snapshot
    with Store.open(where, inspect=reader) as store:  # type: ignore[arg-type]
        assert store.snapshots.list_snapshots() == [made]


def test_what_was_not_measured_is_measured_for_the_context(store: Store, tmp_path: Path) -> None:
    store.pairs.add_pairs([pair([add(store, tmp_path, 1)])])
    said: list[str] = []
    made = store.snapshots.add_snapshot("first", states="all", on_progress=said.append).snapshot
    (shown,) = store.snapshots.read_snapshot(made.id).micrographs.values()
    assert len(shown.context["high"]) > len(shown.context["basic"]) >= 2
    assert "measuring micrographs: 0 of 1" in said
    said.clear()
    assert store.snapshots.add_snapshot("again", states="all", on_progress=said.append).known
    assert said == []
