"""The kind is right where it is sure; where it is not, it says so and names its guess."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from slava.domain import Box, Measurement
from slava.imaging.measure import measure_micrograph, prepare
from slava.imaging.measure.doubts import doubted, uprightness
from slava.imaging.measure.fibre_bodies import wide_strips
from slava.imaging.measure.kind import Choice
from slava.imaging.measure.lattice import Lattice
from tests.measure.drawings import as_bytes, blurred, coverage, discs, fibres, noisy, whole
from tests.measure.drawings_of_grains import lattice

SHAPE = (360, 480)


def measured(pixels) -> Measurement:
    return measure_micrograph(pixels, picture=whole(pixels), nm_per_px=None)


def scattered(radius: float, number: int, seed: int) -> list[tuple[float, float]]:
    """Centres of discs that do not touch."""
    rng, centres = np.random.default_rng(seed), []
    while len(centres) < number:
        new = rng.uniform(radius, np.array(SHAPE[::-1]) - radius)
        if all(np.hypot(*(new - old)) > 2.4 * radius for old in centres):
            centres.append(tuple(new))
    return centres


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("radius", [9, 22])
def test_scattered_discs_are_particles(radius, dark):
    drawn = discs(SHAPE, scattered(radius, 24, 1), [radius] * 24)
    result = measured(as_bytes(noisy(blurred(1 - drawn if dark else drawn, 1), 0.03)))
    assert result.kind == "particles"
    assert result.kind_confidence >= 0.7
    assert result.count == 24


@pytest.mark.parametrize("angle", [60, 90])
def test_dots_in_a_lattice_are_a_pattern(angle):
    result = measured(as_bytes(lattice(SHAPE, (26, 26), angle, 12, 8)))
    assert result.kind == "pattern"
    assert result.mean_size_px == pytest.approx(26, rel=0.01)


def test_many_lines_are_a_pattern_and_few_are_fibres():
    assert measured(as_bytes(noisy(fibres(SHAPE, 8, 30, 20), 0.03))).kind == "pattern"
    few = measured(as_bytes(noisy(fibres(SHAPE, 50, 30, 90), 0.03)))
    assert few.kind == "unsure"  # flat levels: they may as well be tracks of a device
    assert any("measured as fibres" in warning for warning in few.warnings)


@pytest.mark.parametrize(("turn", "sure"), [(0, False), (90, False), (25, True)])
def test_lines_along_the_sides_may_be_a_device(turn, sure):
    lines = prepare(as_bytes(noisy(fibres(SHAPE, 30, turn, 80), 0.03)), picture=Box(0, 0, 480, 360))
    sides = lines.sides
    shaded = replace(lines.foreground, separability=0.7)
    certain = Choice("fibres", 0.99)
    seen = (shaded, sides.edges, wide_strips(sides.edges, sides.strips))
    assert (uprightness(sides.edges) < 0.6) == sure
    assert (doubted(certain, *seen).kind == "fibres") == sure
    assert doubted(certain, *seen).measured_as == "fibres"


def test_one_even_spacing_is_rather_a_pattern():
    lines = prepare(as_bytes(noisy(fibres(SHAPE, 30, 25, 80), 0.03)), picture=Box(0, 0, 480, 360))
    shaded, edges = replace(lines.foreground, separability=0.7), lines.sides.edges
    lattice = Lattice(np.array([60.0, 3.0]), None, 0.99, 0.6, 0.1, 6.0)
    seen = (shaded, edges, wide_strips(edges, lines.sides.strips), 0.0)
    assert doubted(Choice("fibres", 0.99), *seen, lattice).kind == "unsure"
    assert doubted(Choice("fibres", 0.99), *seen, replace(lattice, share=0.2)).kind == "fibres"


def test_one_large_body_may_be_anything():
    result = measured(as_bytes(noisy(blurred(discs(SHAPE, [(240, 180)], [110]), 1), 0.03)))
    assert result.kind == "unsure"
    assert result.count == 1


def test_that_nothing_is_recognized_is_never_sure():
    rng = np.random.default_rng(7)
    result = measured(as_bytes(noisy(0.5 + blurred(rng.normal(size=SHAPE), 3), 0.02)))
    assert result.kind == "unsure"
    assert not any("measured as other" in warning for warning in result.warnings)


def test_a_guess_is_measured_and_said_to_be_one():
    """Dark round places everywhere, cut by the border, between uneven walls: pores, perhaps."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    wall = 0.7 + 0.35 * blurred(rng.normal(size=SHAPE), 12) / 0.03 * 0.3
    ink = np.zeros(SHAPE)
    for cx, cy in rng.uniform(0, 1, (45, 2)) * SHAPE[::-1]:
        ink = np.maximum(ink, coverage(np.hypot(x - cx, y - cy) - 24))
    result = measured(as_bytes(noisy(wall * (1 - ink) + 0.1 * ink, 0.02)))
    assert result.kind in ("unsure", "other")
    assert result.kind_confidence < 0.8
    if result.count is not None:
        assert any("It is not clear" in warning for warning in result.warnings)
