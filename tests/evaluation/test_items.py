"""Questions of a test set: content hashes, records, and taking them out of pairs and files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from slava.domain import Drafting, MicrographId, PairId, QAPair
from slava.errors import BadInput
from slava.evaluation.items import (
    category_item,
    dataset_id,
    item_from,
    item_record,
    items_of_labels,
    items_of_pairs,
    make_item,
)
from slava.evaluation.test_files import holds_test_items, read_test_file

ONE, OTHER = MicrographId("1" * 64), MicrographId("2" * 64)


def pair(question: str, answer: str, *ids: MicrographId, **more: Any) -> QAPair:
    told = {"aspect": "size", "category": "fibres", "drafting": Drafting("local"), **more}
    return QAPair(PairId(question), ids or (ONE,), question, answer, **told)


def test_an_item_is_known_by_what_is_asked_and_what_is_known_of_the_answer() -> None:
    item = make_item(ONE, " How  large? ", reference="24 µm", topic="size")
    assert item.question == "How large?"
    assert make_item(ONE, "How large?", reference="24 µm", topic="size").id == item.id
    others = [
        make_item(OTHER, "How large?", reference="24 µm", topic="size"),
        make_item(ONE, "How large?", reference="25 µm", topic="size"),
        make_item(ONE, "How large?", reference="24 µm", topic="size", defect=False),
    ]
    assert len({item.id, *(other.id for other in others)}) == 4


def test_given_answers_belong_to_the_set_and_not_to_the_item() -> None:
    bare = make_item(ONE, "How large?")
    given = make_item(ONE, "How large?", given={"GPT-4V": "6 µm"})
    assert bare.id == given.id
    assert dataset_id([bare]) != dataset_id([given])


def test_items_survive_being_written() -> None:
    for item in (
        make_item(ONE, "Is there a defect?", reference="No.", defect=False, complexity="simple"),
        category_item(OTHER, "fibres", ["fibres", "particles"], given={"A": "fibres"}),
    ):
        assert item_from(json.loads(json.dumps(item_record(item)))) == item


@pytest.mark.parametrize("known", [{"kind": "poem"}, {"complexity": "very"}])
def test_what_cannot_be_is_refused(known: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match=r"poem|very"):
        make_item(ONE, "How large?", **known)


def test_pairs_become_questions_and_what_needs_more_than_a_micrograph_is_left_out() -> None:
    pairs = [
        pair("How large are they?", "About 24 µm."),
        pair("Are there any cracks?", "No, there are no cracks."),
        pair("Which is finer?", "The first.", ONE, OTHER),
        pair("And how many?", "Five.", conversation="c", position=1),
        pair("What is it?", "Steel.", MicrographId("9" * 64)),
    ]
    items, left_out = items_of_pairs(pairs, {ONE: OTHER})
    assert [item.question for item in items] == ["How large are they?", "Are there any cracks?"]
    assert {item.micrograph_id for item in items} == {OTHER}
    assert [item.defect for item in items] == [None, False]
    assert sorted(left_out) == [
        "1 comparisons of several micrographs were left out",
        "1 follow-up questions were left out",
        "1 questions about missing micrographs were left out",
    ]


def test_one_category_is_nothing_to_tell_apart() -> None:
    with pytest.raises(BadInput, match="at least two categories"):
        items_of_labels({ONE: "fibres", OTHER: "fibres"})
    asked = items_of_labels({ONE: "fibres", OTHER: "powder"})
    assert [item.category for item in asked] == ["fibres", "powder"]
    assert all(item.classes == ("fibres", "powder") for item in asked)
    assert "fibres; powder" in asked[0].question


def test_a_file_of_questions_is_read_record_by_record(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.png").write_bytes(b"x")
    good = {"file": "a\\b.png", "question": "How large?", "quantity": "24 µm", "defect": False,
            "answers": {"GPT-4V": 6}}  # fmt: skip
    lines: list[dict[str, Any]] = [
        good,
        {"file": "a/b.png", "classes": ["fibres", "powder"], "category": "powder"},
        {"file": "gone.png", "question": "How large?"},
        {"file": "a/b.png"},
        {"file": "a/b.png", "question": "How large?", "defect": "maybe"},
        {"file": "a/b.png", "classes": ["fibres"], "category": "powder"},
        {"question": "How large?"},
    ]
    file = tmp_path / "set.jsonl"
    file.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    assert holds_test_items(file)
    told = read_test_file(file)
    assert [one.file.name for one in told.items] == ["b.png", "b.png"]
    item = told.items[0].of(ONE)
    assert (item.quantity, item.defect, dict(item.given)) == ("24 µm", False, {"GPT-4V": "6"})
    assert told.items[1].of(ONE).category == "powder"
    assert [problem.split(":")[0] for problem in told.problems] == [
        f"record {number}" for number in (3, 4, 5, 6, 7)
    ]


def test_a_file_without_a_question_is_one_clear_error(tmp_path: Path) -> None:
    file = tmp_path / "set.json"
    file.write_text(json.dumps([{"file": "gone.png", "question": "What?"}]), encoding="utf-8")
    with pytest.raises(BadInput, match=r"set\.json holds no question.*gone\.png is not there"):
        read_test_file(file)
    file.write_text(json.dumps([{"conversations": []}]), encoding="utf-8")
    assert not holds_test_items(file)


def test_the_order_of_questions_is_part_of_a_set() -> None:
    first, second = make_item(ONE, "How large?"), make_item(ONE, "How many?")
    assert dataset_id([first, second]) != dataset_id([second, first])
    assert dataset_id([first, second]) == dataset_id([replace(first), second])
