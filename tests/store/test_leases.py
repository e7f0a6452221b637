"""Leases: one pair is before one person, until they judge it, leave it or go away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from slava.domain import Flag, PairId
from slava.errors import BadSetting, NotFound, PairTaken
from store import Judgement, PairFilter, Store
from store.leases import Leases
from store.waiting import Waiting
from tests.store.drawn_pairs import a_pair, add_pairs
from tests.store.test_store_threads import at_once


@pytest.fixture
def ids(store: Store, tmp_path: Path) -> list[PairId]:
    return add_pairs(store, tmp_path, 6)


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def given(store: Store, reviewer: str, wanted: PairFilter | None = None) -> str | None:
    pair = store.leases.next_pair(reviewer, wanted)
    return pair.pair.id if pair else None


def test_a_pair_is_given_to_one_person(store: Store, ids: list[PairId]) -> None:
    store.pairs.set_flags(ids[3], [Flag("length", "Long.", 0.5)])
    assert given(store, "ann") == ids[3]
    assert given(store, "bob") == ids[0]
    assert given(store, "ann") == ids[3], "a page that is loaded anew shows the same"
    with pytest.raises(PairTaken, match="ann is looking at this pair"):
        store.reviews.record_review(ids[3], "bob", Judgement("accepted"))
    with pytest.raises(PairTaken):
        store.leases.lease_pair("bob", ids[3])
    assert store.reviews.list_reviews(ids[3]) == ()
    store.reviews.record_review(ids[3], "ann", Judgement("accepted"))
    assert store.leases.holder(ids[3]) is None
    assert given(store, "ann") == ids[1]


def test_the_next_ones_can_be_fetched_ahead(store: Store, ids: list[PairId]) -> None:
    assert [p.pair.id for p in store.leases.prefetch("ann", 3)] == ids[:3]
    assert given(store, "bob") == ids[3]
    store.reviews.record_review(ids[0], "ann", Judgement("accepted"))
    following = store.leases.next_pair("ann", skip=ids[1:3])
    assert following is not None
    assert following.pair.id == ids[4]
    assert [p.pair.id for p in store.leases.prefetch("cat", 9)] == [ids[5]]
    assert store.leases.next_pair("dan") is None


def test_what_is_given_back_is_given_again(store: Store, ids: list[PairId]) -> None:
    store.leases.prefetch("ann", 3)
    assert given(store, "bob") == ids[3]
    store.leases.release("ann", [ids[1]])
    assert store.leases.next_pair("bob", skip=[ids[3]]).pair.id == ids[1]  # type: ignore[union-attr]
    store.leases.release("ann")
    assert given(store, "cat") == ids[0]


def test_a_lease_ends_when_its_holder_does_nothing(store: Store, ids: list[PairId]) -> None:
    clock = Clock()
    leases = Leases(store.database, Waiting(store.database), minutes=10, clock=clock)
    leases.prefetch("ann", 2)
    clock.seconds = 9 * 60
    assert leases.next_pair("ann", skip=ids[:2]).pair.id == ids[2]  # type: ignore[union-attr]
    clock.seconds = 18 * 60
    assert [leases.holder(i) for i in ids[:4]] == ["ann"] * 3 + [None]
    assert leases.held_by_others("bob") == set(ids[:3])
    clock.seconds = 19 * 60 + 1
    assert leases.holder(ids[0]) is None
    assert [p.pair.id for p in leases.prefetch("bob", 3)] == ids[:3]
    with pytest.raises(PairTaken), leases.judging("ann", ids[0]):
        pytest.fail("it is bob's now")


def test_what_was_left_for_later_comes_when_it_is_asked_for(
    store: Store, ids: list[PairId]
) -> None:
    store.reviews.record_review(ids[0], "ann", Judgement("skipped"))
    assert given(store, "ann") == ids[1]
    assert given(store, "bob") == ids[0]
    store.leases.release("bob")
    later = PairFilter(skipped_by="ann")
    assert given(store, "ann", later) == ids[0]
    store.reviews.record_review(ids[0], "ann", Judgement("accepted"), seen=1)
    assert given(store, "ann", later) is None
    assert store.pairs.get_pair(ids[0]).state == "accepted"


def test_a_filter_narrows_what_is_given(store: Store, ids: list[PairId]) -> None:
    assert given(store, "ann", PairFilter(aspect="shape", order="newest")) == ids[5]
    assert given(store, "ann", PairFilter(text="number 4")) == ids[4]
    assert given(store, "ann", PairFilter(aspect="colour")) is None
    store.reviews.record_review(ids[2], "ann", Judgement("accepted"))
    assert given(store, "bob", PairFilter(state="accepted")) == ids[2]


def test_with_two_reviewers_each_gets_every_pair_once(store: Store, ids: list[PairId]) -> None:
    store.reviews.set_reviewers_wanted(2)
    for name in ("ann", "bob"):
        for pair_id in ids:
            pair = store.leases.next_pair(name)
            assert pair is not None
            assert pair.pair.id == pair_id
            store.reviews.record_review(pair_id, name, Judgement("accepted"), seen=pair.reviews)
        assert store.leases.next_pair(name) is None
    assert store.pairs.count_pairs(PairFilter(state="accepted")) == 6


def test_new_pairs_are_given_when_the_old_ones_are_done(
    store: Store, ids: list[PairId], tmp_path: Path
) -> None:
    about = store.pairs.get_pair(ids[0]).pair.micrograph_ids
    for _ in ids:
        store.reviews.record_review(PairId(str(given(store, "ann"))), "ann", Judgement("accepted"))
    assert given(store, "ann") is None
    store.pairs.add_pairs([a_pair(10, about)])
    assert given(store, "ann") == "p010"


def test_a_list_that_is_behind_is_made_again_in_time(store: Store, ids: list[PairId]) -> None:
    clock = Clock()
    waiting = Waiting(store.database, clock)
    assert waiting.first("ann", PairFilter(), 2, set()) == ids[:2]
    store.pairs.set_flags(ids[5], [Flag("length", "Long.", 0.5)])
    waiting.changed()
    assert waiting.first("ann", PairFilter(), 2, set()) == ids[:2]
    clock.seconds = 121
    assert waiting.first("ann", PairFilter(), 2, {ids[0]}) == [ids[5], ids[1]]


def test_a_list_ahead_is_short_and_goes_on(
    store: Store, ids: list[PairId], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.waiting.AHEAD", 1)
    found = []
    while (pair := store.leases.next_pair("ann")) is not None:
        found.append(pair.pair.id)
        store.reviews.record_review(pair.pair.id, "ann", Judgement("accepted"), seen=0)
    assert found == ids


def test_a_verdict_of_elsewhere_takes_a_pair_out_of_every_list(
    store: Store, ids: list[PairId]
) -> None:
    assert given(store, "ann") == ids[0]
    store.leases.release("ann")
    with store.database.writing() as transaction:
        transaction.run("UPDATE pair_states SET state = 'accepted' WHERE pair_id = ?", ids[0])
    assert given(store, "ann") == ids[1]
    assert store.leases.holder(ids[0]) is None


def test_a_lease_needs_a_name_and_a_pair(store: Store, ids: list[PairId]) -> None:
    with pytest.raises(BadSetting):
        store.leases.next_pair(" ")
    with pytest.raises(NotFound):
        store.leases.lease_pair("ann", PairId("gone"))


def test_many_at_once_judge_every_pair_once(store: Store, tmp_path: Path) -> None:
    ids = add_pairs(store, tmp_path, 80)

    def annotate(thread: int) -> list[str]:
        done = []
        while (pair := store.leases.next_pair(f"annotator {thread}")) is not None:
            name = f"annotator {thread}"
            store.reviews.record_review(
                pair.pair.id, name, Judgement("accepted"), seen=pair.reviews
            )
            done.append(pair.pair.id)
        return done

    told = [i for done in at_once(annotate) for i in done]  # type: ignore[attr-defined]
    assert sorted(told) == sorted(ids)
    kept = store.database.rows("SELECT pair_id FROM reviews")
    assert sorted(row[0] for row in kept) == sorted(ids)


def test_who_is_just_too_late_gets_the_next_one(
    store: Store, ids: list[PairId], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Waiting.first

    def beaten(self: Waiting, reviewer: str, *wanted: Any) -> list[PairId]:
        found = first(self, reviewer, *wanted)
        if reviewer == "ann" and store.leases.holder(ids[1]) is None:
            store.leases.lease_pair("bob", found[0])
        return found

    monkeypatch.setattr(Waiting, "first", beaten)
    store.leases.lease_pair("cat", ids[0])
    assert given(store, "ann") == ids[2]
    assert store.leases.holder(ids[1]) == "bob"


def test_of_many_who_judge_the_same_pair_one_is_heard(store: Store, ids: list[PairId]) -> None:
    def judge(thread: int) -> bool:
        try:
            store.reviews.record_review(ids[0], f"annotator {thread}", Judgement("accepted"))
        except PairTaken:
            return False
        return True

    assert sum(at_once(judge)) == 1  # type: ignore[arg-type]
    assert len(store.reviews.list_reviews(ids[0])) == 1
