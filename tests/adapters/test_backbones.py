"""Loaded backbones take adapters on and off, and refuse those of other bases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from slava.adapters import AdapterSettings, make_adapter
from slava.domain import Box
from slava.errors import BadSetting, ModelUnusable
from slava.vlm.backbone import GenerationSettings, Message, View
from slava.vlm.load import open_backbone
from tests.adapters.conftest import waken
from tests.vlm import vlm_checkpoints

torch = pytest.importorskip("torch")

from slava.adapters.identity import base_identity  # noqa: E402
from slava.vlm.loading import load_model  # noqa: E402
from slava.vlm.transformers_backbone import TransformersBackbone  # noqa: E402

TALK = [Message("user", "What do you see?", (0,))]
SHORT = GenerationSettings(max_new_tokens=8)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A model, and an adapter that was made on it in nf4."""
    root = tmp_path_factory.mktemp("adapted")
    model = vlm_checkpoints.make_llava(root / "llava")
    made = make_adapter(load_model(model, "nf4", "cpu", None, None).model, AdapterSettings())
    waken(made)
    made.save_pretrained(root / "adapter")
    return model, root / "adapter"


@pytest.fixture
def view() -> View:
    pixels = torch.arange(60 * 60).reshape(60, 60).remainder(251).to(torch.uint8).numpy()
    return View(pixels, Box(0, 0, 60, 60))


@pytest.fixture
def backbone(folders: tuple[Path, Path]) -> Iterator[TransformersBackbone]:
    opened = TransformersBackbone.load(folders[0], device="cpu")
    yield opened
    opened.close()


def score(backbone: Any, view: View) -> list[float]:
    return list(backbone.score(TALK, [view], ["particles", "fibres"]))


def test_an_adapter_is_put_on_and_taken_off(
    backbone: TransformersBackbone, folders: tuple[Path, Path], view: View
) -> None:
    """In other bits than it was made in."""
    before = score(backbone, view)
    text = "".join(chunk.text for chunk in backbone.stream(TALK, [view], SHORT))
    held = backbone.report().memory_bytes
    backbone.set_adapter(folders[1])
    assert score(backbone, view) != before
    assert list(backbone.stream(TALK, [view], SHORT))[-1].finish
    backbone.set_adapter(folders[1])
    backbone.set_adapter(None)
    assert score(backbone, view) == before
    assert "".join(chunk.text for chunk in backbone.stream(TALK, [view], SHORT)) == text
    assert backbone.report().memory_bytes == held


def test_one_of_another_base_is_refused(
    backbone: TransformersBackbone, folders: tuple[Path, Path], view: View
) -> None:
    before = score(backbone, view)
    with torch.no_grad():
        embeddings = backbone._model.get_input_embeddings().weight
        embeddings += 0.5
        with pytest.raises(ModelUnusable, match="was made on llava"):
            backbone.set_adapter(folders[1])
        embeddings -= 0.5
    with pytest.raises(ModelUnusable, match="holds no adapter"):
        backbone.set_adapter(folders[0])
    assert score(backbone, view) == pytest.approx(before, abs=1e-3)


def test_the_same_weights_are_the_same_base_in_all_bits(folders: tuple[Path, Path]) -> None:
    told = {base_identity(load_model(folders[0], bits, "cpu", None, None).model)
            for bits in ("none", "int8", "nf4")}  # fmt: skip
    assert len(told) == 1
    assert len(told.pop()) == 64


def test_opening_takes_the_adapter_along(folders: tuple[Path, Path], tmp_path: Path) -> None:
    opened: Any = open_backbone(str(folders[0]), adapter=folders[1])
    assert opened._adapted is not None
    opened.close()
    with pytest.raises(ModelUnusable, match="holds no adapter"):
        open_backbone(str(folders[0]), adapter=tmp_path)
    with pytest.raises(BadSetting, match="served model"):
        open_backbone("http://localhost:1/v1", adapter=folders[1])
