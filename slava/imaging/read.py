"""The edge where a file becomes a frame. Whatever is wrong with it ends here, as one error.

Reading finds the format by content, leaves the pixels as they are and interprets nothing.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from slava.errors import UnreadableMicrograph
from slava.imaging.frame import Frame, believable, grey
from slava.imaging.quiet import hush
from slava.imaging.readers.packed import unpack
from slava.imaging.readers.refused import Refused
from slava.imaging.readers.sniff import SCIENTIFIC, belongs, sniff

__all__ = ["MAX_FILE_BYTES", "Frame", "frame_from_bytes", "grey", "read_bytes", "read_frame"]

MAX_FILE_BYTES = 4 << 30

_PICTURES = (
    "TIFF, PNG, JPEG, BMP, GIF, and DM3, DM4, SER, EMD, ELID, TVIPS and JEOL IMG with the extra "
    "`formats`"
)


def read_frame(path: Path, number: int = 1) -> Frame:
    """Read a micrograph's file.

    Parameters
    ----------
    path : Path
        TIFF, PNG, JPEG, BMP or GIF, packed singly as .gz or .zip or not; with the extra ``formats``
        also DM3, DM4, SER, EMD, ELID, TVIPS and JEOL's IMG.
    number : int
        Which of the file's pictures, from 1.

    Returns
    -------
    Frame
        With warnings, also where it is not all of the file.

    Raises
    ------
    UnreadableMicrograph
        For every file of which no picture can be shown, with the reason and the way out.
    """
    return frame_from_bytes(read_bytes(path), path, number)


def read_bytes(path: Path) -> bytes:
    """The bytes of a file, read once.

    Raises
    ------
    UnreadableMicrograph
        When there is no such file, or it cannot be opened, is empty or too large.
    """
    try:
        if path.is_dir():
            raise Refused("it is a folder, not a file.", "Choose the files in it.")
        size = path.stat().st_size
        if not path.is_file():
            raise Refused("it is not a plain file.", "Choose a file with a micrograph.")
        if size > MAX_FILE_BYTES:
            raise Refused(
                f"it has {size / 1e9:.1f} GB; at most {MAX_FILE_BYTES >> 30} GB are read.",
                "Export the picture alone.",
            )
        data = path.read_bytes()
        if not data:
            raise Refused("the file is empty.", "Copy or export it again.")
    except Refused as refused:
        raise UnreadableMicrograph(path, refused.reason, refused.way_out) from refused
    except FileNotFoundError as error:
        raise UnreadableMicrograph(
            path, "there is no such file.", "Check its folder and its name."
        ) from error
    except PermissionError as error:
        raise UnreadableMicrograph(
            path, "you may not read this file.", "Change its permissions or copy it."
        ) from error
    except (OSError, ValueError) as error:
        raise UnreadableMicrograph(
            path, f"it cannot be opened ({error}).", "Check the drive and the name."
        ) from error
    return data


def frame_from_bytes(data: bytes, path: Path, number: int = 1) -> Frame:
    """Read a micrograph from its bytes; ``path`` only names it.

    Raises
    ------
    UnreadableMicrograph
        As :func:`read_frame`.
    """
    hush()
    try:
        frame = _read(data, path.name, number)
    except Refused as refused:
        raise UnreadableMicrograph(path, refused.reason, refused.way_out) from refused
    except MemoryError as error:
        raise UnreadableMicrograph(
            path, "it does not fit into this machine's memory.", "Close other programs, or cut it."
        ) from error
    except Exception as error:
        said = " ".join(str(error).split())[:120] or type(error).__name__
        raise UnreadableMicrograph(
            path, f"it is damaged ({said}).", "Copy or export it again."
        ) from error
    return frame


def _read(data: bytes, name: str, number: int) -> Frame:
    kind = sniff(data)
    if kind in ("GZIP", "ZIP"):
        inner, member = unpack(data, kind)
        packed_in = sniff(inner)
        if packed_in in ("GZIP", "ZIP"):
            raise Refused("it is packed twice.", "Unpack it first.")
        return _decoded(inner, packed_in, member or Path(name).stem, number)
    return _decoded(data, kind, name, number)


def _decoded(data: bytes, kind: str | None, name: str, number: int) -> Frame:
    frame = _decode(data, kind, number)
    warnings = [*_about_others(frame), *frame.warnings]
    suffix = Path(name).suffix[1:]
    if suffix and not belongs(frame.format, suffix):
        warnings.insert(0, f"The name ends in .{suffix}, but the file is a {frame.format}.")
    warnings += _about_values(frame)
    return replace(frame, warnings=tuple(warnings))


def _decode(data: bytes, kind: str | None, number: int) -> Frame:
    if kind == "TIFF":
        from slava.imaging.readers.tiff import read_tiff

        return read_tiff(data, number)
    if kind in ("PNG", "JPEG", "BMP", "GIF"):
        from slava.imaging.readers.raster import read_raster

        return read_raster(data, kind, number)
    if kind in SCIENTIFIC:
        from slava.imaging.readers.scientific import read_scientific

        return read_scientific(data, kind, number)
    raise _no_micrograph(kind)


def _no_micrograph(kind: str | None) -> Refused:
    if kind == "text":
        return Refused("it is a text file, not a micrograph.", f"Open one of: {_PICTURES}.")
    if kind == "SVG":
        return Refused("an SVG is a drawing, not a micrograph.", f"Open one of: {_PICTURES}.")
    if kind == "EMI":
        return Refused(
            "an .emi file only describes the .ser files beside it.", "Open the .ser file instead."
        )
    if kind is not None:
        return Refused(f"{kind} files are not read.", f"Export it as one of: {_PICTURES}.")
    return Refused("it is no picture format that is known here.", f"Open one of: {_PICTURES}.")


def _about_others(frame: Frame) -> list[str]:
    if frame.count == 1:
        return []
    which = "the first" if frame.number == 1 else f"number {frame.number}"
    more = "On the command line --frame N takes another."
    return [f"The file holds {frame.count} pictures; this is {which}. {more}"]


def _about_values(frame: Frame) -> list[str]:
    if frame.pixels.dtype.kind != "f":
        return []
    known = int(believable(frame.pixels).sum())
    if known == 0:
        raise Refused("none of its values is a number.", "Export it again.")
    lost = frame.pixels.size - known
    return [f"{lost} values are not numbers; they are shown as the darkest."] if lost else []
