"""What is known from elsewhere: the newest counts, the rest stays, all goes with its micrograph."""

from __future__ import annotations

from pathlib import Path

import pytest

from slava.domain import Composition, MicrographId, PaperWords
from slava.errors import BadInput, NotFound
from store import Store
from store.verify import verify_workspace
from tests.store.plain_reader import PlainReader, write_micrograph

EDX = Composition("EDX", "Fe, O")


@pytest.fixture
def ids(store: Store, tmp_path: Path) -> list[MicrographId]:
    paths = [write_micrograph(tmp_path / f"m{seed}.png", seed) for seed in range(3)]
    return [store.micrographs.add_micrograph(path).micrograph.id for path in paths]


def test_composition_data_are_said_of_many_and_taken_back(
    store: Store, ids: list[MicrographId]
) -> None:
    assert store.evidence.get_compositions(ids) == {}
    assert store.evidence.set_composition(ids[:2], EDX) == 2
    assert store.evidence.set_composition(ids, EDX, "import") == 1
    assert store.evidence.get_compositions(ids) == dict.fromkeys(ids, EDX)
    store.evidence.set_composition(ids[:1], None)
    assert store.evidence.get_compositions(ids) == dict.fromkeys(ids[1:], EDX)
    history = store.evidence.list_compositions(ids[0])
    assert [one.composition for one in history] == [EDX, None]
    assert [one.set_by for one in store.evidence.list_compositions(ids[2])] == ["import"]
    assert history[0].set_at.startswith("20")


def test_of_many_all_are_kept_or_none(store: Store, ids: list[MicrographId]) -> None:
    with pytest.raises(NotFound):
        store.evidence.set_composition([ids[0], MicrographId("0" * 64)], EDX)
    assert store.evidence.get_compositions(ids) == {}


def test_words_of_a_paper_stay_beside_composition_data(
    store: Store, ids: list[MicrographId]
) -> None:
    words = PaperWords("Fig. 2. Glass.", ("Droplets are seen in Fig. 2.", "Their size is 80 nm."))
    store.evidence.set_composition(ids[:1], EDX)
    assert store.evidence.set_words({ids[0]: words, ids[1]: PaperWords("Fig. 3.")}) == 2
    assert store.evidence.get_words(ids)[ids[0]] == words
    assert store.evidence.get_compositions(ids) == {ids[0]: EDX}
    store.evidence.set_words({ids[0]: None}, "user")
    assert set(store.evidence.get_words(ids)) == {ids[1]}
    assert [one.words for one in store.evidence.list_words(ids[0])] == [words, None]


def test_everything_goes_with_its_micrograph(tmp_path: Path) -> None:
    reader = PlainReader()
    with Store.open(tmp_path / "w", inspect=reader) as store:
        path = write_micrograph(tmp_path / "a.png", 1)
        at = store.micrographs.add_micrograph(path).micrograph.id
        store.evidence.set_composition([at], EDX)
        store.micrographs.remove_micrograph(at)
        assert store.database.rows("SELECT * FROM evidence") == []
        assert verify_workspace(store).ok


@pytest.mark.parametrize(
    ("text", "technique", "found"),
    [
        ("EDX", "EDX", ""),
        (" eds :  Fe,\n O ", "EDX", "Fe, O"),
        ("Raman: anatase", "Raman", "anatase"),
        ("other", "other", ""),
    ],
)
def test_composition_data_are_read_as_people_write_them(
    text: str, technique: str, found: str
) -> None:
    read = Composition.read(text)
    assert (read.technique, read.found) == (technique, found)
    assert Composition.read(read.text) == read


@pytest.mark.parametrize("text", ["", "Fe, O", "iron: Fe", "EDX: " + "Fe " * 200])
def test_what_names_no_technique_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        Composition.read(text)
