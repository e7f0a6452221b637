"""``slava measure``: what can be counted and sized on a micrograph."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slava.errors import BadSetting
from ui.commands.bench import open_bench
from ui.commands.options import Files, Json, NmPerPx, Workspace
from ui.commands.output import Record, each

if TYPE_CHECKING:
    from slava.domain import Measurement
    from slava.domain.fact import Kind

KINDS: tuple[Kind, ...] = ("particles", "fibres", "other")


def measure(
    files: Files,
    json_: Json = False,
    workspace: Workspace = None,
    nm_per_px: NmPerPx = None,
    kind: Annotated[
        str | None, typer.Option(help="particles, fibres or other; otherwise it is chosen.")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="Write the label map of one file as TIFF here.")
    ] = None,
) -> None:
    """Measure what each micrograph shows; in nm and µm only where it is calibrated."""
    from slava.imaging.measure import measure_micrograph, to_record

    if labels and len(files) > 1:
        raise BadSetting("--labels takes one FILE.")
    chosen = _kind(kind)

    def work(file: Path) -> Record:
        micrograph, grey = bench.open(file)
        measurement = measure_micrograph(
            grey, picture=micrograph.picture, nm_per_px=micrograph.nm_per_px, kind=chosen
        )
        if labels:
            _write_labels(measurement, labels)
        return to_record(measurement)

    with open_bench(workspace, nm_per_px) as bench:
        each(files, json_, work)


def _kind(text: str | None) -> Kind | None:
    for kind in KINDS:
        if text == kind:
            return kind
    if text is None:
        return None
    raise BadSetting(f"--kind {text!r} is none of {', '.join(KINDS)}.")


def _write_labels(measurement: Measurement, path: Path) -> None:
    import numpy as np
    import tifffile

    if measurement.labels is None:
        raise BadSetting(f"--labels: no objects were outlined (kind {measurement.kind}).")
    found = measurement.labels
    tifffile.imwrite(path, found.astype(np.uint16 if found.max() < 65536 else np.int32))
