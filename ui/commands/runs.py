"""``slava runs``: what was trained, what is being trained, and what waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from slava.errors import BadSetting
from slava.settings import Settings
from ui.commands.options import Json, Workspace
from ui.commands.output import Record, show
from ui.commands.train import run_record

if TYPE_CHECKING:
    from slava.domain import Run
    from store import Store
    from ui.services.training import Training

Id = typer.Option(metavar="RUN", help="Its id, the beginning of it, or last.")


def runs(
    run: Annotated[str | None, Id] = None,
    stop: Annotated[
        str | None, typer.Option(metavar="RUN", help="End it early; its weights are kept.")
    ] = None,
    cancel: Annotated[
        str | None, typer.Option(metavar="RUN", help="End it; nothing of it is kept.")
    ] = None,
    remove: Annotated[
        str | None, typer.Option(metavar="RUN", help="Delete it with its adapter.")
    ] = None,
    remove_checkpoints: Annotated[
        str | None,
        typer.Option("--remove-checkpoints", metavar="RUN", help="Keep only its adapter."),
    ] = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Make the list anew from the runs' folders.")
    ] = False,
    json_: Json = False,
    workspace: Workspace = None,
) -> None:
    """List the runs of a workspace, newest first; or stop, cancel or delete one."""
    wishes = [w for w in (stop, cancel, remove, remove_checkpoints) if w is not None]
    if len(wishes) + rebuild > 1:
        raise BadSetting("One thing at a time: stop, cancel, remove or rebuild.")
    from store import Store
    from ui.services.news import News
    from ui.services.training import Training

    settings = Settings.gather(workspace=workspace)
    with Store.open(settings.workspace) as store:
        training = Training(store, News())
        try:
            if rebuild:
                store.runs.rebuild_runs()
            training.look()
            if wishes:
                meant = store.runs.get_run(wishes[0])
                freed = 0
                if remove is not None:
                    freed = training.remove(meant.id)
                elif remove_checkpoints is not None:
                    freed = training.remove_checkpoints(meant.id)
                else:
                    _end(training, meant, "stop" if stop else "cancel")
                kept = None if remove is not None else store.runs.get_run(meant.id)
                record = _record(store, kept) if kept else {"run_id": meant.id}
                show({**record, "freed_bytes": freed}, json_)
                return
            listed = [store.runs.get_run(run)] if run is not None else store.runs.list_runs()
            for one in listed:
                show(_record(store, one), json_)
        finally:
            training.close()


def _end(training: Training, run: Run, wish: str) -> None:
    """End one, and wait until it has."""
    training.hold()
    if wish == "stop":
        training.stop(run.id)
    else:
        training.cancel(run.id)
    training.wait(run.id, lambda _: None)


def _record(store: Store, run: Run) -> Record:
    size = store.runs.size(run.id)
    return {
        **run_record(store, run),
        "of": run.steps,
        "snapshot_id": run.snapshot_id,
        "backbone": run.backbone,
        "preset": run.preset,
        "created_at": run.created_at,
        "ended_at": run.ended_at,
        "notes": run.notes,
        "size_bytes": size.total,
        "checkpoints_bytes": size.checkpoints,
        "folder": str(store.runs.folder(run.id).root),
    }
