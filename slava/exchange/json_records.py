"""The records of a JSON file that may be broken: what can be read is read, the rest is named.

A list of objects, one object, or one object per line. It must not know what records mean.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from slava.errors import BadInput
from slava.exchange.imported import Problem

Numbered = tuple[int, dict[str, Any]]
"""The number of a record, from 1, and the record."""

_DECODER = json.JSONDecoder()
_BLANK = re.compile(r"[ \t\r\n,]*")
_NEXT = re.compile(r"\}\s*,?\s*(?=\{)")


def read_text(path: Path) -> str:
    """The text of a file.

    Raises
    ------
    BadInput
        When it cannot be read, or is no UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadInput(
            f"{path.name}: cannot be read ({error.strerror or error}). Check the path."
        ) from error
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{path.name}: is no text in UTF-8 (byte {error.start}). Save it as UTF-8."
        ) from error


def read_records(text: str, expected: Collection[str] = ()) -> tuple[list[Numbered], list[Problem]]:
    """Every record that can be read, and a problem for every one that cannot.

    Parameters
    ----------
    text
        Of the file.
    expected
        Keys, one of which every record has: behind a broken record, that is how the next is told
        from an object inside it.
    """
    start = _BLANK.match(text).end()  # type: ignore[union-attr]
    if not text[start : start + 1]:
        return [], [Problem(0, "the file is empty")]
    if text[start] == "{" and _is_lines(text[start:]):
        return _lines(text)
    return _list(text, start + (text[start] == "["), expected)


def _is_lines(text: str) -> bool:
    """Whether the first line is an object of its own and more follows."""
    first, _, rest = text.partition("\n")
    if not rest.strip():
        return False
    try:
        _DECODER.raw_decode(first)
    except (ValueError, RecursionError):
        return rest.lstrip().startswith("{") and first.rstrip().endswith("}")
    return True


def _lines(text: str) -> tuple[list[Numbered], list[Problem]]:
    good: list[Numbered] = []
    problems: list[Problem] = []
    lines = (line for line in text.split("\n") if line.strip())
    for number, line in enumerate(lines, start=1):
        try:
            _keep(number, json.loads(line), good, problems)
        except (ValueError, RecursionError) as error:
            problems.append(Problem(number, f"broken JSON ({_why(error)})"))
    return good, problems


def _list(text: str, start: int, expected: Collection[str]) -> tuple[list[Numbered], list[Problem]]:
    good: list[Numbered] = []
    problems: list[Problem] = []
    for number, found in enumerate(_objects(text, start, expected), start=1):
        if isinstance(found, Exception):
            problems.append(Problem(number, f"broken JSON ({_why(found)})"))
        else:
            _keep(number, found[0], good, problems)
    return good, problems


def _objects(text: str, at: int, expected: Collection[str]) -> Iterator[tuple[Any] | Exception]:
    """Each value of a list, or the error in its place."""
    while True:
        at = _BLANK.match(text, at).end()  # type: ignore[union-attr]
        if at >= len(text):
            return
        if text[at] == "]":
            if text[at + 1 :].strip():
                yield ValueError("something follows the end of the list")
            return
        try:
            value, at = _DECODER.raw_decode(text, at)
            yield (value,)
        except (ValueError, RecursionError) as error:
            yield error
            following = _resume(text, at, expected)
            if following is None:
                return
            at = following


def _resume(text: str, at: int, expected: Collection[str]) -> int | None:
    """Where the next whole record begins behind a broken one."""
    for match in _NEXT.finditer(text, at):
        try:
            value, _ = _DECODER.raw_decode(text, match.end())
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict) and (not expected or set(expected) & set(value)):
            return match.end()
    return None


def _keep(number: int, value: object, good: list[Numbered], problems: list[Problem]) -> None:
    if not isinstance(value, dict):
        problems.append(Problem(number, "it is no JSON object"))
        return
    try:
        written = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError):
        problems.append(Problem(number, "it holds a number that is none (NaN or infinite)"))
        return
    good.append((number, json.loads(written.encode("utf-8", "replace"))))


def _why(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg[0].lower()}{error.msg[1:]} at character {error.pos}"
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)
