"""What all reviews of a pair say together: one reviewer, two, and what settles a dispute."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from slava.domain import PairId, Review
from store.pair_outcome import Outcome, decide


def said(*verdicts: str, **other: Any) -> list[Review]:
    """Reviews such as ``ann+`` (accepted), ``bob-`` (rejected), ``ann*`` (edited), ``bob~``."""
    kinds = {"+": "accepted", "-": "rejected", "*": "edited", "~": "skipped"}
    return [
        Review(
            PairId("p"),
            position,
            verdict[:-1].strip("!"),
            kinds[verdict[-1]],  # type: ignore[arg-type]
            "other" if verdict[-1] == "-" else None,
            answer=f"Of {verdict[:-1]}, {position}." if verdict[-1] == "*" else None,
            undone=verdict.startswith("!"),
            reviewed_at=f"2026-01-01T00:00:{position:02}",
            **other,
        )
        for position, verdict in enumerate(verdicts)
    ]


@pytest.mark.parametrize(
    ("verdicts", "state", "reviewers"),
    [
        ("", "pending", ()),
        ("ann+", "accepted", ("ann",)),
        ("ann-", "rejected", ("ann",)),
        ("ann*", "accepted", ("ann",)),
        ("ann~", "pending", ()),
        ("ann+ bob-", "rejected", ("bob",)),
        ("ann+ !bob-", "accepted", ("ann",)),
        ("ann+ ann~", "accepted", ("ann",)),
    ],
)
def test_with_one_reviewer_the_newest_verdict_counts(
    verdicts: str, state: str, reviewers: tuple[str, ...]
) -> None:
    outcome = decide(said(*verdicts.split()), 1)
    assert (outcome.state, outcome.reviewers) == (state, reviewers)


@pytest.mark.parametrize(
    ("verdicts", "state", "reviewers"),
    [
        ("ann+", "pending", ("ann",)),
        ("ann+ ann-", "pending", ("ann",)),
        ("ann+ bob~", "pending", ("ann",)),
        ("ann+ bob+", "accepted", ("ann", "bob")),
        ("ann* bob+", "accepted", ("ann", "bob")),
        ("ann- bob-", "rejected", ("ann", "bob")),
        ("ann+ bob-", "disagreed", ("ann", "bob")),
        ("ann+ bob- cat-", "rejected", ("cat",)),
        ("ann+ bob- cat+", "accepted", ("cat",)),
        ("ann+ bob- ann+", "accepted", ("ann",)),
        ("ann+ bob- cat+ bob-", "rejected", ("bob",)),
        ("ann+ bob- !cat+", "disagreed", ("ann", "bob")),
        ("ann+ !bob- cat+", "accepted", ("ann", "cat")),
        ("ann+ bob+ cat-", "disagreed", ("ann", "bob", "cat")),
    ],
)
def test_with_two_reviewers_both_must_agree_or_a_third_verdict_decides(
    verdicts: str, state: str, reviewers: tuple[str, ...]
) -> None:
    outcome = decide(said(*verdicts.split()), 2)
    assert (outcome.state, outcome.reviewers) == (state, reviewers)


def test_the_words_of_the_newest_edit_count() -> None:
    assert decide(said("ann*", "bob*", "cat+"), 1).answer == "Of bob, 1."
    assert decide(said("ann*", "!bob*"), 1).answer == "Of ann, 0."
    assert decide(said("ann+"), 1).answer is None


def test_a_second_reviewer_reads_what_the_first_one_read() -> None:
    assert decide(said("ann*"), 2).answer is None
    assert decide(said("ann*", "bob+"), 2).answer == "Of ann, 0."


def test_reason_time_and_number_are_those_of_what_stands() -> None:
    outcome = decide(said("ann+", "!ann+", "bob-", "cat~"), 1)
    assert outcome.reason == "other"
    assert (outcome.reviews, outcome.reviewed_at[-2:], outcome.skippers) == (3, "03", ("cat",))
    assert decide(said("bob-", "ann+"), 1).reason is None
    assert decide([replace(r, undone=True) for r in said("ann*", "bob-")], 1) == Outcome()
