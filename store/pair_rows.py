"""Pairs as rows and back; the only place that knows the order of their columns."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from slava.domain import Drafting, Flag, MicrographId, PairId, QAPair
from store.database import Database, Row, Transaction
from store.rows import by_id, insert

_PAIR = (
    "id, seq, micrograph_ids, question, answer, detailed, paraphrases, kind, aspect, category, "
    "source_group, conversation, position, teacher, model, prompt_version, parameters, "
    "request_id, facts, extra"
)
_NAMES = tuple(_PAIR.split(", "))
_PAIR_TYPES = ("VARCHAR", "BIGINT", *["VARCHAR"] * 10, "INTEGER", *["VARCHAR"] * 8)

Flags = Mapping[PairId, Sequence[Flag]]


def insert_flags(transaction: Transaction, flags: Flags, moment: str) -> None:
    """Rows of ``pair_flags``, in the place of those before; nothing else."""
    rows = [(i, json.dumps([_flag_value(f) for f in fs]), moment) for i, fs in flags.items()]
    then = (
        "ON CONFLICT (pair_id) DO UPDATE SET flags = excluded.flags, "
        "checked_at = excluded.checked_at"
    )
    insert(transaction, "pair_flags", ("VARCHAR",) * 3, rows, then)


def insert_drafts(
    transaction: Transaction, pairs: Sequence[tuple[int, QAPair]], moment: str
) -> None:
    """Rows of ``pairs``: each with its place in the order in which they are added."""
    rows = [_pair_row(seq, pair, moment) for seq, pair in pairs]
    insert(transaction, "pairs", _PAIR_TYPES, rows)


def load_pairs(source: Database | Transaction, ids: Sequence[str]) -> dict[str, QAPair]:
    """Pairs as they were drafted, by id; ids that are not there are left out."""
    return {i: pair_from(row) for i, row in by_id(source, _PAIR, "pairs", "id", ids).items()}


def load_flags(source: Database | Transaction, ids: Sequence[str]) -> dict[str, tuple[Flag, ...]]:
    """The flags of those pairs that have some."""
    rows = by_id(source, "pair_id, flags", "pair_flags", "pair_id", ids)
    return {i: flags_from(row[1]) for i, row in rows.items()}


def flags_from(text: str | None) -> tuple[Flag, ...]:
    """The flags of a row of ``pair_flags``; none where there is no row."""
    return tuple(Flag(*said) for said in json.loads(text)) if text else ()


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


def _pair_row(seq: int, pair: QAPair, moment: str) -> tuple[object, ...]:
    by = pair.drafting
    return (
        *(pair.id, seq, _json(list(pair.micrograph_ids)), pair.question, pair.answer),
        *(pair.detailed, _json(list(pair.paraphrases)), pair.kind, pair.aspect, pair.category),
        *(pair.group, pair.conversation, pair.position, by.teacher, by.model, by.prompt_version),
        *(_json(dict(by.parameters)), by.request_id, _json(list(by.facts))),
        *(_json(dict(pair.extra)), moment),
    )


def _flag_value(flag: Flag) -> tuple[Any, ...]:
    return (flag.kind, flag.detail, float(flag.severity))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
