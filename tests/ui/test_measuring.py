"""Measuring in the background: kept, wished for otherwise, failed, waited for."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from slava.domain import Calibration, MeasureSettings, Micrograph
from slava.errors import BadInput, BadSetting
from slava.imaging.measure import METHOD_VERSION
from slava.settings import Settings
from store import Store
from tests.ui.conftest import measure_quickly, until
from tests.ui.scripted import open_scripted
from ui.services import Services
from ui.services.measuring import Wish


def test_what_was_measured_is_kept_and_follows_the_calibration(
    services: Services, calibrated: Micrograph
) -> None:
    assert services.measuring.known(calibrated.id).state == "measuring"
    until(lambda: services.measuring.known(calibrated.id).state == "measured")
    services.store.micrographs.set_calibration(calibrated.id, Calibration(9.0, "manual"))
    assert services.measuring.known(calibrated.id).state == "measuring"
    until(lambda: services.measuring.known(calibrated.id).state == "measured")


def test_a_measurement_that_fails_says_so_and_can_be_asked_for_again(
    store: Store, workspace: Path, calibrated: Micrograph
) -> None:
    broken = threading.Event()
    broken.set()

    def measure(micrograph, pictures, wish):
        if broken.is_set():
            raise BadInput("it is flat.")
        return measure_quickly(micrograph, pictures, wish)

    services = Services(store, Settings(workspace), opener=open_scripted, measure_with=measure)
    until(lambda: services.measuring.known(calibrated.id).state == "failed")
    assert services.measuring.known(calibrated.id).error == "it is flat."
    broken.clear()
    services.measure_as(calibrated.id, "particles")
    until(lambda: services.measuring.known(calibrated.id).state == "measured")
    measured = services.measuring.known(calibrated.id).measurement
    assert measured is not None
    assert measured.kind == "particles"


def test_there_is_no_kind_but_those(services: Services, calibrated: Micrograph) -> None:
    with pytest.raises(BadSetting, match="'stars'"):
        services.measure_as(calibrated.id, "stars")


def test_wishes_add_up_and_are_what_is_measured_with(
    store: Store, workspace: Path, calibrated: Micrograph
) -> None:
    wishes: list[Wish] = []

    def measure(micrograph, pictures, wish):
        wishes.append(wish)
        return measure_quickly(micrograph, pictures, wish)

    services = Services(store, Settings(workspace), opener=open_scripted, measure_with=measure)
    services.measure_as(calibrated.id, "pores", MeasureSettings(threshold=90.0))
    until(lambda: services.measuring.known(calibrated.id).state == "measured")
    services.exclude(calibrated.id, (3.0, 4.0))
    services.exclude(calibrated.id, (5.0, 6.0))
    until(lambda: services.measuring.known(calibrated.id).state == "measured")
    assert wishes[0] == Wish("pores", MeasureSettings(threshold=90.0))
    assert wishes[-1] == Wish(
        "pores", MeasureSettings(threshold=90.0, excluded=((3.0, 4.0), (5.0, 6.0)))
    )


def test_closing_waits_for_what_uses_the_store(
    store: Store, workspace: Path, uncalibrated: Micrograph
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def measure(micrograph, pictures, wish):
        begun.set()
        assert go_on.wait(20)
        return measure_quickly(micrograph, pictures, wish)

    services = Services(store, Settings(workspace), opener=open_scripted, measure_with=measure)
    services.measure_as(uncalibrated.id, "")
    services.open_micrograph(uncalibrated.id)
    assert begun.wait(20)
    threading.Timer(0.2, go_on.set).start()
    services.close()
    assert store.facts.get_measurement(uncalibrated.id, method_version=METHOD_VERSION)
    assert not services.reading.is_busy(uncalibrated.id)
