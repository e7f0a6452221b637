"""What an import has found: pairs, the files of their micrographs, and what was wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from slava.domain import Calibration, MicrographId, QAPair


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that kept a record, or a part of one, from being imported."""

    record: int
    """Its number in the file, from 1; 0 where it is about the file as a whole."""
    text: str

    def __str__(self) -> str:
        return f"record {self.record}: {self.text}" if self.record else self.text


@dataclass(frozen=True, slots=True)
class ImportedMicrograph:
    """A micrograph that imported pairs are about."""

    id: MicrographId
    """The SHA-256 of the original. An exported picture is not the original: its own bytes hash to
    ``sha256``, and who keeps it has another micrograph."""
    name: str
    """The file's name: untrusted text."""
    sha256: str
    """Of the bytes that :attr:`read` gives."""
    read: Callable[[], bytes]
    calibration: Calibration | None = None
    """As the exporting workspace knew it."""
    label: str = ""
    licence: str = ""
    confidential: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """Everything that an import has found."""

    pairs: tuple[QAPair, ...]
    """Each once, under its content hash."""
    micrographs: Mapping[MicrographId, ImportedMicrograph]
    problems: tuple[Problem, ...]
    records: int
    """How many the file has, good or not."""
    repeated: int = 0
    """Pairs that the file holds more than once."""
    notes: tuple[str, ...] = field(default=())
