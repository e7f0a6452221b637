"""``slava train``, ``runs`` and ``adapters``, as a user runs them, on the built-in model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from app import build_cli
from slava.domain import PairId, QAPair
from slava.errors import BadInput, NotFound
from slava.handoff.run_folder import RunFolder
from store import PairFilter, Store
from tests.cli.command import rows, slava
from tests.store.plain_reader import PlainReader
from tests.training.jobs import standin_command, until
from tests.training.steel import PARAPHRASES, QUESTION, SIGNS, answers, draw
from training import launch

SHORT = ("--max-steps", "4", "--set", "batch=4", "--set", "samples=1", "--set", "experts=2")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Twenty accepted pairs about drawn steel, frozen as ``steel``."""
    place = tmp_path_factory.mktemp("train")
    with Store.open(place / "w", inspect=PlainReader()) as store:
        pairs = []
        for number in range(20):
            kind = list(SIGNS)[number % 2]
            Image.fromarray(draw(kind, number)).save(place / f"steel{number}.png")
            added = store.micrographs.add_micrograph(place / f"steel{number}.png").micrograph
            concise, detailed = answers(kind)
            pairs.append(
                QAPair(
                    PairId(added.id[:32]), (added.id,), QUESTION, concise, detailed, PARAPHRASES,
                    category=kind,
                )
            )  # fmt: skip
        store.pairs.add_pairs(pairs)
        store.reviews.record_bulk(PairFilter(), "ann", "accepted", None, "", False)
        store.snapshots.add_snapshot("steel", measure=False)
    yield place / "w"
    for run in (place / "w" / "runs").iterdir():
        if child := launch.find(RunFolder(run)):
            child.kill()


def told(*args: str | Path) -> list[dict[str, Any]]:
    """What a command prints, run in this process."""
    done = CliRunner().invoke(build_cli(), [*map(str, args), "--json"])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return [json.loads(line) for line in done.stdout.splitlines()]


def refused(*args: str | Path) -> BaseException | None:
    """The error that a command ends with."""
    return CliRunner().invoke(build_cli(), list(map(str, args))).exception


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_snapshot_becomes_an_adapter_that_answers(workspace: Path, tmp_path: Path) -> None:
    of = ("--workspace", workspace)
    (trained,) = rows(slava("train", "--snapshot", "steel", *SHORT, "--wait", *of, "--json"))
    assert (trained["state"], trained["steps"]) == ("done", 4)
    assert trained["val_loss"] > 0
    assert trained["peak_memory_bytes"] > 0
    assert trained["seconds"] > 0
    folder = Path(trained["adapter_path"])
    assert (folder / "adapter_config.json").is_file()
    (listed,) = told("runs", *of)
    assert (listed["run_id"], listed["state"]) == (trained["run_id"], "done")
    (adapter,) = told("adapters", *of)
    assert (adapter["name"], adapter["snapshot"], adapter["reviews"]) == ("steel", "steel", 20)
    (out,) = told("adapter", "export", "steel", tmp_path / "out", *of)
    assert (Path(out["exported"]) / "adapter_config.json").is_file()
    steel = workspace.parent / "steel0.png"
    (said,) = rows(slava("ask", steel, QUESTION, "--adapter", folder, "--json"))
    assert said["answer"]


def test_what_speaks_against_a_training_is_said_and_nothing_is_begun(workspace: Path) -> None:
    of = ("--workspace", workspace)
    before = told("runs", *of)
    (dry,) = told("train", "--snapshot", "steel", "--backbone", "no/such", "--dry-run", *of)
    assert not dry["ok"]
    assert [f["check"] for f in dry["findings"] if f["severity"] == "error"] == ["base"]
    for wrong in (
        ("--snapshot", "steel", "--preset", "lucky"),
        ("--snapshot", "steel", "--set", "colour=blue"),
        ("--snapshot", "steel", "--set", "batch"),
        ("--snapshot", "steel", "--resume", "last"),
        (),
    ):
        assert isinstance(refused("train", *wrong, *of), BadInput), wrong
    assert isinstance(refused("train", "--snapshot", "lost", *of), NotFound)
    assert isinstance(refused("runs", "--cancel", "lost", *of), NotFound)
    assert isinstance(refused("adapter", "export", "lost", "x", *of), NotFound)
    assert told("runs", *of) == before


def test_without_waiting_it_goes_on_and_is_listed_later(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "command", standin_command)
    monkeypatch.setenv("SLAVA_STANDIN", json.dumps({"pace": 0.2}))
    of = ("--workspace", workspace)
    begun = ("train", "--snapshot", "steel", "--max-steps", "1000", *of)
    (first,) = told(*begun)
    (second,) = told(*begun)
    assert first["state"] in ("preflight", "running")
    assert second["state"] == "queued"
    until(lambda: told("runs", "--run", first["run_id"], *of)[0]["steps"] > 0)
    (stopped,) = told("runs", "--stop", first["run_id"], *of)
    assert stopped["state"] == "stopped"
    assert Path(stopped["adapter_path"]).is_dir()
    (cancelled,) = told("runs", "--cancel", second["run_id"], *of)
    assert cancelled["state"] == "cancelled"
    assert told("runs", "--rebuild", *of)[:2] == [
        told("runs", "--run", second["run_id"], *of)[0],
        told("runs", "--run", first["run_id"], *of)[0],
    ]
    (gone,) = told("runs", "--remove", first["run_id"], *of)
    assert gone["freed_bytes"] > 0
