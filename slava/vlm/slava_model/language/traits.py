"""What an answer is about: the one decision on a micrograph, in the words of the truth.

Training fills it from a drawing's truth, inference from the vision encoder's heads. Category,
caption and defect answer all read the same record, hence cannot contradict each other.
"""

from __future__ import annotations

from dataclasses import dataclass

from slava.synthetic.truth import FLAGS, WORDS, Truth

UNSURE = "<unsure>"
"""Stands in the place of category and shape where the decision is not sure of them."""
UNTOLD = "<untold>"
"""Stands in the place of a trait that must be seen in the picture itself."""


@dataclass(frozen=True, slots=True)
class Traits:
    """The attribute decision. ``sure`` is false when the category is a list, not a verdict."""

    category: str
    morphology: str
    arrangement: str
    orientation: str
    coverage: str
    texture: str
    spread: str
    defect: str = "none"
    noisy: bool = False
    blurred: bool = False
    charging: bool = False
    sure: bool = True

    @classmethod
    def of_truth(cls, truth: Truth, *, sure: bool = True) -> Traits:
        """The traits that a drawing really has."""
        words = {name: getattr(truth, name) for name in (*WORDS, *FLAGS)}
        return cls(**words, sure=sure)

    @property
    def tokens(self) -> tuple[str, ...]:
        """One auxiliary token per trait, as the text encoder reads them.

        Each has its place. An unsure category is not told, nor is the shape, which belongs to one.
        """
        hidden = set() if self.sure else {"category", "morphology"}
        words = [UNSURE if n in hidden else trait_token(n, getattr(self, n)) for n in WORDS]
        flags = [f"<{name}>" if getattr(self, name) else f"<not-{name}>" for name in FLAGS]
        return (*words, *flags)


def trait_token(name: str, word: str) -> str:
    """The auxiliary token of one trait, ``<defect:crack>``."""
    return f"<{name}:{word.replace(' ', '-')}>"


TRAIT_TOKENS = (
    *(trait_token(name, word) for name, words in WORDS.items() for word in words),
    *(f"<{name}>" for name in FLAGS),
    *(f"<not-{name}>" for name in FLAGS),
    UNSURE,
    UNTOLD,
)
