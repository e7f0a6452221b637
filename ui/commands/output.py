"""What a command prints: records, for people or as JSON, and complaints of one line on stderr.

It must not know what the records hold.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from slava.errors import BadInput, SlavaError

Record = dict[str, Any]


def each(
    files: list[Path], as_json: bool, work: Callable[[Path], Record], key: str | None = None
) -> None:
    """Do ``work`` on every file and show its record; a bad file is named, the others go on.

    Parameters
    ----------
    files, as_json
        As the user gave them.
    work
        Makes the record of one file.
    key
        For people, only this entry of the record is shown.

    Raises
    ------
    typer.Exit
        After the last file, with the worst exit code of those that failed.
    """
    worst = 0
    for file in files:
        try:
            record = {"file": str(file), **work(file)}
        except SlavaError as error:
            complain(error, file)
            worst = max(worst, exit_code(error))
            continue
        if key and not as_json:
            typer.echo(record[key])
        else:
            show(record, as_json)
    if worst:
        raise typer.Exit(worst)


def exit_code(error: SlavaError) -> int:
    """2 for what the user gave, 1 for what went wrong."""
    return 2 if isinstance(error, BadInput) else 1


def complain(error: SlavaError, file: Path | None = None) -> None:
    """Say on stderr, in one line, what went wrong, and with which file."""
    text = str(error).replace("\n", " ")
    named = text if file is None or file.name in text else f"{file.name}: {text}"
    typer.echo(f"slava: {named}", err=True)


def show(record: Record, as_json: bool) -> None:
    """Print a record: one line of JSON, or one line per entry that holds something."""
    if as_json:
        print_json(record)
        return
    width = max(len(key) for key in record)
    for key, value in record.items():
        if value not in (None, [], (), ""):
            typer.echo(f"{key:<{width}}  {_plain(value)}")
    typer.echo("")


def print_json(record: Record) -> None:
    """Print a record as one line of JSON."""
    typer.echo(json.dumps(record, ensure_ascii=False, default=str))


def print_progress(text: str) -> None:
    """Say on stderr how far a long job is."""
    typer.echo(text, err=True)


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (list, tuple)):
        return "; ".join(_plain(v) for v in value)
    if isinstance(value, dict):
        return ", ".join(f"{k} {_plain(v)}" for k, v in value.items() if v not in (None, "", {}))
    return str(value)
