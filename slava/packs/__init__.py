"""Domain packs: classes, question aspects and drafting rules of a kind of material, as TOML.

The package's own packs come with it; a file of the same name in ``WORKSPACE/packs`` stands above
it, so that a user changes a pack by editing a copy.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path

from slava.errors import BadSetting
from slava.packs.pack import (
    AnswerLength,
    Aspect,
    Contrast,
    Criterion,
    Pack,
    PackClass,
    PictureKind,
)

__all__ = [
    "FOLDER",
    "AnswerLength",
    "Aspect",
    "Contrast",
    "Criterion",
    "Pack",
    "PackClass",
    "PictureKind",
    "copy_pack",
    "list_packs",
    "load_pack",
]

FOLDER = "packs"
"""The folder of a workspace that holds the user's packs."""


def load_pack(pack_id: str = "nanomaterials", folder: Path | None = None) -> Pack:
    """The pack of that id.

    Parameters
    ----------
    pack_id
        The stem of its file.
    folder
        The user's packs, which stand above those of the package.

    Raises
    ------
    BadSetting
        If there is no such pack, or naming everything that is wrong with it.
    """
    own = _own_file(pack_id, folder)
    if own is None:
        return _packaged(pack_id)
    pack, problems = _read(own)
    if pack is None:
        raise BadSetting(_all(problems))
    return pack


def list_packs(folder: Path | None = None) -> tuple[Pack, ...]:
    """Every pack, by title; the user's instead of the package's of the same id.

    Raises
    ------
    BadSetting
        Naming everything that is wrong with any of the user's packs.
    """
    packs = {name: _packaged(name) for name in _packaged_ids()}
    problems: list[str] = []
    for file in sorted(folder.glob("*.toml")) if folder else []:
        pack, wrong = _read(file)
        problems += wrong
        if pack is not None:
            packs[pack.id] = pack
    if problems:
        raise BadSetting(_all(problems))
    return tuple(sorted(packs.values(), key=lambda p: p.title.lower()))


def copy_pack(pack_id: str, folder: Path) -> Path:
    """Put a copy of the package's pack where the user edits it; one that is there stays.

    Raises
    ------
    BadSetting
        If there is no such pack.
    """
    _packaged(pack_id)
    target = folder / f"{pack_id}.toml"
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        target.write_text(_text(pack_id), encoding="utf-8")
    return target


def _own_file(pack_id: str, folder: Path | None) -> Path | None:
    if folder is None or not pack_id.replace("_", "").isalnum():
        return None
    file = folder / f"{pack_id}.toml"
    return file if file.is_file() else None


def _read(file: Path) -> tuple[Pack | None, list[str]]:
    from slava.packs.reading import read_pack

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return None, [f"{FOLDER}/{file.name}: cannot be read ({error})"]
    return read_pack(text, f"{FOLDER}/{file.name}")


def _all(problems: list[str]) -> str:
    return "; ".join(problems) + "."


@cache
def _packaged(pack_id: str) -> Pack:
    from slava.packs.reading import read_pack

    if pack_id not in _packaged_ids():
        raise BadSetting(f"no pack {pack_id!r}.")
    pack, problems = read_pack(_text(pack_id), f"{pack_id}.toml")
    if pack is None:
        raise BadSetting(_all(problems))
    return pack


def _packaged_ids() -> tuple[str, ...]:
    files = resources.files("slava.packs").iterdir()
    return tuple(sorted(f.name.removesuffix(".toml") for f in files if f.name.endswith(".toml")))


def _text(pack_id: str) -> str:
    return resources.files("slava.packs").joinpath(f"{pack_id}.toml").read_text(encoding="utf-8")
