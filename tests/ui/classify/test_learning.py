"""Training an encoder from the window: a child process, its progress and end, what it made."""

from __future__ import annotations

from pathlib import Path

import pytest

from slava.errors import BadInput, ModelError
from tests.ui.classify.encoder_child import LONG
from tests.ui.classify.library import QUIET, answered, taken_in
from tests.ui.conftest import until
from tests.ui.textures import write_textures
from ui.services import Services
from ui.services.classifying import Wish
from ui.services.embedding import open_any
from ui.services.job import Job
from ui.services.learning import Learning, Learnt
from ui.tabs.classify.showing import Page, Showing


@pytest.fixture
def library(services: Services, tmp_path: Path) -> None:
    """Twelve micrographs of three classes."""
    taken_in(services, write_textures(tmp_path / "labelled", 4))


@pytest.fixture
def learning(services: Services, library: None) -> Learning:
    """One whose child learns nothing."""
    made = Learning(services.store, services.news, 96, module="tests.ui.classify.encoder_child")
    services.classifying.learning = made
    return made


def ended(job: Job[Learnt]) -> Learnt:
    job.wait(200)
    assert job.now is not None
    return job.now


def test_a_child_trains_and_what_it_made_can_be_chosen(
    services: Services, learning: Learning
) -> None:
    learning.begin()
    with pytest.raises(ModelError, match="is being trained"):
        learning.begin()
    now = ended(learning.job)
    assert (now.state, now.error, now.micrographs) == ("done", "", 12)
    assert (now.done, now.total, now.validation, round(now.seconds)) == (4, 4, 0.75, 4)
    assert learning.trained() == [now.folder]
    assert [p.name for p in learning.folder.iterdir()] == [Path(now.folder).name]
    show = Showing(services, "base")
    assert show.encoders(Wish())[:2] == ["builtin", now.folder]
    shown = show.panel(Page())["training"]
    assert (shown["state"], shown["use"]) == ("done", now.folder)
    assert "trained on 12 micrographs · 75.0% of the held-out part right" in shown["text"]


def test_a_page_that_is_opened_meanwhile_shows_it_and_can_end_it(
    services: Services, learning: Learning
) -> None:
    learning._samples = LONG
    learning.begin(labels=False)
    until(lambda: learning.job.now and learning.job.now.done == 1)
    shown = Showing(services, "base").panel(Page())["training"]
    assert shown["text"] == "Training an encoder: 1 of 4 steps · about 3 s left"
    learning.job.cancel()
    assert ended(learning.job).state == "cancelled"
    assert list(learning.folder.iterdir()) == []
    assert "nothing is kept" in Showing(services, "base").panel(Page())["training"]["text"]


def test_a_child_that_fails_is_told_in_its_own_words(
    services: Services, learning: Learning
) -> None:
    for record in services.store.labels.list_labelled():
        services.store.micrographs.original_path(record.micrograph_id).write_bytes(b"words")
    learning.begin()
    assert (ended(learning.job).state, ended(learning.job).error) == (
        "failed",
        "none of them could be read.",
    )


def test_what_it_needs_and_takes_is_said_first(services: Services, tmp_path: Path) -> None:
    taken_in(services, write_textures(tmp_path / "labelled", 2))
    learning = services.classifying.learning
    with pytest.raises(BadInput, match="at least 8 labelled micrographs of two classes"):
        learning.begin()
    shown = Showing(services, "base").panel(Page())["training"]
    assert (shown["can_labels"], shown["state"]) == (False, "")
    assert shown["labels"] == "needs at least 8 labelled micrographs of two classes"
    assert learning.estimate_s(300, labels=True) == learning.estimate_s(20_000, labels=True)
    assert learning.estimate_s(20, labels=True) < 60


@pytest.mark.slow
def test_the_real_child_makes_an_encoder_that_classifies(
    services: Services,
    library: None,
) -> None:
    learning = services.classifying.learning
    learning._samples = 96
    learning.begin()
    now = ended(learning.job)
    assert (now.state, now.error, now.done) == ("done", "", 2)
    services.classifying.embedding._open = open_any
    services.classifying.embed_library(now.folder)
    until(lambda: not services.classifying.busy, 200)
    query = services.store.labels.list_labelled()[0].micrograph_id
    found = answered(services, query, Wish(k=3, encoder=now.folder, ask_model=QUIET.ask_model))
    assert found.classification is not None
    assert len(found.classification.ranked_encoder) == 3
