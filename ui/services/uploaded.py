"""Files that a page has sent: where they are written, and which of them is the table.

Names come from a page and are never trusted. It must not know what is done with them.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from slava.errors import BadInput

TABLES = (".json", ".jsonl", ".parquet")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{8,64}")


def place_of(uploads: Path, token: str, relative: str) -> Path:
    """Where a file of an upload is to be written; its folders are made.

    Parameters
    ----------
    token
        What the page calls the upload.
    relative
        The file's path as it was dropped.

    Raises
    ------
    BadInput
        If the path leads out of the upload.
    """
    parts = [part for part in re.split(r"[\\/]", relative) if part not in ("", ".")]
    wrong = ".." in parts or not parts or any("\0" in p or ":" in p for p in parts)
    if not _TOKEN.fullmatch(token) or wrong:
        raise BadInput("the page sent no path of an upload. Reload it.")
    target = _folder(uploads, token).joinpath(*parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def uploaded(uploads: Path, token: str) -> Path:
    """The folder of an upload.

    Raises
    ------
    BadInput
        If nothing was uploaded.
    """
    if not _TOKEN.fullmatch(token) or not _folder(uploads, token).is_dir():
        raise BadInput("nothing was uploaded. Choose a file.")
    return _folder(uploads, token)


def _folder(uploads: Path, token: str) -> Path:
    return uploads / f"import-{token}"


def table_among(folder: Path) -> Path:
    """The table among uploaded files; their folder where several are one table.

    Raises
    ------
    BadInput
        If there is none.
    """
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in TABLES and p.is_file())
    tables = [p for p in files if p.name != "dataset_info.json"]
    if not tables:
        raise BadInput(
            "there is no table among the files: choose LLaVA or ShareGPT JSON, a metadata.jsonl, "
            "or Parquet, together with its images."
        )
    if len(tables) == 1:
        return tables[0]
    suffixes = {p.suffix.lower() for p in tables}
    if suffixes in ({".parquet"}, {".jsonl"}):
        return Path(os.path.commonpath([p.parent for p in tables]))
    names = ", ".join(p.name for p in tables[:4])
    raise BadInput(f"there are several tables: {names}. Take in one at a time.")


def images_of(table: Path, folder: Path) -> Path | None:
    """Where the images of a table lie: beside it, or in the one folder dropped with it."""
    if table.is_dir():
        return None
    folders = [p for p in folder.iterdir() if p.is_dir()]
    if (
        table.parent == folder
        and len(folders) == 1
        and not any(p.is_file() and p != table for p in folder.iterdir())
    ):
        return folders[0]
    return table.parent
