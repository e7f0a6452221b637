"""Training and answering are told the same of a micrograph."""

from __future__ import annotations

import pytest

from slava.domain import Box, Calibration, Micrograph, MicrographId
from slava.domain.fact import Kind
from slava.imaging.measure import measure_micrograph
from slava.synthetic import draw_micrograph
from slava.vlm.context import build_context
from slava.vlm.slava_model.language.slots import fact_slots, fill
from slava.vlm.slava_model.taught import category_slots, taught_tokens, with_slots
from training.finetune.pictures import facts_of

SIDE_PX = 256


@pytest.mark.parametrize(
    ("category", "kind", "seed"),
    [("particles", "particles", 5), ("fibres", "fibres", 1), ("porous_sponge", "pores", 7)],
)
def test_slots_are_filled_from_a_snapshot_as_in_the_app(
    category: str, kind: Kind, seed: int
) -> None:
    pixels = draw_micrograph(seed, category, width_px=SIDE_PX, height_px=SIDE_PX).pixels
    calibration = Calibration(5.0, "metadata")
    measured = measure_micrograph(
        pixels, picture=Box(0, 0, SIDE_PX, SIDE_PX), nm_per_px=5.0, kind=kind
    )
    micrograph = Micrograph(
        MicrographId("0" * 64), "a.png", "PNG", SIDE_PX, SIDE_PX, 8, 1, calibration=calibration
    )
    context = build_context(micrograph, measured.facts, "high")
    read = fact_slots(facts_of(context.text), calibration)
    assert read == fact_slots(context.facts, calibration)
    assert {"PIXEL_SIZE", "SOURCE"} < set(read)


def test_numbers_of_an_answer_become_slots_and_come_back() -> None:
    values = {"SIZE": "103.6 ± 5.2 nm", "COUNT": "4", "SOURCE": "metadata"}
    values |= category_slots("pitted_surface")
    answer = "Pitted surface: 4 pits of 103.6 ± 5.2 nm in a pitted surface, 14 or 4.5 elsewhere."
    put = with_slots(answer, values)
    assert put == "<SECOND>: <COUNT> pits of <SIZE> in a <FIRST>, 14 or 4.5 elsewhere."
    assert fill(put, values) == answer


def test_what_is_told_names_length_calibration_slots_and_category() -> None:
    told = taught_tokens(True, False, {"COUNT", "SIZE"}, "rolled_in_scale")
    assert told == "<detailed><uncalibrated><SIZE><COUNT>rolled in scale"
