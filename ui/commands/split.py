"""``slava split``: labelled micrographs in two parts, to learn from and to be judged on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slava.errors import BadSetting
from ui.commands.options import Json
from ui.commands.output import print_progress, show

if TYPE_CHECKING:
    from slava.retrieval.library import Library

PARTS = ("demonstrations", "queries")


def split(
    source: Annotated[
        Path, typer.Argument(metavar="DIR", help="Labelled micrographs: folder = class, or a CSV.")
    ],
    csv: Annotated[
        Path, typer.Option(help="The split as a CSV; classify takes it for both its folders.")
    ] = Path("split.csv"),
    hard: Annotated[
        bool, typer.Option("--hard", help="The hardest ones become queries; otherwise by chance.")
    ] = False,
    share: Annotated[float, typer.Option(help="Share of every class that become queries.")] = 0.1,
    seed: Annotated[int, typer.Option(help="Seed of every random choice.")] = 0,
    json_: Json = False,
) -> None:
    """Split labelled micrographs by class and group; duplicates never stand on both sides."""
    from slava.retrieval.hard import hard_rows
    from slava.retrieval.labelled import library_warnings, list_labelled
    from slava.retrieval.library import read_library
    from slava.retrieval.parts import held_out_rows, whole_groups

    listed = list_labelled(source)
    library_warnings([f.label for f in listed.files], 0)
    print_progress(f"reading {len(listed.files)} micrographs")
    library = read_library(listed.files)
    labels, groups = list(library.labels), [e.group for e in library.entries]
    if hard:
        rows = hard_rows([e.small for e in library.entries], labels, share, seed)
        rows = whole_groups(rows, groups)
    else:
        rows = held_out_rows(labels, groups, share, seed)
    queries = {int(row) for row in rows}
    _write(csv, library, queries)
    counts = {label: sum(labels[row] == label for row in queries) for label in sorted(set(labels))}
    show(
        {
            "csv": str(csv),
            "hard": hard,
            "demonstrations": len(labels) - len(queries),
            "queries": len(queries),
            "queries_per_class": counts,
            "duplicates": [list(names) for names in library.duplicates],
            "conflicts": [list(names) for names in library.conflicts],
            "warnings": [*listed.warnings, *library.warnings],
        },
        json_,
    )


def _write(path: Path, library: Library, queries: set[int]) -> None:
    import csv

    try:
        with path.open("w", newline="", encoding="utf-8") as opened:
            table = csv.writer(opened)
            table.writerow(("file", "label", "group", "part"))
            for row, entry in enumerate(library.entries):
                file = entry.file.absolute()
                table.writerow((file, entry.label, entry.group, PARTS[row in queries]))
    except OSError as error:
        raise BadSetting(f"--csv: {path} cannot be written ({error.strerror}).") from None
