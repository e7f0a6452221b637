"""A pair as one row of a table, for the formats whose readers make columns.

The columns are those of :data:`COLUMNS`, then the fields of others that are alike in all rows,
then ``slava``: JSON text with everything else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from slava.domain import Drafting, MicrographId, PairId, PairKind, QAPair
from slava.exchange.chat_records import Find, take_chat
from slava.exchange.entry import Entry, Picture
from slava.exchange.gathering import Gathering, foreign_pictures, own_pictures
from slava.exchange.llava import parse_conversations
from slava.exchange.own import (
    DRAFT,
    KEY,
    Own,
    alike_fields,
    foreign_fields,
    kept_fields,
    own_value,
    read_own,
)
from slava.exchange.sharegpt import parse_messages
from slava.handoff.pair_record import text

COLUMNS: Mapping[str, str] = {
    "id": "string",
    "question": "string",
    "answer": "string",
    "detailed": "string",
    "kind": "string",
    "aspect": "string",
    "category": "string",
    "group": "string",
    "conversation": "string",
    "position": "int64",
    "teacher": "string",
    "model": "string",
    "state": "string",
    "nm_per_px": "float64",
}
"""Name and type of the columns that every row has; ``nm_per_px`` is of the first micrograph and
null where it is not calibrated."""

CAPTIONS = ("text", "caption")
"""Columns that others keep captions in."""

_IMAGES = frozenset({"image", "images", "file_name", "file_names", "other_files", "other_images"})
_NAMED = _IMAGES | frozenset(COLUMNS) | {"conversations", "messages", "system"}
_TEXTS = frozenset({"question", "answer", "detailed", "aspect", "category", "group", *CAPTIONS})


def rows_of(
    entries: Sequence[Entry], pictures: Mapping[MicrographId, Picture]
) -> tuple[list[dict[str, Any]], dict[str, type]]:
    """One row per pair without its images, and the types of the fields of others."""
    kept = [kept_fields([entry], _NAMED) for entry in entries]
    alike = alike_fields(kept)
    types = {key: type(fields[key]) for fields in kept for key in sorted(fields) if key in alike}
    rows = [
        _row(entry, pictures, {key: fields.get(key) for key in types})
        for entry, fields in zip(entries, kept, strict=True)
    ]
    return rows, types


def take_row(
    record: Mapping[str, Any], named: Sequence[object], find: Find, gathering: Gathering
) -> None:
    """Take up one row, whoever has written it.

    Parameters
    ----------
    record
        The row.
    named
        What stands for its images.
    find
        Finds them.
    gathering
        Takes what is found.

    Raises
    ------
    ValueError
        Naming what is wrong with it; then nothing of it was taken.
    """
    own = read_own(record.get(KEY))
    if own is None and record.get("conversations") is not None:
        take_chat(
            record, replace(parse_conversations(record), images=tuple(named)), find, gathering
        )
    elif own is None and record.get("messages") is not None:
        take_chat(record, replace(parse_messages(record), images=tuple(named)), find, gathering)
    else:
        found = find(named)
        pictures = own_pictures(own, found) if own else foreign_pictures(found)
        ids = [picture.id for picture in pictures]
        pair = _own_pair(own, record) if own else _foreign_pair(record, ids, gathering.format)
        gathering.keep([pair], pictures)


def _row(
    entry: Entry, pictures: Mapping[MicrographId, Picture], kept: Mapping[str, Any]
) -> dict[str, Any]:
    pair = entry.pair
    shown = [pictures[i] for i in pair.micrograph_ids]
    told: dict[str, Any] = {
        "teacher": pair.drafting.teacher,
        "model": pair.drafting.model,
        "state": entry.state,
        "nm_per_px": shown[0].exhibit.nm_per_px,
    }
    columns = {name: told[name] if name in told else getattr(pair, name) for name in COLUMNS}
    own = json.dumps(own_value([entry], shown), ensure_ascii=False, allow_nan=False)
    return {**columns, **kept, KEY: own}


def _own_pair(own: Own, record: Mapping[str, Any]) -> QAPair:
    """The pair of a row of ours; what somebody has changed in its columns since counts."""
    if len(own.pairs) != 1:
        raise ValueError(f"it is one row but tells of {len(own.pairs)} pairs")
    wrong: list[str] = []
    changed = {
        name: text(record, name, wrong)
        for name in ("question", "answer", "detailed", "aspect", "category", "group")
        if record.get(name) is not None
    }
    if wrong:
        raise ValueError("; ".join(wrong))
    draft = {DRAFT: dict(own.drafts[0])} if own.drafts[0] else {}
    extra = {**own.pairs[0].extra, **_foreign(record), **draft}
    pair = own.pairs[0]
    return _checked(
        replace(
            pair,
            question=changed.get("question", pair.question),
            answer=changed.get("answer", pair.answer),
            detailed=changed.get("detailed", pair.detailed),
            aspect=changed.get("aspect", pair.aspect),
            category=changed.get("category", pair.category),
            group=changed.get("group", pair.group),
            extra=extra,
        )
    )


def _foreign_pair(record: Mapping[str, Any], ids: Sequence[MicrographId], format_: str) -> QAPair:
    """A row of others: a question and its answer, or a caption."""
    wrong: list[str] = []
    said = {name: text(record, name, wrong) for name in _TEXTS if record.get(name) is not None}
    if wrong:
        raise ValueError("; ".join(wrong))
    caption = next((name for name in CAPTIONS if said.get(name)), None)
    captioned = caption is not None and not said.get("answer")
    answer = said[caption] if captioned and caption else said.get("answer", "")
    kind: PairKind = "comparison" if len(ids) > 1 else "vqa"
    extra = _foreign(record)
    if captioned and caption:
        extra.pop(caption, None)
    return _checked(
        QAPair(
            id=PairId(""),
            micrograph_ids=tuple(ids),
            question=said.get("question", ""),
            answer=answer,
            detailed=said.get("detailed", ""),
            kind="caption" if captioned and not said.get("question") else kind,
            aspect=said.get("aspect", ""),
            category=said.get("category", ""),
            group=said.get("group", ""),
            drafting=Drafting(f"import:{format_}"),
            extra=extra,
        )
    )


def _foreign(record: Mapping[str, Any]) -> dict[str, Any]:
    """Fields without a name here; an id of others is one of them, and nothing is no value."""
    named = _NAMED if KEY in record else _NAMED - _KEPT
    fields = foreign_fields(record, named)
    return {key: value for key, value in fields.items() if value is not None}


_KEPT = frozenset(
    {"id", "kind", "conversation", "position", "teacher", "model", "state", "nm_per_px"}
)
"""Columns of ours that mean something else where others have them."""


def _checked(pair: QAPair) -> QAPair:
    if not pair.answer.strip():
        raise ValueError("it has no answer")
    if not pair.question.strip() and pair.kind != "caption":
        raise ValueError("it has no question")
    return pair
