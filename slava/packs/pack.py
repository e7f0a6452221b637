"""What a pack is: the classes, question aspects and drafting rules of a kind of material.

It must not know how packs are written down, nor who asks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from slava.errors import BadSetting

PictureKind = Literal["electron micrograph", "photograph"]
"""What the pictures of a domain are. A corroded panel is a photograph, and is called one."""

Contrast = Literal["similar_across", "dissimilar_within", "heterogeneity"]
"""What a comparison is about: micrographs of other classes that look alike; micrographs of one
class that look different; parts of one micrograph."""


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
    guidance: str = ""
    """What a teacher has to look at for it."""
    complex_question: str = ""
    """A question that asks for interpretation; where there is one, a simple and a complex pair
    are drafted (GlassLLaVA)."""


@dataclass(frozen=True, slots=True)
class AnswerLength:
    """How long answers may be; both are checked and told to the teacher."""

    concise_most_words: int = 45
    detailed_fewest_sentences: int = 3
    detailed_most_words: int = 220


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that an answer is judged by."""

    label: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Pack:
    """What the app knows of one domain."""

    id: str
    title: str
    classes: tuple[PackClass, ...]
    aspects: tuple[Aspect, ...]
    version: int = 1
    picture: PictureKind = "electron micrograph"
    subject: str = "a material"
    """What the pictures show, inside a sentence."""
    instructions: tuple[str, ...] = ()
    """Rules for whoever drafts a pair, one sentence each."""
    banned_abbreviations: tuple[str, ...] = ()
    """Not to be used in a question or an answer."""
    paraphrases: int = 3
    """Other wordings that are asked for of every question."""
    length: AnswerLength = field(default_factory=AnswerLength)
    caption: str = ""
    """What a caption has to say."""
    comparisons: tuple[tuple[Contrast, str], ...] = ()
    """The question of each kind of comparison; kinds that are missing are not drafted."""
    rubric: tuple[Criterion, ...] = ()
    source: str = ""
    """Where classes, aspects and rules come from."""

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

    def aspects_of(self, labels: tuple[str, ...]) -> tuple[Aspect, ...]:
        """The aspects with these labels, in the pack's order; all of them for none.

        Raises
        ------
        BadSetting
            Naming every unknown label and the known ones.
        """
        known = [a.label for a in self.aspects]
        unknown = [label for label in labels if label not in known]
        if unknown:
            raise BadSetting(
                f"{', '.join(map(repr, unknown))}: no aspect of {self.id}; "
                f"it has {', '.join(known)}."
            )
        return tuple(a for a in self.aspects if not labels or a.label in labels)

    def comparison(self, contrast: Contrast) -> str:
        """The question of that kind of comparison, or nothing."""
        return dict(self.comparisons).get(contrast, "")
