"""Pairs as rows and back; the only place that knows the order of their columns."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from slava.domain import Drafting, Flag, MicrographId, PairId, QAPair, ReviewedPair
from slava.errors import BadInput, NotFound
from store.database import Database, Row, Transaction
from store.pair_filter import joined, parted
from store.pair_outcome import Outcome, words_of
from store.search import folded

_PAIR = (
    "id, seq, micrograph_ids, question, answer, detailed, paraphrases, kind, aspect, category, "
    "source_group, conversation, position, teacher, model, prompt_version, parameters, "
    "request_id, facts, extra"
)
_NAMES = tuple(_PAIR.split(", "))
_PAIR_TYPES = ("VARCHAR", "BIGINT", *["VARCHAR"] * 10, "INTEGER", *["VARCHAR"] * 8)
_STATE_TYPES = (
    *("VARCHAR", "BIGINT", *["VARCHAR"] * 7, "DOUBLE", *["VARCHAR"] * 5, "INTEGER", "INTEGER"),
    *["VARCHAR"] * 5,
)
_STATE = "pair_id, state, reviewers, reviews, question, answer, detailed"
_OUTCOME = (
    *("state", "reason", "reviewers", "skippers", "reviews", "written", "reviewed_at"),
    *("question", "answer", "detailed", "words"),
)
_OUTCOME_TYPES = (*["VARCHAR"] * 4, "INTEGER", "INTEGER", *["VARCHAR"] * 5)

Flags = Mapping[PairId, Sequence[Flag]]


def insert_pairs(
    transaction: Transaction, pairs: Iterable[QAPair], flags: Flags, moment: str
) -> tuple[tuple[PairId, ...], tuple[PairId, ...]]:
    """Insert the pairs that are not there yet, each pending and with its flags.

    Returns
    -------
    tuple
        Ids of those that were added, and of those that were known.

    Raises
    ------
    NotFound
        When a micrograph is not in the workspace.
    BadInput
        When a pair has no id, no micrograph or no words.
    """
    given = {pair.id: _checked(pair) for pair in pairs}
    known = among(transaction, "pairs", "id", given)
    fresh = [pair for pair in given.values() if pair.id not in known]
    _require_micrographs(transaction, fresh)
    row = transaction.row("SELECT coalesce(max(seq) + 1, 0) FROM pairs")
    first = int(row[0]) if row else 0
    for start in range(0, len(fresh), 5000):
        part = list(enumerate(fresh[start : start + 5000], first + start))
        insert(transaction, "pairs", _PAIR_TYPES, [_pair_row(n, p, moment) for n, p in part])
        states = [state_row(n, p, flags.get(p.id, ())) for n, p in part]
        insert(transaction, "pair_states", _STATE_TYPES, states)
    flagged = {p.id: tuple(flags[p.id]) for p in fresh if flags.get(p.id)}
    insert_flags(transaction, flagged, moment)
    return tuple(p.id for p in fresh), tuple(i for i in given if i in known)


def insert_flags(transaction: Transaction, flags: Flags, moment: str) -> None:
    """Rows of ``pair_flags``, in the place of those before; nothing else."""
    rows = [(i, json.dumps([_flag_value(f) for f in fs]), moment) for i, fs in flags.items()]
    then = (
        "ON CONFLICT (pair_id) DO UPDATE SET flags = excluded.flags, "
        "checked_at = excluded.checked_at"
    )
    insert(transaction, "pair_flags", ("VARCHAR",) * 3, rows, then)


def insert(
    transaction: Transaction,
    table: str,
    types: Sequence[str],
    rows: Sequence[tuple[object, ...]],
    then: str = "",
) -> None:
    """All rows in one statement, column by column: a tenth of the work of one by one."""
    if rows:
        columns = ", ".join(f"unnest(?::{kind}[])" for kind in types)
        values = [_safe(column) for column in zip(*rows, strict=True)]
        transaction.run(f"INSERT INTO {table} SELECT {columns} {then}", *values)


def among(source: Database | Transaction, table: str, column: str, ids: Iterable[str]) -> set[str]:
    """Those of ``ids`` that a column holds."""
    sql = f"SELECT {column} FROM {table} WHERE {column} IN (SELECT unnest(?::VARCHAR[]))"
    return {row[0] for row in source.rows(sql, list(ids))}


def load_pairs(source: Database | Transaction, ids: Sequence[str]) -> dict[str, QAPair]:
    """Pairs as they were drafted, by id; ids that are not there are left out."""
    return {i: pair_from(row) for i, row in _by_id(source, _PAIR, "pairs", "id", ids).items()}


def load_reviewed(source: Database | Transaction, ids: Sequence[str]) -> list[ReviewedPair]:
    """Pairs with what became of them, in the order of ``ids``; those not there are left out."""
    pairs = load_pairs(source, ids)
    states = _by_id(source, _STATE, "pair_states", "pair_id", ids)
    flags = load_flags(source, ids)
    return [
        _reviewed(pairs[i], states[i], flags.get(i, ())) for i in ids if i in pairs and i in states
    ]


def load_flags(source: Database | Transaction, ids: Sequence[str]) -> dict[str, tuple[Flag, ...]]:
    """The flags of those pairs that have some."""
    rows = _by_id(source, "pair_id, flags", "pair_flags", "pair_id", ids)
    return {i: tuple(Flag(*said) for said in json.loads(row[1])) for i, row in rows.items()}


def require_reviewed(source: Database | Transaction, pair_id: str) -> ReviewedPair:
    """The pair of an id.

    Raises
    ------
    NotFound
        When the workspace holds no such pair.
    """
    found = load_reviewed(source, [pair_id])
    if not found:
        raise NotFound(f"There is no pair {pair_id!r} in this workspace. Choose one from the list.")
    return found[0]


def update_outcomes(
    transaction: Transaction, outcomes: Sequence[tuple[QAPair, Outcome, int]]
) -> None:
    """Write what became of pairs, with how many reviews were ever written of each."""
    rows = [(*_outcome_row(pair, outcome, written), pair.id) for pair, outcome, written in outcomes]
    if len(rows) == 1:
        sets = ", ".join(f"{name} = ?" for name in _OUTCOME)
        transaction.run(f"UPDATE pair_states SET {sets} WHERE pair_id = ?", *rows[0])
    elif rows:
        sets = ", ".join(f"{name} = u.{name}" for name in _OUTCOME)
        types = zip((*_OUTCOME, "id"), (*_OUTCOME_TYPES, "VARCHAR"), strict=True)
        columns = ", ".join(f"unnest(?::{kind}[]) AS {name}" for name, kind in types)
        transaction.run(
            f"UPDATE pair_states SET {sets} FROM (SELECT {columns}) u "
            "WHERE pair_states.pair_id = u.id",
            *(_safe(column) for column in zip(*rows, strict=True)),
        )


def state_row(
    seq: int, pair: QAPair, flags: Sequence[Flag], outcome: Outcome | None = None, written: int = 0
) -> tuple[object, ...]:
    """A row of ``pair_states``."""
    state, reason, reviewers, skippers, *rest = _outcome_row(pair, outcome or Outcome(), written)
    by = pair.drafting
    return (
        *(pair.id, seq, joined(pair.micrograph_ids), pair.kind, pair.aspect, pair.category),
        *(by.teacher, by.model, by.prompt_version, *risk(flags)),
        *(state, reason, reviewers, skippers, *rest),
    )


def risk(flags: Sequence[Flag]) -> tuple[float, str]:
    """The worst severity, and the kinds as one text."""
    kinds = list(dict.fromkeys(flag.kind for flag in flags))
    return max((flag.severity for flag in flags), default=0.0), joined([*kinds])


def insert_states(transaction: Transaction, rows: Sequence[tuple[object, ...]]) -> None:
    """Rows of :func:`state_row`."""
    insert(transaction, "pair_states", _STATE_TYPES, rows)


def pair_from(row: Row) -> QAPair:
    """A row of ``pairs`` as a record."""
    said = dict(zip(_NAMES, row, strict=True))
    drafting = Drafting(
        teacher=said["teacher"],
        model=said["model"],
        prompt_version=said["prompt_version"],
        parameters=json.loads(said["parameters"]),
        request_id=said["request_id"],
        facts=tuple(json.loads(said["facts"])),
    )
    return QAPair(
        id=PairId(said["id"]),
        micrograph_ids=tuple(MicrographId(i) for i in json.loads(said["micrograph_ids"])),
        question=said["question"],
        answer=said["answer"],
        detailed=said["detailed"],
        paraphrases=tuple(json.loads(said["paraphrases"])),
        kind=said["kind"],
        aspect=said["aspect"],
        category=said["category"],
        group=said["source_group"],
        conversation=said["conversation"],
        position=said["position"],
        drafting=drafting,
        extra=json.loads(said["extra"]),
    )


def removals_of_micrograph() -> tuple[str, ...]:
    """Statements that take away every pair about a micrograph, each with its id as ``?``."""
    about = "(SELECT pair_id FROM pair_states WHERE contains(micrographs, ?))"
    tables = (("reviews", "pair_id"), ("pair_flags", "pair_id"), ("pair_vectors", "pair_id"))
    statements = [
        f"DELETE FROM {table} WHERE {key} IN {about}" for table, key in (*tables, ("pairs", "id"))
    ]
    return (*statements, "DELETE FROM pair_states WHERE contains(micrographs, ?)")


def _by_id(
    source: Database | Transaction, columns: str, table: str, key: str, ids: Sequence[str]
) -> dict[str, Row]:
    """Rows by their first column; one by its index, many in one pass."""
    if len(ids) == 1:
        rows = source.rows(f"SELECT {columns} FROM {table} WHERE {key} = ?", ids[0])
    else:
        sql = f"SELECT {columns} FROM {table} WHERE {key} IN (SELECT unnest(?::VARCHAR[]))"
        rows = source.rows(sql, list(ids))
    return {row[0]: row for row in rows}


def _reviewed(pair: QAPair, row: Row, flags: tuple[Flag, ...]) -> ReviewedPair:
    _, state, reviewers, reviews, *edited = row
    outcome = Outcome(question=edited[0], answer=edited[1], detailed=edited[2])
    question, answer, detailed = words_of(pair, outcome)
    return ReviewedPair(pair, state, question, answer, detailed, flags, parted(reviewers), reviews)


def _pair_row(seq: int, pair: QAPair, moment: str) -> tuple[object, ...]:
    by = pair.drafting
    return (
        *(pair.id, seq, _json(list(pair.micrograph_ids)), pair.question, pair.answer),
        *(pair.detailed, _json(list(pair.paraphrases)), pair.kind, pair.aspect, pair.category),
        *(pair.group, pair.conversation, pair.position, by.teacher, by.model, by.prompt_version),
        *(_json(dict(by.parameters)), by.request_id, _json(list(by.facts))),
        *(_json(dict(pair.extra)), moment),
    )


def _outcome_row(pair: QAPair, outcome: Outcome, written: int) -> tuple[object, ...]:
    words = folded("\n".join(words_of(pair, outcome)))
    return (
        *(outcome.state, outcome.reason or "", joined(outcome.reviewers)),
        *(joined(outcome.skippers), outcome.reviews, written, outcome.reviewed_at),
        *(outcome.question, outcome.answer, outcome.detailed, words),
    )


def _checked(pair: QAPair) -> QAPair:
    for missing, what in (
        (not pair.id, "an id"),
        (not pair.micrograph_ids, "a micrograph"),
        (not pair.question.strip() and pair.kind != "caption", "a question"),
        (not pair.answer.strip(), "an answer"),
    ):
        if missing:
            raise BadInput(
                f"The pair {pair.id or pair.question[:40]!r} has not {what}. Draft it again, or "
                "leave it out of the import."
            )
    return pair


def _require_micrographs(transaction: Transaction, pairs: Sequence[QAPair]) -> None:
    wanted = {str(i) for pair in pairs for i in pair.micrograph_ids}
    sql = "SELECT id FROM micrographs WHERE removed_at IS NULL"
    gone = wanted - {row[0] for row in transaction.rows(sql)} if wanted else set()
    if gone:
        raise NotFound(
            f"{len(gone)} micrographs that pairs speak of are not in this workspace, such as "
            f"{min(gone)[:12]!r}. Add their files first."
        )


def _flag_value(flag: Flag) -> tuple[Any, ...]:
    return (flag.kind, flag.detail, float(flag.severity))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _safe(column: Iterable[object]) -> list[object]:
    """A column without lone surrogates, which DuckDB refuses."""
    return [
        value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else value
        for value in column
    ]
