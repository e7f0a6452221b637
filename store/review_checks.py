"""Which reviews can be written: verdict, reason and words go together, and nobody was faster.

It must not know how they are written.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import get_args

from slava.domain import Reason, Review, ReviewedPair, Verdict
from slava.errors import BadSetting, PairTaken


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a reviewer says of one pair."""

    verdict: Verdict
    """``edited`` where the reviewer wrote other words."""
    reason: Reason | None = None
    """Why it is rejected; every rejection has one, nothing else has."""
    comment: str = ""
    """Anything else."""
    question: str | None = None
    answer: str | None = None
    detailed: str | None = None
    """The reviewer's words; ``None`` leaves the draft's."""
    seconds: float | None = None
    """How long it took."""


def checked_review(given: Review, before: ReviewedPair) -> Review:
    """The review with only those words that differ from the draft's.

    Raises
    ------
    BadSetting
        When reason, words and verdict do not go together.
    """
    if given.verdict not in get_args(Verdict):
        raise BadSetting(
            f"{given.verdict!r} is no verdict. Use one of: {', '.join(get_args(Verdict))}."
        )
    check_reason(given.verdict, given.reason)
    pair = before.pair
    words = [
        _changed(written, drafted, what)
        for written, drafted, what in (
            (given.question, pair.question, "question"),
            (given.answer, pair.answer, "answer"),
            (given.detailed, pair.detailed, ""),
        )
    ]
    if any(word is not None for word in words) and given.verdict != "edited":
        raise BadSetting(f"A pair is {given.verdict} with the draft's words. Use edited.")
    return replace(given, question=words[0], answer=words[1], detailed=words[2])


def _changed(written: str | None, drafted: str, what: str) -> str | None:
    if written is None or written.strip() == drafted.strip():
        return None
    if what and not written.strip():
        raise BadSetting(f"The {what} cannot be empty. Write one, or reject the pair.")
    return written.strip()


def check_reason(verdict: Verdict, reason: Reason | None) -> None:
    """A rejection has a reason, nothing else has one.

    Raises
    ------
    BadSetting
        When it is otherwise.
    """
    known = ", ".join(get_args(Reason))
    if verdict == "rejected" and reason not in get_args(Reason):
        raise BadSetting(f"A rejection needs a reason, not {reason!r}. Use one of: {known}.")
    if verdict != "rejected" and reason is not None:
        raise BadSetting(f"Only a rejection has a reason; this verdict is {verdict}.")


def require_unjudged(pair: ReviewedPair, reviewer: str, seen: int | None) -> None:
    """The pair is as the reviewer has seen it, or still waits for them.

    Raises
    ------
    PairTaken
        When it has been judged meanwhile.
    """
    if seen is None:
        judged = pair.state in ("accepted", "rejected") or (
            pair.state == "pending" and reviewer in pair.reviewers
        )
    else:
        judged = pair.reviews != seen
    if judged:
        who = " and ".join(pair.reviewers) or "somebody"
        raise PairTaken(
            f"This pair has been judged meanwhile, by {who}: it is {pair.state}. Your verdict "
            "was not written; look at the pair again, or go on with the next one."
        )
