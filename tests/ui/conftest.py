"""A workspace on a temporary folder, services with a scripted model, micrographs made here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from slava.domain import Fact, Measurement, Micrograph
from slava.settings import Settings
from store import Store
from tests.browser.files import calibrated_tiff, uncalibrated_jpeg
from tests.ui.scripted import open_scripted
from ui.services import Services
from ui.services.measuring import Wish
from ui.services.pictures import Pictures


def measure_quickly(micrograph: Micrograph, pictures: Pictures, wish: Wish) -> Measurement:
    """A measurement without image analysis: the mean grey value."""
    mean = float(pictures.get(micrograph.id).grey.mean())
    fact = Fact("grey_mean", "Mean grey value", round(mean, 3), "", method="mean")
    return Measurement(kind=wish.kind or "other", kind_confidence=1.0, facts=(fact,))


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return tmp_path / "workspace"


@pytest.fixture
def store(workspace: Path) -> Iterator[Store]:
    with Store.open(workspace) as opened:
        yield opened


@pytest.fixture
def services(store: Store, workspace: Path) -> Services:
    settings = Settings(workspace=workspace, port=0, open_browser=False)
    return Services(store, settings, opener=open_scripted, measure_with=measure_quickly)


@pytest.fixture
def calibrated(store: Store, tmp_path: Path) -> Micrograph:
    path = tmp_path / "discs.tif"
    path.write_bytes(calibrated_tiff())
    return store.micrographs.add_micrograph(path).micrograph


@pytest.fixture
def uncalibrated(store: Store, tmp_path: Path) -> Micrograph:
    path = tmp_path / "plain.jpg"
    path.write_bytes(uncalibrated_jpeg())
    return store.micrographs.add_micrograph(path).micrograph


def until(condition: Callable[[], object], timeout_s: float = 20) -> None:
    """Wait for a thread to bring something about."""
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)
