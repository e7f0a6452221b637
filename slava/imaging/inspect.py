"""A file becomes a Micrograph: what it is, what it says of itself, and what may be believed.

It must not know of the workspace, nor of what is measured later.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from numpy.typing import NDArray

from slava.domain import Databar, Micrograph, MicrographId, ScaleBar
from slava.imaging.calibrate import Account, calibrate, find_sidecar, read_sidecar, with_databar
from slava.imaging.databar import find_databar, read_databar
from slava.imaging.frame import Frame, grey
from slava.imaging.read import frame_from_bytes, read_bytes

ReadDatabar = Literal["never", "needed", "always"]
"""Whether letters are read: ``needed`` is where nothing else calibrates. It takes seconds."""


@dataclass(frozen=True, eq=False)
class Inspected:
    """A micrograph with its pixels.

    ``grey`` is (height_px, width_px) of the whole file in its own depth, ``frame`` what was
    read; ``sidecar`` are the bytes of the text file that was used and ``content`` those of the
    file itself, for whoever keeps them.
    """

    micrograph: Micrograph
    grey: NDArray[Any]
    frame: Frame
    sidecar: bytes | None = None
    content: bytes | None = None


def inspect_micrograph(
    path: Path,
    *,
    name: str | None = None,
    sidecar: Path | bytes | None = None,
    databar: ReadDatabar = "never",
    number: int = 1,
    content: tuple[bytes, str] | None = None,
) -> Inspected:
    """Read a file and say what it is.

    Parameters
    ----------
    path : Path
    name : str, optional
        The name it came with, when it is stored under another.
    sidecar : Path or bytes, optional
        The instrument's text file, or its content. Otherwise one of the same name is looked for
        beside the file.
    databar : {"never", "needed", "always"}
        When the letters and the scale bar in the picture are read. What they say of the pixel
        size is only proposed.
    number : int
        Which picture of a file that holds several, from 1.
    content : (bytes, str), optional
        The file's bytes and their SHA-256, where the caller has both.

    Returns
    -------
    Inspected
        ``micrograph.id`` is the SHA-256 of the file's bytes, which are read once.

    Raises
    ------
    UnreadableMicrograph
        When the file holds no micrograph.
    """
    path = Path(path)
    if content is None or not content[0]:
        data = read_bytes(path)
        content = (data, hashlib.sha256(data).hexdigest())
    data = content[0]
    frame = frame_from_bytes(data, Path(_plain_name(name)) if name else path, number)
    text, title = _sidecar(path, sidecar)
    account = calibrate(frame, text, title)
    pixels = grey(frame)
    databar_rows = _databar(account, pixels)
    micrograph = _micrograph(content, frame, account, name or path.name, databar_rows)
    inspected = Inspected(micrograph, pixels, frame, text, data)
    if databar == "always" or (databar == "needed" and micrograph.calibration is None):
        return inspect_databar(inspected)
    return inspected


def inspect_databar(inspected: Inspected) -> Inspected:
    """The same file with what the letters and the scale bar in its picture say.

    It takes seconds: letters are read. Its calibration stays as it is.
    """
    pixels = inspected.frame.pixels
    shown = inspected.grey if pixels.dtype.kind == "f" else pixels  # of which all are numbers
    reading = read_databar(shown, inspected.micrograph.databar)
    return replace(inspected, micrograph=with_databar(inspected.micrograph, reading))


def to_record(micrograph: Micrograph) -> dict[str, Any]:
    """A micrograph as JSON, with the keys that the command line promises."""
    calibration, instrument, bar = (
        micrograph.calibration,
        micrograph.instrument,
        micrograph.databar,
    )
    return {
        "name": micrograph.name,
        "sha256": micrograph.id,
        "format": micrograph.format,
        "width_px": micrograph.width_px,
        "height_px": micrograph.height_px,
        "bit_depth": micrograph.bit_depth,
        "nm_per_px": micrograph.nm_per_px,
        "calibration_source": calibration.source if calibration else None,
        "calibration_detail": calibration.detail if calibration else None,
        "calibration_confidence": calibration.confidence if calibration else None,
        "calibration_confirmed": calibration.confirmed if calibration else None,
        "field_width_um": micrograph.field_width_um,
        "magnification": instrument.magnification,
        "accelerating_voltage_kv": instrument.accelerating_voltage_kv,
        "working_distance_mm": instrument.working_distance_mm,
        "detector": instrument.detector,
        "vendor": instrument.vendor,
        "model": instrument.model,
        "modality": instrument.modality,
        "acquired_at": instrument.acquired_at,
        "databar_top_px": bar.top if bar else None,
        "databar_bottom_px": bar.bottom if bar else None,
        "databar_box": [0, bar.top, micrograph.width_px, bar.bottom] if bar else None,
        "scale_bar": _scale_bar(micrograph.scale_bar),
        "warnings": list(micrograph.warnings),
    }


def _scale_bar(bar: ScaleBar | None) -> dict[str, Any] | None:
    if bar is None:
        return None
    said = {"text": bar.text, "length_nm": bar.length_nm, "length_px": bar.length_px}
    return {**said, "confidence": bar.confidence}


def _plain_name(name: str) -> str:
    """The last part of an untrusted name, for messages."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1].replace("\0", "")
    return last if last.strip(". ") else "micrograph"


def _sidecar(path: Path, given: Path | bytes | None) -> tuple[bytes | None, str]:
    if isinstance(given, bytes):
        return given, ""
    found = Path(given) if given is not None else find_sidecar(path)
    return (read_sidecar(found), found.name) if found else (None, "")


def _databar(account: Account, pixels: NDArray[Any]) -> Databar | None:
    return account.databar if account.strip_known else find_databar(pixels)


def _micrograph(
    content: tuple[bytes, str],
    frame: Frame,
    account: Account,
    name: str,
    databar: Databar | None,
) -> Micrograph:
    return Micrograph(
        id=MicrographId(content[1]),
        name=name,
        format=frame.format,
        width_px=frame.width_px,
        height_px=frame.height_px,
        bit_depth=frame.bit_depth,
        size_bytes=len(content[0]),
        calibration=account.calibration,
        instrument=account.instrument,
        databar=databar,
        warnings=(*frame.warnings, *account.warnings),
    )
