"""Small models to adapt: three architectures of the tests' own making, plain and quantized."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tuned import one_thread, pass_over
from tests.vlm import vlm_checkpoints

__all__ = ["one_thread"]

torch = pytest.importorskip("torch")

BITS = ("none", "int8", "nf4")
Base = Callable[[str, str], Any]
"""A fresh model by architecture and quantization."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is known of the libraries is no failure here."""
    pass_over(items, Path(__file__).parent)


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    """Each model is made and loaded once; a test gets a copy of its own."""
    root = tmp_path_factory.mktemp("bases")
    loaded: dict[tuple[str, str], Any] = {}

    def fresh(name: str, bits: str = "none") -> Any:
        from slava.vlm.loading import load_model

        if (name, bits) not in loaded:
            folder = root / name
            if not folder.exists():
                vlm_checkpoints.MAKERS[name](folder)
            loaded[name, bits] = load_model(folder, bits, "cpu", None, None).model
        return copy.deepcopy(loaded[name, bits])

    return fresh


@pytest.fixture(scope="session")
def built_in() -> Any:
    """The model in the package, plain."""
    from slava.vlm.slava_model.load import WEIGHTS, load_model

    return lambda bits="none": load_model(Path(WEIGHTS), bits)[0]


def batch(rows: int = 2, length: int = 12, seed: int = 1) -> dict[str, Any]:
    """Words for a Hugging Face model, the end of the last row padded."""
    draw = torch.Generator().manual_seed(seed)
    ids = torch.randint(20, 200, (rows, length), generator=draw)
    mask = torch.ones_like(ids)
    mask[-1, -3:] = 0
    return {"input_ids": ids, "attention_mask": mask}


def waken(model: Any, seed: int = 0) -> None:
    """Give every B something to add, as training would."""
    draw = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        if "dya_moqpe_B" in name:
            noise = torch.randn(parameter.shape, generator=draw)
            parameter.data.copy_(noise * 0.05)
