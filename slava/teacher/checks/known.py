"""What is known of a micrograph that a pair speaks of, and the rules that pairs are held against.

It must not know any check.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from slava.domain import Composition, Fact, Measurement, Micrograph, MicrographId, PaperWords
from slava.packs import AnswerLength, Pack

Embed = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts to vectors of unit length, (n, d)."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """One micrograph as the checks see it."""

    micrograph: Micrograph
    facts: tuple[Fact, ...] = ()
    """Everything the file says and everything measured, see
    :func:`slava.imaging.measure.facts_of`."""
    label: str = ""
    """The category that people gave it; empty is none."""
    composition: Composition | None = None
    """EDX, EELS or other composition data of it, where somebody has said so."""
    paper: PaperWords = field(default_factory=PaperWords)
    """What its paper says of it."""

    @property
    def texts(self) -> tuple[str, ...]:
        """What people have written of it: what these name is not invented."""
        found = (self.composition.found,) if self.composition else ()
        return (self.micrograph.notes, *found, *self.paper.told)

    @property
    def nm_per_px(self) -> float | None:
        return self.micrograph.nm_per_px


KnownOf = Mapping[MicrographId, Known]


def known_of(
    micrograph: Micrograph,
    measurement: Measurement | None = None,
    *,
    label: str = "",
    composition: Composition | None = None,
    paper: PaperWords | None = None,
) -> Known:
    """What the checks need of a micrograph and its measurement."""
    from slava.imaging.measure import facts_of  # takes scipy, which the rest does without

    facts = facts_of(micrograph, measurement)
    return Known(micrograph, facts, label, composition, paper or PaperWords())


ABBREVIATIONS = (
    *("e.g.", "i.e.", "etc.", "approx.", "resp.", "vs.", "w.r.t.", "Fig.", "Figs.", "Ref."),
    *("et al.", "NP", "NPs", "NW", "NWs", "CNT", "CNTs", "FOV", "ROI", "GB", "GBs", "RT"),
)


@dataclass(frozen=True, slots=True)
class Rules:
    """What the checks hold pairs against. A pack may replace any of it."""

    tolerance: float = 0.1
    """Relative difference from a measured fact that is let pass; doubled where the answer says
    "about"."""
    exact_tolerance: float = 0.02
    """The same for what the file states: voltage, working distance, magnification, pixel size."""
    length: AnswerLength = field(default_factory=AnswerLength)
    abbreviations: tuple[str, ...] = ABBREVIATIONS
    near: float = 0.94
    """Cosine of two sentence vectors from which on two texts say the same."""
    leaks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Label of a class to words that give it away, besides its own title and phrase."""
    titles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Label of a class to its title and its phrase."""
    neutral: tuple[str, ...] = ()
    """Sentences whose words give nothing away: the questions of the pack's aspects."""


def rules_of(pack: Pack) -> Rules:
    """The rules of ``pack``: its lengths, abbreviations, and the words of its classes."""
    return Rules(
        length=pack.length,
        abbreviations=pack.banned_abbreviations,
        titles={c.label: (c.title, c.phrase) for c in pack.classes},
        neutral=tuple(q for a in pack.aspects for q in (a.question, a.complex_question) if q),
    )
