"""Which files of a folder are offered to the reader, and which text file belongs to which.

Only names are looked at: what a file holds is the reader's business. A ``.txt`` or ``.hdr`` whose
name is that of a file beside it is that file's sidecar; any other file is tried, so that one that
cannot be read is reported instead of passed over.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_SIDECAR_SUFFIXES = (".txt", ".hdr")
_DESKTOP_FILES = {"thumbs.db", "desktop.ini"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file to add, with its sidecar when there is one."""

    path: Path
    sidecar: Path | None = None


def find_sidecar(path: Path) -> Path | None:
    """The text file that a microscope wrote beside a micrograph.

    JEOL and Hitachi name it ``NAME.txt`` for ``NAME.tif``, TESCAN ``NAME-tif.hdr`` or
    ``NAME.hdr``; ``NAME.tif.txt`` occurs too. Case does not matter.
    """
    if path.suffix.lower() in _SIDECAR_SUFFIXES or not path.parent.is_dir():
        return None
    return _sidecar_among(path, _by_lower_name(path.parent.iterdir()))


def list_candidates(
    paths: Sequence[Path], *, recursive: bool = True, leave_out: Path | None = None
) -> list[Candidate]:
    """The files among and below ``paths`` in the order people count in (2 before 10).

    Hidden files, the desktop's own and the sidecars of other files are passed over; ``leave_out``
    is a folder that is not entered (the workspace itself).
    """
    found: list[Candidate] = []
    for path in paths:
        if path.is_dir():
            for folder in _folders(path, recursive, leave_out):
                found.extend(_candidates_in(folder))
        else:
            found.append(Candidate(path, find_sidecar(path)))
    sidecars = {candidate.sidecar for candidate in found}
    return [candidate for candidate in found if candidate.path not in sidecars]


def _folders(top: Path, recursive: bool, leave_out: Path | None) -> Iterator[Path]:
    for at, names, _ in os.walk(top):
        folder = Path(at)
        if leave_out is not None and folder.absolute() == leave_out:
            names.clear()
            continue
        yield folder
        names[:] = sorted((n for n in names if not n.startswith(".")), key=_counting)
        if not recursive:
            return


def _candidates_in(folder: Path) -> Iterator[Candidate]:
    files = [p for p in folder.iterdir() if p.is_file() and not _is_passed_over(p)]
    names = _by_lower_name(files)
    for path in sorted(files, key=lambda p: _counting(p.name)):
        yield Candidate(path, _sidecar_among(path, names))


def _sidecar_among(path: Path, names: dict[str, Path]) -> Path | None:
    suffix = path.suffix.lower()
    if suffix in _SIDECAR_SUFFIXES:
        return None
    stem, whole = path.stem.lower(), path.name.lower()
    likely = (f"{stem}.txt", f"{stem}-{suffix[1:]}.hdr", f"{stem}.hdr", f"{whole}.txt")
    return next((names[name] for name in likely if name in names), None)


def _by_lower_name(paths: Iterator[Path] | list[Path]) -> dict[str, Path]:
    return {p.name.lower(): p for p in paths if p.suffix.lower() in _SIDECAR_SUFFIXES}


def _is_passed_over(path: Path) -> bool:
    return path.name.startswith((".", "~$")) or path.name.lower() in _DESKTOP_FILES


def _counting(name: str) -> list[tuple[int, int, str]]:
    """A sorting key in which digits count as numbers."""
    parts = re.split(r"(\d+)", name.lower())
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts if p]
