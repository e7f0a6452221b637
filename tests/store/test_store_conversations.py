"""Conversations: what was asked and answered, and what it depended on."""

from __future__ import annotations

from pathlib import Path

import pytest

from slava.domain import Conversation, ConversationId, MicrographId, Turn, TurnId
from slava.errors import BadSetting, NotFound
from store import Store
from tests.store.plain_reader import PlainReader, write_micrograph


@pytest.fixture
def talk(store: Store, file: Path) -> Conversation:
    micrograph = store.micrographs.add_micrograph(file).micrograph
    return store.conversations.add_conversation(micrograph.id, "Grains of sand")


def test_a_turn_keeps_everything_it_depended_on(store: Store, talk: Conversation) -> None:
    added = store.conversations.add_turn(
        talk.id,
        "How large are they?",
        model="builtin",
        adapter="sand-1",
        quantization="nf4",
        settings={"temperature": 0.2, "seed": 3, "stop": None},
        context_level="high",
        context="Field width 12 µm.",
        seen="224 x 224, 196 tokens",
    )
    assert (added.position, added.status, added.answer) == (0, "streaming", "")
    done = store.conversations.finish_turn(
        added.id, "About 400 nm.", "done", 2.5, 0.1, 7, ["The answer was cut."], ""
    )
    assert done == Turn(
        id=added.id,
        conversation_id=talk.id,
        position=0,
        question="How large are they?",
        answer="About 400 nm.",
        status="done",
        model="builtin",
        adapter="sand-1",
        quantization="nf4",
        settings={"temperature": 0.2, "seed": 3, "stop": None},
        context_level="high",
        context="Field width 12 µm.",
        seen="224 x 224, 196 tokens",
        seconds=2.5,
        first_token_seconds=0.1,
        tokens=7,
        warnings=("The answer was cut.",),
        created_at=added.created_at,
    )
    assert store.conversations.list_turns(talk.id) == [done]


def test_what_is_unknown_of_a_turn_is_refused(store: Store, talk: Conversation) -> None:
    with pytest.raises(
        BadSetting, match=r"A turn has no 'temperature'. Use one of: model, adapter"
    ):
        store.conversations.add_turn(talk.id, "Why?", temperature=1)


def test_a_partial_answer_shows_until_the_end(store: Store, talk: Conversation) -> None:
    turn = store.conversations.add_turn(talk.id, "Why?")
    store.conversations.record_partial(turn.id, "Beca")
    assert store.conversations.get_turn(turn.id).answer == "Beca"
    store.conversations.finish_turn(turn.id, "Because.", "stopped")
    store.conversations.record_partial(turn.id, "Beca")
    kept = store.conversations.get_turn(turn.id)
    assert (kept.answer, kept.status) == ("Because.", "stopped")


def test_what_the_model_saw_can_be_kept_later(store: Store, talk: Conversation) -> None:
    turn = store.conversations.add_turn(talk.id, "Why?", context="Known.")
    assert store.conversations.record_seen(turn.id, seen="64 tokens").context == "Known."
    seen = store.conversations.record_seen(turn.id, context="More.", seen="32 tokens")
    assert (seen.context, seen.seen) == ("More.", "32 tokens")


@pytest.mark.parametrize("status", ["streaming", "finished", ""])
def test_a_turn_ends_only_in_a_known_way(store: Store, talk: Conversation, status: str) -> None:
    turn = store.conversations.add_turn(talk.id, "Why?")
    with pytest.raises(BadSetting, match=rf"A turn cannot end as '{status}'. Use done, stopped"):
        store.conversations.finish_turn(turn.id, "", status)  # type: ignore[arg-type]


def test_editing_hides_the_turns_from_there_on_and_keeps_them(
    store: Store, talk: Conversation
) -> None:
    old = [store.conversations.add_turn(talk.id, f"Question {n}").id for n in range(3)]
    assert store.conversations.supersede_turns(talk.id, 1) == 2
    new = store.conversations.add_turn(talk.id, "Question 1, better")
    assert new.position == 1
    assert [t.id for t in store.conversations.list_turns(talk.id)] == [old[0], new.id]
    every = store.conversations.list_turns(talk.id, superseded=True)
    assert {t.id for t in every} == {*old, new.id}
    assert store.conversations.list_conversations(search="better") != []
    assert store.conversations.list_conversations(search="Question 2") == []


def test_search_looks_into_titles_questions_and_answers(store: Store, talk: Conversation) -> None:
    turn = store.conversations.add_turn(talk.id, "Are there PORES of 5 µm?")
    store.conversations.finish_turn(turn.id, "Yes, <b>many</b> 100%.", "done")
    other = store.conversations.add_conversation(talk.micrograph_id, "Nothing yet")
    for search, found in [
        ("sand", {talk.id}),
        ("pores μm", {talk.id}),
        ("many sand", {talk.id}),
        ("<B>MANY", {talk.id}),
        ("100%", {talk.id}),
        ("yet", {other.id}),
        ("", {talk.id, other.id}),
        ("'; --", set()),
    ]:
        ids = {c.id for c in store.conversations.list_conversations(search=search)}
        assert ids == found, search


def test_the_last_used_comes_first_and_others_are_left_out(
    store: Store, talk: Conversation, tmp_path: Path
) -> None:
    second = store.conversations.add_conversation(talk.micrograph_id, "Second")
    path = write_micrograph(tmp_path / "b.png", 5)
    other = store.micrographs.add_micrograph(path).micrograph
    store.conversations.add_conversation(other.id, "Elsewhere")
    store.conversations.add_turn(talk.id, "Back to the first")
    listed = store.conversations.list_conversations(talk.micrograph_id)
    assert [c.id for c in listed] == [talk.id, second.id]


def test_renaming_and_removing(store: Store, talk: Conversation) -> None:
    turn = store.conversations.add_turn(talk.id, "Why?")
    assert store.conversations.rename_conversation(talk.id, " A\nname ").title == "A name"
    assert store.conversations.rename_conversation(talk.id, "").title == "Untitled"
    store.conversations.remove_conversation(talk.id)
    for call in (store.conversations.get_conversation, store.conversations.list_turns):
        with pytest.raises(NotFound):
            call(talk.id)
    with pytest.raises(NotFound):
        store.conversations.get_turn(turn.id)


def test_ids_that_are_not_there_are_said(store: Store) -> None:
    with pytest.raises(NotFound, match="There is no micrograph 'none' in this workspace"):
        store.conversations.add_conversation(MicrographId("none"), "?")
    with pytest.raises(NotFound, match="There is no conversation 'none' in this workspace"):
        store.conversations.add_turn(ConversationId("none"), "?")
    with pytest.raises(NotFound, match="There is no turn 'none'"):
        store.conversations.finish_turn(TurnId("none"), "", "done")


@pytest.mark.parametrize(
    "question",
    [
        "x" * 100_000,
        "'); DROP TABLE turns; --",
        "<script>alert(1)</script>",
        "µ\x00\u2028🔬",
        "\ud800",
    ],
)
def test_any_question_comes_back_as_it_was(store: Store, talk: Conversation, question: str) -> None:
    turn = store.conversations.add_turn(talk.id, question)
    store.conversations.finish_turn(turn.id, question, "done")
    (kept,) = store.conversations.list_turns(talk.id)
    readable = question.encode("utf-8", "replace").decode()
    assert (kept.question, kept.answer) == (readable, readable)


def test_a_turn_that_was_being_written_is_interrupted(tmp_path: Path, file: Path) -> None:
    with Store.open(tmp_path / "w", inspect=PlainReader()) as store:
        micrograph = store.micrographs.add_micrograph(file).micrograph
        talk = store.conversations.add_conversation(micrograph.id, "Grains")
        done = store.conversations.add_turn(talk.id, "First")
        store.conversations.finish_turn(done.id, "Yes.", "done")
        turn = store.conversations.add_turn(talk.id, "Second")
        store.conversations.record_partial(turn.id, "Half an ans")
    with Store.open(tmp_path / "w", inspect=PlainReader()) as store:
        first, second = store.conversations.list_turns(talk.id)
        assert (first.status, second.status) == ("done", "interrupted")
        assert second.answer == "Half an ans"
