"""LLaVA JSON: ``[{"id", "image", "conversations": [{"from": "human"|"gpt", "value"}]}]``.

``image`` is a path, or a list of paths where a pair compares several micrographs (as LLaVA-NeXT
writes it); ``<image>`` stands for each of them before the first question. LLaMA-Factory's older
form with a list ``images`` is read as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from slava.domain import MicrographId
from slava.exchange.chat_records import (
    Parsed,
    extra_of,
    import_chats,
    messages_of,
    named_images,
)
from slava.exchange.entry import (
    Chat,
    Entry,
    Exhibit,
    Picture,
    Written,
    chats_of,
    write_pictures,
)
from slava.exchange.imported import Imported
from slava.exchange.own import KEY, foreign_fields, kept_fields, own_value
from slava.exchange.turns import Message, Roles, turns_from
from slava.handoff.files import write_whole

FORMAT = "llava"
TABLE = "data.json"

_NAMED = frozenset({"image", "images", "conversations"})
_ROLES = Roles(("human", "user"), ("gpt", "assistant"), ("system",))
_TURN = frozenset({"from", "value"})


def export_llava(
    pairs: Sequence[Entry], micrographs: Mapping[MicrographId, Exhibit], out: Path
) -> Written:
    """Write ``data.json`` and ``images/`` into ``out``; where pairs have parts, also one
    ``train.json``, ``validation.json`` and ``test.json`` each.
    """
    pictures = write_pictures(pairs, micrographs, out)
    chats = chats_of(pairs)
    records = [_record(chat, pictures) for chat in chats]
    files = [_write(out / TABLE, records)]
    for part in sorted({entry.part for entry in pairs if entry.part}):
        own = [r for chat, r in zip(chats, records, strict=True) if chat.entries[0].part == part]
        files.append(_write(out / f"{part}.json", own))
    return Written(out, len(records), len(pairs), len(pictures), tuple(files))


def import_llava(path: Path, images_dir: Path | None = None) -> Imported:
    """Read such a file; images lie under ``images_dir``, or beside the file.

    Raises
    ------
    BadInput
        When the file cannot be read at all.
    """
    return import_chats(path, images_dir, FORMAT, ("conversations",), parse_conversations)


def _record(chat: Chat, pictures: Mapping[MicrographId, Picture]) -> dict[str, Any]:
    shown = [pictures[i] for i in chat.micrograph_ids]
    paths = [picture.path for picture in shown]
    messages: list[dict[str, Any]] = []
    system = chat.entries[0].pair.extra.get("system")
    if isinstance(system, str) and system:
        messages.append({"from": "system", "value": system})
    for turn in chat.turns:
        asked, answered = turn.extra
        messages.append({**asked, "from": "human", "value": turn.question})
        messages.append({**answered, "from": "gpt", "value": turn.answer})
    return {
        **kept_fields(chat.entries, _NAMED | {"id", "system"}),
        "id": chat.id,
        "image": paths[0] if len(paths) == 1 else paths,
        "conversations": messages,
        KEY: own_value(chat.entries, shown, detailed=chat.detailed),
    }


def _write(path: Path, records: Sequence[Mapping[str, Any]]) -> str:
    text = json.dumps(records, ensure_ascii=False, indent=1, allow_nan=False)
    write_whole(f"{text}\n".encode("utf-8", "replace"), path)
    return path.name


def parse_conversations(record: Mapping[str, Any]) -> Parsed:
    """One record.

    Raises
    ------
    ValueError
        When it is none.
    """
    listed = messages_of(record, "conversations")
    messages = [_message(message, number) for number, message in enumerate(listed, start=1)]
    instruction, turns = turns_from(messages, _ROLES)
    return Parsed(named_images(record), turns, extra_of(record, _NAMED, instruction))


def _message(message: object, number: int) -> Message:
    if not isinstance(message, Mapping):
        raise ValueError(f"message {number} is no object")
    who, value = message.get("from"), message.get("value")
    if not isinstance(who, str) or not isinstance(value, str):
        raise ValueError(f"message {number} has no from or no value of text")
    return Message(who, value, foreign_fields(message, _TURN))
