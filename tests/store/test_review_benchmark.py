"""The measurement of reviewing, with few pairs and for two seconds: nothing is lost or doubled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.review import measure


def test_many_annotators_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    found: dict[str, Any] = measure(tmp_path, 300, 12, seconds=2.0, think_s=0.1, rounds=20)
    together = found["together"]
    assert together["verdicts"] > 0
    assert (together["lost"], together["doubled"], together["unacknowledged"]) == (0, 0, 0)
    assert set(found) >= {"next_pair_ms", "review_ms", "search_ms", "search_by_meaning_ms"}
