"""``slava import``, ``slava snapshot`` and ``slava export``, from one workspace to another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from app import build_cli
from slava.domain import Calibration
from slava.errors import SlavaError
from store import Judgement, PairFilter, Store
from tests.cli.command import rows, slava


def run(*args: str | Path) -> Result:
    """A command in this process; our errors come as they are raised."""
    return CliRunner().invoke(build_cli(), [str(arg) for arg in args])


def told(result: Result) -> dict[str, Any]:
    lines = [line for line in result.stdout.splitlines() if line.startswith("{")]
    return dict(json.loads(lines[-1]))


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """LLaVA JSON of somebody else: 16 bits, fields that we have no name for, two bad records."""
    folder = tmp_path / "foreign"
    (folder / "images").mkdir(parents=True)
    rng = np.random.default_rng(2)
    records: list[dict[str, Any]] = []
    for number in range(6):
        pixels = rng.integers(100, 60000, (40, 48)).astype(np.uint16)
        Image.fromarray(pixels).save(folder / "images" / f"m{number}.png")
        said = [{"from": "human", "value": "<image>\nWhat is it?"}, {"from": "gpt", "value": "A."}]
        records.append({"id": f"{number}", "image": f"m{number}.png", "conversations": said})
        records[-1]["source"] = f"paper {number}"
    records.append({**records[0], "image": "../../secret.png"})
    records.append({**records[0], "image": "gone.png"})
    (folder / "data.json").write_text(json.dumps(records), encoding="utf-8")
    return folder


def test_from_a_foreign_file_to_a_reviewed_snapshot_and_out_again(
    foreign: Path, tmp_path: Path
) -> None:
    workspace = tmp_path / "workspace"
    where = ("--workspace", workspace, "--json")
    done = slava(
        "import", "--equal-only", foreign / "data.json", "--images", foreign / "images", *where
    )
    assert done.returncode == 2
    (report,) = rows(done)
    assert (report["format"], report["records"], report["added"]) == ("llava", 8, 6)
    assert [p.split(":")[0] for p in report["problems"]] == ["record 7", "record 8"]
    assert "data.json: record 7" in done.stderr

    with Store.open(workspace) as store:
        pending = list(store.pairs.iterate(PairFilter(state="pending")))
        assert len(pending) == 6
        assert {r.pair.drafting.teacher for r in pending} == {"import:llava"}
        for reviewed in pending[:5]:
            store.reviews.record_review(reviewed.pair.id, "ada", Judgement("accepted"))
        first = pending[0].pair
        store.micrographs.set_calibration(first.micrograph_ids[0], Calibration(3.0, "manual"))
        store.micrographs.set_confidential([pending[1].pair.micrograph_ids[0]])

    snapshot = told(run("snapshot", "first", "--no-measure", *where))
    assert sum(snapshot["pairs"].values()) == 5
    assert snapshot["left_out"] == {"not reviewed": 1}
    assert Path(snapshot["datasheet"]).is_file()

    out = tmp_path / "out"
    result = run("export", "--format", "llava", "--out", out, "--snapshot", "first", *where)
    assert result.exit_code == 0, result.output
    exported = told(result)
    assert (exported["pairs"], exported["confidential_left_out"]) == (4, 1)
    records = json.loads((out / "data.json").read_text(encoding="utf-8"))
    assert sorted(record["source"] for record in records) == [f"paper {n}" for n in (0, 2, 3, 4)]
    for record in records:
        with Image.open(out / record["image"]) as opened:
            assert (opened.mode, opened.size) == ("L", (48, 40))

    other = ("--workspace", tmp_path / "other", "--json")
    assert told(run("import", "--equal-only", out, *other))["added"] == 4
    assert told(run("import", "--equal-only", out, *other))["known"] == 4
    assert told(run("import", "--equal-only", out, *where))["known"] == 4
    with Store.open(tmp_path / "other") as store:
        back = {r.pair.extra["source"]: r for r in store.pairs.iterate(PairFilter())}
        again = back[str(first.extra["source"])]
        (micrograph_id,) = again.pair.micrograph_ids
        assert again.state == "pending"
        assert again.pair.extra["slava_micrographs"] == list(first.micrograph_ids)
        assert store.micrographs.get_micrograph(micrograph_id).nm_per_px == 3.0


def test_confidential_micrographs_leave_only_when_that_is_said(
    foreign: Path, tmp_path: Path
) -> None:
    where = ("--workspace", tmp_path / "workspace", "--json")
    run("import", "--equal-only", foreign, *where)
    with Store.open(tmp_path / "workspace") as store:
        ids = [micrograph.id for micrograph in store.micrographs.list_micrographs()]
        store.micrographs.set_confidential(ids[:2])
    out = tmp_path / "out"
    every = ("export", "--state", "all", *where)
    result = run(*every, "--format", "sharegpt", "--out", out)
    assert (told(result)["pairs"], told(result)["confidential_left_out"]) == (4, 2)
    assert "left out: 2 pairs" in result.stderr
    result = run(*every, "--format", "parquet", "--out", tmp_path / "2", "--include-confidential")
    assert (told(result)["pairs"], told(result)["confidential_included"]) == (6, 2)
    assert "2 confidential micrographs are in" in result.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("snapshot", "a"), "none at all"),
        (("snapshot", "a", "--state", "some"), "--state 'some'"),
        (("snapshot", "a", "--fractions", "0.5,0.5"), "--fractions '0.5,0.5'"),
        (("snapshot", "a", "--fractions", "1,1,1"), "add up to 1"),
        (("export", "--format", "word", "--out", "OUT"), "--format 'word'"),
        (("export", "--format", "llava", "--out", "OUT"), "There is no pair to export"),
        (("export", "--format", "llava", "--out", "FULL"), "is not empty"),
        (("export", "--format", "llava", "--out", "FULL/file"), "is a file"),
        (("export", "--format", "llava", "--out", "OUT", "--snapshot", "x"), "no snapshot 'x'"),
        (("import", "--equal-only", "FULL/none.json"), "none.json"),
        (("import", "--equal-only", "FULL/file"), "file: no record of it"),
    ],
)
def test_bad_input_is_one_sentence(args: tuple[str, ...], said: str, tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "file").write_text("[]")
    named = [a.replace("FULL", str(full)).replace("OUT", str(tmp_path / "out")) for a in args]
    result = run(*named, "--workspace", tmp_path / "workspace")
    assert isinstance(result.exception, SlavaError)
    assert said in str(result.exception)
    assert "\n" not in str(result.exception)
    assert (full / "file").read_text() == "[]"
