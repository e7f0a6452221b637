"""Near-duplicates among the demonstrations: found, kept as one source, or left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from slava.errors import BadInput
from tests.ui.classify.library import taken_in
from tests.ui.textures import texture
from ui.services import Services
from ui.services.duplicating import Searched


def searched(services: Services) -> Searched:
    duplicating = services.classifying.duplicating
    duplicating.begin()
    duplicating.job.wait()
    assert duplicating.job.now is not None
    return duplicating.job.now


@pytest.fixture
def twins(services: Services, folder: Path) -> Searched:
    """A library in which one picture is there brighter, and one under another label."""
    again = np.clip(texture("rows", 0) * 0.9 + 20, 0, 255).astype(np.uint8)
    Image.fromarray(again).save(folder / "rows" / "rows again.png")
    other = np.clip(texture("dots", 1) * 0.8 + 9, 0, 255).astype(np.uint8)
    Image.fromarray(other).save(folder / "columns" / "dots again.png")
    taken_in(services, folder)
    return searched(services)


def test_what_shows_the_same_is_found_with_its_similarity(twins: Searched) -> None:
    assert (twins.state, twins.done, twins.total) == ("done", 20, 20)
    first, second = ({twin.name for twin in group} for group in twins.groups)
    assert first == {"dots 1.png", "dots again.png"}  # under two labels: first
    assert second == {"rows 0.png", "rows again.png"}
    assert all(0.985 < twin.similarity <= 1.0001 for group in twins.groups for twin in group)


def test_one_that_is_left_out_loses_its_label_and_gets_it_back(
    services: Services, twins: Searched
) -> None:
    duplicating, labels = services.classifying.duplicating, services.store.labels
    out = twins.groups[0][0]
    duplicating.leave_out(out.id)
    now = duplicating.job.now
    assert now is not None
    assert (now.groups, now.decided) == (twins.groups[1:], 1)
    record = labels.get_label(out.id)
    assert record is not None
    assert record.label is None
    assert services.classifying.labels.undo() == out.id
    record = labels.get_label(out.id)
    assert record is not None
    assert (record.label, record.provenance, record.set_by) == (out.label, "folder", "import")


def test_those_that_are_kept_become_one_source(services: Services, twins: Searched) -> None:
    duplicating = services.classifying.duplicating
    group = twins.groups[1]
    duplicating.keep(group[1].id)
    now = duplicating.job.now
    assert now is not None
    assert now.groups == twins.groups[:1]
    records = [services.store.labels.get_label(twin.id) for twin in group]
    assert len({r.group for r in records if r}) == 1
    assert {(r.label, r.provenance) for r in records if r} == {("rows", "folder")}
    index = services.classifying.index("texture")
    assert index is not None
    rows = [index.row_of(twin.id) for twin in group]
    assert len({index.groups[row] for row in rows if row is not None} - {""}) == 1


def test_a_library_without_two_of_anything_is_answered_in_words(services: Services) -> None:
    with pytest.raises(BadInput, match="no two labelled micrographs"):
        services.classifying.duplicating.begin()


def test_a_file_that_is_gone_spoils_no_search(services: Services, folder: Path) -> None:
    taken_in(services, folder)
    gone = services.store.labels.list_labelled()[0].micrograph_id
    services.store.micrographs.original_path(gone).unlink()
    found = searched(services)
    assert (found.state, found.unreadable, found.groups) == ("done", 1, ())
