"""Adding in the background: uploads under their own names, one after the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from slava.errors import BadInput
from tests.browser.files import calibrated_tiff
from tests.ui.conftest import until
from ui.services import Services
from ui.services.ingesting import Upload


def uploaded(services: Services, name: str, content: bytes) -> Upload:
    path = services.uploads / f"{abs(hash(name))}.part"
    path.write_bytes(content)
    return Upload(path, name)


def test_uploads_are_added_under_their_own_names(services: Services) -> None:
    good = uploaded(services, "C:\\scope\\a <b>.tif", calibrated_tiff())
    bad = uploaded(services, "notes.tif", b"words")
    services.adding.add_uploads([good, bad], ["huge.tif: too large"])
    services.adding.job.wait()
    job = services.adding.job.now
    assert job is not None
    assert (job.state, job.added, job.done, job.total) == ("done", 1, 2, 2)
    assert [m.name for m in services.store.micrographs.list_micrographs()] == ["a <b>.tif"]
    assert job.failures[0] == "huge.tif: too large"
    assert job.failures[1].startswith("notes.tif")
    assert not good.path.exists()
    assert list(services.uploads.glob("dropped-*")) == []


def test_what_is_dropped_meanwhile_follows(services: Services) -> None:
    for seed in range(4):
        services.adding.add_uploads(
            [uploaded(services, f"{seed}.tif", calibrated_tiff(seed, depth=8))]
        )
    until(lambda: not services.adding.job.busy)
    assert services.store.micrographs.count_micrographs() == 4


def test_a_path_outside_the_uploads_is_refused(services: Services, tmp_path: Path) -> None:
    secret = tmp_path / "secret.tif"
    secret.write_bytes(calibrated_tiff())
    with pytest.raises(BadInput, match="was not uploaded"):
        services.adding.add_uploads([Upload(secret, "x.tif")])
    assert secret.exists()


def test_a_folder_that_is_not_there_is_refused(services: Services, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no folder"):
        services.adding.add_folder(tmp_path / "nowhere")


def test_the_first_of_a_drop_is_opened_once(services: Services) -> None:
    services.adding.add_uploads([uploaded(services, "a.tif", calibrated_tiff())])
    services.adding.job.wait()
    first = services.adding.take_first(anything_open=True)
    assert first == services.store.micrographs.list_micrographs()[0].id
    assert services.adding.take_first(anything_open=False) is None
