"""``slava train``, ``runs`` and ``adapters``, as a user runs them, on the built-in model."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from slava.domain import PairId, QAPair
from store import PairFilter, Store
from tests.cli.command import rows, slava
from tests.store.plain_reader import PlainReader
from tests.training.steel import PARAPHRASES, QUESTION, SIGNS, answers, draw

SHORT = ("--max-steps", "4", "--set", "batch=4", "--set", "samples=1", "--set", "rank=8")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
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
    return place / "w"


@pytest.mark.slow
def test_a_snapshot_becomes_an_adapter_that_answers(workspace: Path, tmp_path: Path) -> None:
    of = ("--workspace", workspace, "--json")
    (trained,) = rows(slava("train", "--snapshot", "steel", *SHORT, "--wait", *of))
    assert (trained["state"], trained["steps"]) == ("done", 4)
    assert trained["val_loss"] > 0
    assert trained["peak_memory_bytes"] > 0
    assert trained["seconds"] > 0
    folder = Path(trained["adapter_path"])
    assert (folder / "adapter_config.json").is_file()
    (listed,) = rows(slava("runs", *of))
    assert (listed["run_id"], listed["state"]) == (trained["run_id"], "done")
    (adapter,) = rows(slava("adapters", *of))
    assert (adapter["name"], adapter["snapshot"], adapter["reviews"]) == ("steel", "steel", 20)
    (out,) = rows(slava("adapter", "export", "steel", tmp_path / "out", *of))
    assert (Path(out["exported"]) / "adapter_config.json").is_file()
    steel = workspace.parent / "steel0.png"
    (said,) = rows(slava("ask", steel, QUESTION, "--adapter", folder, "--json"))
    assert said["answer"]


def test_what_speaks_against_a_training_is_said_and_nothing_is_begun(workspace: Path) -> None:
    of = ("--workspace", workspace, "--json")
    dry = slava("train", "--snapshot", "steel", "--backbone", "no/such", "--dry-run", *of)
    (told,) = rows(dry)
    assert dry.returncode == 2
    assert [f["check"] for f in told["findings"] if f["severity"] == "error"] == ["base"]
    before = rows(slava("runs", *of))
    for wrong in (
        ("--snapshot", "steel", "--preset", "lucky"),
        ("--snapshot", "steel", "--set", "colour=blue"),
        ("--snapshot", "steel", "--resume", "last"),
        (),
    ):
        refused = slava("train", *wrong, "--workspace", workspace)
        assert refused.returncode == 2, wrong
        assert refused.stderr.count("\n") == 1
    assert slava("train", "--snapshot", "lost", "--workspace", workspace).returncode == 1
    assert rows(slava("runs", *of)) == before
