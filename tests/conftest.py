"""What every test may use: the real data folder, and a machine without a network."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

DEFAULT_REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real micrographs; the test is skipped where there is none."""
    folder = Path(os.environ.get("SLAVA_REAL_DATA", DEFAULT_REAL_DATA))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set SLAVA_REAL_DATA to have this test run")
    return folder
