"""A databar is found where one is, and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slava.domain import Databar
from slava.errors import UnreadableMicrograph
from slava.imaging.databar import find_databar
from slava.imaging.databar import strip as finder
from slava.imaging.inspect import inspect_micrograph
from tests.imaging.vendor_files import specimen, strip

GREYS = st.sampled_from([(0, 255), (255, 0), (20, 230), (128, 255), (52, 250), (240, 10)])


@settings(max_examples=40, deadline=None)
@given(
    greys=GREYS,
    height=st.integers(40, 90),
    place=st.sampled_from(["bottom", "top", "middle"]),
    seed=st.integers(0, 9),
)
def test_the_strip_is_found_to_the_row(
    greys: tuple[int, int], height: int, place: str, seed: int
) -> None:
    picture, bar = specimen(480, 640, seed=seed), strip(640, height, *greys)
    below = {"bottom": 0, "top": 480, "middle": 90}[place]
    pixels = np.vstack([picture[: 480 - below], bar, picture[480 - below :]])
    top = 480 - below
    assert find_databar(pixels) == Databar(top, top + height)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32, np.int16])
def test_in_any_depth(dtype: Any) -> None:
    pixels = np.vstack([specimen(480, 640), strip(640)]).astype(dtype)
    assert find_databar(pixels * 100) == Databar(480, 536)


def test_a_line_around_and_between_belongs_to_it() -> None:
    bar = strip(640, 80, 52).copy()
    bar[0] = bar[-1] = bar[40] = 98
    assert find_databar(np.vstack([specimen(480, 640), bar])) == Databar(480, 560)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 1000),
    level=st.integers(0, 255),
    noise=st.sampled_from([0.0, 0.4, 1.0, 4.0, 12.0]),
    blobs=st.integers(0, 60),
)
def test_a_specimen_is_no_databar(seed: int, level: int, noise: float, blobs: int) -> None:
    """Particles on a ground that may be wholly flat, as in a mask or a saturated picture."""
    rng = np.random.default_rng(seed)
    pixels = np.full((240, 320), float(level))
    rows, columns = np.mgrid[:240, :320]
    for _ in range(blobs):
        y, x, r = rng.uniform(0, 240), rng.uniform(0, 320), rng.uniform(3, 40)
        pixels[(rows - y) ** 2 + (columns - x) ** 2 < r * r] = (level + 128) % 256
    pixels += rng.normal(0, noise, pixels.shape) if noise else 0
    assert find_databar(np.clip(pixels, 0, 255).astype(np.uint8)) is None


def test_flat_pictures_have_none() -> None:
    for level in (0, 128, 255):
        assert find_databar(np.full((300, 400), level, np.uint8)) is None


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (39, 200), (40, 64), (3, 3)])
def test_tiny_pictures_have_none(shape: tuple[int, int]) -> None:
    assert find_databar(np.zeros(shape, np.uint16)) is None


def test_text_on_the_specimen_is_no_databar() -> None:
    pixels = specimen(480, 640).copy()
    label = strip(640)
    pixels[400:456][label > 128] = 255
    assert find_databar(pixels) is None


@pytest.mark.real_data
def test_specimens_of_real_micrographs_are_not_cut(real_data: Path) -> None:
    """Every picture without its databar, also turned by a quarter, has none."""
    seen = 0
    for folder in ("nffa", "scale_bars", "emps/images", "doitpoms", "ampis_powder"):
        for path in sorted((real_data / folder).rglob("*")):
            if path.suffix.lower() not in (".png", ".jpg"):
                continue
            try:
                inspected = inspect_micrograph(path)
            except UnreadableMicrograph:
                continue
            box = inspected.micrograph.picture
            inner = inspected.grey[box.top + 4 : box.bottom - 4]
            assert find_databar(inner) is None, path.name
            assert find_databar(np.ascontiguousarray(inner.T)) is None, path.name
            seen += 1
    assert seen > 50


@pytest.mark.real_data
def test_databars_of_full_nffa_micrographs_are_found(real_data: Path) -> None:
    full = [p for p in (real_data / "nffa").rglob("*.jpg") if _height(p) == 768]
    found = [inspect_micrograph(path).micrograph.databar for path in full]
    assert len(full) >= 5
    assert all(found)


def _height(path: Path) -> int:
    from PIL import Image

    with Image.open(path) as opened:
        return opened.size[1]


def test_only_rows_that_may_be_flat_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []
    count = finder._counts

    def counting(rows: Any) -> Any:
        counted.append(len(rows))
        return count(rows)

    monkeypatch.setattr(finder, "_counts", counting)
    assert find_databar(specimen(480, 640)) is None
    assert sum(counted) < 48
