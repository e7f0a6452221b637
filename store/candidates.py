"""Which files of a folder are offered to the reader.

Only names are looked at: what a file holds is the reader's business. A ``.txt`` or ``.hdr`` whose
name is that of a file beside it belongs to that file; any other file is offered, so that one that
cannot be read is reported instead of passed over.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

_TEXT_SUFFIXES = (".txt", ".hdr")
_DESKTOP_FILES = {"thumbs.db", "desktop.ini"}


def has_text_beside(path: Path) -> bool:
    """Whether a text file lies beside a micrograph that could be its sidecar, by its name.

    JEOL and Hitachi name it ``NAME.txt`` for ``NAME.tif``, TESCAN ``NAME-tif.hdr`` or
    ``NAME.hdr``; ``NAME.tif.txt`` occurs too; endings in capitals count.
    """
    names = _likely_texts(path)
    capitals = [path.stem + name.removeprefix(path.stem).upper() for name in names]
    return any(path.with_name(name).is_file() for name in (*names, *capitals))


def list_candidates(
    paths: Sequence[Path], *, recursive: bool = True, leave_out: Path | None = None
) -> list[Path]:
    """The files among and below ``paths`` in the order people count in (2 before 10).

    Hidden files, the desktop's own and the texts of other files are passed over; ``leave_out``
    is a folder that is not entered (the workspace itself).
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            for folder in _folders(path, recursive, leave_out):
                found.extend(sorted(_files_in(folder), key=lambda p: _counting(p.name)))
        else:
            found.append(path)
    return _without_texts(found)


def _without_texts(files: list[Path]) -> list[Path]:
    """The files that are not the texts of others among them."""
    folders = {path.parent for path in files}
    texts = {at: _texts(path for path in files if path.parent == at) for at in folders}
    taken = {text for path in files for text in _texts_of(path, texts[path.parent])}
    return [path for path in files if path not in taken]


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


def _files_in(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file() and not _is_passed_over(path)]


def _texts_of(path: Path, texts: dict[str, Path]) -> list[Path]:
    """The texts, by their lower-case names, that are named as belonging to ``path``."""
    return [texts[name.lower()] for name in _likely_texts(path) if name.lower() in texts]


def _likely_texts(path: Path) -> list[str]:
    """Names that the text of a micrograph may have."""
    suffix = path.suffix.lower()
    if suffix in _TEXT_SUFFIXES:
        return []
    names = [f"{name}{end}" for name in (path.stem, path.name) for end in _TEXT_SUFFIXES]
    return [*names, f"{path.stem}-{suffix[1:]}.hdr"]


def _texts(paths: Iterable[Path]) -> dict[str, Path]:
    return {p.name.lower(): p for p in paths if p.suffix.lower() in _TEXT_SUFFIXES}


def _is_passed_over(path: Path) -> bool:
    return path.name.startswith((".", "~$")) or path.name.lower() in _DESKTOP_FILES


def _counting(name: str) -> list[tuple[int, int, str]]:
    """A sorting key in which digits count as numbers."""
    parts = re.split(r"(\d+)", name.lower())
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts if p]
