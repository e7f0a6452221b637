"""A timm model as an encoder: from a folder, by name, and what is said when there is none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from slava.errors import ModelNeedsDownload, ModelNotFound, ModelUnusable
from slava.retrieval import open_encoder
from tests.encoder.conftest import QUICK, drawn
from tests.retrieval.textures import texture
from training.encoder import EncoderProgress

NAME = "test_resnet"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import timm
    from safetensors.torch import save_file

    model = timm.create_model(NAME, pretrained=False, num_classes=5)
    made = tmp_path_factory.mktemp("timm") / "tiny"
    made.mkdir()
    save_file(model.state_dict(), made / "model.safetensors")
    told = {"architecture": NAME, "pretrained_cfg": {"input_size": [3, 96, 96]}}
    (made / "config.json").write_text(json.dumps(told))
    return made


def test_a_folder_of_a_timm_model_gives_unit_vectors(folder: Path) -> None:
    encoder = open_encoder(str(folder))
    vectors = encoder.encode([texture("dots", 0), texture("dots", 0, (60, 200))])
    assert encoder.key.id == "timm:tiny"
    assert vectors.shape == (2, encoder.key.dimension)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert encoder.encode([]).shape == (0, encoder.key.dimension)
    assert open_encoder(str(folder)).key == encoder.key


def test_what_is_no_model_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match="is missing"):
        open_encoder(str(tmp_path))
    (tmp_path / "config.json").write_text((folder / "config.json").read_text())
    (tmp_path / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(ModelUnusable, match="cannot be loaded"):
        open_encoder(str(tmp_path))


def test_an_unknown_name_and_one_that_is_not_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelNotFound, match="no encoder 'resnet_of_dreams'"):
        open_encoder("resnet_of_dreams")
    with pytest.raises(ModelNeedsDownload, match="timm/resnet10t"):
        open_encoder("resnet10t.c3_in1k")


def test_a_baseline_is_trained_from_scratch(one_thread: None) -> None:
    from training.encoder.baseline import train_baseline

    fresh = drawn(3, start=50)
    told: list[EncoderProgress] = []
    reached = train_baseline(NAME, drawn(8), fresh.small, fresh.labels, QUICK, told.append)
    assert (reached.name, reached.parameters > 1000) == (NAME, True)
    assert reached.top1 >= 0.5
    with pytest.raises(ModelNotFound, match="no architecture"):
        train_baseline("dream", fresh, fresh.small, fresh.labels, QUICK)
