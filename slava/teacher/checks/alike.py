"""Texts that say the same: equal after normalising, or near by sentence vectors.

Vectors hardly feel numbers, negations and opposites, hence texts in which these differ are never
the same. It must not know pairs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from slava.teacher.checks.known import Embed
from slava.teacher.checks.text import plain

_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_NOT = re.compile(r"\b(?:no|not|never|none|neither|nor|without|cannot|hardly)\b")
_OPPOSITE = re.compile(
    r"\b(?:left|right|upper|lower|top|bottom|first|second|bright|dark|larger?|smaller?|smooth|rough|"
    r"sharp|blunt|open|closed|dense|loose|regular|irregular|even|uneven|narrow|broad)"
)


class Alike:
    """Which of some texts say the same, asked by their places in the list."""

    def __init__(self, texts: Sequence[str], embed: Embed | None, near: float) -> None:
        folded = [plain(t) for t in texts]
        distinct = {p: k for k, p in enumerate(dict.fromkeys(folded))}
        self._code = np.array([distinct[p] for p in folded], np.int64)
        marks: dict[object, int] = {}
        self._mark = np.array(
            [marks.setdefault(_marks(p), len(marks)) for p in folded],
            np.int64,
        )
        self._empty = np.array([not p for p in folded], bool)
        self._near = near
        self._vectors: NDArray[np.float32] | None = None
        if embed is not None and distinct:
            self._vectors = self._read(list(distinct), embed)

    def _read(self, distinct: list[str], embed: Embed) -> NDArray[np.float32] | None:
        """A vector per text; zeros for those that nothing else can be near to."""
        first = {code: row for row, code in reversed(list(enumerate(self._code.tolist())))}
        marks = [int(self._mark[first[code]]) for code in range(len(distinct))]
        shared = np.bincount(marks)
        wanted = [code for code, mark in enumerate(marks) if shared[mark] > 1 and distinct[code]]
        if not wanted:
            return None
        read = np.asarray(embed([distinct[code] for code in wanted]), np.float32)
        vectors = np.zeros((len(distinct), read.shape[1]), np.float32)
        vectors[wanted] = read
        return vectors[self._code]

    def equal(self, first: int, second: int) -> bool:
        """Whether they are equal after normalising."""
        return bool(self._code[first] == self._code[second] and not self._empty[first])

    def of(self, row: int, among: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of the texts ``among`` say the same as text ``row``, bool of their shape."""
        same = self._code[among] == self._code[row]
        if self._vectors is not None:
            marks = self._mark[among] == self._mark[row]
            close = np.flatnonzero(marks & ~same)
            if len(close):
                near = self._vectors[among[close]] @ self._vectors[row] >= self._near
                same[close] = near
        return np.asarray(same & ~self._empty[among] & ~self._empty[row])


def _marks(text: str) -> object:
    """What must be equal in texts that say the same: numbers in order, negations, opposites."""
    numbers, opposites = tuple(_NUMBER.findall(text)), tuple(sorted(_OPPOSITE.findall(text)))
    return numbers, len(_NOT.findall(text)), opposites
