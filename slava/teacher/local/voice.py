"""What a model sees of a micrograph, as sentences that may stand in a draft.

Numbers come from facts alone, hence sentences with numbers are left out; so are those in which
the model speaks of itself, and those that name another category than the micrograph's own.
It must not know which model it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from slava.errors import ModelError
from slava.packs import Pack
from slava.teacher.checks import Rules, rules_of
from slava.teacher.checks.elements import mentions_in
from slava.teacher.checks.label_leak import telling_stems
from slava.teacher.checks.text import sentences, stems
from slava.vlm.backbone import Backbone, GenerationSettings, Message, View
from slava.vlm.classify import Ranking, rank_classes

_OF_ITSELF = re.compile(r"\b(?:I|me|my|mine|myself|we|us|our)\b|teach|\bnot measured\b|\bcounted\b")
_NUMBER = re.compile(r"\d")
LEAST_WORDS = 3

MEASURED: tuple[tuple[str, str], ...] = (
    ("_diameter_std", r"alike in size|different sizes|size distribution|distributed"),
    ("_count", r"alike in size|different sizes|size distribution|distributed"),
    ("order_parameter", r"direction|align|parallel|\barray\b|orient|upright"),
    ("quality_noise", r"sharp|nois|blur|quality|charging"),
    ("coverage", r"\bcover|take up|takes up|background|of the field"),
    ("porosity", r"\bcover|take up|takes up|of the field"),
)
"""Facts, and what a model does not speak of where there is such a fact."""
_NEVER = re.compile(r"calibrat|\blength in\b", re.IGNORECASE)
_DEFECT = re.compile(r"\b(?:crack|scratch|hole|debris|defect)", re.IGNORECASE)
_HEDGED = re.compile(r"\b(?:may|might|seems?|looks?|no|nothing|not)\b", re.IGNORECASE)


@dataclass(slots=True, eq=False)
class Voice:
    """One model and one view. Answers are asked for once."""

    backbone: Backbone
    view: View
    pack: Pack
    label: str = ""
    """The category that people gave; empty is none."""
    _ranking: Ranking | None = None
    _asked: dict[str, list[str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The model's id and name."""
        report = self.backbone.report()
        return report.name or report.id

    def guess(self) -> str:
        """The category that the model is sure of; empty where it is sure of none."""
        ranking = self._rank()
        return "" if ranking is None or ranking.abstained else ranking.ranked[0].label

    def agrees(self) -> bool:
        """Whether the model sees the category that people gave, or none was given."""
        ranking = self._rank()
        return not self.label or (ranking is not None and ranking.ranked[0].label == self.label)

    def says(self, question: str) -> list[str]:
        """Sentences of its answer that may stand in a draft; none where it is mistaken."""
        if not self.agrees():
            return []
        if question not in self._asked:
            self._asked[question] = self._ask(question)
        return self._asked[question]

    def _rank(self) -> Ranking | None:
        if self._ranking is None:
            try:
                self._ranking = rank_classes(self.backbone, self.view, self.pack)
            except ModelError:
                return None
        return self._ranking

    def _ask(self, question: str) -> list[str]:
        rules, kept = rules_of(self.pack), dict[str, None]()
        asked = f"In detail, {question[:1].lower()}{question[1:]}"
        chunks = self.backbone.stream(
            [Message("user", asked, (0,))], [self.view], GenerationSettings()
        )
        for sentence in sentences("".join(chunk.text for chunk in chunks)):
            if self._may_stand(sentence, rules):
                kept[sentence] = None
        return list(kept)

    def _is_measured(self, name: str) -> bool:
        return any(f.name.endswith(name) for f in self.view.facts)

    def _may_stand(self, sentence: str, rules: Rules) -> bool:
        if len(sentence.split()) < LEAST_WORDS or not sentence.endswith((".", "!")):
            return False
        if _NUMBER.search(sentence) or _OF_ITSELF.search(sentence) or mentions_in(sentence):
            return False
        if any(banned in sentence for banned in rules.abbreviations):
            return False
        if _NEVER.search(sentence) or (_DEFECT.search(sentence) and not _HEDGED.search(sentence)):
            return False
        if any(self._is_measured(fact) and re.search(words, sentence) for fact, words in MEASURED):
            return False
        own = self.label or self.guess()
        said = set(stems(sentence))
        others = (c.label for c in self.pack.classes if c.label != own)
        return not any(telling_stems(other, rules) & said for other in others)
