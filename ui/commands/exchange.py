"""``slava import`` and ``slava export``: pairs in the formats of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from slava.errors import BadSetting
from slava.settings import Settings
from ui.commands.options import Json, Workspace
from ui.commands.output import print_progress, show
from ui.commands.snapshot import State, states_of


def import_file(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="LLaVA JSON, ShareGPT, metadata.jsonl or Parquet."),
    ],
    images: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Its images; otherwise beside FILE.")
    ] = None,
    format_: Annotated[
        str, typer.Option("--format", help="auto, llava, sharegpt, imagefolder or parquet.")
    ] = "auto",
    pack: Annotated[
        str, typer.Option(help="The pack whose rules they are checked by.")
    ] = "nanomaterials",
    equal_only: Annotated[
        bool, typer.Option("--equal-only", help="Flag equal texts only, not those alike: faster.")
    ] = False,
    json_: Json = False,
    workspace: Workspace = None,
) -> None:
    """Take pairs of another program into the review queue; each arrives as pending."""
    from slava.exchange.formats import format_of, import_pairs, table_of, told_format
    from slava.teacher.checks import rules_of
    from store import Store
    from store.exchange import receive_pairs
    from ui.services.checking import MOST_BY_MEANING, meaning
    from ui.services.teaching import Desk

    table = table_of(file)
    chosen = told_format(table) if format_ == "auto" else format_of(format_)
    imported = import_pairs(table, images, chosen)
    settings = Settings.gather(workspace=workspace)
    with Store.open(settings.workspace) as store:
        many = len(imported.pairs) > MOST_BY_MEANING
        if many and not equal_only:
            print_progress("too many pairs to compare by meaning: equal texts are flagged")
        embed = None if equal_only or many else meaning()
        rules = rules_of(Desk(store).pack(pack))
        received = receive_pairs(store, imported, print_progress, rules=rules, embed=embed)
    show(
        {
            "file": str(table),
            "format": chosen,
            "records": imported.records,
            "added": len(received.added),
            "known": len(received.known),
            "repeated": imported.repeated,
            "micrographs": len(imported.micrographs),
            "micrographs_added": received.micrographs_added,
            "problems": [str(problem) for problem in received.problems],
        },
        json_,
    )
    for problem in received.problems:
        typer.echo(f"slava: {table.name}: {problem}", err=True)
    if received.problems:
        raise typer.Exit(2)


def export(
    format_: Annotated[
        str, typer.Option("--format", help="llava, sharegpt, imagefolder or parquet.")
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="A new or empty folder.")],
    state: State = "accepted",
    snapshot: Annotated[
        str | None, typer.Option(metavar="ID", help="The pairs of this snapshot, in its parts.")
    ] = None,
    include_confidential: Annotated[
        bool, typer.Option("--include-confidential", help="Also confidential micrographs.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Write into DIR although it is not empty.")
    ] = False,
    json_: Json = False,
    workspace: Workspace = None,
) -> None:
    """Write pairs and their micrographs for another program."""
    from slava.exchange.formats import export_pairs, format_of
    from store import Store
    from store.exchange import pairs_to_export

    chosen, states = format_of(format_), states_of(state)
    _check_out(out, force)
    settings = Settings.gather(workspace=workspace)
    with Store.open(settings.workspace) as store:
        found = pairs_to_export(
            store, states=states, snapshot=snapshot, include_confidential=include_confidential
        )
        print_progress(f"writing {len(found.entries)} pairs, {len(found.exhibits)} micrographs")
        written = export_pairs(chosen, found.entries, found.exhibits, out)
    leaving = sum(exhibit.confidential for exhibit in found.exhibits.values())
    if found.confidential:
        print_progress(
            f"left out: {found.confidential} pairs about confidential micrographs "
            "(--include-confidential takes them along)"
        )
    if leaving:
        print_progress(f"{leaving} confidential micrographs are in {out}")
    show(
        {
            "format": chosen,
            "out": str(out),
            "pairs": written.pairs,
            "records": written.records,
            "images": written.images,
            "files": list(written.files),
            "confidential_left_out": found.confidential,
            "confidential_included": leaving,
            "removed_left_out": found.gone,
        },
        json_,
    )


def _check_out(out: Path, force: bool) -> None:
    """A folder that nothing is lost in."""
    if out.exists() and not out.is_dir():
        raise BadSetting(f"--out {out} is a file. Give a new folder.")
    if out.is_dir() and not force and any(out.iterdir()):
        raise BadSetting(f"--out {out} is not empty. Give a new folder, or take --force.")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadSetting(f"--out {out} cannot be made ({error.strerror}).") from None
