"""Arguments and options that several commands share. Knows no command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Micrographs.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object per line and file.")]
Workspace = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        metavar="DIR",
        help="Work in this workspace: the micrograph is added to it, and its calibration used.",
    ),
]
Model = Annotated[
    str, typer.Option("--model", help="builtin, a folder, OWNER/NAME, or a URL (URL#MODEL).")
]
Quantize = Annotated[str, typer.Option("--quantize", help="none, int8 or nf4.")]
Frame = Annotated[
    int, typer.Option("--frame", help="Which picture of a file that holds several, from 1.")
]
NmPerPx = Annotated[
    float | None, typer.Option("--nm-per-px", help="Calibrate by hand: nm per pixel.")
]
