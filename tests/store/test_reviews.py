"""Reviews: only added, taken back any number of steps, and everything else follows from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from slava.domain import PairId, Reason, Verdict
from slava.errors import BadSetting, NotFound, PairTaken, WorkspaceError
from store import Judgement, PairFilter, Store, state_rows
from store.pair_rows import load_pairs
from tests.store.drawn_pairs import a_pair, add_micrographs, add_pairs
from tests.store.plain_reader import PlainReader


@pytest.fixture
def ids(store: Store, tmp_path: Path) -> list[PairId]:
    return add_pairs(store, tmp_path, 6)


def states(store: Store) -> str:
    """The first letters of all states, in the order of adding."""
    return "".join(p.state[0] for p in store.pairs.iterate(PairFilter()))


def derived(store: Store) -> list[Any]:
    both = ("FROM pair_states ORDER BY seq", "FROM pair_words ORDER BY seq")
    return [store.database.rows(sql) for sql in both]


def test_a_verdict_is_kept_with_all_that_was_said(store: Store, ids: list[PairId]) -> None:
    judged = store.reviews.record_review(
        ids[0], " ann ", Judgement("rejected", "wrong_number", " Off by ten. ", seconds=2.5)
    )
    assert (judged.state, judged.reviewers, judged.reviews) == ("rejected", ("ann",), 1)
    assert judged == store.pairs.get_pair(ids[0])
    (review,) = store.reviews.list_reviews(ids[0])
    assert (review.position, review.reviewer, review.verdict) == (0, "ann", "rejected")
    assert (review.reason, review.comment, review.seconds) == ("wrong_number", "Off by ten.", 2.5)
    assert review.reviewed_at.startswith("20")
    assert not review.undone


def test_an_edit_counts_and_the_draft_stays(store: Store, ids: list[PairId]) -> None:
    draft = store.pairs.get_pair(ids[0]).pair
    judged = store.reviews.record_review(
        ids[0],
        "ann",
        Judgement("edited", question=f" {draft.question} ", answer=" Wires. ", detailed="Long."),
    )
    assert (judged.question, judged.answer, judged.detailed) == (draft.question, "Wires.", "Long.")
    assert judged.state == "accepted"
    assert judged.pair == draft
    (review,) = store.reviews.list_reviews(ids[0])
    assert (review.question, review.answer, review.detailed) == (None, "Wires.", "Long.")
    back = store.reviews.undo_last("ann")
    assert back is not None
    assert (back.answer, back.state) == (draft.answer, "pending")


@pytest.mark.parametrize(
    ("verdict", "reason", "words"),
    [
        ("rejected", None, {}),
        ("rejected", "ugly", {}),
        ("accepted", "other", {}),
        ("accepted", None, {"answer": "Mine."}),
        ("edited", None, {"answer": "  "}),
        ("edited", None, {"question": ""}),
        ("praised", None, {}),
    ],
)
def test_what_does_not_go_together_is_refused(
    store: Store, ids: list[PairId], verdict: Verdict, reason: Reason, words: dict[str, str]
) -> None:
    with pytest.raises(BadSetting):
        store.reviews.record_review(ids[0], "ann", Judgement(verdict, reason, **words))  # type: ignore[arg-type]
    assert store.reviews.list_reviews(ids[0]) == ()
    assert store.leases.holder(ids[0]) is None


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 101])
def test_a_reviewer_has_a_name(store: Store, ids: list[PairId], name: str) -> None:
    with pytest.raises(BadSetting):
        store.reviews.record_review(ids[0], name, Judgement("accepted"))


def test_a_pair_that_is_gone_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound):
        store.reviews.record_review(PairId("gone"), "ann", Judgement("accepted"))


def test_the_second_tab_is_told_and_nothing_is_doubled(store: Store, ids: list[PairId]) -> None:
    seen = store.leases.next_pair("ann")
    assert seen == store.leases.next_pair("ann")
    assert seen is not None
    store.reviews.record_review(ids[0], "ann", Judgement("accepted"), seen=seen.reviews)
    with pytest.raises(PairTaken, match="judged meanwhile, by ann: it is accepted"):
        store.reviews.record_review(
            ids[0], "ann", Judgement("rejected", "other"), seen=seen.reviews
        )
    with pytest.raises(PairTaken):
        store.reviews.record_review(ids[0], "bob", Judgement("accepted"))
    assert [r.verdict for r in store.reviews.list_reviews(ids[0])] == ["accepted"]
    again = store.reviews.record_review(ids[0], "bob", Judgement("rejected", "other"), seen=1)
    assert (again.state, again.reviewers, again.reviews) == ("rejected", ("bob",), 2)


def test_a_verdict_that_cannot_be_written_is_not_half_there(
    store: Store, ids: list[PairId], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = store.leases.next_pair("ann")
    before = derived(store)

    def full(*_: object) -> None:
        raise WorkspaceError("The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr("store.reviews.update_outcome", full)
        with pytest.raises(WorkspaceError):
            store.reviews.record_review(ids[0], "ann", Judgement("edited", answer="Wires."))
    assert store.reviews.list_reviews(ids[0]) == ()
    assert derived(store) == before
    assert store.leases.next_pair("ann") == seen
    assert (
        store.reviews.record_review(ids[0], "ann", Judgement("edited", answer="Wires.")).answer
        == "Wires."
    )


def test_what_went_with_its_micrograph_is_not_taken_again(store: Store, ids: list[PairId]) -> None:
    store.reviews.record_review(ids[0], "ann", Judgement("accepted"))
    store.reviews.undo_last("ann")
    about = store.pairs.get_pair(ids[0]).pair.micrograph_ids[0]
    store.micrographs.remove_micrograph(about)
    assert store.reviews.redo_last("ann") is None
    assert store.reviews.undo_last("ann") is None


def test_undo_goes_back_any_number_of_steps_over_restarts(tmp_path: Path) -> None:
    with Store.open(tmp_path / "w", inspect=PlainReader()) as store:
        ids = add_pairs(store, tmp_path, 6)
        for number in (3, 1, 0):
            store.reviews.record_review(ids[number], "ann", Judgement("accepted"))
        store.reviews.record_review(ids[2], "bob", Judgement("accepted"))
        store.reviews.record_review(ids[1], "ann", Judgement("rejected", "other"), seen=1)
        assert states(store) == "araapp"
    with Store.open(tmp_path / "w", inspect=PlainReader()) as store:
        back = []
        while (pair := store.reviews.undo_last("ann")) is not None:
            back.append((pair.pair.id, pair.state))
            assert store.leases.holder(pair.pair.id) == "ann"
        assert back == [
            (ids[1], "accepted"),
            (ids[0], "pending"),
            (ids[1], "pending"),
            (ids[3], "pending"),
        ]
        assert states(store) == "ppappp"
        assert [r.undone for r in store.reviews.list_reviews(ids[1])] == [True, True]
        assert store.database.row("SELECT count(*) FROM reviews") == (5,)
        store.reviews.record_review(ids[1], "ann", Judgement("accepted"))
        assert [r.position for r in store.reviews.list_reviews(ids[1])] == [0, 1, 2]


def test_what_was_taken_back_can_be_taken_again_in_order(store: Store, ids: list[PairId]) -> None:
    for pair_id in ids[:3]:
        store.reviews.record_review(pair_id, "ann", Judgement("accepted"))
    assert store.reviews.redo_last("ann") is None
    for _ in range(3):
        store.reviews.undo_last("ann")
    again = [store.reviews.redo_last("ann") for _ in range(2)]
    assert [pair.pair.id for pair in again if pair] == ids[:2]
    assert states(store) == "aapppp"
    store.reviews.undo_last("ann")
    assert states(store) == "appppp"
    store.reviews.record_review(ids[5], "ann", Judgement("accepted"))
    assert store.reviews.redo_last("ann") is None
    store.reviews.undo_last("ann")
    assert states(store) == "appppp"


def test_a_bulk_verdict_is_one_step(store: Store, ids: list[PairId]) -> None:
    store.reviews.record_review(ids[0], "ann", Judgement("edited", answer="Wires."))
    store.leases.lease_pair("bob", ids[2])
    sizes = PairFilter(aspect="size")
    dry = store.reviews.record_bulk(sizes, "ann", "rejected", "duplicate", dry_run=True)
    assert (dry.meant, dry.reviewed, dry.held) == (3, 2, 1)
    assert states(store) == "appppp"
    done = store.reviews.record_bulk(sizes, "ann", "rejected", "duplicate", "All alike.")
    assert done == dry
    assert states(store) == "rppprp"
    assert [r.comment for r in store.reviews.list_reviews(ids[4])] == ["All alike."]
    with pytest.raises(PairTaken):
        store.reviews.record_review(ids[4], "bob", Judgement("accepted"))
    back = store.reviews.undo_last("ann")
    assert back is not None
    assert (back.pair.id, back.answer) == (ids[0], "Wires.")
    assert states(store) == "appppp"
    store.reviews.redo_last("ann")
    assert states(store) == "rppprp"
    with pytest.raises(BadSetting):
        store.reviews.record_bulk(sizes, "ann", "edited")
    assert store.reviews.record_bulk(PairFilter(aspect="none"), "ann", "accepted").reviewed == 0


def test_one_verdict_on_many_reads_only_the_words_that_change(
    store: Store, ids: list[PairId], monkeypatch: pytest.MonkeyPatch
) -> None:
    store.reviews.record_review(ids[1], "ann", Judgement("edited", answer="Wires of zinc."))
    read: list[str] = []

    def watched(source: Any, wanted: Any) -> Any:
        read.extend(wanted)
        return load_pairs(source, wanted)

    monkeypatch.setattr(state_rows, "load_pairs", watched)
    store.reviews.undo_last("ann")
    assert read[:1] == [ids[1]]
    assert store.pairs.search_text("zinc") == []
    store.reviews.redo_last("ann")
    assert [one.pair.id for one in store.pairs.search_text("zinc")] == [ids[1]]
    read.clear()
    assert store.reviews.record_bulk(PairFilter(state="pending"), "bob", "accepted").reviewed == 5
    assert read == []
    store.reviews.undo_last("bob")
    read.clear()
    seen = {ids[0]: 0, ids[1]: 0, ids[2]: 0}
    done = store.reviews.record_picked(seen, "cat", "accepted")
    assert (done.reviewed, done.held, done.changed, read) == (1, 1, 1, [])


def test_two_reviewers_and_the_queue_of_disputes(store: Store, ids: list[PairId]) -> None:
    store.reviews.set_reviewers_wanted(2)
    for name, verdicts in (("ann", "aaar"), ("bob", "aara")):
        for pair_id, verdict in zip(ids, verdicts, strict=False):
            said: tuple[Verdict, Reason | None] = (
                ("accepted", None) if verdict == "a" else ("rejected", "not_visible")
            )
            store.reviews.record_review(pair_id, name, Judgement(*said))
    assert states(store) == "aaddpp"
    disputed = PairFilter(state="disagreed")
    first = store.leases.next_pair("cat", disputed)
    assert first is not None
    assert (first.pair.id, first.reviewers) == (ids[2], ("ann", "bob"))
    assert store.reviews.record_review(ids[2], "cat", Judgement("accepted")).state == "accepted"
    assert (
        store.reviews.record_review(ids[3], "ann", Judgement("rejected", "other")).state
        == "rejected"
    )
    assert store.pairs.count_pairs(disputed) == 0
    store.reviews.set_reviewers_wanted(1)
    assert states(store) == "aaarpp"
    with pytest.raises(BadSetting):
        store.reviews.set_reviewers_wanted(3)


def test_the_second_reviewer_is_not_told_of_the_first_ones_words(
    store: Store, ids: list[PairId]
) -> None:
    store.reviews.set_reviewers_wanted(2)
    store.reviews.record_review(ids[0], "ann", Judgement("edited", answer="Wires."))
    with pytest.raises(PairTaken):
        store.reviews.record_review(ids[0], "ann", Judgement("accepted"))
    second = store.leases.next_pair("bob")
    assert second is not None
    assert (second.pair.id, second.answer) == (ids[0], "Fibres of 0 µm.")
    assert store.reviews.record_review(ids[0], "bob", Judgement("accepted")).answer == "Wires."


def test_kappa_of_every_two_reviewers(store: Store, tmp_path: Path) -> None:
    about = add_micrographs(store, tmp_path)
    table = {"aa": 4, "ar": 1, "ra": 2, "rr": 3}  # p_o = 0.7, p_e = (5*6 + 5*4) / 100 = 0.5
    both = [verdicts for verdicts, count in table.items() for _ in range(count)]
    ids = store.pairs.add_pairs([a_pair(n, about) for n in range(len(both) + 1)]).added
    store.reviews.set_reviewers_wanted(2)
    for pair_id, verdicts in zip(ids, both, strict=False):
        for name, verdict in zip(("ann", "bob"), verdicts, strict=True):
            said = Judgement("rejected", "other") if verdict == "r" else Judgement("accepted")
            store.reviews.record_review(pair_id, name, said)
    store.reviews.record_review(ids[-1], "ann", Judgement("accepted"))
    store.reviews.record_review(ids[-1], "bob", Judgement("rejected", "other"))
    store.reviews.undo_last("bob")
    (found,) = store.reviews.agreement()
    assert (found.first, found.second, found.count) == ("ann", "bob", 10)
    assert found.observed == pytest.approx(0.7)
    assert found.kappa == pytest.approx(0.4)


def test_pace_tells_what_was_done_and_whose_drafts_were_kept(
    store: Store, ids: list[PairId]
) -> None:
    store.reviews.record_review(ids[0], "ann", Judgement("accepted", seconds=2))
    store.reviews.record_review(ids[1], "ann", Judgement("edited", answer="Wires.", seconds=9))
    store.reviews.record_review(ids[2], "ann", Judgement("rejected", "other", seconds=4))
    store.reviews.record_review(ids[3], "ann", Judgement("skipped"))
    store.reviews.record_review(ids[4], "ann", Judgement("accepted"))
    store.reviews.record_review(ids[5], "bob", Judgement("accepted"))
    store.reviews.undo_last("ann")
    pace = store.reviews.pace("ann")
    assert pace.count == 4
    assert pace.by_verdict == {"accepted": 1, "edited": 1, "rejected": 1, "skipped": 1}
    assert pace.minutes > 2 / 60
    assert pace.per_minute == pytest.approx(4 / pace.minutes)
    assert pace.median_seconds == 4
    (drafted,) = pace.by_drafting
    assert (drafted.teacher, drafted.prompt_version) == ("api.example.org", "pack-1")
    assert (drafted.judged, drafted.kept) == (3, 2)
    assert drafted.acceptance == pytest.approx(2 / 3)
    later = store.reviews.pace("ann", since="2999")
    assert (later.count, later.per_minute, later.by_drafting) == (0, 0, ())


@pytest.mark.parametrize("wanted", [1, 2])
def test_what_is_derived_can_be_made_again(store: Store, ids: list[PairId], wanted: int) -> None:
    store.reviews.set_reviewers_wanted(wanted)
    store.reviews.record_review(ids[0], "ann", Judgement("edited", answer="Wires."))
    store.reviews.record_review(ids[0], "bob", Judgement("rejected", "other"), seen=1)
    store.reviews.record_review(ids[1], "ann", Judgement("skipped"))
    store.reviews.record_bulk(PairFilter(aspect="shape"), "cat", "accepted")
    store.reviews.record_review(ids[2], "ann", Judgement("accepted"))
    store.reviews.undo_last("ann")
    before = derived(store)
    with store.database.writing() as transaction:
        transaction.run("UPDATE pair_states SET state = 'lost', reviewers = ''")
        transaction.run("DELETE FROM pair_words")
    assert store.reviews.rebuild_states() == 6
    assert derived(store) == before
