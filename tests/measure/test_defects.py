"""Places that stand out of an even surface are found where they are; texture has none."""

from __future__ import annotations

import numpy as np
import pytest

from slava.domain import Box, DefectCandidate
from slava.imaging.measure import measure_micrograph, prepare, to_record
from slava.imaging.measure.defects import find_defects
from tests.measure.drawings import as_bytes, blurred, noisy, whole

SHAPE = (300, 400)


def surface(seed: int = 0):
    return np.full(SHAPE, 0.5) + 0.1 * np.linspace(-1, 1, SHAPE[1])[None]


def found(drawn) -> tuple[DefectCandidate, ...]:
    pixels = as_bytes(noisy(blurred(drawn, 1), 0.02))
    return find_defects(prepare(pixels, picture=whole(pixels)))


@pytest.mark.parametrize(("grey", "kind"), [(0.1, "hole"), (0.95, "debris")])
def test_a_spot_is_boxed(grey, kind):
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    (spot,) = found(np.where(np.hypot(x - 120, y - 200) < 12, grey, surface()))
    assert spot.kind == kind
    box = spot.box
    edges = [box.left, box.top, box.right, box.bottom]
    assert edges == pytest.approx([108, 188, 132, 212], abs=4)


def test_a_straight_line_is_a_scratch_and_a_winding_one_a_crack():
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    between = (x > 60) & (x < 330)
    straight = np.abs(y - 80 - 0.3 * x) < 2
    (scratch,) = found(np.where(straight & between, 0.9, surface()))
    assert scratch.kind == "scratch"
    winding = np.abs(y - 150 - 45 * np.sin(x / 40)) < 3.5
    (crack,) = found(np.where(winding & between, 0.1, surface()))
    assert crack.kind == "crack"
    assert crack.box.width_px == pytest.approx(270, abs=10)


def test_an_even_surface_and_a_textured_one_have_none():
    assert found(surface()) == ()
    texture = blurred(np.random.default_rng(0).normal(size=SHAPE), 4)
    assert found(0.5 + texture / texture.std() * 0.12) == ()


def test_boxes_are_those_of_the_file_and_told():
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    drawn = np.where(np.hypot(x - 320, y - 240) < 12, 0.1, surface())
    pixels = as_bytes(noisy(blurred(drawn, 1), 0.02))
    picture = Box(150, 100, 400, 300)
    result = measure_micrograph(pixels, picture=picture, nm_per_px=None, kind="other")
    (one,) = to_record(result)["defects"]
    assert one["kind"] == "hole"
    assert one["box"] == pytest.approx([308, 228, 332, 252], abs=4)
    counts = {f.name: f.value for f in result.facts if f.name.startswith("defect")}
    assert counts == {"defect_hole_candidates": 1}
