"""Paths that an untrusted file names, and the pictures they lead to, inside one folder only."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from slava.exchange.entry import IMAGES
from slava.handoff.files import hash_file

_ABSOLUTE = re.compile(r"[/\\]|[A-Za-z]:")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_SHOWN = 80


@dataclass(slots=True)
class ImageFolder:
    """The folder that the pictures of an import lie in."""

    root: Path
    _hashes: dict[Path, str] = field(default_factory=dict)

    def find(self, named: object) -> Path:
        """The file that a record names, relative to the folder.

        Raises
        ------
        ValueError
            When it is no relative path, leads out of the folder, or no file is there.
        """
        if not isinstance(named, str) or not named.strip():
            raise ValueError(f"the image {_shown(named)} is no path")
        shown = _shown(named)
        if "\0" in named:
            raise ValueError(f"the image {shown} is no path")
        if _ABSOLUTE.match(named):
            raise ValueError(f"the image {shown} is an absolute path; only relative ones are read")
        if _ADDRESS.match(named):
            raise ValueError(f"the image {shown} is an address; nothing is fetched")
        parts = [part for part in re.split(r"[\\/]", named) if part not in ("", ".")]
        if ".." in parts or not parts:
            raise ValueError(f"the image {shown} leads out of the folder")
        for base in self._bases(parts):
            found = self._inside(base.joinpath(*parts), shown)
            if found is not None:
                return found
        raise ValueError(f"the image {shown} is missing from {self.root}")

    def sha256(self, path: Path) -> str:
        """The hash of a found file; each is read once."""
        if path not in self._hashes:
            self._hashes[path] = hash_file(path)
        return self._hashes[path]

    def _bases(self, parts: list[str]) -> list[Path]:
        """Where a path may start: at the folder, at its ``images``, or beside it."""
        bases = [self.root, self.root / IMAGES]
        if len(parts) > 1 and parts[0] == self.root.name:
            bases.append(self.root.parent)
        return bases

    def _inside(self, path: Path, shown: str) -> Path | None:
        """The file, when there is one; a link that leads out of the folder is refused."""
        try:
            if not path.is_file():
                return None
            resolved = path.resolve(strict=True)
        except (OSError, ValueError):
            return None
        if not resolved.is_relative_to(self.root.resolve()):
            raise ValueError(f"the image {shown} leads out of the folder")
        return resolved


def _shown(named: object) -> str:
    text = repr(named)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
