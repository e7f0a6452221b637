"""What fills the slots of an answer about one view: its facts, and the model's own judgement."""

from __future__ import annotations

from slava.domain import Fact
from slava.vlm.backbone import View
from slava.vlm.slava_model.decision import Decision
from slava.vlm.slava_model.language.phrases import CATEGORY
from slava.vlm.slava_model.language.slots import fact_slots
from slava.vlm.slava_model.looking import look_side_px

LONG_BODIES = frozenset({"fibres", "nanowires"})
"""Categories whose bodies are measured as fibres; all others are measured as particles."""


def slot_values(decision: Decision, view: View) -> dict[str, str]:
    """Every slot that has a value for ``view``."""
    values = fact_slots(_fitting(view.facts, decision), view.calibration)
    for slot, (label, p) in zip(("FIRST", "SECOND", "THIRD"), decision.categories, strict=False):
        values[slot] = f"{CATEGORY[label].label} ({percent(p)})"
    values["CONFIDENCE"] = percent(decision.categories[0][1])
    size = own_estimate(decision, view)
    if size is not None:
        values["ESTIMATE"] = size
    return values


def _fitting(facts: tuple[Fact, ...], decision: Decision) -> tuple[Fact, ...]:
    """The facts, those about the other kind of body left out where the category is sure."""
    if not decision.traits.sure:
        return facts
    other = "particle_" if decision.traits.category in LONG_BODIES else "fibre_"
    return tuple(
        f
        for f in facts
        if not f.name.startswith(other) and not (f.name == "coverage" and "phase" in f.label)
    )


def percent(p: float) -> str:
    """A probability as people read it; never 0 % and never 100 %."""
    return f"{min(99, max(1, round(100 * p)))} %"


def own_estimate(decision: Decision, view: View) -> str | None:
    """The model's own estimate of the size: px, or nm when calibrated; two digits."""
    if decision.size_share is None or not decision.traits.sure:
        return None
    zoom = view.crop.width_px / max(view.pixels.shape[1], 1)
    px = decision.size_share * look_side_px(view.pixels.shape) * zoom
    if view.calibration is None:
        return f"{_two_digits(px)} px"
    nm = px * view.calibration.nm_per_px
    return f"{_two_digits(nm)} nm" if nm < 1000 else f"{_two_digits(nm / 1000)} µm"


def _two_digits(value: float) -> str:
    return f"{float(f'{value:.2g}'):g}"
