"""Domain packs: the classes and the question aspects of a kind of material, as TOML files."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from slava.errors import BadSetting


@dataclass(frozen=True, slots=True)
class PackClass:
    """A category: its stable label, its title, and how it reads inside a sentence."""

    label: str
    title: str
    phrase: str


@dataclass(frozen=True, slots=True)
class Aspect:
    """One side of a micrograph to ask about, with a question that asks about it."""

    label: str
    title: str
    question: str


@dataclass(frozen=True, slots=True)
class Pack:
    """What the app knows of one domain."""

    id: str
    title: str
    classes: tuple[PackClass, ...]
    aspects: tuple[Aspect, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """The class labels, in the pack's order."""
        return tuple(c.label for c in self.classes)

    def class_of(self, label: str) -> PackClass:
        """The class with that label.

        Raises
        ------
        BadSetting
            Naming the labels that there are.
        """
        for c in self.classes:
            if c.label == label:
                return c
        raise BadSetting(f"{label!r} is no class of {self.id}; it has {', '.join(self.labels)}.")


@cache
def load_pack(pack_id: str = "nanomaterials") -> Pack:
    """Read the pack of that id from the package.

    Raises
    ------
    BadSetting
        If there is no such pack.
    """
    file = resources.files("slava.packs").joinpath(f"{pack_id}.toml")
    if not file.is_file():
        raise BadSetting(f"no pack {pack_id!r}.")
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    return Pack(
        id=data["id"],
        title=data["title"],
        classes=tuple(PackClass(**c) for c in data["classes"]),
        aspects=tuple(Aspect(**a) for a in data["aspects"]),
    )
