"""What is burnt in is masked, what is specimen is not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slava.domain import Box, Databar, ScaleBar
from slava.imaging.databar import burnt_in_mask
from tests.imaging.drawn_bars import Look, draw
from tests.imaging.vendor_files import specimen


def test_the_databar_is_masked_and_nothing_else() -> None:
    drawn = draw(Look("caps"))
    mask = burnt_in_mask(drawn.pixels, Databar(480, 570))
    assert mask[480:].all()
    assert not mask[:480].any()


def test_known_letters_and_the_known_bar_are_masked() -> None:
    grey = specimen(480, 640)
    bar = ScaleBar("2 µm", 2000.0, 100.0, 0.9, Box(400, 450, 500, 456))
    mask = burnt_in_mask(grey, None, bar, (Box(420, 420, 470, 440),))
    assert mask[450:456, 400:500].all()
    assert mask[420:440, 420:470].all()
    assert mask.sum() < 106 * 12 + 56 * 26 + 1


@pytest.mark.parametrize("ink", [255, 0])
@pytest.mark.parametrize("kind", ["line", "block"])
def test_a_plain_bar_with_its_word_is_found_without_reading(kind: str, ink: int) -> None:
    drawn = draw(Look(kind, 160, paper=None, ink=ink, thick=4, letter_px=26))
    mask = burnt_in_mask(drawn.pixels, None)
    box = drawn.text.box
    burnt = drawn.pixels == ink
    assert burnt[400:470, 190:370][~mask[400:470, 190:370]].mean() < 0.02
    assert mask[box.top : box.bottom, box.left : box.right].mean() > 0.9
    assert mask.mean() < 0.03


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), rods=st.integers(0, 60), level=st.sampled_from([0, 255]))
def test_a_specimen_of_rods_is_not_masked(seed: int, rods: int, level: int) -> None:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(90, 160, (300, 400), dtype=np.uint8)
    rows, columns = np.mgrid[:300, :400]
    for _ in range(rods):
        y, x, angle = rng.uniform(0, 300), rng.uniform(0, 400), rng.uniform(0, np.pi)
        along = (columns - x) * np.cos(angle) + (rows - y) * np.sin(angle)
        across = (rows - y) * np.cos(angle) - (columns - x) * np.sin(angle)
        pixels[(np.abs(along) < 20) & (np.abs(across) < 4)] = level
    assert burnt_in_mask(pixels, None).mean() < 0.01
