"""``slava measure``: what can be counted and sized on a micrograph."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slava.errors import BadSetting
from ui.commands.bench import open_bench
from ui.commands.options import Files, Frame, Json, NmPerPx, Workspace
from ui.commands.output import Record, each

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from slava.domain import Measurement, Micrograph
    from slava.domain.fact import Kind, Outline

KINDS: tuple[Kind, ...] = ("particles", "fibres", "pores", "pattern", "grains", "other")
OUTLINES: tuple[Outline, ...] = ("auto", "threshold", "network")


def measure(
    files: Files,
    json_: Json = False,
    workspace: Workspace = None,
    nm_per_px: NmPerPx = None,
    frame: Frame = 1,
    kind: Annotated[
        str, typer.Option(help=f"{', '.join(KINDS)}, or auto: chosen from the pixels.")
    ] = "auto",
    outline: Annotated[
        str, typer.Option(help="What outlines particles and fibres: threshold, network, or auto.")
    ] = "auto",
    labels: Annotated[
        Path | None, typer.Option(help="Write the label image of one file as TIFF here.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(help="Write the table of one file's objects as CSV here.")
    ] = None,
    overlay: Annotated[
        Path | None, typer.Option(help="Write one file with its objects outlined as PNG here.")
    ] = None,
) -> None:
    """Measure what each micrograph shows; in nm and µm only where it is calibrated."""
    from slava.domain import MeasureSettings
    from slava.imaging.measure import measure_inspected, to_record

    chosen = _kind(kind)
    settings = MeasureSettings(outline=_outline(outline))
    wanted = {"--labels": labels, "--csv": csv, "--overlay": overlay}
    for option, path in wanted.items():
        if path and len(files) > 1:
            raise BadSetting(f"{option} takes one FILE.")

    def work(file: Path) -> Record:
        micrograph, grey = bench.open(file, number=frame)
        measurement = measure_inspected(micrograph, grey, kind=chosen, settings=settings)
        for option, path in wanted.items():
            if path:
                _write(option, path, _content(option, measurement, micrograph, grey))
        return to_record(measurement, micrograph.nm_per_px)

    with open_bench(workspace, nm_per_px) as bench:
        each(files, json_, work)


def _kind(text: str) -> Kind | None:
    for kind in KINDS:
        if text == kind:
            return kind
    if text == "auto":
        return None
    raise BadSetting(f"--kind {text!r} is none of auto, {', '.join(KINDS)}.")


def _outline(text: str) -> Outline:
    for outline in OUTLINES:
        if text == outline:
            return outline
    raise BadSetting(f"--outline {text!r} is none of {', '.join(OUTLINES)}.")


def _content(
    option: str, measurement: Measurement, micrograph: Micrograph, grey: NDArray[np.generic]
) -> bytes:
    from slava.imaging.measure.export import label_image, overlay, table

    if option == "--labels":
        return label_image(measurement.labels, (micrograph.height_px, micrograph.width_px))
    if option == "--csv":
        return table(measurement, micrograph.nm_per_px).encode()
    return overlay(grey, measurement, micrograph.picture)


def _write(option: str, path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise BadSetting(f"{option}: {path} cannot be written ({error.strerror}).") from None
