"""The figures of every measure: their titles, their ranges, what they tell. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from slava.domain import MeasureName
from slava.evaluation.results import Figure
from slava.metrics.text import MEASURES

_TEXT_TITLES = ("BLEU-2", "BLEU-4", "ROUGE-1", "ROUGE-2", "ROUGE-L", "METEOR")
_TEXT_TOLD = (
    "Pairs of words in common with the reference, unsmoothed.",
    "Up to four words in a row in common with the reference, unsmoothed.",
    "Words in common with the reference.",
    "Pairs of words in common with the reference.",
    "Longest common row of words with the reference.",
    "Words, stems and synonyms (WordNet) in common with the reference.",
)

FIGURES: Mapping[MeasureName, tuple[Figure, ...]] = {
    "text": tuple(
        Figure(name, title, 0, 1, told=told)
        for name, title, told in zip(MEASURES, _TEXT_TITLES, _TEXT_TOLD, strict=True)
    ),
    "grounded": (
        Figure("numbers_right", "Numbers borne out", 0, 1,
               told="Of the numbers that a calibrated fact speaks of, the share within tolerance."),
        Figure("nothing_invented", "Nothing invented", 0, 1, share=True,
               told="No chemical element and no physical length that nothing known bears out."),
        Figure("declines", "Says that it is uncalibrated", 0, 1, share=True,
               told="Of the answers about sizes of uncalibrated micrographs."),
    ),
    "category": (
        Figure("category_right", "Category right", 0, 1, share=True,
               told="The first category is the label; naming none or several is wrong."),
        Figure("category_top3", "Category among the first 3", 0, 1, share=True,
               told="Where the model ranks the categories."),
    ),
    "defect": (
        Figure("defect_right", "Defect told rightly", 0, 1, share=True,
               told="Affirmed or denied as people have; not deciding is wrong."),
    ),
    "quantity": (
        Figure("quantity_within", "Number within 20 %", 0, 1, share=True,
               told="The number that was asked for; saying none is wrong."),
        Figure("quantity_error", "Relative error of the number", 0, 10, larger_is_better=False,
               told="Of the answers that give a number; at most 10."),
    ),
    "reliance": (
        Figure("relies", "Changes with the micrograph", 0, 1, share=True,
               told="Another answer, or other words, with another picture beside the facts."),
        Figure("nearer", "Nearer with its own micrograph", 0, 1, share=True,
               told="The reference is nearer to the answer about the right micrograph."),
    ),
    "judged": (
        Figure("overall_quality", "Overall quality", 0, 100, told="By a judge, 0 to 100."),
        Figure("feature_identification", "Feature identification", 1, 4,
               told="By a judge, 1 (none) to 4 (most or all)."),
        Figure("defect_detection", "Defect detection", 0, 1, share=True,
               told="By a judge, 1 right, 0 wrong; not applicable is left out."),
    ),
}  # fmt: skip
"""The columns of every measure, in the order of the tables."""
