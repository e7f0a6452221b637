"""Labelled micrographs on disk: a folder of class folders, or a CSV of files and labels.

    CLASS/file.tif            label CLASS
    CLASS/sample 3/file.tif   label CLASS, group "sample 3"

A CSV has the columns ``file`` and ``label``, and may have ``group`` and ``part``; files are
relative to it. It must not know what is done with the micrographs.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from slava.errors import BadInput

SUFFIXES = frozenset(
    ".tif .tiff .png .jpg .jpeg .bmp .gif .dm3 .dm4 .ser .emd .elid".split()  # noqa: SIM905
)
"""What is taken for a micrograph in a folder; other files are passed over."""


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """A file, its class, and where it comes from (empty: a source of its own)."""

    file: Path
    label: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class LabelledFiles:
    """What a folder or a CSV lists, sorted by name, and what the user must know of it."""

    files: tuple[LabelledFile, ...]
    warnings: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes, sorted."""
        return tuple(sorted({f.label for f in self.files}))


def list_labelled(source: Path, part: str | None = None) -> LabelledFiles:
    """The labelled files of a folder or a CSV.

    Parameters
    ----------
    source
        A folder with one folder per class, or a CSV.
    part
        Of a CSV with the column ``part`` only these rows are taken.

    Raises
    ------
    BadInput
        If it is neither, or lists no micrograph.
    """
    source = source.expanduser()
    if source.is_dir():
        listed = _folder(source)
    elif source.is_file() and source.suffix.lower() == ".csv":
        listed = _table(source, part)
    else:
        raise BadInput(
            f"{source} is neither a folder nor a CSV. Give a folder with one folder per class, "
            "or a CSV with the columns file and label."
        )
    if not listed.files:
        raise BadInput(
            f"{source} lists no labelled micrograph. Put the files of every class into a folder "
            "of the class's name."
        )
    return listed


def library_warnings(labels: Sequence[str], k: int) -> tuple[str, ...]:
    """What ``labels`` of a library mean for ``k`` demonstrations.

    Raises
    ------
    BadInput
        If there is only one class.
    """
    counts = Counter(labels)
    if len(counts) < 2:
        held = f"only the class {next(iter(counts))!r}" if counts else "no labelled micrograph"
        raise BadInput(
            f"the demonstrations hold {held}; to tell classes apart at least two are needed. "
            "Add a folder of another class."
        )
    few = [f"{label} ({n})" for label, n in sorted(counts.items()) if n < k]
    if not few:
        return ()
    return (f"fewer than k = {k} micrographs in: {', '.join(few)}; they can be outvoted.",)


def _folder(source: Path) -> LabelledFiles:
    files, warnings = [], []
    for folder in sorted(p for p in source.iterdir() if p.is_dir() and p.name[0] != "."):
        found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
        if not found:
            warnings.append(f"the class {folder.name!r} is empty; it is left out.")
        for path in found:
            group = path.parent.relative_to(folder).as_posix()
            files.append(LabelledFile(path, folder.name, "" if group == "." else group))
    loose = sum(p.suffix.lower() in SUFFIXES for p in source.iterdir() if p.is_file())
    if loose:
        warnings.append(f"{loose} files beside the class folders have no label; left out.")
    return LabelledFiles(tuple(files), tuple(warnings))


def _table(source: Path, part: str | None) -> LabelledFiles:
    try:
        with source.open(newline="", encoding="utf-8-sig") as opened:
            rows = list(csv.DictReader(opened))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{source.name} cannot be read as a CSV ({error}).") from error
    if rows and not {"file", "label"} <= set(rows[0]):
        have = ", ".join(str(name) for name in rows[0])
        raise BadInput(f"{source.name} has the columns {have}; file and label are needed.")
    files, missing, bare = [], 0, 0
    for row in rows:
        if part and row.get("part") and row["part"] != part:
            continue
        label = (row["label"] or "").strip()
        path = source.parent / (row["file"] or "")
        if not label:
            bare += 1
        elif not path.is_file():
            missing += 1
        else:
            files.append(LabelledFile(path, label, (row.get("group") or "").strip()))
    warnings = [f"{missing} files of {source.name} are not there; left out."] if missing else []
    if bare:
        warnings.append(f"{bare} rows of {source.name} have no label; left out.")
    return LabelledFiles(tuple(files), tuple(warnings))
