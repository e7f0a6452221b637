"""Texts with ids from JSON lines: the references in one file, the predictions in another.

A line that cannot be used is refused with the name of its file and its number. It must not know
what is done with the texts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from slava.errors import BadInput
from slava.metrics.text import Id, TextPair

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class _Said:
    text: str
    line: int


def read_pairs(references: Path, predictions: Path) -> list[TextPair]:
    """Pair the two files by id, in the order of the references.

    Every line is an object with ``id`` (text or a whole number) and ``text``; other keys are
    ignored, and so are empty lines.

    Raises
    ------
    BadInput
        Naming file and line: not readable, no JSON object, no id or text, an empty text, an id
        that stands twice, or that the other file lacks.
    """
    hoped, said = _read(references), _read(predictions)
    _refuse_unpaired(hoped, references, said, predictions)
    _refuse_unpaired(said, predictions, hoped, references)
    return [TextPair(key, hoped[key].text, said[key].text) for key in hoped]


def _read(path: Path) -> dict[Id, _Said]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read ({error.strerror}).") from None
    found: dict[Id, _Said] = {}
    for number, raw in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not raw.strip():
            continue
        key, text = _entry(raw, f"{path} line {number}")
        if key in found:
            first = found[key].line
            raise BadInput(f"{path} line {number}: the id {key!r} stands in line {first} already.")
        found[key] = _Said(text, number)
    if not found:
        raise BadInput(f"{path} holds no line with an id and a text.")
    return found


def _entry(raw: bytes, place: str) -> tuple[Id, str]:
    try:
        entry = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BadInput(f"{place}: it is not UTF-8 (byte {error.start + 1}).") from None
    except json.JSONDecodeError as error:
        raise BadInput(f"{place}: it is not JSON ({error.msg}, column {error.colno}).") from None
    except (RecursionError, ValueError):
        raise BadInput(f"{place}: it is JSON that cannot be read (too deep, too long).") from None
    if not isinstance(entry, dict):
        raise BadInput(f'{place}: it is no object such as {{"id": "1", "text": "..."}}.')
    key, text = entry.get("id"), entry.get("text")
    if isinstance(key, bool) or not isinstance(key, (str, int)) or key == "":
        raise BadInput(f'{place}: its "id" is missing or neither a text nor a whole number.')
    if not isinstance(text, str):
        raise BadInput(f'{place}: its "text" is missing or no text.')
    if not text.strip():
        raise BadInput(f"{place}: the text of id {key!r} is empty.")
    return key, text


def _refuse_unpaired(
    these: dict[Id, _Said], path: Path, others: dict[Id, _Said], other_path: Path
) -> None:
    lonely = [key for key in these if key not in others]
    if lonely:
        shown = ", ".join(repr(key) for key in lonely[:_SHOWN])
        more = f" and {len(lonely) - _SHOWN} more" if len(lonely) > _SHOWN else ""
        line = these[lonely[0]].line
        raise BadInput(f"{path} line {line}: {other_path} has no id {shown}{more}.")
