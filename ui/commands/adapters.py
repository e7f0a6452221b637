"""``slava adapters``: what was trained, where it comes from, taking it elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slava.errors import BadSetting, ModelError
from slava.settings import Settings
from ui.commands.options import Json, Workspace
from ui.commands.output import Record, print_progress, show

if TYPE_CHECKING:
    from slava.domain import Adapter
    from store import Store
    from training.to_lora import PlainLora, Tell

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
    as_: Annotated[
        str,
        typer.Option(
            "--as",
            metavar="FORM",
            help="peft: as it is. lora: as plain LoRA, which other programs and servers load.",
        ),
    ] = "peft",
    steps: Annotated[
        int, typer.Option(min=1, help="Of distilling a plain LoRA out of DyA-MoQPE.")
    ] = 200,
    anyway: Annotated[
        bool,
        typer.Option("--anyway", help="Write a plain LoRA also where it too often says otherwise."),
    ] = False,
    json_: Json = False,
    workspace: Workspace = None,
) -> None:
    """Take an adapter elsewhere, with its model card: as it is, or as plain LoRA."""
    from store import Store
    from ui.services.adapter_exports import export, form_of, refusal

    form = form_of(as_)

    with Store.open(Settings.gather(workspace=workspace).workspace) as store:
        adapter = store.adapters.get_adapter(name)
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise BadSetting(f"{target} is there already and is not an empty folder.")
        made = export(store, adapter, target, form, steps=steps, anyway=anyway, on_progress=_told())
        if made is not None and not made.written:
            raise ModelError(refusal(made))
        more = {"how": "copied"} if made is None else _of_plain(made)
        show({**_record(store, adapter), "exported": str(target), "form": form, **more}, json_)


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


def _told() -> Tell:
    """Every new thing at hand, and every fiftieth step, as a line on stderr."""
    said = ""

    def tell(note: str, done: int, total: int) -> None:
        nonlocal said
        if note != said or (done and done % 50 == 0):
            print_progress(f"{note}, step {done} of {total}" if done else note)
        said = note

    return tell


def _of_plain(made: PlainLora) -> Record:
    return {
        "how": made.how,
        "agreement": made.agreement,
        "agreement_tokens": made.tokens,
        "rank": made.rank,
    }


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
