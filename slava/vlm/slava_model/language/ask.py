"""What an answer depends on: the question's intent, the traits decided, the slots that have values.

It must not know how traits were decided, nor any sentence.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from slava.vlm.slava_model.language.phrases import CATEGORY, UNSURE, CategoryWords, agree
from slava.vlm.slava_model.language.traits import Traits


@dataclass(frozen=True, slots=True)
class Ask:
    """Everything an answer depends on."""

    intent: str
    traits: Traits
    known: frozenset[str] = field(default_factory=frozenset)
    """Slots that have a value."""
    calibrated: bool = False
    detailed: bool = False
    style: int = 0
    """0 .. STYLES - 1, the wording."""

    @property
    def tokens(self) -> tuple[str, ...]:
        """The auxiliary tokens that tell the text encoder all of it."""
        return (
            f"<intent:{self.intent}>",
            "<detailed>" if self.detailed else "<concise>",
            f"<style:{self.style}>",
            "<calibrated>" if self.calibrated else "<uncalibrated>",
            *self.traits.tokens,
            *(f"<{slot}>" for slot in sorted(self.known & SLOTS_OF.get(self.intent, frozenset()))),
        )

    @property
    def words(self) -> CategoryWords:
        return CATEGORY[self.traits.category] if self.traits.sure else UNSURE

    @property
    def feature(self) -> str:
        return self.words.feature

    def pick(self, *options: str) -> str:
        """The option of this style, its verbs agreeing with the feature."""
        return agree(options[self.style % len(options)], self.words.plural)

    @property
    def they(self) -> str:
        """The pronoun of the feature, to begin a further sentence with."""
        return "They" if self.words.plural else "It"

    def has(self, *slots: str) -> bool:
        return all(slot in self.known for slot in slots)


SIZE_SLOTS = frozenset({"SIZE", "ESTIMATE"})
SLOTS_OF: dict[str, frozenset[str]] = {
    "category": frozenset({"FIRST", "SECOND", "THIRD"}),
    "caption": SIZE_SLOTS | {"FIRST", "SECOND", "THIRD"},
    "basics": frozenset({"FIELD_WIDTH", "PIXEL_SIZE", "FIRST", "SECOND", "THIRD"}),
    "scale": frozenset({"FIELD_WIDTH", "PIXEL_SIZE", "SOURCE"}),
    "size": SIZE_SLOTS,
    "uniformity": frozenset({"SPREAD", "SIZE"}),
    "coverage": frozenset({"COVERAGE"}),
    "count": frozenset({"COUNT"}),
    "settings": frozenset({"VOLTAGE", "WORKING_DISTANCE", "DETECTOR", "MAGNIFICATION"}),
    "orientation": frozenset({"ORIENTATION", "ALIGNMENT"}),
    "periodicity": frozenset({"PERIOD"}),
    "porosity": frozenset({"POROSITY"}),
    "comparison": frozenset({"SECOND", "THIRD"}),
    "confidence": frozenset({"FIRST", "SECOND", "THIRD", "CONFIDENCE"}),
    "databar": frozenset({"MAGNIFICATION", "VOLTAGE"}),
}
"""The slots an intent may use; others are not told to the text encoder."""

Said = tuple[str, str]
"""The concise answer, and the sentences that a detailed one adds."""
