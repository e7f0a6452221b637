"""Duplicates, and answers that ignore their micrograph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from slava.domain import QAPair
from slava.retrieval.sentences import DIMENSION, sentence_vectors
from slava.teacher.checks import Known, check_pair, check_pairs, risk
from tests.checks.examples import RULES, calibrated, pair

A, B, C = (calibrated(name) for name in "abc")
ROUND = "The bodies are round and lie apart from each other on an even ground."
ROUND_TOO = "The bodies lie apart from one another on an even ground and are round."
KNOWN = {k.micrograph.id: k for k in (A, B, C)}


def bag_of_words(texts: Sequence[str]) -> NDArray[np.float32]:
    """Vectors that feel words and not their order."""
    vectors = np.zeros((len(texts), 64), np.float32)
    for row, text in enumerate(texts):
        for word in text.replace("one another", "each other").split():
            vectors[row, sum(map(ord, word)) % 64] += 1
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def about(known: Known, answer: str, question: str = "What is seen?", **more: object) -> QAPair:
    return pair(answer, question, about=(known,), **more)


def kinds(pairs: Sequence[QAPair], embed: object = None) -> list[list[str]]:
    flags = check_pairs(pairs, KNOWN, RULES, embed)  # type: ignore[arg-type]
    return [[f.kind for f in flags[p.id]] for p in pairs]


def test_of_two_equal_pairs_the_later_one_is_flagged() -> None:
    again = about(A, ROUND.upper(), "What is seen")
    assert kinds([about(A, ROUND), again]) == [[], ["duplicate"]]


def test_near_duplicates_need_vectors() -> None:
    pairs = [about(A, ROUND), about(A, ROUND_TOO, "What is to be seen?")]
    assert kinds(pairs) == [[], []]
    near = [about(A, ROUND), about(A, ROUND_TOO)]
    assert kinds(near, bag_of_words) == [[], ["duplicate"]]


def test_texts_with_other_numbers_are_not_the_same() -> None:
    said = "The mean diameter is {} nm, as measured on all of the bodies in the field."
    pairs = [about(A, said.format(312)), about(B, said.format(313))]
    assert kinds(pairs, bag_of_words) == [[], []]


def test_an_answer_that_ignores_the_micrograph_weighs_more_the_more_often_it_is_given() -> None:
    two = check_pairs([about(A, ROUND), about(B, ROUND)], KNOWN, RULES)
    three = check_pairs([about(k, ROUND) for k in (A, B, C)], KNOWN, RULES)
    assert [[f.kind for f in fs] for fs in two.values()] == [["ignores_micrograph"]] * 2
    assert min(fs[0].severity for fs in three.values()) > max(fs[0].severity for fs in two.values())


def test_saying_what_cannot_be_known_hardly_weighs() -> None:
    said = "The micrograph alone does not tell which elements are present."
    flags = check_pairs([about(k, said) for k in (A, B, C)], KNOWN, RULES)
    assert {f.severity for fs in flags.values() for f in fs} == {0.15}


def test_categories_and_other_questions_are_no_matter() -> None:
    labels = [about(k, "Particles.", kind="classification") for k in (A, B)]
    others = [about(A, ROUND, aspect="morphology"), about(B, ROUND, aspect="surface")]
    assert kinds([*labels, *others]) == [[], [], [], []]


def test_one_pair_beside_others_and_a_batch_beside_earlier_ones() -> None:
    first, second = about(A, ROUND), about(A, ROUND, "What is seen")
    alone = check_pair(second, KNOWN, [first, second], RULES)
    assert alone == check_pairs([second], KNOWN, RULES, earlier=[first])[second.id]
    assert [f.kind for f in alone] == ["duplicate"]


def test_the_same_question_answered_otherwise_and_wordings_that_repeat() -> None:
    assert kinds([about(A, ROUND), about(A, "Compact bodies.")]) == [[], ["duplicate"]]
    assert kinds([about(A, ROUND, paraphrases=("What is shown?", "What is seen"))]) == [
        ["duplicate"]
    ]


def test_nothing_is_known_of_a_micrograph() -> None:
    assert check_pair(about(A, "The mean diameter is 5 nm."), {}, rules=RULES) == ()


def test_risk_sorts_by_the_worst_flag() -> None:
    slip = check_pair(about(A, "The mean diameter is 312 µm."), KNOWN, rules=RULES)
    rough = check_pair(about(A, "The mean diameter is 380 nm, e.g."), KNOWN, rules=RULES)
    assert risk(slip) > risk(rough) > risk(()) == 0.0


@pytest.mark.slow
def test_sentence_vectors_know_what_says_the_same() -> None:
    read = sentence_vectors()
    texts = [ROUND, ROUND_TOO, "Threads cross each other in a dense mat.", ROUND]
    vectors = read(texts)
    assert vectors.shape == (4, DIMENSION)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.array_equal(vectors[0], vectors[3])
    assert vectors[0] @ vectors[1] >= RULES.near > 0.6 > vectors[0] @ vectors[2]
    assert read([]).shape == (0, DIMENSION)
    assert kinds([about(A, ROUND), about(A, ROUND_TOO)], read) == [[], ["duplicate"]]
