"""A window with a small encoder that needs no network, and a labelled folder of textures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from slava.settings import Settings
from store import Store
from tests.ui.classify.library import Opener
from tests.ui.conftest import measure_quickly
from tests.ui.scripted import open_scripted
from tests.ui.textures import write_textures
from ui.services import Services


@pytest.fixture
def opener() -> Opener:
    return Opener()


@pytest.fixture
def services(store: Store, workspace: Path, opener: Opener) -> Iterator[Services]:
    made = Services(
        store,
        Settings(workspace=workspace, port=0, open_browser=False),
        opener=open_scripted,
        measure_with=measure_quickly,
        encoder_opener=opener,
    )
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_textures(tmp_path / "labelled")
