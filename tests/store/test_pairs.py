"""Pairs: added once, listed and counted by what a filter means, searched by parts of words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from slava.domain import Drafting, Flag, MicrographId, PairId, QAPair
from slava.errors import BadInput, BadSetting, NotFound
from store import Judgement, PairFilter, Store
from store.database import Database
from store.migrations import MIGRATIONS, migrate
from store.pair_filter import Order
from store.pair_words import signature
from store.verify import verify_workspace
from tests.store.drawn_pairs import a_pair, add_micrographs, add_pairs
from tests.store.test_store_migrations import FIRST_MICROGRAPH, first_schema

LENGTH = Flag("length", "It is too long.", 0.3)
WRONG = Flag("wrong_number", "3 µm is not measured.", 0.9)


def listed(store: Store, **wanted: Any) -> list[str]:
    return [pair.pair.id for pair in store.pairs.list_pairs(PairFilter(**wanted))]


def test_a_pair_comes_back_as_it_was_added(store: Store, tmp_path: Path) -> None:
    ids = add_micrographs(store, tmp_path)
    pair = QAPair(
        PairId("a" * 32),
        (ids[1], ids[0]),
        "Which is finer?",
        "The first: 3 µm “thin”.",
        "The first one, by far.",
        ("Which has thinner fibres?", "Finer?"),
        "comparison",
        "size",
        "fibres",
        "paper 1",
        "talk",
        2,
        Drafting("local", "m", "v", {"temperature": 0.5, "seed": None}, "r", ("A fact.",)),
        {"source": {"row": [1, 2]}},
    )
    added = store.pairs.add_pairs([pair], {pair.id: [LENGTH, WRONG]})
    assert (added.added, added.known) == ((pair.id,), ())
    found = store.pairs.get_pair(pair.id)
    assert found.pair == pair
    assert (found.question, found.answer, found.detailed) == (
        pair.question,
        pair.answer,
        pair.detailed,
    )
    assert (found.state, found.flags, found.reviewers, found.reviews) == (
        "pending",
        (LENGTH, WRONG),
        (),
        0,
    )


def test_the_same_pair_again_changes_nothing(store: Store, tmp_path: Path) -> None:
    ids = add_pairs(store, tmp_path, 2)
    store.reviews.record_review(ids[0], "ann", Judgement("edited", answer="Wires."))
    before = store.pairs.get_pair(ids[0])
    again = [pair.pair for pair in store.pairs.get_pairs(ids)]
    assert store.pairs.add_pairs([*again, again[0]], {ids[0]: [WRONG]}).known == tuple(ids)
    assert store.pairs.get_pair(ids[0]) == before
    assert store.pairs.count_pairs() == 2


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"micrograph_ids": (MicrographId("0" * 64),)}, NotFound),
        ({"micrograph_ids": ()}, BadInput),
        ({"answer": "  "}, BadInput),
        ({"question": ""}, BadInput),
        ({"id": ""}, BadInput),
    ],
)
def test_of_many_all_are_added_or_none(
    store: Store, tmp_path: Path, wrong: dict[str, Any], error: type[Exception]
) -> None:
    ids = add_micrographs(store, tmp_path)
    good = a_pair(0, ids)
    with pytest.raises(error):
        store.pairs.add_pairs([good, replace(a_pair(1, ids), **wrong)])
    assert store.pairs.count_pairs() == 0


def test_a_caption_needs_no_question(store: Store, tmp_path: Path) -> None:
    caption = a_pair(0, add_micrographs(store, tmp_path), question="", kind="caption")
    assert store.pairs.add_pairs([caption]).added == (caption.id,)


def test_filters_mean_what_they_say(store: Store, tmp_path: Path) -> None:
    ids = add_pairs(store, tmp_path, 6)
    first, second = (store.pairs.get_pair(i).pair.micrograph_ids[0] for i in ids[:2])
    both = a_pair(6, [first, second], kind="comparison", category="", drafting=Drafting("local"))
    store.pairs.add_pairs([both], {both.id: [LENGTH]})
    store.reviews.record_review(ids[0], "ann", Judgement("accepted"))
    store.reviews.record_review(ids[1], "bob", Judgement("rejected", "wrong_number"))
    store.reviews.record_review(ids[2], "ann", Judgement("skipped"))
    assert listed(store, aspect="shape", order="added") == ["p001", "p003", "p005"]
    assert listed(store, state="pending", aspect="shape") == ["p003", "p005"]
    assert listed(store, state="accepted") == listed(store, reviewer="ann") == ["p000"]
    assert listed(store, reason="wrong_number") == listed(store, reviewer="bob") == ["p001"]
    assert listed(store, skipped_by="ann") == ["p002"]
    assert listed(store, flag="length") == listed(store, flagged=True) == ["p006"]
    assert listed(store, teacher="local") == listed(store, kind="comparison") == ["p006"]
    assert listed(store, category="") == ["p006"]
    assert listed(store, model="teacher-1", prompt_version="pack-1", order="added") == ids
    assert listed(store, micrograph_id=second, order="added") == ["p001", "p003", "p005", "p006"]
    assert listed(store, reviewer="an") == []
    with pytest.raises(BadSetting):
        PairFilter(state="lost")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("riskiest", ["p003", "p001", "p000", "p002", "p004"]),
        ("newest", ["p004", "p003", "p002", "p001", "p000"]),
        ("added", ["p000", "p001", "p002", "p003", "p004"]),
    ],
)
def test_pages_follow_one_another(
    store: Store, tmp_path: Path, order: Order, expected: list[str]
) -> None:
    ids = add_pairs(store, tmp_path, 5)
    store.pairs.record_flags({ids[1]: [LENGTH], ids[3]: [LENGTH, WRONG]})
    wanted, found, after = PairFilter(order=order), [], None
    while page := store.pairs.list_pairs(wanted, 2, after):
        found += [pair.pair.id for pair in page]
        after = page[-1].pair.id
    assert found == expected


def test_pairs_of_a_micrograph_stand_together(store: Store, tmp_path: Path) -> None:
    add_pairs(store, tmp_path, 6)
    shown = store.pairs.list_pairs(PairFilter(order="micrograph"))
    numbers = [int(pair.pair.id[1:]) for pair in shown]
    assert sorted((numbers[:3], numbers[3:])) == [[0, 2, 4], [1, 3, 5]]
    after = store.pairs.list_ids(PairFilter(order="micrograph"), 9, shown[1].pair.id)
    assert after == [pair.pair.id for pair in shown[2:]]


def test_every_word_must_be_somewhere_in_the_words_that_count(store: Store, tmp_path: Path) -> None:
    ids = add_micrographs(store, tmp_path)
    fine = a_pair(1, ids, answer="The Porosity is 3 µm wide.", detailed="Très élégant, 50% café.")
    other = a_pair(2, ids, answer="Nothing at all.")
    store.pairs.add_pairs([fine, other])
    for text in ("porosity", "OROSI", "μm 3", "µM", "élég CAFÉ", "50%", "a", "is shown number 1"):
        assert "p001" in listed(store, text=text), text
    assert listed(store, text="porosity nothing") == []
    assert listed(store, text="   ") == ["p001", "p002"]
    assert listed(store, text="%") == ["p001"]
    store.reviews.record_review(fine.id, "ann", Judgement("edited", answer="The density is 4."))
    assert listed(store, text="porosity") == []
    assert listed(store, text="density") == ["p001"]
    store.reviews.undo_last("ann")
    assert [pair.pair.id for pair in store.pairs.search_text("porosity")] == ["p001"]
    assert store.pairs.count_pairs(PairFilter(text="porosity", state="pending")) == 1


def test_a_text_with_the_words_has_their_signature() -> None:
    text = "the porosity of the membrane is 12 % (µm)"
    for word in ("porosity", "por", "12", "(μm)", "ne is"):
        wanted, had = signature(word.replace("µ", "μ")), signature(text.replace("µ", "μ"))
        assert all(w & h == w for w, h in zip(wanted, had, strict=True))
    assert any(w & ~h for w, h in zip(signature("zebra"), signature(text), strict=True))


def test_pairs_are_counted_by_what_they_are(store: Store, tmp_path: Path) -> None:
    ids = add_pairs(store, tmp_path, 5)
    store.pairs.record_flags({ids[0]: [LENGTH, WRONG], ids[1]: [WRONG, WRONG]})
    store.reviews.record_review(ids[0], "ann", Judgement("rejected", "duplicate"))
    store.reviews.record_review(ids[1], "bob", Judgement("accepted"))
    count = store.pairs.count_by
    assert count("aspect") == {"size": 3, "shape": 2}
    assert count("flag") == {"wrong_number": 2, "length": 1}
    assert count("state") == {"pending": 3, "accepted": 1, "rejected": 1}
    assert count("reviewer") == {"ann": 1, "bob": 1}
    assert count("reason") == {"duplicate": 1}
    assert count("prompt_version", PairFilter(aspect="size")) == {"pack-1": 3}
    with pytest.raises(BadSetting):
        count("id")  # type: ignore[arg-type]


def test_flags_are_replaced_and_cleared(store: Store, tmp_path: Path) -> None:
    ids = add_pairs(store, tmp_path, 2)
    assert store.pairs.set_flags(ids[0], [LENGTH]).flags == (LENGTH,)
    assert store.pairs.set_flags(ids[0], [WRONG]).flags == (WRONG,)
    assert store.pairs.set_flags(ids[0], []).flags == ()
    assert listed(store, flagged=True) == []
    with pytest.raises(NotFound):
        store.pairs.record_flags({ids[1]: [LENGTH], PairId("gone"): []})
    assert store.pairs.get_pair(ids[1]).flags == ()


def test_every_pair_is_iterated_once_in_the_order_of_adding(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.pairs._BATCH", 2)
    ids = add_pairs(store, tmp_path, 5)
    store.pairs.set_flags(ids[4], [WRONG])
    assert [pair.pair.id for pair in store.pairs.iterate(PairFilter())] == ids
    rejecting = store.pairs.iterate(PairFilter(state="pending"))
    first = next(rejecting)
    store.reviews.record_review(ids[3], "ann", Judgement("rejected", "other"))
    assert [first.pair.id, *(pair.pair.id for pair in rejecting)] == [*ids[:3], ids[4]]


def test_pairs_go_with_their_micrograph(store: Store, tmp_path: Path) -> None:
    ids = add_pairs(store, tmp_path, 4)
    first, second = (store.pairs.get_pair(i).pair.micrograph_ids[0] for i in ids[:2])
    store.pairs.add_pairs([a_pair(9, [second, first])])
    store.reviews.record_bulk(PairFilter(), "ann", "accepted")
    store.micrographs.remove_micrograph(first)
    assert listed(store, order="added") == [ids[1], ids[3]]
    assert store.reviews.list_reviews(ids[0]) == ()
    assert verify_workspace(store).ok
    with pytest.raises(NotFound):
        store.pairs.get_pair(ids[0])


def test_terms_of_a_micrograph_are_kept(store: Store, tmp_path: Path) -> None:
    first, second = add_micrographs(store, tmp_path)
    store.micrographs.set_confidential([first])
    store.micrographs.set_licence([first, second], " CC  BY 4.0 ")
    found = [store.micrographs.get_micrograph(i) for i in (first, second)]
    assert [(m.confidential, m.licence) for m in found] == [
        (True, "CC BY 4.0"),
        (False, "CC BY 4.0"),
    ]
    with pytest.raises(NotFound):
        store.micrographs.set_confidential([second, MicrographId("gone")])
    assert not store.micrographs.get_micrograph(second).confidential


def test_pairs_of_nothing_are_found_by_verify(store: Store, tmp_path: Path) -> None:
    ids = add_pairs(store, tmp_path, 1)
    with store.database.writing() as transaction:
        transaction.run("DELETE FROM pairs WHERE id = ?", ids[0])
    problems = verify_workspace(store).problems
    assert "1 rows of pair_states refer to pairs that are gone." in problems


def test_a_workspace_from_before_there_were_pairs_takes_them_up(tmp_path: Path) -> None:
    before = [name for name, _ in MIGRATIONS].index("add_pairs")
    first_schema(tmp_path / "slava.duckdb", (FIRST_MICROGRAPH,))
    database = Database(tmp_path / "slava.duckdb")
    migrate(database, MIGRATIONS[:before])
    database.close()
    with Store.open(tmp_path) as store:
        (old,) = store.micrographs.list_micrographs("sand")
        assert (old.confidential, old.licence) == (False, "")
        pair = a_pair(0, [old.id])
        store.pairs.add_pairs([pair])
        assert (
            store.reviews.record_review(pair.id, "ann", Judgement("accepted")).state == "accepted"
        )
