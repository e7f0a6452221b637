"""After a restart the window shows what it showed before, and measures nothing for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from slava.domain import Measurement, MeasureSettings, Micrograph
from slava.settings import Settings
from store import Store
from tests.browser.files import calibrated_tiff
from tests.ui.conftest import until
from tests.ui.scripted import open_scripted
from ui.services import Services
from ui.services.measuring import Known, Wish, measure
from ui.services.pictures import Pictures


class Counted:
    """The real measuring, and how often it was asked for."""

    def __init__(self) -> None:
        self.wishes: list[Wish] = []

    def __call__(self, micrograph: Micrograph, pictures: Pictures, wish: Wish) -> Measurement:
        self.wishes.append(wish)
        return measure(micrograph, pictures, wish)


def opened(store: Store, workspace: Path, how: Counted) -> Services:
    return Services(store, Settings(workspace), opener=open_scripted, measure_with=how)


def measured(services: Services, micrograph: Micrograph) -> Known:
    until(lambda: services.measuring.known(micrograph.id).state == "measured")
    return services.measuring.known(micrograph.id)


@pytest.fixture
def discs(tmp_path: Path) -> Path:
    path = tmp_path / "discs.tif"
    path.write_bytes(calibrated_tiff())
    return path


def test_the_same_table_with_exclusions_without_measuring_anew(
    workspace: Path, discs: Path
) -> None:
    with Store.open(workspace) as store:
        micrograph = store.micrographs.add_micrograph(discs).micrograph
        services = opened(store, workspace, Counted())
        services.measure_as(micrograph.id, "particles", MeasureSettings(polarity="bright"))
        all_of_them = measured(services, micrograph).measurement
        assert all_of_them is not None
        box = all_of_them.objects[0].box
        point = ((box.left + box.right) / 2, (box.top + box.bottom) / 2)
        services.exclude(micrograph.id, point)
        before = measured(services, micrograph).measurement
        table = services.exports.table(micrograph.id)
        assert before is not None
        assert len(before.objects) == len(all_of_them.objects) - 1
        services.close()

    how = Counted()
    with Store.open(workspace) as store:
        services = opened(store, workspace, how)
        known = services.measuring.known(micrograph.id)
        after = known.measurement
        assert known.state == "measured"
        assert after is not None
        assert (after.objects, after.sizes, after.facts) == (
            before.objects,
            before.sizes,
            before.facts,
        )
        assert (after.method, after.used, after.defects) == (
            before.method,
            before.used,
            before.defects,
        )
        assert np.array_equal(after.labels, before.labels)
        assert services.exports.table(micrograph.id) == table
        assert how.wishes == []

        services.exclude(micrograph.id, (0.0, 0.0))
        measured(services, micrograph)
        kept = MeasureSettings(polarity="bright", excluded=(point, (0.0, 0.0)))
        assert how.wishes == [Wish("particles", kept)]
        services.close()


def test_what_an_older_version_kept_is_measured_anew(workspace: Path, discs: Path) -> None:
    how = Counted()
    with Store.open(workspace) as store:
        micrograph = store.micrographs.add_micrograph(discs).micrograph
        services = opened(store, workspace, how)
        measured(services, micrograph)
        services.close()
        with store.database.writing() as transaction:
            transaction.run("UPDATE measurements SET details = NULL, wish = NULL")
        services = opened(store, workspace, how)
        known = measured(services, micrograph)
        assert known.measurement is not None
        assert known.measurement.objects
        assert len(how.wishes) == 2
        services.close()
