"""``slava train``: fine-tune an adapter on a snapshot, in a process of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from slava.errors import BadSetting
from slava.settings import Settings
from ui.commands.options import Json, Quantize, Workspace
from ui.commands.output import Record, print_progress, show

if TYPE_CHECKING:
    from slava.domain import Run
    from store import Store
    from ui.services.training import Training
    from ui.services.training_records import TrainingNow, TrainWish

INTERRUPTED = 130


def train(
    snapshot: Annotated[
        str | None, typer.Option(metavar="NAME", help="What it learns from: slava snapshot NAME.")
    ] = None,
    backbone: Annotated[
        str, typer.Option(help="builtin, a folder, or OWNER/NAME on this machine.")
    ] = "builtin",
    quantize: Quantize = "none",
    preset: Annotated[str, typer.Option(help="quick, paper or careful.")] = "quick",
    max_steps: Annotated[
        int | None, typer.Option("--max-steps", metavar="N", help="End after so many steps.")
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Another setting; may be repeated."),
    ] = None,
    name: Annotated[str, typer.Option(help="What the adapter is called.")] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Stay until it has ended.")] = False,
    resume: Annotated[
        str | None, typer.Option(metavar="RUN", help="Go on with one that was interrupted.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what speaks against it; start nothing.")
    ] = False,
    json_: Json = False,
    workspace: Workspace = None,
) -> None:
    """Fine-tune an adapter on accepted pairs. Without --wait it goes on when this ends."""
    if (snapshot is None) == (resume is None):
        raise BadSetting("Give either --snapshot NAME or --resume RUN.")
    from ui.privacy import set_private_environment

    settings = Settings.gather(workspace=workspace)
    set_private_environment(settings.workspace)
    from slava.vlm.load import quantization_of
    from store import Store
    from ui.services.news import News
    from ui.services.training import Training
    from ui.services.training_records import TrainWish

    changed = {**_changes(changes or []), **({"max_steps": max_steps} if max_steps else {})}
    with Store.open(settings.workspace) as store:
        training = Training(store, News())
        try:
            if resume is not None:
                training.look()
                run = training.resume(store.runs.get_run(resume).id)
            else:
                quantization = quantization_of(quantize)
                wish = TrainWish(snapshot or "", backbone, preset, quantization, changed, name)
                if dry_run:
                    _show_check(training, wish, json_)
                    return
                run = training.begin(wish)
            _go(store, training, run, wait, json_)
        finally:
            training.close()


def _go(store: Store, training: Training, run: Run, wait: bool, as_json: bool) -> None:
    """Start it and stay, or leave it to itself."""
    try:
        run = training.wait(run.id, _tell) if wait else training.wait_started(run.id)
    except KeyboardInterrupt:
        print_progress(f"The training goes on. To end it: slava runs --cancel {run.id}")
        show(run_record(store, store.runs.get_run(run.id)), as_json)
        raise typer.Exit(INTERRUPTED) from None
    show(run_record(store, run), as_json)
    if run.state == "queued":
        print_progress("Another training is at work; this one follows when the app is open.")
    if run.state == "failed":
        print_progress(f"slava: {run.reason}")
        raise typer.Exit(1)


def run_record(store: Store, run: Run) -> Record:
    """What is printed of a run."""
    adapters = [a for a in store.adapters.list_adapters() if a.run_id == run.id]
    folder = str(store.adapters.folder(adapters[0])) if adapters else None
    return {
        "run_id": run.id,
        "name": run.settings.get("name", ""),
        "state": run.state,
        "adapter_path": folder,
        "steps": run.step,
        "loss": run.loss,
        "val_loss": run.val_loss,
        "peak_memory_bytes": run.peak_memory_bytes,
        "seconds": run.seconds,
        "metrics": dict(adapters[0].metrics) if adapters else {},
        "reason": run.reason,
    }


def _show_check(training: Training, wish: TrainWish, as_json: bool) -> None:
    findings = training.check(wish, print_progress)
    errors = [f for f in findings if f.severity == "error"]
    show(
        {
            "ok": not errors,
            "findings": [
                {"severity": f.severity, "check": f.check, "text": f.text, "way_out": f.way_out}
                for f in findings
            ],
            "config": training.config(wish).to_json(),
        },
        as_json,
    )
    if errors:
        raise typer.Exit(2)


_told: dict[str, str] = {}


def _tell(now: TrainingNow) -> None:
    """One line on stderr where there is something new to say."""
    loss = f", loss {now.run.loss:.3f}" if now.run.loss is not None else ""
    left = f", about {now.eta_s:.0f} s left" if now.eta_s else ""
    text = f"{now.state}: {now.note}{loss}{left}"
    if _told.get(now.run.id) != text:
        _told[now.run.id] = text
        print_progress(text)


def _changes(said: list[str]) -> dict[str, Any]:
    """``NAME=VALUE`` as settings; a value is JSON where it can be, else text."""
    changes: dict[str, Any] = {}
    for one in said:
        key, equals, value = one.partition("=")
        if not equals or not key.strip():
            raise BadSetting(f"--set {one!r} is not NAME=VALUE, such as batch=8.")
        try:
            changes[key.strip()] = json.loads(value)
        except ValueError:
            changes[key.strip()] = value
    return changes
