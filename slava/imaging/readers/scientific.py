"""Gatan, TIA, Velox, Phenom, TVIPS and JEOL files through rosettasciio, which is an extra.

It must not know what the axes mean for a calibration; they are passed on as they are.
"""

from __future__ import annotations

import bz2
import importlib
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from slava.imaging.frame import Frame
from slava.imaging.readers.hdf5 import check_hdf5
from slava.imaging.readers.packed import MAX_UNPACKED_BYTES
from slava.imaging.readers.refused import Refused, check_number, check_size
from slava.imaging.readers.shape import as_picture

_MODULES = {
    "DigitalMicrograph": ("rsciio.digitalmicrograph", "micrograph.dm3"),
    "TIA": ("rsciio.tia", "micrograph.ser"),
    "EMD": ("rsciio.emd", "micrograph.emd"),
    "Phenom": ("rsciio.phenom", "micrograph.elid"),
    "TVIPS": ("rsciio.tvips", "micrograph_000.tvips"),
    "JEOL": ("rsciio.jeol", "micrograph.img"),
}
"""Format: the reader's module and the file name it wants to see."""

_IMPORTING = threading.Lock()
"""The readers import dask, which two threads may not import at the same time."""


def read_scientific(data: bytes, name: str, number: int = 1) -> Frame:
    """Read one picture of a scientific format, the first if nothing is said.

    The bytes are laid down under a plain name of their own, so that what is read is what was
    hashed and nothing beside the file is looked at.

    Raises
    ------
    Refused
        When the extra is not installed, or the file holds no picture, or none with this number.
    """
    reader, file_name = _reader(name)
    if name == "Phenom":
        _check_stream(data)
    with tempfile.TemporaryDirectory(prefix="slava-") as folder:
        path = Path(folder) / file_name
        path.write_bytes(data)
        try:
            if name == "EMD":
                check_hdf5(path)
            signals = reader.file_reader(str(path))
        except Exception as error:
            raise _damaged(name) from error
    pictures = [signal for signal in signals if _is_picture(signal)]
    if not pictures:
        raise Refused(
            f"this {name} file holds {len(signals)} data sets, none of them a picture.",
            "Open a file with a micrograph in it.",
        )
    return _frame(pictures, name, number)


def _reader(name: str) -> tuple[Any, str]:
    module, file_name = _MODULES[name]
    try:
        with _IMPORTING:
            return importlib.import_module(module), file_name
    except ImportError as error:
        missing = (error.name or "rsciio").split(".")[0]
        raise Refused(
            f"{name} files need the extra `formats`, and its package {missing} is not installed.",
            'Run: pip install "slava[formats]"',
        ) from error


def _check_stream(data: bytes) -> None:
    """Refuse a bzip2 stream without an end: the reader would wait for it for ever."""
    stream = bz2.BZ2Decompressor()
    unpacked = 0
    try:
        while not stream.eof and unpacked <= MAX_UNPACKED_BYTES:
            unpacked += len(stream.decompress(data, 1 << 20))
            if stream.needs_input:
                break
            data = b""
    except OSError as error:
        raise _damaged("Phenom") from error
    if not stream.eof:
        raise _damaged("Phenom")


def _damaged(name: str) -> Refused:
    return Refused(
        f"it begins like {name}, but cannot be read: it is cut off or damaged.",
        "Copy it again, or export it as TIFF.",
    )


def _axes(signal: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return [axis for axis in signal.get("axes", ()) if int(axis.get("size", 0)) > 1]


def _is_picture(signal: Mapping[str, Any]) -> bool:
    """Two axes of a plane, or a stack of such planes; not a spectrum, nor a map of spectra."""
    names = [str(axis.get("name", "")).lower() for axis in _axes(signal)]
    if names[-2:] == ["y", "x"]:
        return True
    data = np.asarray(signal["data"])
    unnamed = not any(name in ("energy", "x-ray energy", "i") for name in names)
    return data.ndim >= 2 and min(data.shape[-2:]) > 1 and unnamed and len(names) >= 2


def _frame(pictures: Sequence[Mapping[str, Any]], name: str, number: int) -> Frame:
    counts = [int(np.prod(np.shape(signal["data"])[:-2])) for signal in pictures]
    check_number(number, sum(counts))
    before, which = 0, 0
    while number - before > counts[which]:
        before, which = before + counts[which], which + 1
    signal = pictures[which]
    stored = np.asarray(signal["data"])
    check_size(*reversed(stored.shape[-2:]))
    rgb = stored.dtype.names is not None
    axes_read = "N" * stored.ndim + ("S" if rgb else "")
    picture = as_picture(stored, axes_read, number - before)
    bits = 8 if rgb else picture.pixels.dtype.itemsize * 8
    axes = [
        {key: _plain(axis.get(key)) for key in ("name", "units", "scale")}
        for axis in _axes(signal)[-2:]
    ]
    tags = {
        "axes": axes,
        "metadata": signal.get("metadata", {}),
        "original": signal.get("original_metadata", {}),
    }
    return Frame(picture.pixels, name, bits, tags, picture.warnings, number, sum(counts))


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
