"""``slava inspect``: what a file says of itself."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from ui.commands.bench import open_bench
from ui.commands.options import Files, Frame, Json, NmPerPx, Workspace
from ui.commands.output import each

ReadDatabar = Annotated[
    bool,
    typer.Option("--read-databar", help="Read the scale bar also where the file is calibrated."),
]


def inspect(
    files: Files,
    json_: Json = False,
    workspace: Workspace = None,
    nm_per_px: NmPerPx = None,
    frame: Frame = 1,
    read_databar: ReadDatabar = False,
) -> None:
    """Say what each file is: pixels, pixel size and where that came from, instrument."""
    from slava.imaging.inspect import to_record

    when: Literal["needed", "always"] = "always" if read_databar else "needed"
    with open_bench(workspace, nm_per_px) as bench:
        each(files, json_, lambda file: to_record(bench.open(file, when, frame)[0]))
