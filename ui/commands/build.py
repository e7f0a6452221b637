"""``slava build-model``: the built-in model from nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ui.commands.options import Json
from ui.commands.output import print_progress, show
from ui.privacy import set_private_environment


def build_model(
    out: Annotated[Path, typer.Argument(metavar="DIR", help="Where the model is written.")],
    preset: Annotated[str, typer.Option(help="quick or full.")] = "full",
    seed: Annotated[int, typer.Option(help="Seed of every random choice.")] = 0,
    json_: Json = False,
) -> None:
    """Build the built-in model from nothing: draw micrographs, train, evaluate, write."""
    set_private_environment()
    from training.builtin import build

    show(build.build_model(out, preset=preset, seed=seed, on_progress=print_progress), json_)
