"""ShareGPT in OpenAI's roles, as LLaMA-Factory loads it, with its ``dataset_info.json``.

``[{"messages": [{"role": "user"|"assistant", "content"}], "images": [path, ...]}]``; ``<image>``
stands for each image before the first question. LLaMA-Factory finds the images relative to its
``media_dir``, which is the folder of ``dataset_info.json`` unless it is told otherwise. The key
``slava`` is JSON text here, because readers that make columns take no nested records.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from slava.domain import MicrographId
from slava.exchange.chat_records import Parsed, import_chats
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
from slava.exchange.own import KEY, alike_fields, foreign_fields, kept_fields, own_value
from slava.exchange.turns import IMAGE, Turn
from slava.handoff.files import write_whole

FORMAT = "sharegpt"
TABLE, INFO = "data.json", "dataset_info.json"

_NAMED = frozenset({"id", "image", "images", "messages", "system"})
_TURN = frozenset({"role", "content"})
_TAGS = {
    "role_tag": "role",
    "content_tag": "content",
    "user_tag": "user",
    "assistant_tag": "assistant",
    "system_tag": "system",
}


def export_sharegpt(
    pairs: Sequence[Entry], micrographs: Mapping[MicrographId, Exhibit], out: Path
) -> Written:
    """Write ``data.json``, ``dataset_info.json`` and ``images/`` into ``out``.

    Where pairs have parts, also one file and one entry (``slava_train`` ...) for each.
    """
    pictures = write_pictures(pairs, micrographs, out)
    chats = chats_of(pairs)
    kept = [kept_fields(chat.entries, _NAMED) for chat in chats]
    alike = alike_fields(kept)
    records = [
        _record(chat, pictures, {key: own[key] for key in own if key in alike})
        for chat, own in zip(chats, kept, strict=True)
    ]
    files = {"slava": _write(out / TABLE, records)}
    for part in sorted({entry.part for entry in pairs if entry.part}):
        own = [r for chat, r in zip(chats, records, strict=True) if chat.entries[0].part == part]
        files[f"slava_{part}"] = _write(out / f"{part}.json", own)
    _write(out / INFO, {name: dataset_entry(file) for name, file in files.items()})
    tables = (*files.values(), INFO)
    return Written(out, len(records), len(pairs), len(pictures), tables)


def import_sharegpt(path: Path, images_dir: Path | None = None) -> Imported:
    """Read such a file; images lie under ``images_dir``, or beside the file.

    Raises
    ------
    BadInput
        When the file cannot be read at all.
    """
    return import_chats(path, images_dir, FORMAT, ("messages",), parse_messages)


def dataset_entry(file: str) -> dict[str, Any]:
    """What LLaMA-Factory's ``dataset_info.json`` says of one of our files."""
    return {
        "file_name": file,
        "formatting": "sharegpt",
        "columns": {"messages": "messages", "images": "images"},
        "tags": dict(_TAGS),
    }


def parse_messages(record: Mapping[str, Any]) -> Parsed:
    """One record of OpenAI messages, with text or a list of parts as contents.

    Raises
    ------
    ValueError
        When it is none.
    """
    messages = record.get("messages")
    if not isinstance(messages, list) or not messages:
        raise ValueError("messages is no list of messages")
    extra = foreign_fields(record, _NAMED - {"id"})
    if KEY in record:
        extra.pop("id", None)
    named = _listed(record)
    asked: tuple[str, Mapping[str, Any]] | None = None
    turns: list[Turn] = []
    for number, message in enumerate(messages, start=1):
        role, content, shown = _message(message, number)
        named += shown if not _listed(record) else []
        if role in ("system", "developer") and number == 1:
            extra["system"] = content
        elif role == "user" and asked is None:
            asked = (content, foreign_fields(message, _TURN))
        elif role == "assistant" and asked is not None:
            turns.append(Turn(asked[0], content, (dict(asked[1]), foreign_fields(message, _TURN))))
            asked = None
        else:
            raise ValueError(f"message {number} is from {role!r}, out of turn")
    if asked is not None:
        raise ValueError("its last question has no answer")
    return Parsed(tuple(named), tuple(turns), extra)


def _record(
    chat: Chat, pictures: Mapping[MicrographId, Picture], kept: Mapping[str, Any]
) -> dict[str, Any]:
    shown = [pictures[i] for i in chat.micrograph_ids]
    messages: list[dict[str, str]] = []
    system = chat.entries[0].pair.extra.get("system")
    if isinstance(system, str) and system:
        messages.append({"role": "system", "content": system})
    for turn in chat.turns:
        messages.append({"role": "user", "content": turn.question})
        messages.append({"role": "assistant", "content": turn.answer})
    own = own_value(chat.entries, shown, detailed=chat.detailed)
    return {
        "id": chat.id,
        "messages": messages,
        "images": [picture.path for picture in shown],
        **kept,
        KEY: json.dumps(own, ensure_ascii=False, allow_nan=False),
    }


def _write(path: Path, value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)
    write_whole(f"{text}\n".encode("utf-8", "replace"), path)
    return path.name


def _listed(record: Mapping[str, Any]) -> list[object]:
    """The images beside the messages."""
    named: list[object] = []
    for key in ("images", "image"):
        value = record.get(key)
        if value is not None:
            named += value if isinstance(value, list) else [value]
    return named


def _message(message: object, number: int) -> tuple[str, str, list[object]]:
    """Role, text and the images inside the message."""
    if not isinstance(message, Mapping) or not isinstance(message.get("role"), str):
        raise ValueError(f"message {number} has no role")
    content = message.get("content")
    if isinstance(content, str):
        return message["role"], content, []
    if not isinstance(content, list):
        raise ValueError(f"message {number} has no content of text or parts")
    texts: list[str] = []
    shown: list[object] = []
    for part in content:
        kind = part.get("type") if isinstance(part, Mapping) else None
        if kind == "text" and isinstance(part.get("text"), str):
            texts.append(part["text"])
        elif kind in ("image", "image_url"):
            texts.append(IMAGE)
            address = part.get("image_url", part.get("image"))
            url = address.get("url") if isinstance(address, Mapping) else address
            shown += [] if url is None else [url]
        else:
            raise ValueError(f"message {number} has a part that is neither text nor an image")
    return message["role"], "\n".join(texts), shown
