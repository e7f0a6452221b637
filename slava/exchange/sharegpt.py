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
from slava.exchange.own import KEY, alike_fields, foreign_fields, kept_fields, own_value
from slava.exchange.turns import IMAGE, Message, Roles, turns_from
from slava.handoff.files import write_whole

FORMAT = "sharegpt"
TABLE, INFO = "data.json", "dataset_info.json"

_NAMED = frozenset({"id", "image", "images", "messages", "system"})
_TURN = frozenset({"role", "content"})
_ROLES = Roles(("user",), ("assistant",), ("system", "developer"))
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
    listed = messages_of(record, "messages")
    read = [_message(message, number) for number, message in enumerate(listed, start=1)]
    instruction, turns = turns_from([message for message, _ in read], _ROLES)
    inside = tuple(image for _, images in read for image in images)
    extra = extra_of(record, _NAMED - {"id"}, instruction)
    return Parsed(named_images(record) or inside, turns, extra)


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


def _message(message: object, number: int) -> tuple[Message, list[object]]:
    """A message, and the images inside it."""
    if not isinstance(message, Mapping) or not isinstance(message.get("role"), str):
        raise ValueError(f"message {number} has no role")
    role, content = message["role"], message.get("content")
    extra = foreign_fields(message, _TURN)
    if isinstance(content, str):
        return Message(role, content, extra), []
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
    return Message(role, "\n".join(texts), extra), shown
