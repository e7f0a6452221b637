"""``slava draft`` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from store import PairFilter, Store
from tests.cli.command import rows, slava
from tests.store.plain_reader import write_micrograph
from tests.teacher.fake_server import FakeTeacher


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_micrograph(tmp_path / "in" / "Zephyr_secret.png", seed=1)
    return tmp_path / "in"


def test_a_dry_run_shows_everything_and_sends_nothing_then_yes_sends_exactly_that(
    tmp_path: Path, folder: Path, fake: FakeTeacher
) -> None:
    where = ["--workspace", tmp_path / "w", "--json", "--aspects", "size,basics", "--equal-only"]
    whom = ["--teacher", fake.url, "--model", "gpt-4o"]
    shown = slava("draft", folder, *where, *whom, "--dry-run")
    assert shown.returncode == 0, shown.stderr
    (plan,) = rows(shown)
    assert (plan["requests"], plan["micrographs"]) == (2, 1)
    assert plan["cost_usd_at_most"] > plan["cost_usd_likely"] > 0
    assert "Zephyr" not in json.dumps(plan)
    assert plan["payload"][0]["messages"][0]["role"] == "system"
    assert fake.bodies == []
    sent = slava("draft", *where, *whom, "--yes", "--cap", "1", SLAVA_TEACHER_API_KEY="sk-valid")
    assert sent.returncode == 0, sent.stderr
    (done,) = rows(sent)
    assert (done["state"], done["pairs"], done["answered"]) == ("done", 2, 2)
    assert fake.paid.total() == 2
    log = (tmp_path / "w" / "logs" / "sent.jsonl").read_text()
    assert log.count("\n") == 2
    assert "Zephyr" not in log


def test_what_papers_say_is_checked_shown_and_kept_with_every_pair(
    tmp_path: Path, folder: Path, fake: FakeTeacher
) -> None:
    file, wrong = tmp_path / "words.jsonl", tmp_path / "wrong.csv"
    said = {"file": "Zephyr_secret.png", "caption": "Glass.", "passages": ["Droplets are seen."]}
    file.write_text(json.dumps(said))
    wrong.write_text("file,caption\n,a\ngone.png,b\n")
    where = ["--workspace", tmp_path / "w", "--json", "--aspects", "size", "--equal-only"]
    whom = ["--teacher", fake.url, "--model", "gpt-4o"]
    refused = slava("draft", folder, *where, *whom, "--passages", wrong, "--dry-run")
    assert refused.returncode == 2
    assert "line 2: no file name" in refused.stderr
    shown = slava("draft", folder, *where, *whom, "--passages", file, "--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert "The paper says: Droplets are seen." in json.dumps(rows(shown)[0]["payload"])
    sent = slava("draft", *where, *whom, "--yes", "--cap", "1", SLAVA_TEACHER_API_KEY="sk-valid")
    assert sent.returncode == 0, sent.stderr
    with Store.open(tmp_path / "w") as store:
        (pair,) = store.pairs.list_pairs(PairFilter())
    facts = pair.pair.drafting.facts
    assert "Caption of the figure in the paper: Glass." in facts
    assert "The paper says: Droplets are seen." in facts
