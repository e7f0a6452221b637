"""Pores, patterns and grains of known size, drawn: the mean size is right within 3 %."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slava.domain import Fact, Measurement
from slava.imaging.measure import measure_micrograph
from slava.imaging.measure.grains import grain_size_number, intercepts_of
from slava.imaging.measure.lattice import lattice_of
from slava.imaging.measure.texture import correlation_length
from tests.measure.drawings import as_bytes, blurred, fibres, grid_of_discs, noisy, whole
from tests.measure.drawings_of_grains import grains, lattice, mosaic

SHAPE = (360, 480)
FEW = settings(max_examples=6, deadline=None)


def measured(pixels, kind, **options) -> Measurement:
    options = {"picture": whole(pixels), "nm_per_px": None, **options}
    return measure_micrograph(pixels, kind=kind, **options)


def fact(measurement: Measurement, name: str) -> Fact:
    return next(f for f in measurement.facts if f.name == name)


@FEW
@given(radius=st.floats(8, 25), seed=st.integers(0, 99))
def test_pores_have_their_number_size_and_area(radius, seed):
    discs, number = grid_of_discs(SHAPE, 2.6 * radius + 10, radius, seed)
    result = measured(as_bytes(noisy(blurred(1 - discs, 0.8), 0.02, seed)), "pores")
    assert result.count == number
    assert result.mean_size_px == pytest.approx(2 * radius, rel=0.03)
    share = 100 * number * np.pi * radius**2 / (SHAPE[0] * SHAPE[1])
    assert fact(result, "porosity").value == pytest.approx(share, rel=0.06)


@FEW
@given(
    steps=st.tuples(st.floats(9, 45), st.floats(1, 1.6)),
    angle=st.sampled_from([60, 75, 90]),
    turn=st.floats(0, 179),
    jitter=st.sampled_from([0.0, 0.05]),
)
def test_a_lattice_has_its_spacings_and_angles(steps, angle, turn, jitter):
    short, ratio = steps
    pair = (short, short * ratio)
    drawn = lattice(SHAPE, pair, angle, turn, 0.28 * short, jitter=jitter * short)
    result = measured(as_bytes(drawn), "pattern")
    assert result.mean_size_px == pytest.approx(short, rel=0.01 + 0.02 * (jitter > 0))
    second = fact(result, "lattice_spacing_second").value
    shortest = min(pair[1], np.sqrt(short**2 + pair[1] ** 2 - 2 * short * pair[1] * 0.5))
    assert second == pytest.approx(shortest if angle == 60 else pair[1], rel=0.03)


@FEW
@given(pitch=st.floats(12, 60), angle=st.floats(0, 179))
def test_lines_have_one_spacing_and_a_direction(pitch, angle):
    found = lattice_of(noisy(fibres(SHAPE, 0.4 * pitch, angle, pitch), 0.05).astype(np.float32))
    assert found is not None
    assert found.second is None
    assert np.hypot(*found.first) == pytest.approx(pitch, rel=0.01)
    assert abs((found.angle_deg - angle) % 180 - 90) < 1.5


@pytest.mark.parametrize("sigma", [0, 1, 3])
def test_noise_has_no_lattice(sigma):
    noise = np.random.default_rng(3).normal(size=SHAPE)
    result = measured(blurred(noise, sigma) if sigma else noise, "pattern")
    assert result.mean_size_px is None
    assert any("repeats" in warning for warning in result.warnings)


@pytest.mark.parametrize("noise", [0.02, 0.06])
@pytest.mark.parametrize("style", ["dark lines", "bright lines", "bumps"])
@pytest.mark.parametrize("number", [40, 150])
def test_grains_have_their_intercept(number, style, noise):
    labels, gap = mosaic(SHAPE, number, number)
    truth = intercepts_of(labels).mean
    result = measured(as_bytes(grains(labels, gap, style, noise)), "grains", nm_per_px=20.0)
    assert result.mean_size_px == pytest.approx(truth, rel=0.03)
    assert result.count == pytest.approx(number, rel=0.1)
    number_of_size = fact(result, "grain_size_number").value
    assert number_of_size == pytest.approx(grain_size_number(20 * result.mean_size_px))


def test_grains_told_apart_by_their_brightness_only():
    labels, gap = mosaic(SHAPE, 60, 1)
    result = measured(as_bytes(grains(labels, gap, "steps", 0.02)), "grains")
    assert result.mean_size_px == pytest.approx(intercepts_of(labels).mean, rel=0.2)


def test_the_intercept_of_squares_and_the_tabulated_grain_size():
    squares = np.kron(np.arange(1, 401).reshape(20, 20), np.ones((24, 24), int)).astype(np.int32)
    # Cauchy: mean chord = pi area / perimeter; four directions see squares along two of them larger
    assert intercepts_of(squares).mean == pytest.approx(np.pi * 24**2 / 96, rel=0.1)
    # ASTM E112, table 4: G = 8 has a mean intercept of 20.0 micrometres, G = 0 of 320
    assert grain_size_number(20.0e3) == pytest.approx(8.0, abs=0.03)
    assert grain_size_number(320e3) == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("sigma", [2.0, 5.0])
def test_the_correlation_length_of_smoothed_noise(sigma):
    noise = blurred(np.random.default_rng(0).normal(size=(400, 500)), sigma)
    # a Gaussian of sigma has the autocorrelation exp(-r^2 / (4 sigma^2))
    assert correlation_length(noise.astype(np.float32)) == pytest.approx(2 * sigma, rel=0.1)


@pytest.mark.parametrize("kind", ["pores", "pattern", "grains"])
def test_nothing_flat_is_measured(kind):
    pixels = np.full((100, 120), 7, np.uint8)
    assert measured(pixels, kind).kind == "unsure"
