"""A pair beside others: duplicates, and answers that other micrographs got as well."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from slava.domain import Flag, QAPair
from slava.teacher.checks.alike import Alike
from slava.teacher.checks.known import Embed, Rules
from slava.teacher.checks.text import SAYS_A_LIMIT, content_stems, plain, shortened

FEW_WORDS = 3
"""Answers with fewer words of their own are the same by chance."""


class Company:
    """All pairs of one look, so that each text is read once. Rows are places in ``pairs``."""

    def __init__(self, pairs: Sequence[QAPair], rules: Rules, embed: Embed | None = None) -> None:
        self._pairs = pairs
        self._questions = Alike([p.question for p in pairs], embed, rules.near)
        self._answers = Alike([f"{p.answer} {p.detailed}" for p in pairs], embed, rules.near)
        about: dict[object, list[int]] = defaultdict(list)
        asked: dict[object, list[int]] = defaultdict(list)
        for row, pair in enumerate(pairs):
            about[pair.micrograph_ids, pair.kind].append(row)
            asked[pair.kind, pair.aspect or plain(pair.question)].append(row)
        self._about = _rows(about)
        self._asked = _rows(asked)

    def duplicate(self, row: int) -> Iterator[Flag]:
        """Flags of pairs about the same micrographs that stand before this one."""
        pair = self._pairs[row]
        said = {plain(pair.question)}
        for text in pair.paraphrases:
            if plain(text) in said:
                detail = f"The wording “{shortened(text)}” repeats another of the same pair."
                yield Flag("duplicate", detail, 0.2)
                break
            said.add(plain(text))
        group = self._about[pair.micrograph_ids, pair.kind]
        before = np.array([k for k in group if k < row and self._pairs[k].id != pair.id], np.int64)
        if not len(before):
            return
        asked = self._questions.of(row, before)
        twice = before[asked & self._answers.of(row, before)]
        if len(twice):
            other = int(twice[0])
            exact = self._questions.equal(row, other) and self._answers.equal(row, other)
            how = "repeats" if exact else "says nearly the same as"
            detail = f"It {how} the pair “{shortened(self._pairs[other].question)}”"
            yield Flag("duplicate", detail, 0.7 if exact else 0.5)
            return
        again = [int(k) for k in before[asked] if self._questions.equal(row, int(k))]
        if again:
            other_answer = shortened(self._pairs[again[0]].answer)
            detail = f"The same question is answered otherwise in another pair: “{other_answer}”"
            yield Flag("duplicate", detail, 0.4)

    def ignores_micrograph(self, row: int) -> Iterator[Flag]:
        """A flag where other micrographs got the same answer to the same question."""
        pair = self._pairs[row]
        if pair.kind == "classification" or not pair.answer.strip():
            return
        own = set(pair.micrograph_ids)
        among = self._asked[pair.kind, pair.aspect or plain(pair.question)]
        alike = among[self._answers.of(row, among)]
        elsewhere = [k for k in alike.tolist() if not own & set(self._pairs[k].micrograph_ids)]
        others = {self._pairs[k].micrograph_ids for k in elsewhere}
        if not others:
            return
        exact = any(self._answers.equal(row, k) for k in elsewhere)
        severity = min(0.9, 0.25 + 0.1 * len(others)) * (1.0 if exact else 0.8)
        if SAYS_A_LIMIT.search(pair.answer) or len(content_stems(pair.answer)) < FEW_WORDS:
            severity = 0.15
        noun = "micrograph" if len(others) == 1 else "micrographs"
        how = "the same" if exact else "nearly the same"
        detail = f"“{shortened(pair.answer, 50)}” is {how} for {len(others)} other {noun}."
        yield Flag("ignores_micrograph", detail, round(severity, 3))


def _rows(groups: dict[object, list[int]]) -> dict[object, NDArray[np.int64]]:
    return {key: np.array(rows, np.int64) for key, rows in groups.items()}
