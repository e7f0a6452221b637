"""The formats by their names, and which of them a file is in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, get_args

from slava.domain import MicrographId
from slava.errors import BadInput, BadSetting
from slava.exchange.entry import Entry, Exhibit, Written
from slava.exchange.imported import Imported
from slava.exchange.json_records import read_records, read_text

Format = Literal["llava", "sharegpt", "imagefolder", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)

Export = Callable[[Sequence[Entry], Mapping[MicrographId, Exhibit], Path], Written]
Import = Callable[[Path, Path | None], Imported]

_SAID_BY: tuple[tuple[str, Format], ...] = (
    ("conversations", "llava"),
    ("messages", "sharegpt"),
    ("file_name", "imagefolder"),
)
"""A key that records of a format have."""


def format_of(name: str) -> Format:
    """The format of that name.

    Raises
    ------
    BadSetting
        When there is none.
    """
    for known in FORMATS:
        if name == known:
            return known
    raise BadSetting(f"--format {name!r} is none of {', '.join(FORMATS)}.")


def export_pairs(
    format_: Format,
    pairs: Sequence[Entry],
    micrographs: Mapping[MicrographId, Exhibit],
    out: Path,
) -> Written:
    """Write pairs and the micrographs that they are about into a folder."""
    return _exporter(format_)(pairs, micrographs, out)


def import_pairs(path: Path, images_dir: Path | None, format_: Format | None = None) -> Imported:
    """Read a file, or a folder that holds one.

    Parameters
    ----------
    path
        The file, or a folder as an export has written it.
    images_dir
        Where its images lie, when that is not beside it.
    format_
        ``None`` is told from the file.

    Raises
    ------
    BadInput
        When the file cannot be read at all, or is in no format known here.
    """
    file = table_of(path)
    if images_dir is not None and not images_dir.is_dir():
        raise BadSetting(f"--images {images_dir} is no folder.")
    return _importer(format_ or told_format(file))(file, images_dir)


def table_of(path: Path) -> Path:
    """The file that is meant by a file or a folder; the folder itself where it holds several.

    Raises
    ------
    BadInput
        When there is none.
    """
    if path.is_file():
        return path
    for name in ("data.json", "metadata.jsonl", "data.parquet"):
        if (path / name).is_file():
            return path / name
    if any(path.glob("*/metadata.jsonl")) or any(path.glob("*.parquet")):
        return path
    raise BadInput(
        f"{path}: is no file, and no folder with data.json, metadata.jsonl or data.parquet. "
        "Check the path."
    )


def told_format(file: Path) -> Format:
    """The format that a file is in, by its beginning.

    Raises
    ------
    BadInput
        When it is in none that is known here.
    """
    if file.is_dir():
        return "parquet" if any(file.glob("*.parquet")) else "imagefolder"
    with file.open("rb") as opened:
        if opened.read(4) == b"PAR1":
            return "parquet"
    records, _ = read_records(read_text(file), [key for key, _ in _SAID_BY])
    for _, record in records:
        for key, format_ in _SAID_BY:
            if key in record:
                return format_
    raise BadInput(
        f"{file.name}: no record of it has conversations, messages or file_name. Give LLaVA JSON, "
        "ShareGPT messages, an imagefolder's metadata.jsonl or Parquet, or say which: --format."
    )


def _exporter(format_: Format) -> Export:
    if format_ == "llava":
        from slava.exchange.llava import export_llava

        return export_llava
    if format_ == "sharegpt":
        from slava.exchange.sharegpt import export_sharegpt

        return export_sharegpt
    if format_ == "imagefolder":
        from slava.exchange.imagefolder import export_imagefolder

        return export_imagefolder
    from slava.exchange.parquet import export_parquet

    return export_parquet


def _importer(format_: Format) -> Import:
    if format_ == "llava":
        from slava.exchange.llava import import_llava

        return import_llava
    if format_ == "sharegpt":
        from slava.exchange.sharegpt import import_sharegpt

        return import_sharegpt
    if format_ == "imagefolder":
        from slava.exchange.imagefolder import import_imagefolder

        return import_imagefolder
    from slava.exchange.parquet import import_parquet

    return import_parquet
