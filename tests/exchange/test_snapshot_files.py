"""A snapshot is the same under any order, and says all that is wrong with it at once."""

from __future__ import annotations

import hashlib
import json
import random
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from slava.domain import Databar, MicrographId
from slava.errors import SnapshotDamaged
from slava.exchange.entry import Entry
from slava.handoff.read_snapshot import read_snapshot
from slava.handoff.snapshot import (
    SnapshotContent,
    SnapshotMicrograph,
    SnapshotPair,
    make_snapshot,
    write_snapshot,
)
from tests.exchange.samples import IDS, entries, pair

MOMENT = "2026-01-01T00:00:00+00:00"
FRACTIONS = {"train": 0.8, "validation": 0.1, "test": 0.1}


def micrograph(identity: MicrographId) -> SnapshotMicrograph:
    return SnapshotMicrograph(
        id=identity,
        path=f"micrographs/{identity}.tif",
        width_px=16,
        height_px=12,
        nm_per_px=2.5,
        calibration_source="sidecar",
        databar=Databar(10, 12),
        label="particles",
        group="paper 1",
        context={"basic": ("Known of this micrograph:", "- µm")},
        licence="CC-BY-4.0",
        confidential=True,
    )


def content(pairs: list[SnapshotPair], name: str = "first", when: str = MOMENT) -> SnapshotContent:
    ids = {i for entry in pairs for i in entry.pair.micrograph_ids}
    shown = [micrograph(i) for i in ids]
    return make_snapshot(
        name, pairs, shown, created_at=when, seed=4, fractions=FRACTIONS, datasheet={"pairs": 1}
    )


THREE = [
    SnapshotPair(pair("a?", "b", IDS[:1]), "train", "accepted", ("ada", "bob")),
    SnapshotPair(pair("c?", "d", IDS[1:3], kind="comparison"), "validation"),
    SnapshotPair(pair("", "a wire", IDS[3:], kind="caption"), "test"),
]


@given(entries())
@settings(max_examples=30)
def test_what_is_written_is_read(given: list[Entry]) -> None:
    frozen = [SnapshotPair(entry.pair, "train", entry.state, entry.reviewers) for entry in given]
    made = content(frozen)
    with tempfile.TemporaryDirectory() as folder:
        write_snapshot(Path(folder), made)
        assert read_snapshot(Path(folder)) == made


def test_the_id_is_that_of_the_content_in_any_order_under_any_name() -> None:
    shuffled = random.Random(1).sample(THREE, 3)
    one, other = content(THREE), content(shuffled, "second", "2027-01-01T00:00:00+00:00")
    assert one.manifest.id == other.manifest.id
    assert one.manifest.name != other.manifest.name
    moved = [replace(THREE[0], part="test"), *THREE[1:]]
    assert content(moved).manifest.id != one.manifest.id


def test_parts_and_counts() -> None:
    made = content(THREE)
    assert made.manifest.pairs == {"train": 1, "validation": 1, "test": 1}
    assert made.manifest.micrographs == {"train": 1, "validation": 2, "test": 1}
    assert [entry.pair.question for entry in made.part("validation")] == ["c?"]


def test_a_damaged_snapshot_names_every_bad_file(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    (workspace / "micrographs").mkdir(parents=True)
    originals = [f"original {n}".encode() for n in range(3)]
    ids = [MicrographId(hashlib.sha256(content).hexdigest()) for content in originals]
    for identity, original in zip(ids, originals, strict=True):
        (workspace / "micrographs" / f"{identity}.tif").write_bytes(original)
    folder = tmp_path / "snapshot"
    parts = zip(ids, ("train", "validation", "test"), strict=True)
    write_snapshot(folder, content([SnapshotPair(pair("q?", "a", [i]), part) for i, part in parts]))
    assert read_snapshot(folder, workspace).manifest.name == "first"

    (workspace / "micrographs" / f"{ids[0]}.tif").unlink()
    (workspace / "micrographs" / f"{ids[1]}.tif").write_bytes(b"other")
    pairs = folder / "pairs.jsonl"
    pairs.write_bytes(pairs.read_bytes().replace(b'"a"', b'"A"', 1) + b"{half")
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"first"', '"worst"'))
    with pytest.raises(SnapshotDamaged) as caught:
        read_snapshot(folder, workspace)
    said = "\n".join(caught.value.problems)
    for wrong in (
        "manifest.json: its entries contradict their checksum",
        "pairs.jsonl: its last line is cut short",
        f"{ids[0]}.tif: it is missing",
        f"{ids[1]}.tif: its bytes contradict their hash",
    ):
        assert wrong in said
    assert "\n" not in str(caught.value)


def _edit(name: str, change: Callable[[str], str]) -> Callable[[Path], None]:
    def harm(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert change(text) != text
        (folder / name).write_text(change(text), encoding="utf-8")

    return harm


HARMS: list[tuple[Callable[[Path], None], str]] = [
    (lambda folder: (folder / "manifest.json").unlink(), "manifest.json: it is missing"),
    (lambda folder: (folder / "pairs.jsonl").unlink(), "pairs.jsonl: it is missing"),
    (lambda folder: (folder / "manifest.json").write_bytes(b"\xff"), "it is no JSON"),
    (lambda folder: (folder / "manifest.json").write_text("[]"), "it is no JSON object"),
    (lambda folder: (folder / "manifest.json").write_text("{}"), "its version None is not 1"),
    (_edit("manifest.json", lambda t: t.replace('"seed": 4', '"seed": 5')), "their checksum"),
    (_edit("pairs.jsonl", lambda t: t.replace('"part":"test"', '"part":"exam"')), "part 'exam'"),
    (_edit("pairs.jsonl", lambda t: t.replace('"answer":"b"', '"answer":""')), "no answer"),
    (_edit("pairs.jsonl", lambda t: t.replace('"question"', '"Question"', 1)), "no question"),
    (_edit("micrographs.jsonl", lambda t: t.replace("tif", "../x", 1)), "is no path of"),
    (_edit("micrographs.jsonl", lambda t: t.replace('"label"', '"name"', 1)), "has no 'label'"),
    (_edit("micrographs.jsonl", lambda t: t.partition("\n")[2]), "does not list"),
    (
        _edit("pairs.jsonl", lambda t: t.replace(IDS[0], IDS[1])),
        "is in the parts train and validation",
    ),
]


@pytest.mark.parametrize(("harm", "said"), HARMS)
def test_any_harm_is_said(harm: Callable[[Path], None], said: str, tmp_path: Path) -> None:
    write_snapshot(tmp_path, content(THREE))
    harm(tmp_path)
    with pytest.raises(SnapshotDamaged) as caught:
        read_snapshot(tmp_path)
    assert said in "; ".join(caught.value.problems)


def test_lines_are_json_that_others_can_read(tmp_path: Path) -> None:
    write_snapshot(tmp_path, content(THREE), "# sheet\n")
    lines = (tmp_path / "pairs.jsonl").read_text(encoding="utf-8").splitlines()
    first = json.loads(lines[0])
    assert {"id", "part", "micrograph_ids", "question", "answer", "reviewers"} <= set(first)
    assert (tmp_path / "datasheet.md").read_text() == "# sheet\n"
