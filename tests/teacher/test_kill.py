"""kill -9 at random moments of drafting: nothing is lost, nothing is paid twice.

The server counts what it was paid for. ``python -m tests.teacher.test_kill 50`` kills 50 times.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Self

import pytest

from slava.teacher.prices import load_prices
from store import Store
from tests.store.plain_reader import PlainReader, write_micrograph
from tests.teacher.fake_server import FakeTeacher, Fault

ROOT = Path(__file__).resolve().parents[2]
ASPECTS = 10
FAULTS: tuple[Fault | None, ...] = ("429", "500", "cut", "cut_unpaid", "slow")


def fill(workspace: Path, folder: Path, micrographs: int) -> None:
    with Store.open(workspace, inspect=PlainReader()) as store:
        for seed in range(micrographs):
            store.micrographs.add_micrograph(write_micrograph(folder / f"m{seed}.png", seed=seed))


def faults(seed: int) -> FakeTeacher:
    """A server on whose answers one in four has a fault, the first few times."""
    chance = random.Random(seed)

    def fault_of(_key: str, times: int) -> Fault | None:
        return chance.choice(FAULTS) if times < 4 and chance.random() < 0.25 else None

    return FakeTeacher(fault_of=fault_of, slow_s=0.05)


class Victims:
    """One victim after the other."""

    def __init__(self, workspace: Path, server: FakeTeacher) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.teacher.victim", str(workspace), server.url, server.key],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.read() == {"ready": True}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()

    def read(self) -> dict[str, Any]:
        """The next thing said; nothing of a line that a kill has cut."""
        assert self.process.stdout is not None
        try:
            line: dict[str, Any] = json.loads(self.process.stdout.readline())
        except ValueError:
            return {}
        return line

    def start(self) -> tuple[int, list[dict[str, Any]]]:
        """Let one begin: its number, and what it said until that was known."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        said = [self.read()]
        while "pid" not in said[-1]:
            said.append(self.read())
        return said.pop()["pid"], said

    def kill_amid(self, chance: random.Random, lines: int) -> set[str]:
        """Let one draft and kill it at some moment; what it had said is kept."""
        pid, said = self.start()
        for _ in range(chance.randrange(lines)):
            said.append(self.read())
            if "ended" in said[-1]:
                break
        else:
            time.sleep(chance.random() * 0.05)
            os.kill(pid, signal.SIGKILL)
        while not any("ended" in s for s in said):
            said.append(self.read())
        return {i for line in said for i in line.get("answered", [])}

    def run(self) -> dict[str, Any]:
        """Let one draft to its end: the last thing it said."""
        said = self.start()[1]
        while not any("ended" in s for s in said):
            said.append(self.read())
        return said[-2]


def kill_often(workspace: Path, server: FakeTeacher, kills: int, lines: int, seed: int) -> Counter:
    """Kill so often, look after each time, let the last one end; how often what was found."""
    chance, found = random.Random(seed), Counter[str]()
    with Victims(workspace, server) as victims:
        for _ in range(kills):
            found += look(workspace, server, victims.kill_amid(chance, lines))
        assert victims.run() == {"state": "done", "reason": ""}
    return found


def look(workspace: Path, server: FakeTeacher, acknowledged: set[str]) -> Counter[str]:
    """Whatever was acknowledged is there with its pair; nobody has paid anything twice."""
    with Store.open(workspace, inspect=PlainReader()) as store:
        requests = store.drafts.list_requests()
        answered = {r.id for r in requests if r.state == "answered"}
        assert acknowledged <= answered
        assert store.pairs.count_pairs() == len(answered)
        assert {r.state for r in requests} <= {"prepared", "failed", "uncertain", "answered"}
        unknown = {r.id for r in requests if r.state == "uncertain"}
        assert set(server.paid) <= answered | unknown
    assert set(server.paid.values()) <= {1}
    return Counter(r.state for r in requests)


def settle(workspace: Path, server: FakeTeacher, requests: int) -> None:
    """In the end all are answered, each paid once, and the book agrees with the server's."""
    assert server.paid.total() == requests
    assert set(server.paid.values()) == {1}
    price = load_prices().of("gpt-4o")
    with Store.open(workspace, inspect=PlainReader()) as store:
        kept = store.drafts.list_requests()
        assert {r.state for r in kept} == {"answered"}
        assert store.pairs.count_pairs() == len(kept) == requests
        cost = price.cost_usd(*server.tokens)
        assert store.drafts.spent() == pytest.approx(requests * cost)
        assert [r.cost_usd for r in kept] == pytest.approx([cost] * requests)
        for request in kept:
            assert request.raw_response.encode() == server.answers[request.id]


def test_drafting_that_is_killed_loses_nothing_and_pays_nothing_twice(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    fill(workspace, tmp_path / "in", 3)
    with faults(1) as server:
        kill_often(workspace, server, kills=6, lines=12, seed=1)
        settle(workspace, server, 3 * ASPECTS)


def run(kills: int, folder: Path) -> None:
    """Many kills over so many requests that there is always something left to do."""
    workspace, micrographs = folder / "workspace", max(3, kills // 6)
    fill(workspace, folder / "in", micrographs)
    with faults(7) as server:
        found = kill_often(workspace, server, kills, lines=4, seed=7)
        settle(workspace, server, micrographs * ASPECTS)
        repeats = sum(server.arrived.values()) - len(server.arrived)
        print(f"{kills} kills, {micrographs * ASPECTS} requests, {server.paid.total()} paid,")
        print(f"{repeats} arrived again, states after the kills: {dict(found)}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        run(int(sys.argv[1]), Path(place))
