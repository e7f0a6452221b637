"""Calibrating by a line, by a bar that was read, and going back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from slava.domain import Box, Micrograph, ScaleBar
from slava.errors import BadInput
from store import Store
from tests.browser.files import NM_PER_PX
from tests.ui.conftest import until
from tests.ui.scripted import open_scripted
from ui.services import Services
from ui.services.calibrating import Line

LINE = Line((0.0, 0.0), (300.0, 400.0), "2,5", "µm")


def test_a_line_calibrates_and_the_file_s_own_comes_back(
    services: Services, calibrated: Micrograph
) -> None:
    by_hand = services.calibrate(calibrated.id, LINE).calibration
    assert by_hand is not None
    assert (by_hand.nm_per_px, by_hand.source) == (5.0, "manual")
    assert "500.0 px = 2.5 µm" in by_hand.detail
    undone = services.undo_calibration(calibrated.id).calibration
    assert undone is not None
    assert (undone.nm_per_px, undone.source) == (pytest.approx(NM_PER_PX), "metadata")


def test_undoing_where_the_file_says_nothing_is_uncalibrated(
    services: Services, uncalibrated: Micrograph
) -> None:
    services.calibrate(uncalibrated.id, LINE)
    assert services.undo_calibration(uncalibrated.id).calibration is None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (replace(LINE, length="long"), "'long' is no positive number"),
        (replace(LINE, length="-3"), "is no positive number"),
        (replace(LINE, length="inf"), "is no positive number"),
        (replace(LINE, end=(1.0, 1.0)), "1.4 px long; draw one of 5 px"),
        (replace(LINE, unit="ly"), "unit 'ly' is none of"),
        (replace(LINE, length="1e30"), "nm_per_px must be in"),
    ],
)
def test_a_line_that_cannot_calibrate_is_refused(
    services: Services, uncalibrated: Micrograph, line: Line, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        services.calibrate(uncalibrated.id, line)
    assert services.store.micrographs.get_micrograph(uncalibrated.id).calibration is None


BAR = ScaleBar("2 µm", 2000.0, 400.0, 0.9, Box(10, 460, 410, 466))


@pytest.fixture
def proposed(store: Store, uncalibrated: Micrograph) -> Micrograph:
    """A micrograph whose scale bar has been read."""
    read = replace(uncalibrated, scale_bar=BAR, databar_read=True)
    return store.micrographs.record_databar(uncalibrated.id, read)


def test_a_bar_calibrates_only_when_it_is_confirmed(
    services: Services, proposed: Micrograph
) -> None:
    assert services.offered_bar(proposed) == BAR
    assert services.measuring.known(proposed.id).micrograph.nm_per_px is None
    confirmed = services.confirm_bar(proposed.id)
    assert confirmed.calibration is not None
    assert (confirmed.nm_per_px, confirmed.calibration.source) == (5.0, "databar")
    assert services.offered_bar(confirmed) is None


def test_a_bar_that_was_refused_is_not_offered_again(
    services: Services, store: Store, proposed: Micrograph
) -> None:
    services.refuse_bar(proposed.id)
    again = Services(store, services.settings, opener=open_scripted)
    assert again.offered_bar(proposed) is None
    assert store.micrographs.get_micrograph(proposed.id).calibration is None


def test_only_what_nothing_calibrates_is_read(
    services: Services, calibrated: Micrograph, proposed: Micrograph
) -> None:
    services.open_micrograph(calibrated.id)
    services.open_micrograph(proposed.id)
    assert not services.reading.is_busy(calibrated.id)
    assert not services.reading.is_busy(proposed.id)


def test_opening_an_uncalibrated_micrograph_reads_its_letters_once(
    services: Services, uncalibrated: Micrograph
) -> None:
    before = services.news.version
    services.open_micrograph(uncalibrated.id)
    assert services.reading.is_busy(uncalibrated.id)
    until(lambda: not services.reading.is_busy(uncalibrated.id), 60)
    assert services.store.micrographs.get_micrograph(uncalibrated.id).databar_read
    until(lambda: services.news.version > before)
