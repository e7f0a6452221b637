"""Which pairs are meant, and in which order: a filter as data, and as a condition in SQL.

Conditions are on ``pair_states s`` alone, one narrow row per pair, so that 200,000 of them are
looked through without a join. It must not know what reviews make of a pair.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from slava.domain import FlagKind, MicrographId, PairKind, PairState, Reason
from slava.errors import BadSetting
from store.pair_words import holding

Order = Literal["riskiest", "newest", "micrograph", "added"]
"""``riskiest``: the worst flag first, then as they were added. ``newest``: added last first."""

BETWEEN = "\n"
"""Stands before, between and after the entries of a text that holds several."""


@dataclass(frozen=True, slots=True)
class PairFilter:
    """What all pairs meant have in common; ``None`` asks for nothing.

    ``PairFilter()`` means every pair. An empty text asks for what has none.
    """

    text: str = ""
    """Every word is in the question or an answer that count: any case, parts of words as well."""
    aspect: str | None = None
    category: str | None = None
    """The label of the micrograph when the pair was drafted."""
    flag: FlagKind | None = None
    """One of its flags."""
    flagged: bool | None = None
    """Whether it has any flag."""
    teacher: str | None = None
    model: str | None = None
    prompt_version: str | None = None
    reviewer: str | None = None
    """Whose verdict counts."""
    skipped_by: str | None = None
    """Who left it for later."""
    state: PairState | None = None
    kind: PairKind | None = None
    reason: Reason | None = None
    """Why it was rejected."""
    micrograph_id: MicrographId | None = None
    """One of its micrographs."""
    answers: tuple[str, ...] | None = None
    """One of these is its drafted answer, word for word."""
    order: Order = "riskiest"

    def __post_init__(self) -> None:
        for name, known in _KNOWN.items():
            value = getattr(self, name)
            if value is not None and value not in known:
                raise BadSetting(
                    f"{value!r} is no {name} of a pair. Use one of: {', '.join(known)}."
                )


_KNOWN: dict[str, tuple[str, ...]] = {
    "flag": get_args(FlagKind),
    "state": get_args(PairState),
    "kind": get_args(PairKind),
    "reason": get_args(Reason),
    "order": get_args(Order),
}
_EQUAL = ("aspect", "category", "teacher", "model", "prompt_version", "state", "kind", "reason")
_AMONG = (
    ("flag", "flags"),
    ("reviewer", "reviewers"),
    ("skipped_by", "skippers"),
    ("micrograph_id", "micrographs"),
)
_ANSWERED = "s.pair_id IN (SELECT id FROM pairs WHERE answer IN (SELECT unnest(?::VARCHAR[])))"
_ORDERS: dict[Order, tuple[tuple[str, bool], ...]] = {
    "riskiest": (("severity", True), ("seq", False)),
    "newest": (("seq", True),),
    "micrograph": (("micrographs", False), ("seq", False)),
    "added": (("seq", False),),
}
"""Columns, and whether the highest stands first; the last one is different for every pair."""


def joined(entries: tuple[str, ...] | list[str]) -> str:
    """Several entries as one text, in which each can be looked for; empty for none."""
    return BETWEEN + "".join(entry + BETWEEN for entry in entries) if entries else ""


def parted(text: str) -> tuple[str, ...]:
    """The entries of :func:`joined`."""
    return tuple(text[1:-1].split(BETWEEN)) if text else ()


def condition(wanted: PairFilter) -> tuple[str, list[object]]:
    """The filter as SQL over ``pair_states s``, with its parameters."""
    parts: list[str] = []
    parameters: list[object] = []
    for name in _EQUAL:
        value = getattr(wanted, name)
        if value is not None:
            parts.append(f"s.{name} = ?")
            parameters.append(value)
    for name, column in _AMONG:
        value = getattr(wanted, name)
        if value is not None:
            parts.append(f"contains(s.{column}, ?)")
            parameters.append(joined((value,)))
    if wanted.flagged is not None:
        parts.append(f"s.flags {'<>' if wanted.flagged else '='} ''")
    if wanted.answers is not None:
        parts.append(_ANSWERED)
        parameters.append(list(wanted.answers))
    if wanted.text.strip():
        sql, words = holding(wanted.text)
        parts.append(sql)
        parameters += words
    return " AND ".join(parts) or "TRUE", parameters


def ordering(order: Order) -> str:
    """``ORDER BY`` of an order; no two pairs are alike in it."""
    return ", ".join(f"s.{c} {'DESC' if down else 'ASC'}" for c, down in _ORDERS[order])


def following(order: Order) -> str:
    """A condition that a pair ``s`` stands after the pair ``a``."""
    columns = _ORDERS[order]
    last, down = columns[-1]
    says = f"s.{last} {'<' if down else '>'} a.{last}"
    for column, down in reversed(columns[:-1]):
        sign = "<" if down else ">"
        says = f"(s.{column} {sign} a.{column} OR (s.{column} = a.{column} AND {says}))"
    return says
