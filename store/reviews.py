"""What reviewers said of pairs: only ever added, taken back by saying so.

A verdict is on the disk when the call returns. It must not know what the window shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from slava.domain import PairId, Reason, Review, ReviewedPair, Verdict
from slava.errors import BadSetting, PairTaken
from slava.metrics.agreement import Agreement
from store.clock import now
from store.database import Database, Transaction
from store.leases import Leases, checked_reviewer
from store.pair_filter import PairFilter, condition
from store.pair_outcome import decide
from store.pair_states import decide_again, rebuild_states
from store.review_checks import Judgement, check_reason, checked_review, require_unjudged
from store.review_figures import Pace, agreements, pace
from store.review_rows import (
    Action,
    Numbers,
    insert_review,
    insert_same,
    insert_step,
    load_reviews,
    newest_standing,
    newest_taken_back,
    pairs_of_step,
)
from store.settings import Settings, write_setting
from store.state_rows import (
    load_outcomes,
    require_reviewed,
    require_standing,
    reviews_in,
    update_outcome,
)
from store.waiting import Waiting

REVIEWERS_WANTED = "reviewers_wanted"
"""The setting that says how many people must judge a pair."""


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What came of one verdict on many pairs."""

    meant: int
    """How many pairs the filter meant, or were picked."""
    reviewed: int
    """How many of them got the verdict."""
    held: int
    """How many were left out because somebody else was looking at them."""
    changed: int = 0
    """How many of those picked were left out because they had been judged meanwhile."""


class Reviews:
    """``store.reviews``."""

    def __init__(
        self, database: Database, leases: Leases, waiting: Waiting, settings: Settings
    ) -> None:
        self._database, self._settings = database, settings
        self._leases, self._waiting = leases, waiting
        self._numbers = Numbers()
        self._wanted: int | None = None

    @property
    def reviewers_wanted(self) -> int:
        """How many people must judge a pair: 1 or 2."""
        if self._wanted is None:
            self._wanted = int(self._settings.get_setting(REVIEWERS_WANTED, 1))
        return self._wanted

    def set_reviewers_wanted(self, count: int) -> None:
        """Ask for one or two people; what that makes of every pair is worked out again.

        Raises
        ------
        BadSetting
            When it is neither 1 nor 2.
        """
        if count not in (1, 2):
            raise BadSetting(f"{count} reviewers cannot be asked for. Use 1 or 2.")
        with self._database.writing() as transaction:
            before = self.reviewers_wanted
            write_setting(transaction, REVIEWERS_WANTED, count)
            if count != before:
                rebuild_states(transaction, count)
        self._wanted = count
        self._waiting.forget()

    def record_review(
        self, pair_id: PairId, reviewer: str, said: Judgement, seen: int | None = None
    ) -> ReviewedPair:
        """Write down a verdict.

        Parameters
        ----------
        pair_id : PairId
            The pair; it is given back for others when the verdict is written.
        reviewer : str
            Who judged.
        said : Judgement
            What they say of it.
        seen : int, optional
            ``ReviewedPair.reviews`` of what the reviewer was looking at. Without it only a pair
            that still waits for this reviewer is judged; with it a settled one may be judged
            again.

        Raises
        ------
        PairTaken
            When somebody else is looking at it, or it has been judged meanwhile: in another tab,
            or by somebody else. Nothing is written then.
        NotFound
            When the workspace holds no such pair.
        BadSetting
            When reason, words and verdict do not go together.
        """
        name = checked_reviewer(reviewer)
        given = Review(
            *(pair_id, 0, name, said.verdict, said.reason, said.comment.strip()),
            *(said.question, said.answer, said.detailed),
            seconds=said.seconds,
            reviewed_at=now(),
        )
        with self._leases.judging(name, pair_id):
            with self._database.writing() as transaction:
                before = require_standing(transaction, pair_id)
                checked = checked_review(given, before.reviewed)
                require_unjudged(before.reviewed, name, seen)
                earlier = before.written and load_reviews(transaction, [pair_id]).get(pair_id)
                review = replace(checked, position=before.written)
                insert_review(transaction, self._numbers.next(transaction), review)
                outcome = decide([*(earlier or []), review], self.reviewers_wanted)
                judged = update_outcome(transaction, before, outcome, before.written + 1)
            self._waiting.judged(pair_id, name, judged.state)
        return judged

    def record_bulk(
        self,
        wanted: PairFilter,
        reviewer: str,
        verdict: Verdict,
        reason: Reason | None = None,
        comment: str = "",
        dry_run: bool = False,
    ) -> BulkResult:
        """One verdict on every pair that a filter means, as one step that is undone at once.

        What somebody else is looking at is left out. With ``dry_run`` nothing is written.

        Raises
        ------
        BadSetting
            When the verdict is ``edited``, or reason and verdict do not go together.
        """
        same = _same(reviewer, verdict, reason, comment)
        meant, parameters = condition(wanted)
        with self._database.writing() as transaction:
            rows = transaction.rows(
                f"SELECT s.pair_id FROM pair_states s WHERE {meant} ORDER BY s.seq", *parameters
            )
            ids = [PairId(row[0]) for row in rows]
            done = self._record_same(transaction, ids, same, dry_run)
        self._waiting.forget()
        return done

    def record_picked(
        self,
        seen: Mapping[PairId, int],
        reviewer: str,
        verdict: Verdict,
        reason: Reason | None = None,
        comment: str = "",
    ) -> BulkResult:
        """One verdict on pairs that were picked by hand, as one step that is undone at once.

        Parameters
        ----------
        seen : Mapping
            The pairs, each with ``ReviewedPair.reviews`` of what the reviewer was looking at. What
            has been judged since is left out, and what somebody else is looking at.

        Raises
        ------
        BadSetting
            When the verdict is ``edited``, or reason and verdict do not go together.
        """
        same = _same(reviewer, verdict, reason, comment)
        with self._database.writing() as transaction:
            standing = load_outcomes(transaction, list(seen))
            ids = [i for i in seen if i in standing and reviews_in(standing[i]) == seen[i]]
            done = self._record_same(transaction, ids, same)
        self._waiting.forget()
        return replace(done, meant=len(seen), changed=len(seen) - len(ids))

    def undo_last(self, reviewer: str) -> ReviewedPair | None:
        """Take back the newest verdict of a reviewer that stands, a bulk as a whole.

        Any number of steps back, over restarts as well.

        Returns
        -------
        ReviewedPair or None
            The pair, leased to the reviewer where nobody else holds it; the first of a bulk.
            ``None`` when there is nothing to take back.
        """
        return self._turn(reviewer, undo=True)

    def redo_last(self, reviewer: str) -> ReviewedPair | None:
        """Let the verdict stand again that was taken back last; ``None`` after a new verdict."""
        return self._turn(reviewer, undo=False)

    def list_reviews(self, pair_id: PairId) -> tuple[Review, ...]:
        """Every review of a pair, oldest first, also those taken back."""
        return tuple(load_reviews(self._database, [pair_id]).get(pair_id, ()))

    def pace(self, reviewer: str, since: str = "") -> Pace:
        """What somebody has done since a moment (ISO 8601, UTC), for the summary of a session."""
        return pace(self._database, checked_reviewer(reviewer), since)

    def agreement(self) -> list[Agreement]:
        """Cohen's kappa of every two reviewers who have judged the same pairs."""
        return agreements(self._database)

    def rebuild_states(self) -> int:
        """Work out again what became of every pair; returns of how many."""
        with self._database.writing() as transaction:
            count = rebuild_states(transaction, self.reviewers_wanted)
        self._waiting.forget()
        return count

    def _record_same(
        self, transaction: Transaction, ids: Sequence[PairId], same: Review, dry_run: bool = False
    ) -> BulkResult:
        held = self._leases.held_by_others(same.reviewer)
        free = [i for i in ids if i not in held]
        if free and not dry_run:
            insert_same(transaction, self._numbers.next(transaction, len(free)), free, same)
            decide_again(transaction, free, self.reviewers_wanted)
        return BulkResult(len(ids), len(free), len(ids) - len(free))

    def _turn(self, reviewer: str, undo: bool) -> ReviewedPair | None:
        name = checked_reviewer(reviewer)
        with self._database.writing() as transaction:
            find = newest_standing if undo else newest_taken_back
            target = find(transaction, name)
            if target is None:
                return None
            action: Action = "undo" if undo else "redo"
            insert_step(transaction, self._numbers.next(transaction), name, action, target, now())
            ids = pairs_of_step(transaction, target)
            decide_again(transaction, ids, self.reviewers_wanted)
        if undo and len(ids) == 1:
            self._waiting.changed()
        else:
            self._waiting.forget()
        try:
            return self._leases.lease_pair(name, ids[0])
        except PairTaken:
            return require_reviewed(self._database, ids[0])


def _same(reviewer: str, verdict: Verdict, reason: Reason | None, comment: str) -> Review:
    """The review that many pairs get, checked."""
    if verdict == "edited":
        raise BadSetting("Many pairs cannot be edited at once. Accept or reject them.")
    check_reason(verdict, reason)
    name = checked_reviewer(reviewer)
    return Review(PairId(""), 0, name, verdict, reason, comment.strip(), reviewed_at=now())
