"""A picture inside a .gz or .zip: one file, unpacked in memory, never more than a limit."""

from __future__ import annotations

import gzip
import io
import zipfile
from typing import Protocol

from slava.imaging.readers.refused import Refused

MAX_UNPACKED_BYTES = 1 << 30


def unpack(data: bytes, kind: str) -> tuple[bytes, str]:
    """The bytes and the name of the one file in an archive (no name in a .gz).

    Raises
    ------
    Refused
        When it is damaged, holds no file or several, or unpacks to more than a gigabyte.
    """
    try:
        if kind == "GZIP":
            with gzip.open(io.BytesIO(data)) as stream:
                return _limited(stream), ""
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            name = _only_member(archive)
            with archive.open(name) as stream:
                return _limited(stream), name
    except Refused:
        raise
    except Exception as error:
        raise Refused(
            "it begins like a packed file, but cannot be unpacked: it is cut off or damaged.",
            "Copy it again, or unpack it first.",
        ) from error


def _only_member(archive: zipfile.ZipFile) -> str:
    names = [each.filename for each in archive.infolist() if not each.is_dir()]
    if len(names) != 1:
        raise Refused(
            f"it packs {len(names)} files, and only an archive of one micrograph can be read.",
            "Add it to a workspace (slava ingest, or drop it into the window): that takes in all "
            "of them. Or unpack it.",
        )
    return names[0]


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _limited(stream: _Readable) -> bytes:
    data = stream.read(MAX_UNPACKED_BYTES + 1)
    if len(data) > MAX_UNPACKED_BYTES:
        raise Refused("it unpacks to more than a gigabyte.", "Unpack it first.")
    return data
