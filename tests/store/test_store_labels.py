"""Labels: the newest counts, the earlier ones stay, and they go with their micrograph."""

from __future__ import annotations

from pathlib import Path

import pytest

from slava.domain import MicrographId
from slava.errors import BadSetting, NotFound
from store import Labelling, Store
from store.labels import LONGEST_LABEL
from store.verify import verify_workspace
from tests.store.plain_reader import PlainReader, write_micrograph


@pytest.fixture
def ids(store: Store, tmp_path: Path) -> list[MicrographId]:
    paths = [write_micrograph(tmp_path / f"m{seed}.png", seed) for seed in range(4)]
    return [store.micrographs.add_micrograph(path).micrograph.id for path in paths]


def test_a_label_is_kept_with_where_it_came_from(store: Store, ids: list[MicrographId]) -> None:
    assert store.labels.get_label(ids[0]) is None
    given = Labelling(ids[0], "fibres", "sample A", "folder", "import")
    record = store.labels.set_label(given)
    assert store.labels.get_label(ids[0]) == record
    assert (record.label, record.group, record.provenance) == ("fibres", "sample A", "folder")
    assert record.set_by == "import"
    assert record.set_at.startswith("20")


def test_the_newest_label_counts_and_the_group_is_kept(
    store: Store, ids: list[MicrographId]
) -> None:
    store.labels.set_label(Labelling(ids[0], "fibres", "sample A", "folder", "import"))
    store.labels.set_label(Labelling(ids[0], "  nano  wires "))
    store.labels.set_label(Labelling(ids[0], None))
    history = store.labels.list_history(ids[0])
    assert [entry.label for entry in history] == ["fibres", "nano wires", None]
    assert {entry.group for entry in history} == {"sample A"}
    assert [entry.set_by for entry in history] == ["import", "user", "user"]
    assert store.labels.list_labelled() == []
    assert ids[0] in store.labels.list_unlabelled()


def test_labels_are_listed_and_counted(store: Store, ids: list[MicrographId]) -> None:
    labels = ("b", "a", "b")
    store.labels.set_labels([Labelling(i, label) for i, label in zip(ids, labels, strict=False)])
    assert store.labels.count_labels() == {"a": 1, "b": 2}
    assert list(store.labels.count_labels()) == ["a", "b"]
    assert [r.micrograph_id for r in store.labels.list_labelled()] == sorted(ids[:3])
    assert store.labels.list_unlabelled() == [ids[3]]


def test_of_many_all_are_kept_or_none(store: Store, ids: list[MicrographId]) -> None:
    with pytest.raises(NotFound):
        store.labels.set_labels([Labelling(ids[0], "a"), Labelling(MicrographId("0" * 64), "a")])
    assert store.labels.list_labelled() == []


@pytest.mark.parametrize("label", ["", "  ", "x" * (LONGEST_LABEL + 1)])
def test_a_label_that_is_none_is_refused(store: Store, ids: list[MicrographId], label: str) -> None:
    with pytest.raises(BadSetting):
        store.labels.set_label(Labelling(ids[0], label))


def test_labels_outlive_the_process_and_go_with_their_micrograph(
    tmp_path: Path, reader: PlainReader
) -> None:
    path = write_micrograph(tmp_path / "m.png", 1)
    with Store.open(tmp_path / "w", inspect=reader) as store:
        kept = store.micrographs.add_micrograph(path).micrograph.id
        store.labels.set_label(Labelling(kept, "particles"))
    with Store.open(tmp_path / "w", inspect=reader) as store:
        assert store.labels.count_labels() == {"particles": 1}
        store.micrographs.remove_micrograph(kept)
        assert store.labels.count_labels() == {}
        assert store.labels.list_history(kept) == ()
        assert verify_workspace(store).ok


def test_labels_of_nothing_are_found_by_verify(store: Store, ids: list[MicrographId]) -> None:
    with store.database.writing() as transaction:
        transaction.run("INSERT INTO labels VALUES ('gone', 0, 'a', '', 'hand', 'user', '2026')")
    assert verify_workspace(store).problems == (
        "1 rows of labels refer to micrographs that are gone.",
    )
