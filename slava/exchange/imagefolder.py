"""An imagefolder: ``metadata.jsonl`` with one row per pair, beside ``images/``.

``datasets.load_dataset("imagefolder", data_dir=DIR)`` reads it; ``file_name`` is the first
micrograph of a pair, ``other_files`` names the further ones of a comparison with spaces between
them. Pairs of a snapshot lie in one folder per part, which are its splits; all have the same
columns, as that reader wants it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from slava.domain import MicrographId, Part
from slava.errors import BadInput
from slava.exchange.entry import Entry, Exhibit, Picture, Written, write_pictures
from slava.exchange.gathering import Gathering, find_in
from slava.exchange.imported import Imported
from slava.exchange.json_records import read_records, read_text
from slava.exchange.paths import ImageFolder
from slava.exchange.rows import rows_of, take_row
from slava.handoff.files import canonical, write_whole

FORMAT = "imagefolder"
TABLE = "metadata.jsonl"


def export_imagefolder(
    pairs: Sequence[Entry], micrographs: Mapping[MicrographId, Exhibit], out: Path
) -> Written:
    """Write ``metadata.jsonl`` and ``images/`` into ``out``, or into one folder per part."""
    parts = sorted({entry.part for entry in pairs}, key=str)
    folders = {part: out / part if part else out for part in parts}
    pictures: dict[MicrographId, Picture] = {}
    for part in parts:
        own = [entry for entry in pairs if entry.part == part]
        pictures.update(write_pictures(own, micrographs, folders[part]))
    rows, _ = rows_of(pairs, pictures)
    lines: dict[Part | None, list[dict[str, Any]]] = {part: [] for part in parts}
    for entry, row in zip(pairs, rows, strict=True):
        first, *others = (pictures[i].path for i in entry.pair.micrograph_ids)
        lines[entry.part].append({"file_name": first, "other_files": " ".join(others), **row})
    empty = {name for own in lines.values() for name in _empty(own)}
    tables = []
    for part, own_lines in lines.items():
        told = [{k: v for k, v in row.items() if k not in empty} for row in own_lines]
        write_whole(b"".join(canonical(row) + b"\n" for row in told), folders[part] / TABLE)
        tables.append(f"{part}/{TABLE}" if part else TABLE)
    return Written(out, len(pairs), len(pairs), len(pictures), tuple(tables))


def import_imagefolder(path: Path, images_dir: Path | None = None) -> Imported:
    """Read a ``metadata.jsonl``, or the folder that holds it or one per split.

    Raises
    ------
    BadInput
        When the file cannot be read at all.
    """
    tables = [path] if path.is_file() else sorted(path.glob(f"*/{TABLE}"))
    if not tables:
        raise BadInput(f"{path}: has no {TABLE}, nor has a folder in it. Check the path.")
    gathering = Gathering(FORMAT)
    seen = 0
    for table in tables:
        records, problems = read_records(read_text(table), ("file_name", "file_names"))
        folder = ImageFolder(images_dir or table.parent)
        broken = {problem.record for problem in problems if problem.record}
        for problem in problems:
            gathering.add_problem(problem.record + seen * bool(problem.record), problem.text)
        for number, record in records:
            try:
                take_row(record, _named(record), partial(find_in, folder), gathering)
            except (ValueError, OverflowError, RecursionError) as error:
                gathering.add_problem(number + seen, str(error) or "it has the wrong shape")
        seen += len({number for number, _ in records} | broken)
    return gathering.finish(seen)


def _empty(rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """Columns that hold nothing in any row: a reader cannot tell their type, and refuses splits
    whose types differ, so they are left out of all."""
    names = {name for row in rows for name in row}
    return {name for name in names if all(row.get(name) is None for row in rows)}


def _named(record: Mapping[str, Any]) -> list[object]:
    named: list[object] = []
    for key in ("file_name", "file_names", "other_files"):
        value = record.get(key)
        if key == "other_files" and isinstance(value, str):
            named += value.split(" ") if value else []
        elif value is not None:
            named += value if isinstance(value, list) else [value]
    return named
