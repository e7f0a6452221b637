"""``slava ingest`` and ``slava verify``: filling a workspace, and checking it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Annotated

import typer

from slava.settings import Settings
from ui.commands.options import Json, Workspace
from ui.commands.output import print_json, show


def ingest(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE|FOLDER...")],
    json_: Json = False,
    workspace: Workspace = None,
) -> None:
    """Add micrographs to the workspace: files, or whole folders. Nothing is changed or moved."""
    from store import Store
    from store.ingest import ingest_paths

    settings = Settings.gather(workspace=workspace)
    with Store.open(settings.workspace) as store:
        report = ingest_paths(
            store,
            paths,
            stop=threading.Event(),
            on_progress=lambda result: print_json(result.to_record()) if json_ else None,
        )
    if not json_:
        typer.echo(report.summary)
        for failure in report.failed:
            typer.echo(f"slava: {failure.reason}", err=True)
    if report.failed:
        raise typer.Exit(2)


def verify(json_: Json = False, workspace: Workspace = None) -> None:
    """Hash every original of the workspace again and compare with what was recorded."""
    from store import Store
    from store.verify import verify_workspace

    settings = Settings.gather(workspace=workspace)
    with Store.open(settings.workspace) as store:
        report = verify_workspace(store)
    show({"workspace": str(settings.workspace), **report.to_record()}, json_)
    if not report.ok:
        raise typer.Exit(1)
