"""The composition root: the ``slava`` command, and settings -> store -> services -> window.

``python app.py`` opens the window. ``slava COMMAND`` is the same program: every command takes
``--json`` (one object per line and file) and ends with 0 (done), 1 (failed) or 2 (bad input).
The commands themselves are in :mod:`ui.commands`.
"""

from __future__ import annotations

import logging
import sys
from functools import partial
from typing import Annotated

import typer

from slava.errors import SlavaError
from slava.settings import Settings
from ui.commands.adapters import adapters_cli
from ui.commands.answers import ask
from ui.commands.build import build_model
from ui.commands.classify import classify
from ui.commands.draft import draft
from ui.commands.evaluate import evaluate, report
from ui.commands.exchange import export, import_file
from ui.commands.inspect import inspect
from ui.commands.measure import measure
from ui.commands.metrics import metrics
from ui.commands.models import download, list_models
from ui.commands.options import Json, Workspace
from ui.commands.output import complain, exit_code, print_json
from ui.commands.review import review
from ui.commands.runs import runs
from ui.commands.snapshot import snapshot
from ui.commands.split import split
from ui.commands.train import train
from ui.commands.workspace import ingest, verify
from ui.privacy import set_private_environment

Port = Annotated[int | None, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Open no browser.")]


def start(
    ctx: typer.Context,
    port: Port = None,
    workspace: Workspace = None,
    no_browser: NoBrowser = False,
) -> None:
    """An analyst for electron micrographs. Without a command it opens the window."""
    if ctx.invoked_subcommand is None:
        open_window(port, workspace, no_browser)


def open_window(
    port: Port = None,
    workspace: Workspace = None,
    no_browser: NoBrowser = False,
    json_: Json = False,
) -> None:
    """Open the window in the browser of this machine."""
    settings = Settings.gather(workspace=workspace, port=port, open_browser=not no_browser)
    set_private_environment(settings.workspace)
    from slava.vlm.load import open_backbone
    from store import Store
    from ui.services import Services
    from ui.services.checking import meaning
    from ui.shell import serve

    with Store.open(settings.workspace) as store:
        opener = partial(open_backbone, api_key=settings.api_key)
        services = Services(store, settings, opener=opener, embed=meaning())
        services.training.look_again()
        serve(services, settings, announce=lambda url: _announce(url, settings, json_))


def _announce(url: str, settings: Settings, as_json: bool) -> None:
    if as_json:
        print_json({"url": url, "workspace": str(settings.workspace)})
    else:
        typer.echo(f"sLAVA is open at {url}\nworkspace: {settings.workspace}\nCtrl+C ends it.")


def build_cli() -> typer.Typer:
    """The ``slava`` command with all its commands, in the order of its help."""
    cli = typer.Typer(
        name="slava",
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        help="An analyst for electron micrographs. Without a command it opens the window.",
    )
    cli.callback(invoke_without_command=True)(start)
    cli.command("app")(open_window)
    for command in (inspect, measure, ask, classify, split, metrics, ingest, verify, build_model):
        cli.command()(command)
    cli.command()(draft)
    cli.command()(review)
    cli.command("import")(import_file)
    cli.command()(snapshot)
    cli.command()(export)
    cli.command()(train)
    cli.command()(evaluate)
    cli.command()(report)
    cli.command()(runs)
    cli.add_typer(adapters_cli(), name="adapters")
    cli.add_typer(adapters_cli(), name="adapter", hidden=True)
    models = typer.Typer(
        help="Models on this machine, models we recommend, and downloading one.",
        invoke_without_command=True,
        rich_markup_mode=None,
    )
    models.callback()(list_models)
    models.command()(download)
    cli.add_typer(models, name="models")
    return cli


def main() -> None:
    """Run the ``slava`` command; our own errors are one line on stderr."""
    logging.getLogger("slava").addHandler(logging.NullHandler())
    try:
        build_cli()()
    except SlavaError as error:
        complain(error)
        sys.exit(exit_code(error))


if __name__ == "__main__":
    main()
