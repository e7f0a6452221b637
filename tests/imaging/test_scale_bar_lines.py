"""The bar that belongs to a label is measured to the pixel, in every look."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from slava.domain import Box, Databar
from slava.imaging.databar import DatabarReading, read_databar
from slava.imaging.databar.letters import Text
from tests.imaging.drawn_bars import LOOKS, Drawn, Look, draw


def read(drawn: Drawn, *others: Text) -> DatabarReading:
    """What is made of the picture when every letter is read rightly."""
    top = drawn.strip[0] if drawn.strip else 0

    def letters(levels: NDArray[np.uint8], zoom: float) -> list[Text]:
        shift = top if levels.shape[0] < drawn.pixels.shape[0] else 0
        return [
            replace(t, box=Box(t.box.left, t.box.top - shift, t.box.right, t.box.bottom - shift))
            for t in (drawn.text, *others)
        ]

    return read_databar(drawn.pixels, Databar(*drawn.strip) if drawn.strip else None, letters)


@settings(max_examples=25, deadline=None)
@given(
    kind=st.sampled_from(LOOKS),
    length=st.integers(110, 300),
    place=st.sampled_from(["below", "right"]),
    colours=st.sampled_from([(0, 255), (255, 0), (30, 250), (235, 15), (120, 255)]),
    seed=st.integers(0, 50),
)
def test_in_a_strip(
    kind: str, length: int, place: str, colours: tuple[int, int], seed: int
) -> None:
    length = max(length, 150) // 10 * 10 if kind == "broken" else length // 10 * 10
    place = "below" if kind in ("ticks", "broken") else place
    paper, ink = colours
    if kind == "ticks" and 40 < ink < 200:
        return
    bar = read(draw(Look(kind, length, place=place, paper=paper, ink=ink), seed=seed)).scale_bar
    assert bar is not None
    assert bar.length_px == pytest.approx(length, abs=1)
    assert (bar.text, bar.length_nm) == ("200 nm", 200)
    assert bar.confidence > 0.6


@settings(max_examples=25, deadline=None)
@given(
    kind=st.sampled_from(["line", "block", "caps"]),
    length=st.integers(60, 320),
    ink=st.sampled_from([255, 0, (255, 20, 20), (30, 240, 40), (30, 60, 255)]),
    seed=st.integers(0, 50),
)
def test_straight_on_the_specimen(
    kind: str, length: int, ink: int | tuple[int, int, int], seed: int
) -> None:
    bar = read(draw(Look(kind, length, paper=None, ink=ink, thick=4), seed=seed)).scale_bar
    assert bar is not None
    if bar.confidence > 0.8:
        assert bar.length_px == pytest.approx(length, rel=0.03, abs=1.1)
    if kind != "caps":
        assert bar.length_px == pytest.approx(length, abs=1)


def test_thick_caps_leave_the_length_unsure() -> None:
    """Whether 120 or 129 px are meant cannot be seen."""
    drawn = draw(Look("line", 120, thick=8))
    pixels = drawn.pixels.copy()
    for x in (200, 320):
        pixels[498:520, x - 4 : x + 5] = 255
    bar = read(replace(drawn, pixels=pixels)).scale_bar
    assert bar is not None
    assert bar.length_px == pytest.approx(124.5, abs=1)
    assert bar.confidence < 0.8


def test_nothing_outside_of_the_strip_is_taken() -> None:
    """A bright edge of the specimen just above the strip is no bar."""
    drawn = draw(Look("caps", 120))
    pixels = drawn.pixels.copy()
    pixels[476:480, 180:420] = 255
    bar = read(replace(drawn, pixels=pixels)).scale_bar
    assert bar is not None
    assert bar.length_px == pytest.approx(120, abs=1)


def test_a_frame_around_the_label_is_no_bar() -> None:
    drawn = draw(Look("line", 150))
    pixels, box = drawn.pixels.copy(), drawn.text.box
    for row in (box.top - 5, box.bottom + 5):
        pixels[row, box.left - 8 : box.right + 8] = 255
    bar = read(replace(drawn, pixels=pixels)).scale_bar
    assert bar is not None
    assert bar.length_px == pytest.approx(150, abs=1)


def test_a_label_without_a_bar_has_no_length() -> None:
    drawn = draw(Look("line", 120))
    pixels = drawn.pixels.copy()
    box = drawn.text.box
    pixels[480 : box.top - 1] = 0
    bar = read(replace(drawn, pixels=pixels)).scale_bar
    assert bar is not None
    assert (bar.text, bar.length_px, bar.nm_per_px) == ("200 nm", None, None)
    assert bar.confidence < 0.4


def test_a_stated_field_width_confirms_or_doubts() -> None:
    """800 px at 200 nm / 120 px are 1.333 µm."""
    drawn = draw(Look("line", 120))
    place = Box(500, 500, 640, 520)
    alone, right, wrong = (
        read(drawn, *texts).scale_bar
        for texts in (
            (),
            (Text("HFW 1.333 µm", place, 0.99),),
            (Text("HFW 2.50 µm", place, 0.99),),
        )
    )
    assert alone is not None
    assert right is not None
    assert wrong is not None
    assert wrong.confidence < 0.5 < alone.confidence < right.confidence


def test_an_impossible_magnification_lowers_and_a_fitting_one_does_not_raise() -> None:
    """1.333 µm across a screen of 60 to 700 mm are 45,000 to 525,000 times."""
    drawn = draw(Look("line", 120))
    place = Box(500, 500, 640, 520)
    fitting, wrong = (
        read(drawn, Text(said, place, 0.99)).scale_bar
        for said in ("Mag = 100.00 K X", "Mag = 500 X")
    )
    alone = read(drawn).scale_bar
    assert alone is not None
    assert fitting is not None
    assert wrong is not None
    assert wrong.confidence < 0.6 < fitting.confidence == alone.confidence


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_in_any_depth(dtype: type) -> None:
    drawn = draw(Look("caps", 120))
    deep = replace(drawn, pixels=(drawn.pixels.astype(np.float64) * 200).astype(dtype))
    bar = read(deep).scale_bar
    assert bar is not None
    assert bar.length_px == pytest.approx(120, abs=1)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 500), words=st.lists(st.text(max_size=12), max_size=4))
def test_any_letters_on_a_bare_specimen_are_harmless(seed: int, words: list[str]) -> None:
    drawn = draw(Look("line", paper=None), seed=seed)
    rng = np.random.default_rng(seed)
    texts = []
    for word in words:
        x, y = int(rng.integers(0, 700)), int(rng.integers(0, 440))
        texts.append(Text(word, Box(x, y, x + 90, y + 30), 0.9))
    read_databar(drawn.pixels, None, lambda levels, zoom: texts)
