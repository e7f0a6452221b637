"""What the local drafter may say of a micrograph: its facts by name, its category, its nouns.

Everything is derived from what is given; the same micrograph always gets the same wording. It must
not know sentences.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from slava.domain import Fact
from slava.packs import Pack
from slava.teacher.subject import Subject

KINDS = ("particle", "fibre", "pore", "grain")
"""What facts about objects begin with."""

_NOUNS = {"particle": "particles", "fibre": "fibres", "pore": "pores", "grain": "grains"}
_NOUNS_OF_LABEL = {
    ("particle", "powder"): "powder grains",
    ("particle", "particles"): "particles",
    ("fibre", "nanowires"): "nanowires",
    ("fibre", "fibres"): "fibres",
    ("pore", "porous_sponge"): "pores",
}
"""Where measurement and label agree, the label's own noun."""

LENGTHS = frozenset({"nm", "µm", "mm"})
OF_THE_FILE = frozenset({"working_distance"})
"""Lengths that need no calibration."""


Says = list[str]
"""Sentences on one topic."""


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """One micrograph for drafting."""

    subject: Subject
    pack: Pack
    category: str = ""
    """The label that people gave, or the model's where there is none."""
    from_model: bool = False
    """Whether ``category`` is the model's guess."""
    salt: str = ""
    """Another salt, another wording."""
    facts: dict[str, Fact] = field(default_factory=dict)

    @property
    def calibrated(self) -> bool:
        return self.subject.micrograph.calibration is not None

    @property
    def phrase(self) -> str:
        """The category inside a sentence; empty where there is none."""
        return self.pack.class_of(self.category).phrase if self.category else ""

    @property
    def kind(self) -> str:
        """Of which objects facts speak, first of :data:`KINDS`; empty where none do."""
        found = (k for k in KINDS if f"{k}_count" in self.facts)
        return next((k for k in found if self.facts[f"{k}_count"].value != 0), "")

    @property
    def noun(self) -> str:
        """What the objects are called: neutral where label and measurement do not agree."""
        if not self.kind:
            return "structures"
        if not self.category:
            return "measured objects"
        return _NOUNS_OF_LABEL.get((self.kind, self.category), "measured objects")

    def fact(self, name: str) -> Fact | None:
        """The fact of that name; ``_...`` stands for that of the objects found."""
        return self.facts.get(self.kind + name if name.startswith("_") else name)

    def text(self, name: str) -> str:
        """Value and unit of a fact as they are to be copied; empty where there is none."""
        fact = self.fact(name)
        return fact.text if fact else ""

    def number(self, name: str) -> float | None:
        """The value of a fact that is a number."""
        fact = self.fact(name)
        return None if fact is None or isinstance(fact.value, str) else float(fact.value)

    def pick(self, key: str, options: Sequence[str]) -> str:
        """One of ``options``, by the micrograph and ``key``."""
        told = f"{self.subject.micrograph.id}|{self.salt}|{key}"
        digest = hashlib.blake2b(told.encode(), digest_size=4).digest()
        return options[int.from_bytes(digest, "big") % len(options)]

    def order(self, key: str, options: Sequence[str]) -> list[str]:
        """All ``options`` once, beginning at a place that :meth:`pick` would choose."""
        first = options.index(self.pick(key, options))
        return [*options[first:], *options[:first]]

    def salted(self, salt: str) -> Told:
        """The same in other words."""
        return replace(self, salt=salt)


def told_of(subject: Subject, pack: Pack, guess: str = "") -> Told:
    """Collect what may be said. ``guess`` is the model's category, used where no label is.

    Lengths in physical units are left out without a calibration; labels that the pack does not
    know are no category.
    """
    label = subject.category if subject.category in pack.labels else ""
    guessed = guess if not label and guess in pack.labels else ""
    calibrated = subject.micrograph.calibration is not None
    facts = {
        f.name: f
        for f in subject.facts
        if calibrated or f.unit not in LENGTHS or f.name in OF_THE_FILE
    }
    return Told(subject, pack, label or guessed, bool(guessed), "", facts)
