"""``slava review``: counts, one verdict on all that a filter means, and taking it back."""

from __future__ import annotations

from pathlib import Path

import pytest

from slava.domain import Flag
from store import Store
from tests.cli.command import rows, slava
from tests.store.drawn_pairs import add_pairs
from tests.store.plain_reader import PlainReader


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    with Store.open(tmp_path / "w", inspect=PlainReader()) as store:
        ids = add_pairs(store, tmp_path, 6)
        store.pairs.set_flags(ids[0], [Flag("length", "Long.", 0.5)])
    return tmp_path / "w"


def test_a_filter_is_counted_judged_and_taken_back(workspace: Path) -> None:
    (counted,) = rows(slava("review", "--workspace", workspace, "--json"))
    assert (counted["pairs"], counted["matching"]) == (6, 6)
    assert counted["by_aspect"] == {"shape": 3, "size": 3}
    meant = ("--aspect", "size", "--reviewer", "ann", "--workspace", workspace, "--json")
    rejecting = ("review", "--reject", "--reason", "duplicate", *meant)
    (dry,) = rows(slava(*rejecting, "--dry-run"))
    assert (dry["meant"], dry["reviewed"], dry["by_state"]) == (3, 3, {"pending": 3})
    (done,) = rows(slava(*rejecting))
    assert done["by_state"] == {"rejected": 3}
    assert done["by_reason"] == {"duplicate": 3}
    (back,) = rows(slava("review", "--undo", *meant))
    assert back["by_state"] == {"pending": 3}


def test_what_cannot_be_done_is_told_in_one_line(workspace: Path) -> None:
    for wrong in (
        ("--reject", "--reviewer", "ann"),
        ("--accept", "--undo"),
        ("--dry-run",),
        ("--state", "lost"),
    ):
        refused = slava("review", "--workspace", workspace, *wrong)
        assert refused.returncode == 2, wrong
        assert refused.stderr.startswith("slava: ")
        assert refused.stderr.count("\n") == 1
