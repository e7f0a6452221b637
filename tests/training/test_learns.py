"""What the built-in model learns of steel in a minute, and that it forgets nothing for it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import finetune

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

torch = pytest.importorskip("torch")


def _measured(
    root: Path, monkeypatch: pytest.MonkeyPatch, data: Path, *, drawn: bool
) -> dict[str, Any]:
    """The benchmark with fewer micrographs and steps."""
    monkeypatch.setattr(finetune, "COUNTS", {"train": 12, "validation": 2, "test": 10})
    monkeypatch.setattr(finetune, "DRAWINGS", 40)
    told = argparse.Namespace(
        data=data, drawn=drawn, minutes=4.0, threads=1, seed=0, method="dya_moqpe", epochs=8
    )
    return finetune.measure(root, told)


def _holds(figures: dict[str, Any]) -> None:
    test, old = figures["test"], figures["old_categories"]
    told = json.dumps(figures, indent=2)
    assert test["accuracy"] - test["accuracy_base"] >= 0.4, told
    assert test["accuracy_written"] - test["accuracy_written_base"] >= 0.4, told
    assert old["drawings_after"] >= old["drawings_before"] - 0.05, told


def test_drawn_steel_is_learnt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _holds(_measured(tmp_path, monkeypatch, tmp_path, drawn=True))


@pytest.mark.real_data
def test_photographs_of_steel_are_learnt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, real_data: Path
) -> None:
    figures = _measured(tmp_path, monkeypatch, real_data, drawn=False)
    _holds(figures)
    old = figures["old_categories"]
    assert old["real_after"] >= old["real_before"] - 0.03
