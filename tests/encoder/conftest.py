"""One small encoder, trained once for all tests here on drawn textures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch  # noqa: TID253

from slava.retrieval.view import thumbnail
from tests.retrieval.textures import KINDS, texture
from training.encoder import EncoderConfig, EncoderProgress
from training.encoder.train import TrainingSet, train_encoder

QUICK = EncoderConfig(size_px=64, dimension=32, samples=640, batch=16, held_out=0.2)


def drawn(per_kind: int, start: int = 0, labelled: bool = True) -> TrainingSet:
    every = [(kind, seed) for kind in KINDS for seed in range(start, start + per_kind)]
    return TrainingSet(
        [thumbnail(texture(kind, seed)) for kind, seed in every],
        [f"{kind}-{seed}" for kind, seed in every],
        [kind if labelled else "" for kind, _ in every],
        [""] * len(every),
    )


@pytest.fixture(scope="session")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, one_thread: None) -> Any:
    """The encoder, its folder, and what was told while it was trained."""
    folder: Path = tmp_path_factory.mktemp("run") / "encoder"
    told: list[EncoderProgress] = []
    state = torch.get_rng_state()
    encoder = train_encoder(drawn(12), folder, QUICK, told.append)
    assert torch.equal(state, torch.get_rng_state())
    return encoder, folder, told
