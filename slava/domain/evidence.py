"""What people know of a micrograph from elsewhere: composition data, and the words of its paper.

It must not know who said it, where it is kept, or what is made of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from slava.errors import BadInput

TECHNIQUES: Mapping[str, str] = {
    "EDX": "energy-dispersive X-ray data",
    "WDX": "wavelength-dispersive X-ray data",
    "EELS": "electron energy-loss data",
    "XPS": "photoelectron data",
    "XRF": "X-ray fluorescence data",
    "XRD": "X-ray diffraction data",
    "Raman": "Raman spectra",
    "SIMS": "secondary-ion mass spectra",
    "AES": "Auger-electron data",
    "other": "composition data",
}
"""What tells a composition, and what it is called in a sentence."""

_SAME = {"eds": "EDX", "edxs": "EDX", "wds": "WDX"}
_BY_NAME = {name.lower(): name for name in TECHNIQUES} | _SAME

LONGEST_FOUND = 300
LONGEST_PASSAGE = 4000
MOST_PASSAGES = 40


@dataclass(frozen=True, slots=True)
class Composition:
    """That there are composition data of a micrograph, and what they show."""

    technique: str
    """A key of :data:`TECHNIQUES`."""
    found: str = ""
    """Elements or compounds as somebody wrote them down; empty where nobody has."""

    @property
    def text(self) -> str:
        """As :meth:`read` takes it: ``EDX: Fe, O``."""
        return f"{self.technique}: {self.found}" if self.found else self.technique

    @property
    def sentence(self) -> str:
        """What a drafter is told."""
        words = TECHNIQUES[self.technique]
        words = words[0].upper() + words[1:]
        if not self.found:
            return f"{words} of it exist; they are not given here."
        return f"{words} of it show: {self.found.rstrip('.')}."

    @classmethod
    def read(cls, text: str) -> Composition:
        """``EDX``, or ``EDX: Fe, O``.

        Raises
        ------
        BadInput
            If it begins with no technique, or is longer than :data:`LONGEST_FOUND`.
        """
        match = re.match(r"\s*(\w+)\s*(?:$|[:,;–-]\s*(.*))", text, re.DOTALL)
        technique = _BY_NAME.get(match[1].lower()) if match else None
        if match is None or technique is None:
            known = ", ".join(TECHNIQUES)
            raise BadInput(
                f"{text.strip()[:60]!r} names no technique. Begin with one of {known}, such as "
                "EDX: Fe, O"
            )
        found = " ".join((match[2] or "").split())
        if len(found) > LONGEST_FOUND:
            raise BadInput(
                f"{found[:30]!r}… has {len(found)} characters; at most {LONGEST_FOUND} are kept. "
                "Name the elements alone."
            )
        return cls(technique, found)


@dataclass(frozen=True, slots=True)
class PaperWords:
    """What a paper says of a figure."""

    caption: str = ""
    passages: tuple[str, ...] = ()
    """Those that mention the figure, in the order of the paper."""

    @property
    def told(self) -> tuple[str, ...]:
        """Every text, the caption first."""
        return (*((self.caption,) if self.caption else ()), *self.passages)
