"""Captions of figures and the passages of papers that mention them, as a file that people write.

JSON, JSON Lines or CSV: a file name, its caption, its passages, and composition data if there are
any. It must not know where micrographs are kept, nor what is made of the words.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from slava.domain import Composition, Micrograph, MicrographId, PaperWords
from slava.domain.evidence import LONGEST_PASSAGE, MOST_PASSAGES
from slava.errors import BadInput

LONGEST_FILE = 20_000_000
"""Bytes."""
MOST_NAMED = 20
"""Errors written out; of more the rest is counted."""
_FILE = ("file", "file_name", "image")
_KNOWN = frozenset({*_FILE, "caption", "passages", "passage", "composition"})

Record = tuple[str, Mapping[str, Any]]
"""Where it stands, for an error; and what it says."""


@dataclass(frozen=True, slots=True)
class Figure:
    """What a file says of one figure."""

    file: str
    """The last part of its path, as it is written."""
    words: PaperWords = field(default_factory=PaperWords)
    composition: Composition | None = None


def read_passages(path: Path) -> list[Figure]:
    """Read and check a whole file.

    Raises
    ------
    BadInput
        Naming everything that is wrong with it, or that it cannot be read.
    """
    try:
        if path.stat().st_size > LONGEST_FILE:
            raise BadInput(f"{path.name} is longer than 20 MB. Split it.")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path.name} is not UTF-8 text. Save it as UTF-8.") from error
    return figures_in(path.name, text)


def figures_in(name: str, text: str) -> list[Figure]:
    """The same of a text; the ending of ``name`` says how it is written.

    Records of the same file are one figure: their passages follow each other.
    """
    wrong: list[str] = []
    found: dict[str, Figure] = {}
    for place, record in _records(name, text, wrong):
        figure = _figure(place, record, wrong)
        if figure is None:
            continue
        before = found.get(figure.file.casefold())
        found[figure.file.casefold()] = _joined(place, before, figure, wrong) if before else figure
    for figure in found.values():
        if len(figure.words.passages) > MOST_PASSAGES:
            wrong.append(f"{figure.file}: more than {MOST_PASSAGES} passages")
    if not found and not wrong:
        wrong.append("it says nothing of any figure")
    if wrong:
        raise BadInput(f"{name}: {listed(wrong)}.")
    return list(found.values())


def match_figures(
    name: str, figures: Sequence[Figure], micrographs: Sequence[Micrograph]
) -> dict[MicrographId, Figure]:
    """Find the micrograph of every figure: by its file name, or by that without its ending.

    Raises
    ------
    BadInput
        Naming every figure that is none of them, or several.
    """
    by_name: dict[str, list[MicrographId]] = {}
    for micrograph in micrographs:
        written = _last(micrograph.name).casefold()
        for key in {written, PurePosixPath(written).stem, micrograph.id}:
            by_name.setdefault(key, []).append(micrograph.id)
    wrong: list[str] = []
    matched: dict[MicrographId, Figure] = {}
    for figure in figures:
        key = figure.file.casefold()
        ids = by_name.get(key) or by_name.get(PurePosixPath(key).stem) or []
        if len(ids) == 1:
            matched[ids[0]] = figure
        elif ids:
            wrong.append(f"{figure.file} is the name of {len(ids)} micrographs: give an id instead")
        else:
            wrong.append(f"no micrograph is called {figure.file}")
    if wrong:
        raise BadInput(f"{name}: {listed(wrong)}.")
    return matched


def listed(wrong: Sequence[str]) -> str:
    """All errors in one line; the rest is counted."""
    more = f"; and {len(wrong) - MOST_NAMED} more" if len(wrong) > MOST_NAMED else ""
    return "; ".join(wrong[:MOST_NAMED]) + more


def _records(name: str, text: str, wrong: list[str]) -> Iterator[Record]:
    ending = PurePosixPath(name.lower()).suffix
    if ending == ".jsonl":
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                yield from _json(f"line {number}", line, wrong)
    elif ending == ".json":
        yield from _json("", text, wrong)
    elif ending in (".csv", ".tsv"):
        yield from _table(text, "\t" if ending == ".tsv" else ",", wrong)
    else:
        wrong.append("it is neither .json nor .jsonl nor .csv nor .tsv")


def _json(place: str, text: str, wrong: list[str]) -> Iterator[Record]:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        wrong.append(f"{place or 'it'} is no JSON ({error})")
        return
    if isinstance(said, Mapping) and not said.keys() & set(_FILE):
        said = [_named(file, one) for file, one in said.items()]
    many = said if isinstance(said, list) else [said]
    for number, one in enumerate(many, 1):
        where = place or f"entry {number}"
        if isinstance(one, Mapping):
            yield where, one
        else:
            wrong.append(f"{where} is no record of a file, a caption and passages")


def _named(file: str, said: object) -> object:
    """An entry of an object by file names: a record, or its caption alone."""
    if isinstance(said, str):
        return {"file": file, "caption": said}
    return {**said, "file": file} if isinstance(said, Mapping) else said


def _table(text: str, between: str, wrong: list[str]) -> Iterator[Record]:
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=between, restkey="")
    try:
        for row in rows:
            if row.pop("", None):
                wrong.append(f"line {rows.line_num}: more cells than columns")
                continue
            yield f"line {rows.line_num}", {(k or "").strip().lower(): v for k, v in row.items()}
    except csv.Error as error:
        wrong.append(f"line {rows.line_num} cannot be read ({error})")


def _figure(place: str, record: Mapping[str, Any], wrong: list[str]) -> Figure | None:
    """One record, checked; everything that is wrong with it is added to ``wrong``."""
    before = len(wrong)
    file = next((record[key] for key in _FILE if record.get(key)), "")
    if not isinstance(file, str) or not _last(file):
        wrong.append(f"{place}: no file name under “file”")
        file = ""
    where = f"{place} ({_last(file)})" if file else place
    unknown = sorted(set(record) - _KNOWN)
    if unknown:
        wrong.append(f"{where}: nothing is known of “{'”, “'.join(map(str, unknown))}”")
    caption = _text(where, "caption", record.get("caption"), wrong)
    given = record.get("passages") or record.get("passage") or []
    parts = re.split(r"\n\s*\n", given) if isinstance(given, str) else given
    if not isinstance(parts, list):
        wrong.append(f"{where}: passages are neither a text nor a list of texts")
        parts = []
    passages = tuple(_text(where, "passage", part, wrong) for part in parts)
    words = PaperWords(caption, tuple(p for p in passages if p))
    composition = None
    data = _text(where, "composition", record.get("composition"), wrong)
    try:
        composition = Composition.read(data) if data else None
    except BadInput as error:
        wrong.append(f"{where}: {str(error).rstrip('.')}")
    if len(wrong) == before and not words.told and composition is None:
        wrong.append(f"{where}: neither caption nor passages")
    return Figure(_last(file), words, composition) if len(wrong) == before else None


def _text(where: str, what: str, given: object, wrong: list[str]) -> str:
    """In one line."""
    if given is None:
        return ""
    if not isinstance(given, str):
        wrong.append(f"{where}: a {what} is no text")
        return ""
    line = " ".join(given.split())
    if len(line) > LONGEST_PASSAGE:
        wrong.append(
            f"{where}: a {what} of {len(line)} characters; at most {LONGEST_PASSAGE} are kept"
        )
    return line


def _joined(place: str, before: Figure, again: Figure, wrong: list[str]) -> Figure:
    told, new = before.words, again.words
    if told.caption and new.caption and told.caption != new.caption:
        wrong.append(f"{place} ({again.file}): another caption than before")
    passages = tuple(dict.fromkeys((*told.passages, *new.passages)))
    words = PaperWords(told.caption or new.caption, passages)
    return replace(before, words=words, composition=again.composition or before.composition)


def _last(path: str) -> str:
    """The last part of a path, written with either slash."""
    return path.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1].strip()
