"""The private environment: switches set, other hosts of NO_PROXY kept."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ui.privacy import PRIVATE, set_private_environment

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def restored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*PRIVATE, "NO_PROXY", "no_proxy", "GRADIO_TEMP_DIR"):
        monkeypatch.setenv(name, os.environ.get(name, ""))


def test_every_switch_is_set(tmp_path: Path) -> None:
    set_private_environment(tmp_path)
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    assert os.environ["GRADIO_TEMP_DIR"] == str(tmp_path / "uploads")


def test_this_machine_is_never_asked_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "intranet.example,localhost")
    set_private_environment()
    set_private_environment()
    assert os.environ["NO_PROXY"] == "intranet.example,localhost,127.0.0.1"


def test_it_is_set_without_importing_what_reads_it() -> None:
    script = "import sys, ui.privacy; print([m for m in ('gradio', 'httpx') if m in sys.modules])"
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ended.stdout.strip() == "[]"
