"""``slava adapters``: what was trained, where it comes from, taking it elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slava.errors import BadSetting
from slava.settings import Settings
from ui.commands.options import Json, Workspace
from ui.commands.output import Record, show

if TYPE_CHECKING:
    from slava.domain import Adapter
    from store import Store

Name = Annotated[str, typer.Argument(metavar="ADAPTER", help="Its name or id, or last.")]


def list_adapters(ctx: typer.Context, json_: Json = False, workspace: Workspace = None) -> None:
    """List the adapters of a workspace, newest first, with run, snapshot and reviews."""
    if ctx.invoked_subcommand is not None:
        return
    from store import Store

    with Store.open(Settings.gather(workspace=workspace).workspace) as store:
        for adapter in store.adapters.list_adapters():
            show(_record(store, adapter), json_)


def export_adapter(
    name: Name,
    target: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new or empty folder.")],
    json_: Json = False,
    workspace: Workspace = None,
) -> None:
    """Copy an adapter in PEFT's format, with its model card, to take it elsewhere."""
    from store import Store

    with Store.open(Settings.gather(workspace=workspace).workspace) as store:
        adapter = store.adapters.get_adapter(name)
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise BadSetting(f"{target} is there already and is not an empty folder.")
        store.adapters.export_adapter(adapter.id, target)
        show({**_record(store, adapter), "exported": str(target)}, json_)


def add_adapter(
    source: Annotated[Path, typer.Argument(metavar="FOLDER", help="With adapter_config.json.")],
    name: Annotated[str, typer.Option(help="What it is called here.")] = "",
    json_: Json = False,
    workspace: Workspace = None,
) -> None:
    """Take in an adapter that was trained elsewhere."""
    from store import Store

    with Store.open(Settings.gather(workspace=workspace).workspace) as store:
        adapter = store.adapters.add_adapter(source, name or source.name)
        show(_record(store, adapter), json_)


def remove_adapter(name: Name, json_: Json = False, workspace: Workspace = None) -> None:
    """Delete an adapter; its run stays."""
    from store import Store

    with Store.open(Settings.gather(workspace=workspace).workspace) as store:
        adapter = store.adapters.get_adapter(name)
        freed = store.adapters.remove_adapter(adapter.id)
        show({"adapter_id": adapter.id, "freed_bytes": freed}, json_)


def adapters_cli() -> typer.Typer:
    """``slava adapters`` and what can be done with one."""
    cli = typer.Typer(
        help="Adapters that were trained here: list, export, add, remove.",
        invoke_without_command=True,
        rich_markup_mode=None,
    )
    cli.callback()(list_adapters)
    cli.command("export")(export_adapter)
    cli.command("add")(add_adapter)
    cli.command("remove")(remove_adapter)
    return cli


def _record(store: Store, adapter: Adapter) -> Record:
    line = store.adapters.lineage(adapter.id)
    return {
        "adapter_id": adapter.id,
        "name": adapter.name,
        "backbone": adapter.backbone,
        "method": adapter.method,
        "adapter_path": str(store.adapters.folder(adapter)),
        "size_bytes": adapter.size_bytes,
        "created_at": adapter.created_at,
        "metrics": dict(adapter.metrics),
        "run_id": adapter.run_id,
        "snapshot_id": line.snapshot_id,
        "snapshot": line.snapshot.name if line.snapshot else None,
        "pairs": line.pairs,
        "reviews": line.reviews,
        "reviewers": list(line.reviewers),
    }
