"""``slava models``: what can be loaded here, what we recommend, and downloading one."""

from __future__ import annotations

from typing import Annotated

import typer

from ui.commands.options import Json
from ui.commands.output import Record, print_progress, show

BUILTIN_RECORD: Record = {
    "model": "builtin",
    "family": "sLAVA",
    "licence": "Apache-2.0",
    "download_gb": 0,
    "pictures": "one",
    "note": "In the package: answers at once on any CPU. Trained on computer-drawn micrographs.",
}


def list_models(ctx: typer.Context, json_: Json = False) -> None:
    """List the built-in model and the recommended ones: licence, download, memory."""
    if ctx.invoked_subcommand is not None:
        return
    from slava.vlm import catalogue

    show(BUILTIN_RECORD, json_)
    for entry in catalogue.list_models():
        show(entry.to_record(), json_)


def download(
    reference: Annotated[str, typer.Argument(metavar="OWNER/NAME")],
    yes: Annotated[bool, typer.Option("--yes", help="The size is known and agreed to.")] = False,
    json_: Json = False,
) -> None:
    """Download a model after saying its size; a broken download is resumed."""
    from slava.vlm.download import download_model

    folder = download_model(reference, confirmed=yes, on_progress=print_progress)
    show({"model": reference, "folder": str(folder)}, json_)
