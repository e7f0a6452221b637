"""The checkpoints, made once for all tests, two micrographs to show them, and a served model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from slava.domain import Box
from slava.vlm.backbone import View
from slava.vlm.endpoint_backbone import EndpointBackbone
from tests.vlm import vlm_checkpoints, vlm_more_checkpoints
from tests.vlm.fake_endpoint import FakeEndpoint

Maker = Callable[[str], Path]
"""Gives the folder of a checkpoint by the name of its architecture."""


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    """Folder of a checkpoint by the name of its architecture; made at first use."""
    root = tmp_path_factory.mktemp("checkpoints")
    makers = {**vlm_checkpoints.MAKERS, **vlm_more_checkpoints.MAKERS}

    def folder(name: str) -> Path:
        path = root / name
        return path if path.exists() else makers[name](path)

    return folder


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Models this small run faster on one core than on several that wait for each other."""
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def views() -> list[View]:
    """Two micrographs of different shapes: blobs, and stripes."""
    y, x = np.mgrid[0:150, 0:200]
    blobs = 127 + 120 * np.sin(x / 9) * np.cos(y / 7)
    stripes = np.where((x + y) // 12 % 2 == 0, 40, 220)[:, :120]
    pictures = [blobs.astype(np.uint8), stripes.astype(np.uint8)]
    return [View(p, Box(0, 0, p.shape[1], p.shape[0])) for p in pictures]


@pytest.fixture
def fake() -> Iterator[FakeEndpoint]:
    """A server that speaks the OpenAI protocol."""
    with FakeEndpoint().serving() as serving:
        yield serving


@pytest.fixture
def served(fake: FakeEndpoint) -> Iterator[EndpointBackbone]:
    """The model that ``fake`` serves."""
    with closing(EndpointBackbone(fake.url)) as opened:
        yield opened
