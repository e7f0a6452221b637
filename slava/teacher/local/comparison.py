"""Comparisons of two micrographs by what was measured on both. It must not know models."""

from __future__ import annotations

from dataclasses import replace

from slava.domain import PairId, QAPair
from slava.packs import Contrast, Pack
from slava.teacher.local.drafter import drafting_of
from slava.teacher.local.told import LENGTHS, Told, told_of
from slava.teacher.pairs import with_id
from slava.teacher.subject import Subject

_NM = {"nm": 1.0, "µm": 1e3, "px": 1.0}
CLEARLY = 1.1
"""A ratio below this is called about the same."""

WORDINGS = (
    "How do these two micrographs differ, and what do they have in common?",
    "Compare the two micrographs.",
    "Which differences are there between the first and the second micrograph?",
    "What sets the first micrograph apart from the second?",
)


def compare_locally(first: Subject, second: Subject, pack: Pack) -> QAPair | None:
    """A pair about the measured differences of two micrographs, in this order.

    ``None`` where no fact was measured on both, or where both are the same micrograph. The answer
    is of the contrast that the labels make: other categories, or one category.
    """
    if first.micrograph.id == second.micrograph.id:
        return None
    one, other = told_of(first, pack), told_of(second, pack)
    said = _differences(one, other)
    if not said:
        return None
    contrast: Contrast = "similar_across" if one.category != other.category else "dissimilar_within"
    asked = pack.comparison(contrast)
    wordings = one.order(
        f"compare {second.micrograph.id}", tuple(dict.fromkeys((asked, *WORDINGS)))
    )
    wordings = [w for w in wordings if w]
    kinds = _kinds(one, other)
    detailed = [*kinds, *said, *_scales(one, other)]
    enough = len(detailed) >= pack.length.detailed_fewest_sentences
    drafting = drafting_of(one, None, False)
    both = [f"First: {text}" for text in drafting.facts]
    both += [f"Second: {text}" for text in drafting_of(other, None, False).facts]
    pair = QAPair(
        id=PairId(""),
        micrograph_ids=(first.micrograph.id, second.micrograph.id),
        question=wordings[0],
        answer=_concise(said, pack.length.concise_most_words),
        detailed=" ".join(detailed) if enough else "",
        paraphrases=tuple(wordings[1 : 1 + pack.paraphrases]),
        kind="comparison",
        category=first.category if first.category == second.category else "",
        group=first.group if first.group == second.group else "",
        drafting=replace(drafting, facts=tuple(both)),
    )
    return with_id(pair)


def _concise(said: list[str], most_words: int) -> str:
    """The first two differences, or the first one where two would be too long."""
    both = " ".join(said[:2])
    return both if len(both.split()) <= most_words else said[0]


def _kinds(one: Told, other: Told) -> list[str]:
    if not one.phrase or not other.phrase:
        return []
    if one.category == other.category:
        return [f"Both micrographs show {one.phrase}."]
    return [f"The first micrograph shows {one.phrase}, the second {other.phrase}."]


def _differences(one: Told, other: Told) -> list[str]:
    said = [_sizes(one, other), _counts(one, other), _shares(one, other), _orders(one, other)]
    return [text for text in said if text]


def _sizes(one: Told, other: Told) -> str:
    """Mean sizes, where both are in physical units or both in pixels."""
    a, b = one.fact("_diameter_mean"), other.fact("_diameter_mean")
    if a is None or b is None or (a.unit in LENGTHS) != (b.unit in LENGTHS):
        return ""
    large, small = float(a.value) * _NM[a.unit], float(b.value) * _NM[b.unit]
    who = "first"
    if large < small:
        large, small, who = small, large, "second"
    where = "" if a.unit in LENGTHS else " in the picture"
    start = f"The mean diameter is {a.text} in the first micrograph and {b.text} in the second"
    if not small or large / small < CLEARLY:
        return f"{start}, which is about the same."
    return f"{start}, so the structures of the {who} are larger{where}."


def _counts(one: Told, other: Told) -> str:
    a, b = one.number("_count"), other.number("_count")
    if not a or not b:
        return ""
    return (
        f"In the first micrograph {int(a)} {_objects(one, a)} were counted, "
        f"in the second {int(b)} {_objects(other, b)}."
    )


def _objects(told: Told, count: float) -> str:
    return told.noun if count != 1 else "object"


def _shares(one: Told, other: Told) -> str:
    a, b = one.fact("coverage"), other.fact("coverage")
    if a is None or b is None or "phase" in a.label + b.label:
        return ""
    return f"The objects cover {a.text} of the first field and {b.text} of the second."


def _orders(one: Told, other: Told) -> str:
    a, b = one.number("order_parameter"), other.number("order_parameter")
    if a is None or b is None:
        return ""
    texts = one.text("order_parameter"), other.text("order_parameter")
    start = f"The order parameter is {texts[0]} in the first and {texts[1]} in the second"
    if abs(a - b) < 0.1:
        return f"{start}, so both are ordered about alike."
    which = "first" if a > b else "second"
    return f"{start}, so the {which} is better aligned."


def _scales(one: Told, other: Told) -> list[str]:
    if not one.calibrated and not other.calibrated:
        return ["Neither micrograph is calibrated, so sizes are in pixels and not comparable."]
    if not (one.calibrated and other.calibrated):
        which = "second" if one.calibrated else "first"
        return [f"The {which} micrograph is not calibrated, so its true scale is unknown."]
    widths = one.text("field_width"), other.text("field_width")
    if not all(widths):
        return []
    return [f"The field is {widths[0]} wide in the first and {widths[1]} wide in the second."]
