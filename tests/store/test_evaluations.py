"""Test sets, evaluations, answers that are shared, and scores that are only added."""

from __future__ import annotations

from pathlib import Path

import pytest

from slava.domain import (
    Answered,
    AnswerKey,
    EvaluationSpec,
    JudgeChoice,
    MicrographId,
    ModelEntry,
    PersonScore,
    TestSet,
)
from slava.errors import BadInput, NotFound
from slava.evaluation.items import category_item, make_item
from slava.evaluation.planning import Ask
from store import Store
from tests.store.plain_reader import PlainReader

AT = MicrographId("1" * 64)
MODEL = ModelEntry("Built-in", "builtin", identity="aa")
ITEMS = (
    make_item(AT, "How large?", reference="24 µm", quantity="24 µm", given={"A": "6 µm"}),
    make_item(AT, "Any cracks?", reference="No.", defect=False),
    category_item(AT, "powder", ["fibres", "powder"]),
)


def a_spec(test_set: TestSet, *models: ModelEntry) -> EvaluationSpec:
    judge = JudgeChoice("http://localhost:1/v1", "judge-1", repeats=3, cap_usd=1.0)
    return EvaluationSpec(
        models or (MODEL,), ("text", "judged"), test_set.name, test_set.id,
        levels=("none", "high"), judge=judge,
    )  # fmt: skip


def test_a_test_set_comes_back_as_it_was(store: Store) -> None:
    kept = store.test_sets.add_test_set(" Ten  questions ", ITEMS, "a file", ["1 was left out"])
    assert (kept.name, kept.count, kept.notes) == ("Ten questions", 3, ("1 was left out",))
    assert store.test_sets.list_items(kept.id) == ITEMS
    again = store.test_sets.add_test_set("other name", [*ITEMS, ITEMS[0]], "elsewhere")
    assert again == kept
    assert store.test_sets.get_test_set(kept.id[:8]) == kept
    with pytest.raises(BadInput, match="without questions"):
        store.test_sets.add_test_set("none", [], "a file")
    with pytest.raises(NotFound, match="no test set"):
        store.test_sets.get_test_set("nothing")


def test_the_same_spec_is_the_same_evaluation(store: Store) -> None:
    kept = store.test_sets.add_test_set("set", ITEMS, "a file")
    first = store.evaluations.add_evaluation(a_spec(kept), "one", 6)
    assert store.evaluations.add_evaluation(a_spec(kept), "two", 6).name == "one"
    assert first.spec == a_spec(kept)
    other = store.evaluations.add_evaluation(a_spec(kept, ModelEntry("B", "builtin")), "b", 6)
    assert other.id != first.id
    assert [e.name for e in store.evaluations.list_evaluations()] == ["b", "one"]
    with pytest.raises(BadInput, match="stands on this test set"):
        store.test_sets.remove_test_set(kept.id)


def test_answers_are_shared_and_a_failure_takes_no_answers_place(store: Store) -> None:
    kept = store.test_sets.add_test_set("set", ITEMS, "a file")
    first = store.evaluations.add_evaluation(a_spec(kept), "one", 2)
    other = store.evaluations.add_evaluation(a_spec(kept, ModelEntry("B", "builtin")), "b", 2)
    key = AnswerKey("k1")
    ask = Ask(ITEMS[0], MODEL, "high", "How large?", AT)
    failed = Answered(key, "", error="out of memory.", asked="How large?")
    answered = Answered(key, "24 µm", 0.5, 7, ranked=(("a", 0.75),), asked="How large?")
    book = store.evaluations.book(first.id)
    book.add_answer(ask, failed)
    assert store.evaluations.get_evaluation(first.id).done == 0
    book.add_answer(ask, answered)
    book.add_answer(ask, failed)
    assert dict(store.evaluations.book(other.id).get_answers([key])) == {key: answered}
    assert store.evaluations.get_evaluation(first.id).done == 1
    store.evaluations.book(other.id).add_answer(ask, answered)
    store.evaluations.remove_evaluation(first.id)
    assert [a.answered for a in store.evaluations.list_answers(other.id)] == [answered]
    store.evaluations.remove_evaluation(other.id)
    assert dict(book.get_answers([key])) == {}


def test_what_an_ended_process_was_at_can_go_on(tmp_path: Path) -> None:
    with Store.open(tmp_path / "w", inspect=PlainReader()) as store:
        kept = store.test_sets.add_test_set("set", ITEMS, "a file")
        done = store.evaluations.add_evaluation(a_spec(kept, ModelEntry("B", "builtin")), "b", 1)
        store.evaluations.set_state(done.id, "done")
        store.evaluations.add_evaluation(a_spec(kept), "one", 1)
    with Store.open(tmp_path / "w", inspect=PlainReader()) as store:
        states = {e.name: e.state for e in store.evaluations.list_evaluations()}
    assert states == {"one": "interrupted", "b": "done"}


def test_scores_of_people_are_added_and_the_newest_counts(store: Store) -> None:
    key = AnswerKey("k1")
    for score in (50.0, 60.0, None):
        store.evaluations.add_score(PersonScore(key, "overall_quality", "ann", score))
    store.evaluations.add_score(PersonScore(key, "overall_quality", "ben", 70.0, "short"))
    found = store.evaluations.list_scores([key, AnswerKey("k2")])
    assert [(s.person, s.score, s.comment) for s in found[key]] == [
        ("ann", None, ""),
        ("ben", 70.0, "short"),
    ]
    assert list(found) == [key]
    assert store.evaluations.scored() == 4
    with pytest.raises(BadInput, match="must be named"):
        store.evaluations.add_score(PersonScore(key, "overall_quality", " ", 1.0))


def test_what_must_be_known_of_an_answer_comes_back(store: Store) -> None:
    kept = store.test_sets.add_test_set("set", ITEMS, "a file")
    made = store.evaluations.add_evaluation(a_spec(kept), "one", 1)
    ask = Ask(ITEMS[0], MODEL, "high", "How large?", AT)
    told = ("Answered without the adapter: unlike.", "cut at the limit of 8 tokens")
    store.evaluations.book(made.id).add_answer(ask, Answered(AnswerKey("k"), "24", notices=told))
    assert [a.answered.notices for a in store.evaluations.list_answers(made.id)] == [told]


def test_many_answers_are_kept_at_once_and_their_places_told(store: Store) -> None:
    kept = store.test_sets.add_test_set("set", ITEMS, "a file")
    made = store.evaluations.add_evaluation(a_spec(kept), "one", 3)
    asks = [Ask(item, MODEL, "high", item.question, AT) for item in ITEMS]
    answers = [Answered(AnswerKey(k), f"answer {k}") for k in ("a", "a", "b")]
    book = store.evaluations.book(made.id)
    book.add_answers([])
    book.add_answers(list(zip(asks, answers, strict=True)))
    book.add_answer(asks[2], Answered(AnswerKey("b"), "", error="too late"))
    told = {a.item_id: a.answered for a in store.evaluations.list_answers(made.id)}
    assert told == dict(zip([item.id for item in ITEMS], answers, strict=True))
    places = {(item.id, MODEL.title, "high", False) for item in ITEMS}
    assert store.evaluations.list_places(made.id) == places
    book.add_answer(asks[2], Answered(AnswerKey("c"), "", error="no answer"))
    assert len(store.evaluations.list_places(made.id)) == 2
