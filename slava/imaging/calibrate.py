"""Decides which pixel size is believed: metadata, sidecar, the databar, a line drawn by hand.

A source that contradicts the size of the file gives no pixel size; the other things it says are
kept, with a warning. Nothing here knows a vendor.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from slava.domain import Calibration, CalibrationSource, Databar, Instrument, Micrograph
from slava.errors import UnreadableMicrograph
from slava.imaging.databar import DatabarReading
from slava.imaging.frame import Frame
from slava.imaging.vendors import Said, merge, metadata_of, sidecar_of

MAX_SIDECAR_BYTES = 8 << 20
HEIGHT_TOLERANCE = 0.35
"""A databar makes a file higher than its picture by up to this share."""
_AGREE = 0.01
BELIEVED = 0.6
"""A scale bar of less confidence is shown, and calibrates nothing by itself."""
_BAR_AGREES = 0.03
"""A bar is measured to the pixel, and instruments draw it no better."""


@dataclass(frozen=True, slots=True)
class Account:
    """What is believed of a micrograph apart from its pixels.

    ``strip_known`` tells that the sources said whether there is a databar: then nobody needs to
    look for one.
    """

    calibration: Calibration | None = None
    instrument: Instrument = field(default_factory=Instrument)
    databar: Databar | None = None
    strip_known: bool = False
    warnings: tuple[str, ...] = ()


def calibrate(frame: Frame, sidecar: bytes | None = None, sidecar_name: str = "") -> Account:
    """Weigh what a file and its sidecar say.

    Parameters
    ----------
    frame : Frame
    sidecar : bytes, optional
        The content of the text file that the instrument wrote beside the picture.
    sidecar_name : str
        Its name, for the user.

    Returns
    -------
    Account
        Its calibration is ``None`` when no source is to be believed.
    """
    sources: list[tuple[CalibrationSource, str, Said]] = [
        ("metadata", "The file's metadata", metadata_of(frame.tags))
    ]
    warnings: list[str] = []
    if sidecar is not None:
        said = sidecar_of(sidecar)
        title = f"The sidecar {sidecar_name}".rstrip()
        if said is None:
            warnings.append(f"{title} is of no kind that is known here; it was not used.")
        else:
            sources.append(("sidecar", title, said))
    return _weigh(frame, sources, warnings)


def with_databar(micrograph: Micrograph, reading: DatabarReading) -> Micrograph:
    """A micrograph with what its databar says, where the file itself does not say it.

    The scale bar is kept beside the calibration; where they disagree there is a warning.
    """
    return replace(
        micrograph,
        scale_bar=reading.scale_bar,
        databar_read=True,
        letters=reading.letters,
        instrument=merge(micrograph.instrument, reading.instrument),
        warnings=(*micrograph.warnings, *_bar_disagrees(micrograph, reading)),
    )


def with_proposal(micrograph: Micrograph) -> Micrograph:
    """Where nothing else calibrates, a confident scale bar does, marked as not confirmed.

    For commands, whose user cannot be asked. The window asks instead.
    """
    proposal = micrograph.proposal
    if proposal is None or proposal.confidence < BELIEVED:
        return micrograph
    return replace(micrograph, calibration=proposal)


def _bar_disagrees(micrograph: Micrograph, reading: DatabarReading) -> list[str]:
    calibration, bar = micrograph.calibration, reading.scale_bar
    if calibration is None or bar is None or bar.nm_per_px is None:
        return []
    if abs(bar.nm_per_px / calibration.nm_per_px - 1) <= _BAR_AGREES:
        return []
    return [
        f"The scale bar in the picture says {bar.nm_per_px:.5g} nm per pixel, the "
        f"{calibration.source} {calibration.nm_per_px:.5g}; the {calibration.source} was believed."
    ]


def find_sidecar(path: Path) -> Path | None:
    """The text file of the same name that an instrument wrote beside a picture, if any.

    A text that is nobody's sidecar (notes, say) is not found.
    """
    for name in _sidecar_names(path):
        candidate = path.with_name(name)
        try:
            if candidate.is_file() and sidecar_of(read_sidecar(candidate)) is not None:
                return candidate
        except (UnreadableMicrograph, OSError, ValueError):
            continue
    return None


def _sidecar_names(path: Path) -> list[str]:
    stem, suffix = path.stem, path.suffix[1:]
    if suffix.lower() == "ser":  # name_1.ser belongs to name.emi
        return [f"{stem.rpartition('_')[0]}{ending}" for ending in (".emi", ".EMI")]
    endings = (".txt", ".hdr", f"-{suffix}.hdr", f".{suffix}.txt", f".{suffix}.hdr")
    names = [stem + shown for ending in endings for shown in (ending, ending.upper())]
    return [name for name in names if name != path.name]


def read_sidecar(path: Path) -> bytes:
    """The bytes of a sidecar.

    Raises
    ------
    UnreadableMicrograph
        When it cannot be read or is larger than a sidecar can be.
    """
    try:
        if path.stat().st_size > MAX_SIDECAR_BYTES:
            raise UnreadableMicrograph(path, "it is too large for a sidecar.", "Leave it out.")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = "the sidecar cannot be read."
        raise UnreadableMicrograph(path, reason, "Check its name, or leave it out.") from error


def _weigh(
    frame: Frame, sources: list[tuple[CalibrationSource, str, Said]], warnings: list[str]
) -> Account:
    calibration: Calibration | None = None
    instrument, databar, strip_known = Instrument(), None, False
    for source, title, said in sources:
        warnings += said.warnings
        instrument = merge(instrument, said.instrument)
        wrong = contradiction(said, frame)
        if wrong:
            warnings.append(f"{title} {wrong}")
            continue
        found = _calibration(said, source, title, warnings)
        if calibration is None:
            calibration = found
        elif found is not None:
            warnings += _disagreement(calibration, found, title)
        if not strip_known:
            databar, strip_known = _strip(said, frame)
    return Account(calibration, instrument, databar, strip_known, tuple(warnings))


def contradiction(said: Said, frame: Frame) -> str | None:
    """Why an account belongs to another picture than this; ``None`` when it may be this one's.

    A file may have more rows than the picture it was written for: the databar below it.
    """
    if said.raster_px is None:
        return None
    width, height = said.raster_px
    same_width = width == frame.width_px
    if same_width and abs(frame.height_px / height - 1) <= HEIGHT_TOLERANCE:
        return None
    return (
        f"describes a picture of {width} x {height} px, but this file has {frame.width_px} x "
        f"{frame.height_px} px: its pixel size belongs to another rendering and was refused."
    )


def _calibration(
    said: Said, source: CalibrationSource, title: str, warnings: list[str]
) -> Calibration | None:
    if said.nm_per_px is None:
        return None
    place = title.removeprefix("The sidecar").strip() if source == "sidecar" else ""
    detail = f"{place}: {said.detail}" if place else said.detail
    try:
        return Calibration(float(said.nm_per_px), source, detail)
    except ValueError:
        warnings.append(f"{title} says {said.nm_per_px:g} nm per pixel, which cannot be true.")
        return None


def _disagreement(first: Calibration, second: Calibration, title: str) -> list[str]:
    if abs(second.nm_per_px / first.nm_per_px - 1) <= _AGREE:
        return []
    return [
        f"{title} says {second.nm_per_px:.5g} nm per pixel, the file itself "
        f"{first.nm_per_px:.5g}; the file was believed."
    ]


def _strip(said: Said, frame: Frame) -> tuple[Databar | None, bool]:
    """The databar, and whether the source has spoken of it at all."""
    height = frame.height_px
    if said.picture_rows is not None and height * 0.5 < said.picture_rows <= height:
        top = said.picture_rows
    elif said.databar_rows is not None and 0 < said.databar_rows < height * 0.5:
        top = height - said.databar_rows
    else:
        return None, False
    return (Databar(top, height), True) if top < height else (None, True)
