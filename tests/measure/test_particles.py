"""Particles of known number and size, drawn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slava.domain import Fact, Measurement
from slava.imaging.measure import measure_micrograph
from tests.measure.drawings import as_bytes, blurred, discs, grid_of_discs, noisy, whole

SHAPE = (240, 320)
FEW = settings(max_examples=6, deadline=None)


def measured(pixels, **options) -> Measurement:
    options = {"picture": whole(pixels), "nm_per_px": None, "kind": "particles", **options}
    return measure_micrograph(pixels, **options)


def fact(measurement: Measurement, name: str) -> Fact:
    return next(f for f in measurement.facts if f.name == name)


@FEW
@given(radius=st.floats(7, 30), seed=st.integers(0, 99))
def test_separate_discs_are_all_counted_and_their_size_is_right(radius, seed):
    pixels, number = grid_of_discs(SHAPE, 2.6 * radius + 10, radius, seed)
    result = measured(as_bytes(noisy(blurred(pixels, 0.8), 0.02, seed)))
    assert (result.kind, result.count) == ("particles", number)
    assert result.mean_size_px == pytest.approx(2 * radius, rel=0.05)


@FEW
@given(seed=st.integers(0, 99), dark=st.floats(0.05, 0.3), bright=st.floats(0.6, 0.95))
def test_inverting_the_contrast_keeps_count_and_size(seed, dark, bright):
    pixels, number = grid_of_discs(SHAPE, 60, 16, seed)
    pixels = dark + (bright - dark) * (pixels - 0.2) / 0.6
    plain, inverted = measured(as_bytes(pixels)), measured(as_bytes(1 - pixels))
    assert plain.count == inverted.count == number
    assert inverted.mean_size_px == pytest.approx(plain.mean_size_px, rel=0.03)
    assert fact(plain, "particle_count").parameters["objects"] == "bright"
    assert fact(inverted, "particle_count").parameters["objects"] == "dark"


@FEW
@given(seed=st.integers(0, 99), factor=st.just(2))
def test_a_larger_picture_of_the_same_has_proportional_sizes(seed, factor):
    pixels, number = grid_of_discs(SHAPE, 66, 18, seed)
    small = measured(as_bytes(pixels))
    large = measured(as_bytes(pixels).repeat(factor, 0).repeat(factor, 1))
    assert large.count == small.count == number
    assert large.mean_size_px == pytest.approx(factor * small.mean_size_px, rel=0.03)


@FEW
@given(nm_per_px=st.floats(0.01, 5000))
def test_nanometres_are_pixels_times_the_pixel_size(nm_per_px):
    pixels, _ = grid_of_discs((160, 200), 50, 12)
    plain, sized = measured(pixels), measured(pixels, nm_per_px=nm_per_px)
    assert plain.mean_size_nm is None
    assert sized.mean_size_px == plain.mean_size_px
    assert sized.mean_size_nm == pytest.approx(plain.mean_size_px * nm_per_px)
    mean = fact(sized, "particle_diameter_mean")
    factor = {"nm": 1, "µm": 1e-3}[mean.unit]
    assert mean.value == pytest.approx(sized.mean_size_nm * factor)


def test_uncalibrated_facts_are_never_physical():
    pixels, _ = grid_of_discs((160, 200), 50, 12)
    result = measured(pixels)
    assert len(result.facts) > 8
    assert {f.unit for f in result.facts} <= {"px", "%", "°", ""}


def test_touching_discs_are_parted():
    pixels = discs((200, 300), [(80, 100), (113, 100), (220, 100)], [18, 18, 18])
    result = measured(as_bytes(blurred(pixels, 1)))
    assert result.count == 3
    assert result.mean_size_px == pytest.approx(36, rel=0.05)


def test_discs_cut_by_the_border_are_counted_but_not_sized():
    pixels = discs((200, 300), [(0, 100), (100, 100), (200, 60)], [20, 20, 20])
    result = measured(as_bytes(pixels))
    assert result.count == 3
    count = fact(result, "particle_count")
    assert (count.parameters["touching_border"], count.parameters["measured"]) == (1, 2)
    assert result.mean_size_px == pytest.approx(40, rel=0.03)


def test_percentiles_and_spread_of_two_sizes():
    pixels = discs(
        (300, 400),
        [(50 + 75 * i, 60 + 90 * j) for j in range(3) for i in range(5)],
        [12] * 8 + [24] * 7,
    )
    result = measured(as_bytes(pixels))
    assert fact(result, "particle_diameter_d10").value == pytest.approx(24, rel=0.04)
    assert fact(result, "particle_diameter_d90").value == pytest.approx(48, rel=0.04)
    diameters = np.array([24] * 8 + [48] * 7)
    spread = fact(result, "particle_diameter_std").value
    assert spread == pytest.approx(diameters.std(ddof=1), rel=0.05)
    mean = fact(result, "particle_diameter_mean")
    assert mean.uncertainty == pytest.approx(spread / 15**0.5)
    assert "standard error" in mean.method


def test_discs_are_round_and_ellipses_are_not():
    y, x = np.mgrid[:300, :400]
    long = ((x - 120) / 50) ** 2 + ((y - 150) / 25) ** 2 < 1
    round_ = (x - 290) ** 2 + (y - 150) ** 2 < 40**2
    for mask, ratio, least in ((long, 2.0, 0.7), (round_, 1.0, 0.97)):
        result = measured((40 + 160 * mask).astype(np.uint8))
        assert fact(result, "particle_aspect_ratio").value == pytest.approx(ratio, rel=0.04)
        assert fact(result, "particle_circularity").value > least


def test_labels_lie_where_the_discs_are_and_not_on_the_databar():
    pixels = np.zeros((260, 300))
    pixels[:200] = discs((200, 300), [(80, 60), (220, 140)], [20, 30])
    pixels[215:245, 40:200] = 1.0
    box = whole(pixels[:200])
    result = measure_micrograph(as_bytes(pixels), picture=box, nm_per_px=None)
    assert result.count == 2
    assert result.labels.shape == pixels.shape
    assert result.labels.dtype == np.int32
    assert not result.labels[200:].any()
    assert result.labels[60, 80] != result.labels[140, 220] != 0
    areas = np.sort(np.bincount(result.labels.ravel())[1:])
    assert areas == pytest.approx(np.pi * np.array([20, 30]) ** 2, rel=0.08)


def test_a_large_file_is_measured_reduced_and_says_so():
    pixels, number = grid_of_discs((300, 400), 60, 16)
    large = as_bytes(pixels).repeat(8, 0).repeat(8, 1)
    result = measured(large, nm_per_px=2.0)
    count = fact(result, "particle_count")
    assert count.parameters["reduced_by"] == 3
    assert result.labels.shape == large.shape
    assert result.count == number
    assert result.mean_size_nm == pytest.approx(2 * 16 * 8 * 2.0, rel=0.03)


def test_the_same_pixels_give_the_same_facts():
    pixels = as_bytes(noisy(grid_of_discs(SHAPE, 60, 16)[0], 0.05))
    first, second = measured(pixels), measured(pixels)
    assert first.facts == second.facts
    assert np.array_equal(first.labels, second.labels)
