"""Whatever was acknowledged is there after kill -9, and the workspace is in order."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from slava.domain import MicrographId, PairId, TurnId
from slava.teacher.ledger import RequestId
from store import PairFilter, Store
from store.verify import verify_workspace
from tests.store.drawn_pairs import add_pairs
from tests.store.plain_reader import PlainReader, write_micrograph

ROOT = Path(__file__).resolve().parents[2]


def start(doing: str, workspace: Path, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.store.victim", doing, str(workspace), str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
    )


def kill_amid(
    doing: str, workspace: Path, folder: Path, chance: random.Random, patience: float = 0.02
) -> list[Any]:
    """Let it work, kill it at some moment; everything that it had acknowledged until then."""
    lines: list[str] = []
    with start(doing, workspace, folder) as victim:
        assert victim.stdout is not None
        for _ in range(chance.randrange(1, 40)):
            lines.append(victim.stdout.readline())
        time.sleep(chance.random() * patience)
        victim.kill()
        lines += victim.stdout.readlines()
    return [json.loads(line) for line in lines if line.endswith("\n")]


def reopened(workspace: Path) -> Store:
    store = Store.open(workspace, inspect=PlainReader())
    report = verify_workspace(store)
    assert report.problems == ()
    assert report.leftovers == ()
    return store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for seed in range(80):
        write_micrograph(tmp_path / "in" / f"m{seed}.png", seed=seed)
        if seed % 3 == 0:
            (tmp_path / "in" / f"m{seed}.txt").write_text(f"nm_per_px={seed + 1}")
    return tmp_path / "in"


def test_an_ingest_that_is_killed_loses_nothing_reported(tmp_path: Path, folder: Path) -> None:
    chance, workspace = random.Random(11), tmp_path / "workspace"
    reported: dict[MicrographId, Any] = {}
    for _ in range(4):
        told = kill_amid("ingest", workspace, folder, chance, patience=0.2)
        reported |= {r["micrograph"]: r for r in told if r.get("micrograph")}
        with reopened(workspace) as store:
            kept = {m.id: m for m in store.micrographs.list_micrographs()}
            assert reported.keys() <= kept.keys()
            for micrograph_id, result in reported.items():
                original = store.micrographs.original_path(micrograph_id)
                assert original.read_bytes() == Path(result["file"]).read_bytes()
            assert "running" not in {i.status for i in store.ingests.list_ingests()}
            last = store.ingests.list_ingests()[0]
            files = {f.file for f in store.ingests.list_files(last.id)}
            assert {Path(r["file"]) for r in told if "file" in r} <= files
    assert reported


def test_files_taken_up_after_a_kill_get_their_names_from_the_next_ingest(
    tmp_path: Path, folder: Path
) -> None:
    workspace = tmp_path / "workspace"
    kill_amid("ingest", workspace, folder, random.Random(5), patience=0.2)
    with start("ingest", workspace, folder) as again:
        out, _ = again.communicate()
    assert json.loads(out.splitlines()[-1])["position"] == 79
    with reopened(workspace) as store:
        kept = store.micrographs.list_micrographs()
        assert {m.name for m in kept} == {f"m{seed}.png" for seed in range(80)}
        assert {m.name: m.nm_per_px for m in kept}["m3.png"] == 4.0


def test_a_chat_that_is_killed_keeps_what_was_shown(tmp_path: Path, folder: Path) -> None:
    chance, workspace = random.Random(12), tmp_path / "workspace"
    shown: dict[TurnId, Any] = {}
    for _ in range(4):
        told = kill_amid("chat", workspace, folder, chance)
        shown |= {line["turn"]: line for line in told if "turn" in line}
        with reopened(workspace) as store:
            for line in (line for line in told if "conversation" in line):
                store.conversations.get_conversation(line["conversation"])
            for turn_id, line in shown.items():
                turn = store.conversations.get_turn(turn_id)
                assert turn.answer.startswith(line["answer"])
                assert turn.status == "done" or line["status"] == "streaming"
                assert turn.status in ("done", "interrupted")
    assert shown


def test_edits_that_are_killed_stand_or_never_were(tmp_path: Path, folder: Path) -> None:
    chance, workspace = random.Random(13), tmp_path / "workspace"
    for _ in range(4):
        told = kill_amid("edit", workspace, folder, chance)
        last = {line["micrograph"]: line for line in told if "micrograph" in line}
        settled = dict(list(last.items())[:-1])
        with reopened(workspace) as store:
            kept = {m.id: m.nm_per_px for m in store.micrographs.list_micrographs()}
            for micrograph_id, line in settled.items():
                assert (micrograph_id in kept) == line["there"]
                if line["there"]:
                    assert kept[micrograph_id] == line["nm_per_px"]


def test_reviews_that_are_killed_are_there_once(tmp_path: Path) -> None:
    chance, workspace = random.Random(15), tmp_path / "workspace"
    with Store.open(workspace, inspect=PlainReader()) as store:
        add_pairs(store, tmp_path, 150)
    told: dict[PairId, str | None] = {}
    for _ in range(3):
        lines = [
            line for line in kill_amid("review", workspace, tmp_path, chance) if "pair" in line
        ]
        for line in lines:
            told[line["pair"]] = line["answer"] if line["state"] == "accepted" else None
        under_way = lines[-1]["pair"] if lines else ""  # it may be taken back, unheard
        with reopened(workspace) as store:
            pairs = list(store.pairs.iterate(PairFilter()))
            assert max(pair.reviews for pair in pairs) == 1
            kept = {p.pair.id: p.answer for p in pairs if p.state == "accepted"}
            accepted = {i: answer for i, answer in told.items() if answer and i != under_way}
            assert accepted.items() <= kept.items()
            assert len(kept.keys() - accepted.keys()) <= 2
            before = store.database.rows("FROM pair_states ORDER BY seq")
            store.reviews.rebuild_states()
            assert store.database.rows("FROM pair_states ORDER BY seq") == before
        told = dict.fromkeys(told) | kept
    assert told


def test_drafting_that_is_killed_knows_what_may_be_paid(tmp_path: Path) -> None:
    chance, workspace = random.Random(16), tmp_path / "workspace"
    order = ("prepared", "sent", "uncertain", "answered")
    told: dict[RequestId, Any] = {}
    for _ in range(3):
        lines = kill_amid("draft", workspace, tmp_path, chance)
        told |= {line["request"]: line for line in lines if "request" in line}
        with reopened(workspace) as store:
            for request_id, line in told.items():
                kept = store.drafts.get(request_id)
                assert kept is not None
                assert kept.state != "sent"
                assert order.index(kept.state) >= order.index(line["state"])
            answered = store.drafts.list_requests(state="answered")
            assert store.pairs.count_pairs() == 2 * len(answered)
            assert store.drafts.spent() == pytest.approx(0.1 * len(answered))
    assert told


def test_a_process_killed_while_it_makes_the_workspace_leaves_one_that_opens(
    tmp_path: Path,
) -> None:
    chance = random.Random(14)
    for round_ in range(4):
        workspace = tmp_path / f"w{round_}"
        with start("hold", workspace, tmp_path) as victim:
            give_up = time.monotonic() + 20
            while not workspace.exists() and time.monotonic() < give_up:
                time.sleep(0.002)
            time.sleep(chance.random() * 0.15)
            victim.kill()
        with reopened(workspace) as store:
            assert store.micrographs.count_micrographs() == 0
