"""Archives of several micrographs: their members beside each other in a folder, to be taken in.

An archive of one micrograph is a micrograph, and is kept as it is. Names of members are never
trusted, nor what an archive says of their sizes. It must not know what the members hold.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from store.candidates import list_candidates

MOST_MEMBERS = 20_000
MEMBER_BYTES = 1 << 30
TOGETHER_BYTES = 16 << 30
"""Limits of what is unpacked: a small archive can unpack to anything."""
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that is offered to the reader."""

    path: Path
    """Where it lies."""
    shown: Path
    """Where the user knows it: for a member, its path after that of the archive."""
    reason: str = ""
    """Why there is nothing to offer."""


class _Refused(Exception):
    """A member that is not unpacked; the text says why."""


def open_archives(
    files: Sequence[Path], folder: Path, stopped: Callable[[], bool]
) -> list[Candidate]:
    """The files, with the members of archives of several in place of these.

    Parameters
    ----------
    files
        As the user has given them.
    folder
        An empty folder that the members are written to.
    stopped
        Asked before each member; the rest is left out.
    """
    found: list[Candidate] = []
    for number, file in enumerate(files):
        if not _packs_several(file):
            found.append(Candidate(file, file))
            continue
        into = folder / str(number)
        into.mkdir()
        failed = _unpack(file, into, stopped)
        found += [Candidate(p, file / p.relative_to(into)) for p in list_candidates([into])]
        found += failed
        if not any(c.shown.is_relative_to(file) for c in found):
            reason = f"{file.name}: there is no micrograph in it. Pack the micrographs again."
            found.append(Candidate(file, file, reason))
    return found


def _packs_several(file: Path) -> bool:
    """Whether it is a ZIP of more than one file; a damaged one is left to the reader."""
    try:
        with file.open("rb") as opened:
            if opened.read(4) != b"PK\x03\x04":
                return False
        with zipfile.ZipFile(file) as archive:
            return len(_members(archive)) > 1
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def _members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    return [member for member in archive.infolist() if not member.is_dir()]


def _unpack(file: Path, into: Path, stopped: Callable[[], bool]) -> list[Candidate]:
    """Write the members; those that could not be, each with its reason."""
    failed: list[Candidate] = []
    left = TOGETHER_BYTES
    with zipfile.ZipFile(file) as archive:
        for number, member in enumerate(_members(archive)):
            if stopped():
                break
            shown = file / Path(member.filename).name
            try:
                if number >= MOST_MEMBERS:
                    raise _Refused(f"it comes after {MOST_MEMBERS} others; unpack the archive.")
                if left <= 0:
                    raise _Refused("the archive unpacks to too much. Unpack it by hand.")
                left -= _write(archive, member, _place(into, member.filename), left)
            except _Refused as refused:
                failed.append(_failure(file, shown, str(refused)))
            except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError) as error:
                reason = f"it is damaged ({error}). Pack it again."
                failed.append(_failure(file, shown, reason))
            except RuntimeError:
                reason = "it is encrypted, or packed in an unknown way. Unpack the archive."
                failed.append(_failure(file, shown, reason))
            except Exception as error:  # zlib, lzma and bz2 have errors of their own
                failed.append(_failure(file, shown, f"it cannot be unpacked ({error})."))
    return failed


def _failure(file: Path, shown: Path, reason: str) -> Candidate:
    return Candidate(file, shown, f"{file.name}, {shown.name or 'a member'}: {reason}")


def _place(into: Path, name: str) -> Path:
    """Where a member is written: never outside, never over another one."""
    parts = [part for part in re.split(r"[\\/]", name) if part not in ("", ".")]
    if not parts or name[0] in "\\/" or any(_leads_out(part) for part in parts):
        raise _Refused("its name leads out of the archive.")
    target = into.joinpath(*parts)
    if target.exists():
        raise _Refused("another file of the archive has the same name.")
    return target


def _leads_out(part: str) -> bool:
    return part == ".." or ":" in part or "\0" in part


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, left: int) -> int:
    """Unpack one member; how many bytes it has."""
    limit = min(MEMBER_BYTES, left)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with archive.open(member) as source, target.open("wb") as out:
            return _copied(source, out, limit)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _copied(source: IO[bytes], out: IO[bytes], limit: int) -> int:
    written = 0
    while piece := source.read(_PIECE):
        written += len(piece)
        if written > limit:
            raise _Refused("it unpacks to more than is taken in. Unpack it by hand.")
        out.write(piece)
    return written
