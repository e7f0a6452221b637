"""Repetition, phases and quality: more blur is less sharp, more noise is more noise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slava.imaging.measure import measure_micrograph
from slava.imaging.measure.quality import clipped_share, line_jumps, sharpness_of
from slava.imaging.measure.texture import repetition_of
from slava.imaging.measure.view import noise_of
from tests.measure.drawings import as_bytes, blurred, fibres, grid_of_discs, noisy, whole

FEW = settings(max_examples=10, deadline=None)


@FEW
@given(sigma=st.floats(0.5, 3), more=st.floats(1.3, 2), seed=st.integers(0, 9))
def test_more_blur_is_less_sharp(sigma, more, seed):
    pixels, _ = grid_of_discs((200, 260), 60, 16, seed)
    assert sharpness_of(blurred(pixels, sigma * more)) < sharpness_of(blurred(pixels, sigma))


@FEW
@given(amount=st.floats(0.005, 0.1), seed=st.integers(0, 9))
def test_the_noise_found_is_the_noise_added(amount, seed):
    pixels = blurred(grid_of_discs((200, 260), 60, 16, seed)[0], 1.5)
    assert noise_of(noisy(pixels, amount, seed)) == pytest.approx(amount, rel=0.25)
    assert noise_of(noisy(pixels, 2 * amount, seed)) > noise_of(noisy(pixels, amount, seed))


def test_clipped_pixels_are_those_at_the_ends():
    ramp = np.linspace(-0.5, 1.5, 1000).reshape(20, 50)
    assert clipped_share(np.clip(ramp, 0, 1)) == pytest.approx(0.5, abs=0.01)
    assert clipped_share(ramp) == pytest.approx(0.002)


def test_jumping_scan_lines_are_told_from_edges():
    calm = fibres((200, 260), 50, 10, 100)
    jumping = calm + np.random.default_rng(0).normal(0, 0.05, (200, 1))
    assert line_jumps(calm) < 0.01
    assert line_jumps(jumping) > 0.04


def test_poor_pictures_are_warned_of():
    good = grid_of_discs((300, 400), 80, 24)[0]
    poor = {
        "blurred": blurred(good, 12),
        "noisy": noisy(good, 0.25),
        "clipped": np.clip(noisy(2 * good - 0.3, 0.2), 0, 1),
        "scan lines": good + np.random.default_rng(0).normal(0, 0.1, (300, 1)),
    }
    for word, pixels in poor.items():
        result = measure_micrograph(as_bytes(pixels), picture=whole(pixels), nm_per_px=None)
        assert any(word in warning for warning in result.warnings), (word, result.warnings)


@FEW
@given(period=st.floats(9, 40), angle=st.floats(0, 179), seed=st.integers(0, 9))
def test_the_period_of_a_grating(period, angle, seed):
    y, x = np.mgrid[:300, :400]
    turn = math.radians(angle)
    wave = np.sin(2 * np.pi * (x * math.cos(turn) - y * math.sin(turn)) / period)
    found = repetition_of(noisy(0.5 + 0.3 * wave, 0.15, seed).astype(np.float32))
    assert found is not None
    assert found.period_px == pytest.approx(period, rel=0.02)
    assert abs((found.angle_deg - angle + 90) % 180 - 90) < 2


@FEW
@given(seed=st.integers(0, 99), sigma=st.floats(0, 4))
def test_noise_repeats_nothing(seed, sigma):
    noise = np.random.default_rng(seed).normal(size=(300, 400))
    assert repetition_of(blurred(noise, sigma).astype(np.float32)) is None


def test_two_phases_give_their_share():
    y, x = np.mgrid[:256, :256]
    phases = (np.sin(x / 9) + np.sin(y / 13) + np.sin((x + y) / 11)) > 0.3
    pixels = as_bytes(noisy(0.3 + 0.4 * phases, 0.02))
    result = measure_micrograph(pixels, picture=whole(pixels), nm_per_px=None, kind="other")
    coverage = next(f for f in result.facts if f.name == "coverage")
    assert coverage.value == pytest.approx(100 * phases.mean(), abs=1)
