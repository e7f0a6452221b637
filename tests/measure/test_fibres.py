"""Fibres of known width and direction, drawn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slava.domain import Fact, Measurement, MeasureSettings
from slava.imaging.measure import fibres as by_edges
from slava.imaging.measure import measure_micrograph
from slava.imaging.measure.fibre_bodies import with_rims
from slava.imaging.measure.strips import find_edges, find_strips
from tests.measure.drawings import as_bytes, blurred, coverage, fibres, noisy, whole

SHAPE = (360, 480)
FEW = settings(max_examples=6, deadline=None)


def measured(pixels, **options) -> Measurement:
    return measure_micrograph(pixels, **{"picture": whole(pixels), "nm_per_px": None, **options})


def fact(measurement: Measurement, name: str) -> Fact:
    return next(f for f in measurement.facts if f.name == name)


EDGES = MeasureSettings(outline="threshold")


def apart_deg(a: float, b: float) -> float:
    """Between two undirected directions."""
    return abs((a - b + 90) % 180 - 90)


@FEW
@given(width=st.floats(30, 80), angle=st.floats(0, 179), seed=st.integers(0, 9))
def test_width_and_direction_of_separate_fibres(width, angle, seed):
    pixels = fibres(SHAPE, width, angle, 1.7 * width)
    drawn = as_bytes(noisy(blurred(pixels, 1), 0.03, seed))
    result = measured(drawn, nm_per_px=4.0, kind="fibres")  # evenly laid, they are a pattern too
    assert result.mean_size_px == pytest.approx(width, rel=0.05)
    assert result.mean_size_nm == pytest.approx(4 * result.mean_size_px)
    assert apart_deg(fact(result, "orientation").value, angle) < 3
    assert fact(result, "order_parameter").value > 0.9


@pytest.mark.parametrize("width", [14, 22, 36, 75])
@pytest.mark.parametrize("angle", [0, 17, 45, 80])
def test_the_width_is_right_within_3_percent(width, angle):
    pixels = fibres((480, 640), width, angle, 1.9 * width)
    result = measured(as_bytes(noisy(blurred(pixels, 1), 0.03)), kind="fibres")
    assert result.mean_size_px == pytest.approx(width, rel=0.03)


@FEW
@given(angle=st.floats(0, 179), turn=st.floats(10, 80))
def test_turned_fibres_turn_the_direction(angle, turn):
    first, second = (
        fact(measured(as_bytes(fibres(SHAPE, 45, a, 90))), "orientation").value
        for a in (angle, angle + turn)
    )
    assert apart_deg(second - first, turn) < 3


def test_crossing_fibres_have_little_order():
    pixels = np.maximum(fibres(SHAPE, 40, 30, 130), fibres(SHAPE, 40, 120, 130))
    result = measured(as_bytes(pixels), kind="fibres")
    assert fact(result, "order_parameter").value < 0.3


def test_doubling_the_picture_doubles_the_width():
    pixels = as_bytes(fibres(SHAPE, 42, 25, 80))
    small, large = measured(pixels), measured(pixels.repeat(2, 0).repeat(2, 1))
    assert large.mean_size_px == pytest.approx(2 * small.mean_size_px, rel=0.04)


@pytest.mark.parametrize("angle", [0, 35, 90])
def test_fibres_are_counted_and_labelled(angle):
    pixels = as_bytes(fibres((420, 420), 50, angle, 110))
    result = measured(pixels, kind="fibres")
    covered = (pixels > 100).mean()
    assert 3 <= result.count <= 7
    assert (result.labels > 0).mean() == pytest.approx(covered, rel=0.3)


@pytest.mark.parametrize(("rim", "angle"), [(8, 0), (10, 37)])
def test_bright_rims_belong_to_the_fibre(rim, angle):
    drawn = blurred(fibres((600, 800), 90, angle, 150, rim=rim, body=0.3), 1)
    edges = find_edges(drawn.astype(np.float32))
    strips = find_strips(edges)
    inner = strips.chosen(strips.gap & (strips.width > 65))
    assert np.median(inner.width) == pytest.approx(90 - 2 * rim, abs=3)
    widened = with_rims(edges, strips)
    widened = widened.chosen(widened.gap & (widened.width > 80))
    assert np.median(widened.width) == pytest.approx(90, abs=3)


def mat(width: float, number: int, seed: int):
    """Straight fibres across each other in all directions."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:480, :640]
    drawn = np.full(y.shape, 0.15)
    for _ in range(number):
        turn, left, top = rng.uniform(0, np.pi), rng.uniform(0, 640), rng.uniform(0, 480)
        off = np.abs((x - left) * np.sin(turn) - (y - top) * np.cos(turn))
        ink = coverage(off - width / 2)
        drawn = drawn * (1 - ink) + rng.uniform(0.5, 0.8) * ink
    return as_bytes(noisy(blurred(drawn, 0.8), 0.03, seed))


@FEW
@given(width=st.floats(8, 16), seed=st.integers(0, 99))
def test_a_mat_of_thin_fibres_is_not_taken_for_pores(width, seed):
    result = measured(mat(width, 24, seed))
    guess = any("measured as fibres" in warning for warning in result.warnings)
    assert result.kind == "fibres" or guess
    assert result.mean_size_px == pytest.approx(width, rel=0.08)


def test_where_edges_find_nothing_the_network_tells_fibres(monkeypatch):
    monkeypatch.setattr(by_edges, "find_fibres", lambda *_, **__: None)
    drawn = as_bytes(noisy(blurred(fibres(SHAPE, 30, 20, 90), 1), 0.03, 0))
    result = measured(drawn, kind="fibres")
    assert result.used.outline == "network"
    assert result.count == pytest.approx(6, abs=1)
    assert result.mean_size_px == pytest.approx(30, rel=0.1)
    assert measured(drawn, kind="fibres", settings=EDGES).count == 0


def test_no_fibres_where_there_are_none():
    result = measured(np.random.default_rng(0).normal(size=SHAPE), kind="fibres")
    assert result.count == 0
    assert result.mean_size_px is None
    assert "No fibres were found." in result.warnings
