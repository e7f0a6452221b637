"""Going straight down a smooth relief tells the same basins as a watershed by a queue."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage as ndi
from skimage.morphology import local_minima
from skimage.segmentation import watershed

from slava.imaging.measure.flooding import flood, flood_rest
from tests.measure.drawings import blurred

SHAPE = (120, 160)


def relief_and_wells(seed: int, sigma: float) -> tuple[np.ndarray, np.ndarray]:
    relief = blurred(np.random.default_rng(seed).normal(size=SHAPE), sigma)
    wells = ndi.label(local_minima(relief), np.ones((3, 3)))[0].astype(np.int32)
    return relief, wells


@pytest.mark.parametrize("sigma", [0.7, 1.5, 4])
def test_water_comes_from_where_the_queue_says(sigma):
    relief, wells = relief_and_wells(1, sigma)
    assert np.array_equal(flood(relief, wells), watershed(relief, wells))


def test_a_minimum_without_a_well_and_what_lies_outside_the_mask():
    relief, wells = relief_and_wells(2, 1.5)
    wells[wells % 3 == 0] = 0
    mask = blurred(np.random.default_rng(3).normal(size=SHAPE), 6) > -0.02
    found = flood(relief, wells, mask)
    expected = watershed(relief, np.where(mask, wells, 0), mask=mask)
    assert (found != expected).mean() < 0.01
    assert not found[~mask].any()


def test_a_plateau_is_shared_and_all_of_it_is_reached():
    relief = np.zeros(SHAPE)
    wells = np.zeros(SHAPE, np.int32)
    wells[60, 10], wells[60, 149] = 1, 2
    found = flood(relief, wells)
    assert found.min() == 1
    assert (found == 1).mean() == pytest.approx(0.5, abs=0.05)


def test_only_what_is_open_is_filled():
    relief, wells = relief_and_wells(4, 2)
    whole = watershed(relief, wells)
    open_ = np.zeros(SHAPE, bool)
    open_[30:50, 40:90] = True
    found = flood_rest(relief, np.where(open_, wells, whole).astype(np.int32))
    assert np.array_equal(found[~open_], whole[~open_])
    assert (found != whole).mean() < 0.005
    assert np.array_equal(flood_rest(relief, whole.astype(np.int32)), whole)
