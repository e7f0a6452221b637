"""Test sets out of labels, snapshots, folders and files; micrographs are taken in on the way."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from slava.errors import BadInput
from store import Store
from store.labels import Labelling
from store.pair_filter import PairFilter
from store.received_tests import take_labels, take_path, take_snapshot
from tests.store.drawn_pairs import a_pair, add_micrographs
from tests.store.plain_reader import write_micrograph


def a_folder(root: Path, *labels: str) -> Path:
    """A labelled folder with two micrographs for each label."""
    for k, label in enumerate(labels):
        (root / label).mkdir(parents=True)
        for n in range(2):
            write_micrograph(root / label / f"{n}.png", 10 * k + n)
    return root


def test_labels_of_the_workspace(store: Store, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="at least two categories"):
        take_labels(store)
    ids = add_micrographs(store, tmp_path, 3)
    for at, label in zip(ids, ("fibres", "powder", "powder"), strict=True):
        store.labels.set_label(Labelling(at, label))
    taken = take_labels(store)
    assert taken.count == 3
    items = store.test_sets.list_items(taken.id)
    assert {item.classes for item in items} == {("fibres", "powder")}
    assert take_labels(store) == taken


def test_the_parts_of_a_snapshot(store: Store, tmp_path: Path) -> None:
    ids = add_micrographs(store, tmp_path, 10)
    pairs = [a_pair(k, [at]) for k, at in enumerate(ids)]
    pairs.append(a_pair(20, ids[:2], question="Which is finer?"))
    store.pairs.add_pairs(pairs)
    store.reviews.record_bulk(PairFilter(), "ann", "accepted")
    added = store.snapshots.add_snapshot("first")
    counts = added.snapshot.pairs
    taken = take_snapshot(store, "first", "train")
    items = store.test_sets.list_items(taken.id)
    about_two = sum(note.startswith("1 comparisons") for note in taken.notes)
    assert len(items) + about_two == counts["train"]
    assert {(item.topic, item.teacher) for item in items} <= {
        ("size", "teacher-1"),
        ("shape", "teacher-1"),
    }
    assert items[0].reference.startswith("Fibres of ")


def test_a_labelled_folder(store: Store, tmp_path: Path) -> None:
    folder = a_folder(tmp_path / "steel", "pits", "scratches")
    (folder / "pits" / "broken.png").write_bytes(b"no picture")
    taken = take_path(store, folder)
    assert (taken.name, taken.count) == ("steel", 4)
    assert any("broken.png" in note for note in taken.notes)
    assert store.labels.count_labels() == {"pits": 2, "scratches": 2}
    assert take_path(store, folder).id == taken.id


def test_a_folder_overrules_no_label_that_people_gave(store: Store, tmp_path: Path) -> None:
    folder = a_folder(tmp_path / "steel", "pits", "scratches")
    shutil.copy(folder / "pits" / "1.png", folder / "scratches" / "same.png")
    at = store.micrographs.add_micrograph(folder / "pits" / "0.png").micrograph.id
    store.labels.set_label(Labelling(at, "patches"))
    taken = take_path(store, folder)
    found = store.labels.get_label(at)
    assert found is not None
    assert found.label == "patches"
    assert len(store.labels.list_history(at)) == 1
    assert taken.count == 3
    assert any("in several classes" in note for note in taken.notes)
    assert any("labelled otherwise" in note for note in taken.notes)


def test_one_question_with_answers_of_several_systems_is_one_item(
    store: Store, tmp_path: Path
) -> None:
    write_micrograph(tmp_path / "a.png", 1)
    asked = {"file": "a.png", "question": "How large?", "quantity": "24 µm"}
    records = [
        {**asked, "answers": {"A": "6 µm", "B": None}},
        {**asked, "answers": {"C": "24 µm"}},
        {**asked, "complexity": "hard"},
    ]
    file = tmp_path / "questions.jsonl"
    file.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    taken = take_path(store, file)
    items = store.test_sets.list_items(taken.id)
    assert [dict(item.given) for item in items] == [{"A": "6 µm", "C": "24 µm"}]
    assert any("hard" in note for note in taken.notes)


def test_a_file_of_questions_and_one_of_pairs(store: Store, tmp_path: Path) -> None:
    write_micrograph(tmp_path / "a.png", 1)
    file = tmp_path / "questions.jsonl"
    records = [
        {"file": "a.png", "question": "How large?", "quantity": "24 µm"},
        {"file": "gone.png", "question": "How large?"},
    ]
    file.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    taken = take_path(store, file)
    assert (taken.count, len(taken.notes)) == (1, 1)

    llava = tmp_path / "llava" / "data.json"
    llava.parent.mkdir()
    shutil.copy(tmp_path / "a.png", llava.parent / "b.png")
    turns = [
        {"from": "human", "value": "<image>\nWhat is it?"},
        {"from": "gpt", "value": "A test."},
        {"from": "human", "value": "And why?"},
        {"from": "gpt", "value": "To see."},
    ]
    told = [{"id": "1", "image": "b.png", "conversations": turns}]
    llava.write_text(json.dumps(told), encoding="utf-8")
    pairs = take_path(store, llava)
    items = store.test_sets.list_items(pairs.id)
    assert [(item.question, item.reference) for item in items] == [("What is it?", "A test.")]
    assert pairs.notes[0] == "1 follow-up questions were left out"
    assert store.pairs.count_pairs(PairFilter()) == 0
    assert len(store.micrographs.list_micrographs()) == 1


def test_what_is_none_of_these_is_one_clear_error(store: Store, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not there"):
        take_path(store, tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="no file, and no folder with"):
        take_path(store, tmp_path / "empty")
