"""What is shown: stretched to 8 bits, monotone, the databar not counted, depth kept until then."""

from __future__ import annotations

import io
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from slava.domain import Box
from slava.imaging.display import (
    TILE_PX,
    display_range,
    histogram,
    preview_png,
    pyramid,
    stretch,
)
from tests.imaging.vendor_files import specimen

ARRAYS = hnp.arrays(
    st.sampled_from([np.uint8, np.uint16, np.int16, np.float32]),
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=40),
    elements={"min_value": 0, "max_value": 255},
)


@settings(deadline=None)
@given(ARRAYS)
def test_stretch_keeps_order_and_shape(grey: Any) -> None:
    shown = stretch(grey)
    assert shown.dtype == np.uint8
    assert shown.shape == grey.shape
    order = np.argsort(grey, axis=None, kind="stable")
    assert (np.diff(shown.ravel()[order].astype(int)) >= 0).all()


def test_twelve_bits_in_sixteen_are_not_black() -> None:
    grey = (specimen(dtype=np.uint16) >> 4).astype(np.uint16)
    shown = stretch(grey)
    assert shown.max() == 255
    assert shown.min() == 0
    assert shown.std() > 40


def test_the_databar_does_not_count() -> None:
    grey = np.full((120, 100), 100, np.uint16)
    grey[:100] += np.arange(100, dtype=np.uint16)
    grey[100:, ::2], grey[100:, 1::2] = 0, 65535
    low, high = display_range(grey, Box(0, 0, 100, 100))
    assert 100 <= low < 101
    assert 198 < high <= 199
    assert stretch(grey, Box(0, 0, 100, 100))[:100].std() > 60


def test_a_hot_pixel_does_not_darken_the_picture() -> None:
    grey = specimen(dtype=np.uint16) // 64
    grey[5, 5] = 65535
    assert stretch(grey).mean() > 60


def test_flat_pictures_do_not_divide_by_zero() -> None:
    for dtype in (np.uint8, np.uint16, np.float32):
        assert (stretch(np.full((8, 8), 7, dtype)) == 0).all()


def test_limits_are_taken_as_given() -> None:
    shown = stretch(np.array([[0, 50, 100, 200]], np.uint8), limits=(50.0, 100.0))
    np.testing.assert_array_equal(shown, [[0, 0, 255, 255]])


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 1500),
    st.integers(1, 1500),
    st.sampled_from([np.uint8, np.uint16, np.float32]),
)
def test_pyramid_halves_to_one_tile(height: int, width: int, dtype: Any) -> None:
    grey = np.full((height, width), 201, dtype)
    levels = pyramid(grey)
    np.testing.assert_array_equal(levels[0], grey)
    assert max(levels[-1].shape) <= TILE_PX
    assert all(level.dtype == dtype for level in levels)
    assert all((level == 201).all() for level in levels)
    for upper, lower in pairwise(levels):
        assert lower.shape == tuple(max(1, side // 2) for side in upper.shape)


def test_pyramid_means_are_those_of_two_by_two() -> None:
    grey = specimen(600, 1030, np.uint16)
    lower = pyramid(grey)[1]
    blocks = grey[:600, :1030].reshape(300, 2, 515, 2).mean(axis=(1, 3))
    assert np.abs(lower - blocks).max() <= 0.5


def test_preview_is_a_png_of_the_size() -> None:
    data = preview_png(specimen(500, 1000, np.uint16), 160)
    with Image.open(io.BytesIO(data)) as opened:
        assert (opened.format, opened.mode, opened.size) == ("PNG", "L", (160, 80))


def test_preview_of_the_whole_is_the_stretched_picture() -> None:
    grey = specimen(dtype=np.uint16)
    with Image.open(io.BytesIO(preview_png(grey))) as opened:
        np.testing.assert_array_equal(np.asarray(opened), stretch(grey))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_histogram_counts_every_pixel(dtype: Any) -> None:
    grey = specimen(dtype=dtype)
    found = histogram(grey, bins=64)
    assert found.counts.sum() == grey.size
    assert (found.lowest, found.highest) == (grey.min(), grey.max())
    assert histogram(grey, within=Box(0, 0, 10, 10)).counts.sum() == 100
