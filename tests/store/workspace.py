"""A workspace in a temporary folder, and a reader of micrographs that needs only Pillow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from store import Store
from tests.store.plain_reader import PlainReader, write_micrograph


@pytest.fixture
def reader() -> PlainReader:
    """The reader of the workspace; it counts."""
    return PlainReader()


@pytest.fixture
def store(tmp_path: Path, reader: PlainReader) -> Iterator[Store]:
    with Store.open(tmp_path / "workspace", inspect=reader) as opened:
        yield opened


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_micrograph(tmp_path / "grains.png", seed=1)
