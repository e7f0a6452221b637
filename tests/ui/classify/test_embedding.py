"""Encoders: vectors that stay apart, that outlive a window, that cannot be made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slava.domain import MicrographId
from slava.settings import Settings
from store import Store
from tests.ui.classify.library import QUIET, Opener, added, answered, shown, taken_in
from tests.ui.conftest import until
from tests.ui.scripted import open_scripted
from ui.services import Services
from ui.services.classifying import Wish
from ui.services.embedding import open_any


def test_vectors_of_another_encoder_stay_apart_and_are_made_anew(
    services: Services, folder: Path, opener: Opener
) -> None:
    taken_in(services, folder)
    services.classifying.embed_library("other")
    until(lambda: not services.classifying.busy)
    standing = services.classifying.standing("other")
    assert (standing.missing, standing.others) == (0, (("texture", 18),))
    assert opener.opened["other"].encoded == 18
    services.classifying.embed_library("other")
    until(lambda: not services.classifying.busy)
    assert opener.opened["other"].encoded == 18


def test_vectors_are_used_before_their_encoder_is_open(
    store: Store, workspace: Path, services: Services, folder: Path
) -> None:
    taken_in(services, folder)
    query = store.labels.list_labelled()[0].micrograph_id
    opener = Opener()
    settings = Settings(workspace=workspace, port=0, open_browser=False)
    later = Services(store, settings, opener=open_scripted, encoder_opener=opener)
    found = later.classifying.answer(query, QUIET)
    assert found.state == "done"
    assert opener.opened == {}
    later.close()


def test_an_encoder_that_cannot_be_opened_is_told_and_another_can_be_taken(
    services: Services, folder: Path, tmp_path: Path
) -> None:
    taken_in(services, folder)
    query = added(services, tmp_path / "query.png", "rows", 50)
    found = answered(services, query, Wish(encoder="missing", ask_model=False))
    assert (found.state, found.error) == ("failed", "missing is no encoder. Choose another.")
    assert answered(services, query).state == "done"


def test_a_micrograph_whose_file_is_gone_fails_alone(
    services: Services, folder: Path, tmp_path: Path
) -> None:
    taken_in(services, folder)
    query = added(services, tmp_path / "query.png", "rows", 50)
    services.store.micrographs.original_path(query).unlink()
    found = answered(services, query)
    assert found.state == "failed"
    assert "query.png" in found.error


def test_a_removed_demonstration_is_shown_no_more(
    services: Services, folder: Path, tmp_path: Path
) -> None:
    taken_in(services, folder)
    query = added(services, tmp_path / "query.png", "rows", 50)
    first = shown(answered(services, query))[0]
    services.remove_micrograph(MicrographId(first))
    assert first not in shown(answered(services, query))


@pytest.mark.slow
def test_a_timm_model_from_a_folder_classifies_in_the_tab(
    services: Services, folder: Path, tmp_path: Path
) -> None:
    timm = pytest.importorskip("timm")
    from safetensors.torch import save_file

    made = tmp_path / "tiny"
    made.mkdir()
    model = timm.create_model("test_resnet", pretrained=False, num_classes=5)
    save_file(model.state_dict(), made / "model.safetensors")
    told = {"architecture": "test_resnet", "pretrained_cfg": {"input_size": [3, 96, 96]}}
    (made / "config.json").write_text(json.dumps(told))
    services.classifying.embedding._open = open_any
    taken_in(services, folder, str(made))
    query = services.store.labels.list_labelled()[0].micrograph_id
    found = answered(services, query, Wish(k=3, encoder=str(made), ask_model=False))
    assert found.classification is not None
    assert len(found.classification.neighbours) == 3
    key = services.classifying.embedding.key(str(made))
    assert key is not None
    assert key.id == "timm:tiny"
    missing = answered(services, query, Wish(encoder="resnet_of_dreams", ask_model=False))
    assert "no encoder 'resnet_of_dreams'" in missing.error
