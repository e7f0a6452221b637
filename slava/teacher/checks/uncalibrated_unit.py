"""A length in a physical unit, though the micrograph has no calibration."""

from __future__ import annotations

from collections.abc import Iterator

from slava.domain import Flag, QAPair
from slava.teacher.checks.known import Known, KnownOf, Rules
from slava.teacher.checks.quantities import Quantity, quantities_in
from slava.teacher.checks.subjects import subject_of
from slava.teacher.checks.text import sentences

PHYSICAL = frozenset({"length", "pixel_size", "area"})


def uncalibrated_unit(pair: QAPair, known: KnownOf, rules: Rules) -> Iterator[Flag]:  # noqa: ARG001
    """One flag per such length, in any text; none where a micrograph shown is calibrated."""
    shown = [known[m] for m in pair.micrograph_ids if m in known]
    if not shown or any(one.nm_per_px is not None for one in shown):
        return
    excused = {
        (round(q.low, 3), round(q.high, 3))
        for one in shown
        for text in one.texts
        for q in quantities_in(text)
    }
    seen: set[str] = set()
    for text in (pair.answer, pair.detailed, pair.question, *pair.paraphrases):
        for sentence in sentences(text):
            quantities = quantities_in(sentence)
            for k, quantity in enumerate(quantities):
                words = sentence[quantity.start : quantity.end].strip()
                if words in seen or quantity.dimension not in PHYSICAL:
                    continue
                if (round(quantity.low, 3), round(quantity.high, 3)) in excused:
                    continue
                if _is_stated(quantity, subject_of(sentence, quantities, k).name, shown):
                    continue
                seen.add(words)
                yield Flag(
                    "uncalibrated_unit",
                    f"“{words}” is a physical length, but the micrograph has no calibration.",
                    0.9,
                )


def _is_stated(quantity: Quantity, subject: str, shown: list[Known]) -> bool:
    """Whether the file says so without a calibration: working distance, label of the bar."""
    if subject == "working_distance":
        return True
    bars = [one.micrograph.scale_bar for one in shown]
    near = [b for b in bars if b and abs(b.length_nm - quantity.low) <= 0.01 * b.length_nm]
    return subject == "bar" and bool(near)
