"""Does a number in an answer contradict a measured fact, the file or the calibration?

It must not know who wrote the answer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from slava.domain import Fact, Flag, QAPair
from slava.teacher.checks.known import Known, KnownOf, Rules
from slava.teacher.checks.quantities import Quantity, quantities_in
from slava.teacher.checks.subjects import Subject, facts_about, subject_of
from slava.teacher.checks.text import sentences

STATED = frozenset(
    {"accelerating_voltage", "working_distance", "magnification", "pixel_size", "scale_bar"}
)
"""Facts of the file: they are copied, not measured."""
UNITS_NM = {"nm": 1.0, "µm": 1e3, "mm": 1e6}
VAGUE_FACT = 0.5
"""A fact whose uncertainty is a larger share of it contradicts nothing."""
MOST_FIELDS, LEAST_PIXELS = 1.5, 0.2
"""A length beyond these, in diagonals of the field and in pixels, cannot be in the picture."""
_COUNTED = re.compile(
    r"^\W*(?:(?!of\b|types?\b|kinds?\b|sets?\b|classes\b|groups?\b|levels?\b|times\b)[\w-]+\s+){0,3}?"
    r"[\w-]*?(particles?|grains?|pores?|fib(?:re|er)s?|wires?|objects?|structures?|features?|holes?|"
    r"spheres?|cells|crystals|rods?|beads?|voids?|openings?)\b",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"(?:there (?:are|is)|count(?:ed|s|ing)?|in total|total of|number|altogether|shows?|contains?|"
    r"holds?|visible|can be (?:seen|counted|distinguished)|detected|found|measured|identified)",
    re.IGNORECASE,
)
_COUNT_OF = re.compile(
    r"\b(?:number|count) of [\w -]{3,40}? (?:is|was|equals|:)\W*$", re.IGNORECASE
)
_NOT_MAGNIFIED = re.compile(
    r"^\s*(?:larger|smaller|more|less|as\b|higher|lower|longer|shorter|wider|greater|the\b|that\b)"
)


@dataclass(frozen=True, slots=True)
class Held:
    """A quantity of an answer, held against the facts."""

    quantity: Quantity
    words: str
    claims: bool
    """Whether it is known of what it is claimed."""
    checked: bool = False
    """Whether a fact speaks of the same."""
    against: Fact | None = None
    """The fact that it contradicts."""
    how_far: float = 0.0
    """From that fact, as |log2| of the ratio."""


def wrong_number(pair: QAPair, known: KnownOf, rules: Rules) -> Iterator[Flag]:
    """One flag per quantity that no micrograph of the pair bears out."""
    shown = [known[m] for m in pair.micrograph_ids if m in known]
    if len(shown) != len(pair.micrograph_ids):
        return
    seen: set[str] = set()
    for text in (pair.answer, pair.detailed):
        for held in hold_numbers(text, shown, rules):
            if held.against is None:
                continue
            detail = _detail(held.words, held.against)
            if detail not in seen:
                seen.add(detail)
                yield Flag("wrong_number", detail, _severity(held.how_far))


def hold_numbers(text: str, shown: Sequence[Known], rules: Rules) -> Iterator[Held]:
    """Every quantity of a text, held against what is known of the micrographs it is about."""
    for sentence in sentences(text):
        quantities = quantities_in(sentence)
        for k, quantity in enumerate(quantities):
            words = sentence[quantity.start : quantity.end]
            subject = _subject(sentence, quantities, k)
            if subject is None:
                yield Held(quantity, words, claims=False)
                continue
            verdicts = [_judge(quantity, subject, one, rules) for one in shown]
            against = [v for v in verdicts if v not in (AGREES, SILENT)]
            checked = len(against) > 0 or AGREES in verdicts
            if against and AGREES not in verdicts:
                fact, how_far = min(against, key=lambda v: v[1])
                yield Held(quantity, words, True, checked, fact, how_far)
            else:
                yield Held(quantity, words, True, checked)


def _subject(sentence: str, quantities: Sequence[Quantity], k: int) -> Subject | None:
    """Of what it is claimed; ``None`` where nothing can be held against it."""
    quantity = quantities[k]
    after = sentence[quantity.end :]
    if quantity.dimension == "magnification":
        told = re.search("magnif", sentence, re.IGNORECASE)
        bare = quantity.low < 10 or _NOT_MAGNIFIED.match(after)
        return Subject("magnification") if told or not bare else None
    if quantity.dimension == "number":
        named = subject_of(sentence, quantities, k)
        if named.name:
            return named
        counted = _COUNTED.match(after)
        if counted or _COUNT_OF.search(sentence[: quantity.start]):
            total = _TOTAL.search(sentence) is not None
            return Subject("count" if total else "part", named.objects)
        return None
    if quantity.dimension in ("other", "area", "composition"):
        return None
    return subject_of(sentence, quantities, k)


Verdict = tuple[Fact, float]
"""The fact that is contradicted, and how far: the logarithm (base 2) of the ratio."""

_NOTHING = Fact("", "", 0)
AGREES: Verdict = (_NOTHING, 0.0)
SILENT: Verdict = (_NOTHING, -1.0)
"""Nothing is known that speaks of the same."""


def _judge(quantity: Quantity, subject: Subject, known: Known, rules: Rules) -> Verdict:
    """The nearest fact that ``quantity`` contradicts, or that one agrees, or that none speaks."""
    if quantity.dimension == "number" and subject.name == "part":
        return _more_than_all(quantity, subject, known, rules)
    facts = [f for f in facts_about(subject, _facts(known)) if not isinstance(f.value, str)]
    compared = [(f, v) for f in facts if (v := _in_unit_of(f, quantity, known)) is not None]
    if compared:
        far = [(f, _distance(quantity, f, v, known, rules)) for f, v in compared]
        if any(d <= 0 for _, d in far):
            return AGREES
        return min((v for v in far if _is_sure(v[0])), key=lambda v: v[1], default=SILENT)
    return _impossible(quantity, subject, known)


def _is_sure(fact: Fact) -> bool:
    """A number whose uncertainty leaves something to be contradicted."""
    return fact.unit == "°" or (fact.uncertainty or 0.0) <= VAGUE_FACT * abs(float(fact.value))


def _facts(known: Known) -> list[Fact]:
    """All facts, the size of the file, and the length of the scale bar where it was read."""
    shown = known.micrograph
    bar = shown.scale_bar
    stated = [
        Fact("file_width", "Width of the file", shown.width_px, "px"),
        Fact("file_height", "Height of the file", shown.height_px, "px"),
    ]
    read = [Fact("scale_bar", "Scale bar", bar.length_nm, "nm")] if bar else []
    return [*known.facts, *stated, *read]


def _in_unit_of(fact: Fact, quantity: Quantity, known: Known) -> float | None:
    """The fact in the base unit of ``quantity``; ``None`` where they cannot be compared."""
    value = float(fact.value)
    if quantity.dimension in ("length", "pixel_size"):
        if fact.unit in UNITS_NM:
            return value * UNITS_NM[fact.unit]
        return value * known.nm_per_px if fact.unit == "px" and known.nm_per_px else None
    if quantity.dimension == "pixels":
        if fact.unit == "px":
            return value
        nm = UNITS_NM.get(fact.unit)
        return value * nm / known.nm_per_px if nm and known.nm_per_px else None
    wanted = {"percent": "%", "voltage": "kV", "angle": "°", "magnification": "x", "number": ""}
    return value if fact.unit in (wanted[quantity.dimension], "") or fact.unit == "x" else None


def _distance(quantity: Quantity, fact: Fact, value: float, known: Known, rules: Rules) -> float:
    """0 where they agree, else how far apart as |log2|, at least a hair."""
    relative = rules.exact_tolerance if fact.name in STATED else rules.tolerance
    if quantity.approximate:
        relative = max(2 * relative, rules.tolerance)
    scale = abs(value) or 1.0
    factor = value / float(fact.value) if float(fact.value) else 1.0
    error = (fact.uncertainty or 0.0) * factor
    allowed = max(relative * scale, quantity.rounding, min(error, 0.25 * scale))
    if fact.unit == "°":
        allowed = max(allowed, 5.0)
        off = min(abs((quantity.low - value + d) % 180) for d in (0, 180))
        off = min(off, 180 - off)
        return 0.0 if off <= allowed else off / 45
    if quantity.low - allowed <= value <= quantity.high + allowed:
        return 0.0 if _plus_fits(quantity, fact, factor, known) else 0.5
    nearest = quantity.low if value < quantity.low else quantity.high
    return max(0.01, abs(math.log2(max(nearest, 1e-12) / max(abs(value), 1e-12))))


def _plus_fits(quantity: Quantity, fact: Fact, factor: float, known: Known) -> bool:
    """Whether what stands after ± is the uncertainty, or the spread of the sizes."""
    if quantity.plus is None:
        return True
    spread = fact.name.replace("_mean", "_std").replace("_median", "_std")
    beside = [f for f in known.facts if f.name == spread and not isinstance(f.value, str)]
    claims = [_in_unit_of(f, quantity, known) for f in beside]
    if fact.uncertainty is not None:
        claims.append(fact.uncertainty * factor)
    told = [c for c in claims if c is not None]
    return not told or any(abs(c - quantity.plus) <= max(0.15 * c, quantity.rounding) for c in told)


def _more_than_all(quantity: Quantity, subject: Subject, known: Known, rules: Rules) -> Verdict:
    """Some of them are counted: no more than all of them."""
    counts = facts_about(replace(subject, name="count"), known.facts)
    numbers = [(f, float(f.value)) for f in counts if not isinstance(f.value, str)]
    if not numbers:
        return SILENT
    if any(quantity.low <= v * (1 + rules.tolerance) for _, v in numbers):
        return AGREES
    fact, value = max(numbers, key=lambda n: n[1])
    return fact, abs(math.log2(max(quantity.low, 1.0) / max(value, 0.5)))


def _impossible(quantity: Quantity, subject: Subject, known: Known) -> Verdict:
    """A length that is larger than the picture, or smaller than what a pixel can show."""
    if quantity.dimension not in ("length", "pixels") or not math.isfinite(quantity.high):
        return SILENT
    if subject.name in ("working_distance", "pixel_size", "bar", "elsewhere"):
        return SILENT
    shown = known.micrograph
    unit = known.nm_per_px if quantity.dimension == "length" else 1.0
    if unit is None:
        return SILENT
    diagonal = math.hypot(shown.width_px, shown.height_px) * unit
    field = next((f for f in known.facts if f.name == "field_width"), None)
    if field is not None and quantity.low > MOST_FIELDS * diagonal:
        return field, abs(math.log2(quantity.low / diagonal))
    size = next((f for f in known.facts if f.name == "pixel_size"), None)
    small = 0 < quantity.high < LEAST_PIXELS * unit
    if size is not None and small and quantity.dimension == "length":
        return size, abs(math.log2(quantity.high / unit))
    return SILENT


def _detail(words: str, fact: Fact) -> str:
    label = fact.label[:1].lower() + fact.label[1:]
    return f"“{words.strip()}” contradicts the {label}, {fact.text}."


def _severity(how_far: float) -> float:
    """0.5 just beyond the tolerance, 1 from a factor of four on."""
    return round(min(1.0, 0.5 + how_far / 4), 3)
