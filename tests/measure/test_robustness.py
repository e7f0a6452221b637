"""Pictures that hold nothing to measure: no exception, no claim, no not-a-number."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from slava.domain import Box
from slava.imaging.measure import measure_micrograph, outlines, to_record
from tests.measure.drawings import whole

RNG = np.random.default_rng(7)


def smooth_noise(sigma: float) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(RNG.normal(size=(256, 320)), sigma)


HOLLOW = {
    "constant": np.full((200, 300), 128, np.uint8),
    "black float": np.zeros((64, 64)),
    "8 x 8": RNG.integers(0, 255, (8, 8), np.uint8),
    "one pixel high": RNG.integers(0, 255, (1, 400), np.uint8),
    "one pixel wide": RNG.integers(0, 255, (400, 1), np.uint8),
    "one pixel": np.ones((1, 1)),
    "white noise": RNG.integers(0, 255, (256, 320), np.uint8),
    "16-bit noise": RNG.integers(0, 65535, (256, 320), np.uint16),
    "soft noise": smooth_noise(3),
    "ramp": np.add.outer(np.arange(200.0), np.arange(300.0)),
    "all not-a-number": np.full((100, 100), np.nan),
    "infinite": np.where(RNG.random((100, 100)) > 0.5, np.inf, -np.inf),
    "binary speckle": (RNG.random((200, 200)) > 0.5),
    "two levels, split": np.repeat([[0] * 100 + [1] * 100], 200, axis=0),
}


@pytest.mark.parametrize("name", HOLLOW)
def test_nothing_is_claimed_of_nothing(name):
    pixels = HOLLOW[name]
    result = measure_micrograph(pixels, picture=whole(pixels), nm_per_px=1.0)
    assert result.kind in ("unsure", "other")
    assert (result.count, result.mean_size_px, result.mean_size_nm) == (None, None, None)
    assert result.labels is None
    assert outlines(result.labels) == []


@pytest.mark.parametrize(
    "kind", [None, "particles", "fibres", "pores", "pattern", "grains", "other", "unsure"]
)
@pytest.mark.parametrize("name", HOLLOW)
def test_no_kind_asked_for_breaks(name, kind):
    pixels = HOLLOW[name]
    result = measure_micrograph(pixels, picture=whole(pixels), nm_per_px=None, kind=kind)
    record = json.loads(json.dumps(to_record(result), allow_nan=False))
    assert 0 <= record["kind_confidence"] <= 1
    assert set(record) == {
        "kind", "kind_confidence", "sure", "count", "mean_size_nm", "mean_size_px",
        "median_size_px", "median_size_nm", "std_size_px", "std_size_nm", "d10_px",
        "d10_nm", "d50_px", "d50_nm",
        "d90_px", "d90_nm", "objects", "defects", "method", "parameters", "facts", "warnings",
    }  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(
    hnp.arrays(
        st.sampled_from([np.uint8, np.uint16, np.int16, np.float32, np.float64]),
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=70),
    ),
    st.sampled_from([None, "particles", "fibres", "pores", "pattern", "grains"]),
)
def test_any_array_is_survived_without_not_a_numbers(pixels, kind):
    result = measure_micrograph(pixels, picture=whole(pixels), nm_per_px=0.5, kind=kind)
    for f in result.facts:
        assert isinstance(f.value, str) or math.isfinite(f.value), f
        assert f.uncertainty is None or math.isfinite(f.uncertainty), f


def test_not_a_numbers_in_a_good_picture_do_not_hide_it():
    from tests.measure.drawings import grid_of_discs

    pixels, number = grid_of_discs((300, 400), 60, 16)
    pixels[5:9, 5:300] = np.nan
    assert (
        measure_micrograph(pixels, picture=whole(pixels), nm_per_px=None, kind="particles").count
        == number
    )


def test_a_box_beyond_the_file_is_cut_to_it():
    pixels = HOLLOW["white noise"]
    result = measure_micrograph(pixels, picture=Box(-5, -5, 9999, 9999), nm_per_px=None)
    assert result.facts
    empty = measure_micrograph(pixels, picture=Box(0, 500, 320, 600), nm_per_px=None)
    assert empty.kind == "unsure"


def test_more_than_two_dimensions_are_refused():
    with pytest.raises(ValueError, match=r"got shape \(9, 9, 3\)"):
        measure_micrograph(np.zeros((9, 9, 3)), picture=Box(0, 0, 9, 9), nm_per_px=None)
