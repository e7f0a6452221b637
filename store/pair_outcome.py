"""What all reviews of a pair say together. Pure: the same reviews give the same outcome.

It must not know how reviews are stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from slava.domain import PairState, QAPair, Reason, Review, Verdict


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a pair."""

    state: PairState = "pending"
    reason: Reason | None = None
    """Why it is rejected."""
    reviewers: tuple[str, ...] = ()
    """Who gave the verdicts that count, in the order in which they gave them."""
    skippers: tuple[str, ...] = ()
    """Who left it for later and has not come back to it."""
    reviews: int = 0
    """How many reviews stand."""
    reviewed_at: str = ""
    """When the newest of them was given."""
    question: str | None = None
    """The newest edit's words; ``None`` leaves the draft's. So for the next two."""
    answer: str | None = None
    detailed: str | None = None


def decide(reviews: Sequence[Review], wanted: int) -> Outcome:
    """The outcome of a pair's reviews, oldest first.

    With one reviewer asked for, the newest verdict counts. With two, a pair is pending until two
    people have judged it. Where one keeps it and the other does not, it is ``disagreed``, and the
    next verdict, of anyone, decides; so does every one after that. A skip is no verdict. Edits
    of a pending pair are kept back, so that the second reviewer reads what the first one read.

    Parameters
    ----------
    reviews : sequence of Review
        All of one pair; those undone count for nothing.
    wanted : int
        1 or 2.
    """
    standing = [r for r in reviews if not r.undone]
    verdicts = [r for r in standing if r.verdict != "skipped"]
    counted: list[Review] = []
    state: PairState = "pending"
    decided = False
    for review in verdicts:
        if wanted < 2 or state == "disagreed" or decided:
            decided = wanted > 1
            counted = [review]
        else:
            counted = [*(r for r in counted if r.reviewer != review.reviewer), review]
        state = _together(counted, 1 if decided else wanted)
    edit = _newest(verdicts, "edited") if state != "pending" else None
    reason = counted[-1].reason if state == "rejected" else None
    return Outcome(
        state=state,
        reason=reason,
        reviewers=tuple(r.reviewer for r in counted),
        skippers=_skippers(standing),
        reviews=len(standing),
        reviewed_at=standing[-1].reviewed_at if standing else "",
        question=edit.question if edit else None,
        answer=edit.answer if edit else None,
        detailed=edit.detailed if edit else None,
    )


def words_of(pair: QAPair, outcome: Outcome) -> tuple[str, str, str]:
    """Question, answer and detailed answer that count."""
    return (
        pair.question if outcome.question is None else outcome.question,
        pair.answer if outcome.answer is None else outcome.answer,
        pair.detailed if outcome.detailed is None else outcome.detailed,
    )


def keeps(verdict: Verdict) -> bool:
    """Whether the pair is to be trained on; an edit keeps it as an acceptance does."""
    return verdict in ("accepted", "edited")


def _together(counted: Sequence[Review], wanted: int) -> PairState:
    kept = {keeps(r.verdict) for r in counted}
    if len(counted) < wanted:
        return "pending"
    if len(kept) > 1:
        return "disagreed"
    return "accepted" if kept == {True} else "rejected"


def _newest(reviews: Sequence[Review], verdict: Verdict) -> Review | None:
    return next((r for r in reversed(reviews) if r.verdict == verdict), None)


def _skippers(standing: Sequence[Review]) -> tuple[str, ...]:
    last = {r.reviewer: r.verdict for r in standing}
    return tuple(name for name, verdict in last.items() if verdict == "skipped")
