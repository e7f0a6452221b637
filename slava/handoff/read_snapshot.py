"""Reading a snapshot: every hash is verified, and all that is wrong is said at once."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from slava.domain import MicrographId, Part
from slava.errors import SnapshotDamaged
from slava.handoff.files import hash_bytes, hash_file
from slava.handoff.snapshot import (
    MANIFEST,
    MICROGRAPHS,
    PAIRS,
    VERSION,
    Manifest,
    SnapshotContent,
    SnapshotMicrograph,
    SnapshotPair,
    identity_of,
    manifest_checksum,
    manifest_from,
    micrograph_from,
    pair_from,
)

Entry = TypeVar("Entry")

_PATH = re.compile(r"micrographs/([0-9a-f]{64})\.[a-z0-9]{1,10}")


def read_snapshot(folder: Path, workspace: Path | None = None) -> SnapshotContent:
    """The snapshot of a folder.

    Parameters
    ----------
    folder
        With ``manifest.json``, ``pairs.jsonl`` and ``micrographs.jsonl``.
    workspace
        Its micrographs are hashed as well, where this is given.

    Raises
    ------
    SnapshotDamaged
        When anything contradicts its hash or the format; every problem is named.
    """
    reading = _Reading(folder)
    manifest = reading.manifest()
    pairs = reading.entries(PAIRS, pair_from)
    micrographs = reading.entries(MICROGRAPHS, micrograph_from)
    known = {m.id: m for m in micrographs}
    reading.check_identity(manifest)
    reading.check_references(pairs, known)
    reading.check_paths(micrographs, workspace)
    if reading.problems or manifest is None:
        raise SnapshotDamaged(folder, tuple(reading.problems))
    return SnapshotContent(manifest, tuple(pairs), known)


@dataclass(slots=True)
class _Reading:
    """One reading of a folder, and what was found wrong so far."""

    folder: Path
    problems: list[str] = field(default_factory=list)
    _told: dict[str, str] = field(default_factory=dict)
    """The hashes that the manifest gives."""
    _found: dict[str, str] = field(default_factory=dict)
    """The hashes that the files have."""

    def manifest(self) -> Manifest | None:
        content = self._bytes(MANIFEST)
        if content is None:
            return None
        try:
            record = _object(content)
            if record.get("version") != VERSION:
                raise ValueError(f"its version {record.get('version')!r} is not {VERSION}")
            if record.get("checksum") != manifest_checksum(record):
                raise ValueError("its entries contradict their checksum")
            self._told = {str(name): str(digest) for name, digest in record["files"].items()}
            return manifest_from(record)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self.problems.append(f"{MANIFEST}: {_said(error)}")
            return None

    def entries(self, name: str, make: Callable[[Mapping[str, Any]], Entry]) -> list[Entry]:
        content = self._bytes(name)
        if content is None:
            return []
        digest = hash_bytes(content)
        self._found[name] = digest
        if self._told and self._told.get(name) != digest:
            self.problems.append(f"{name}: its bytes contradict their hash")
        made = []
        for number, line in enumerate(content.split(b"\n")[:-1], start=1):
            try:
                made.append(make(_object(line)))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                self.problems.append(f"{name} line {number}: {_said(error)}")
        if content and not content.endswith(b"\n"):
            self.problems.append(f"{name}: its last line is cut short")
        return made

    def check_identity(self, manifest: Manifest | None) -> None:
        if manifest is None or len(self._found) < 2:
            return
        if identity_of(self._found[PAIRS], self._found[MICROGRAPHS]) != manifest.id:
            self.problems.append(f"{MANIFEST}: the id {manifest.id[:12]} is not that of the files")

    def check_references(
        self,
        pairs: list[SnapshotPair],
        known: Mapping[MicrographId, SnapshotMicrograph],
    ) -> None:
        parts: dict[MicrographId, set[Part]] = defaultdict(set)
        for entry in pairs:
            for micrograph_id in entry.pair.micrograph_ids:
                parts[micrograph_id].add(entry.part)
                if micrograph_id not in known:
                    self.problems.append(
                        f"{PAIRS}: pair {entry.pair.id} is about the micrograph "
                        f"{micrograph_id[:12]}, which {MICROGRAPHS} does not list"
                    )
        for micrograph_id, among in sorted(parts.items()):
            if len(among) > 1:
                self.problems.append(
                    f"{PAIRS}: the micrograph {micrograph_id[:12]} is in the parts "
                    f"{' and '.join(sorted(among))}"
                )

    def check_paths(self, micrographs: list[SnapshotMicrograph], workspace: Path | None) -> None:
        for m in micrographs:
            named = _PATH.fullmatch(m.path)
            if named is None or named[1] != m.id:
                self.problems.append(f"{MICROGRAPHS}: {m.path!r} is no path of {m.id[:12]}")
            elif workspace is not None:
                self._check_bytes(m, workspace)

    def _check_bytes(self, m: SnapshotMicrograph, workspace: Path) -> None:
        path = workspace.joinpath(*PurePosixPath(m.path).parts)
        try:
            if hash_file(path) != m.id:
                self.problems.append(f"{m.path}: its bytes contradict their hash")
        except FileNotFoundError:
            self.problems.append(f"{m.path}: it is missing from {workspace}")
        except OSError as error:
            self.problems.append(f"{m.path}: it cannot be read ({error.strerror or error})")

    def _bytes(self, name: str) -> bytes | None:
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            self.problems.append(f"{name}: it is missing")
        except OSError as error:
            self.problems.append(f"{name}: it cannot be read ({error.strerror or error})")
        return None


def _object(content: bytes) -> Mapping[str, Any]:
    record = json.loads(content.decode("utf-8"))
    if not isinstance(record, dict):
        raise ValueError("it is no JSON object")
    return record


def _said(error: Exception) -> str:
    if isinstance(error, (json.JSONDecodeError, UnicodeDecodeError)):
        return "it is no JSON"
    if isinstance(error, KeyError):
        return f"it has no {error.args[0]!r}"
    return str(error) or "it has the wrong shape"
