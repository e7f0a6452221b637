"""``slava inspect``: what a file says of itself."""

from __future__ import annotations

from ui.commands.bench import open_bench
from ui.commands.options import Files, Json, NmPerPx, Workspace
from ui.commands.output import each


def inspect(
    files: Files, json_: Json = False, workspace: Workspace = None, nm_per_px: NmPerPx = None
) -> None:
    """Say what each file is: pixels, pixel size and where that came from, instrument."""
    from slava.imaging.inspect import to_record

    with open_bench(workspace, nm_per_px) as bench:
        each(files, json_, lambda file: to_record(bench.open(file)[0]))
