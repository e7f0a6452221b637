"""``slava classify --demonstrations`` and ``slava split`` on drawn textures."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import app
from slava.errors import SlavaError
from tests.retrieval.textures import KINDS, labelled_folder

PROMISED = {
    *("top1", "top2", "top3", "top5", "per_class", "confusion_matrix"),
    *("knn_top1", "model_top1", "fused_top1", "seconds"),
    *("n", "labels", "encoder", "warnings", "duplicates"),
}


def run(*args: object) -> Result:
    return CliRunner().invoke(app.build_cli(), [str(a) for a in args])


def row(*args: object) -> dict[str, Any]:
    done = run(*args, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout.splitlines()[-1])


def refusal(*args: object) -> str:
    error = run(*args).exception
    assert isinstance(error, SlavaError)
    return str(error)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    return (
        labelled_folder(tmp_path / "demonstrations", 8),
        labelled_folder(tmp_path / "queries", 3, start=200),
    )


def test_a_labelled_folder_is_judged(trained, folders: tuple[Path, Path]) -> None:
    library, queries = folders
    shutil.copy(library / "dots" / "dots_0.png", queries / "dots" / "known.png")
    told = row(
        "classify", "--demonstrations", library, "--queries", queries,
        "--encoder", trained[1], "--backbone", "none",
    )  # fmt: skip
    assert set(told) >= PROMISED
    assert told["n"] == 13
    assert told["labels"] == list(KINDS)
    assert told["knn_top1"] >= 0.8
    assert told["fused_top1"] == told["top1"] >= 0.8
    assert told["model_top1"] is None
    assert any("1 queries are demonstrations too" in w for w in told["warnings"])


def test_files_are_ranked_by_example(trained, folders: tuple[Path, Path]) -> None:
    library, queries = folders
    file = next((queries / "blobs").iterdir())
    told = row(
        "classify", file, "--demonstrations", library, "--encoder", trained[1],
        "--backbone", "none", "--k", 3, "--metric", "euclidean",
    )  # fmt: skip
    assert told["ranked"][0]["label"] == "blobs"
    assert len(told["ranked"]) == len(KINDS)
    assert len(told["neighbours"]) == 3
    assert "blobs" in told["rationale"]


def test_training_on_the_demonstrations(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch, one_thread: None
) -> None:
    import training.encoder
    from tests.encoder.conftest import QUICK

    monkeypatch.setattr(training.encoder, "EncoderConfig", lambda **_: QUICK)
    library, queries = folders
    told = row(
        "classify", "--demonstrations", library, "--queries", queries, "--encoder", "train",
        "--save-encoder", tmp_path / "kept", "--backbone", "none",
    )  # fmt: skip
    assert told["encoder"].startswith("trained:")
    assert told["encoder_top1"] is not None
    assert (tmp_path / "kept" / "model.safetensors").is_file()


def test_what_cannot_be_judged_is_said(folders: tuple[Path, Path], tmp_path: Path) -> None:
    library, queries = folders
    both = ("--demonstrations", library, "--queries", queries)
    one = labelled_folder(tmp_path / "one", 3, kinds=("dots",))
    assert "only the class 'dots'" in refusal(
        "classify", "--demonstrations", one, "--queries", queries
    )
    assert "--queries needs --demonstrations" in refusal("classify", "--queries", queries)
    assert "give FILE..." in refusal("classify")
    assert "either FILE... or --queries" in refusal("classify", "--demonstrations", library)
    assert "--k 99" in refusal("classify", *both, "--k", 99)
    assert "strategy 'best'" in refusal("classify", *both, "--strategy", "best")
    assert "go with --encoder train" in refusal("classify", *both, "--no-labels")
    assert "neither a folder nor a CSV" in refusal(
        "classify", "--demonstrations", library, "--queries", tmp_path / "gone"
    )


@pytest.mark.parametrize("how", [(), ("--hard",)])
def test_a_split_is_read_by_classify(trained, folders, tmp_path: Path, how) -> None:
    library, _ = folders
    table = tmp_path / "split.csv"
    told = row("split", library, "--csv", table, "--share", 0.25, *how)
    assert (told["demonstrations"], told["queries"]) == (24, 8)
    assert set(told["queries_per_class"].values()) == {2}
    judged = row(
        "classify", "--demonstrations", table, "--queries", table,
        "--encoder", trained[1], "--backbone", "none", "--k", 1,
    )  # fmt: skip
    assert (judged["n"], judged["demonstrations"]) == (8, 24)


def test_the_child_tells_progress_as_json_and_obeys_a_stop(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch, capsys, one_thread: None
) -> None:
    import sys

    from training.encoder.__main__ import main

    output = tmp_path / "out"
    given = ["x", str(folders[0]), str(output), "--samples", "64", "--size-px", "64", "--json"]
    monkeypatch.setattr(sys, "argv", given)
    assert main() == 0
    *progress, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert progress[-1]["step"] == progress[-1]["steps"] == 2
    assert last == {"encoder": str(output)}
    assert (output / "config.json").is_file()
    monkeypatch.setattr(sys, "argv", ["x", str(tmp_path / "gone"), str(output)])
    assert main() == 2
    assert "neither a folder nor a CSV" in capsys.readouterr().err
    (tmp_path / "again.stop").touch()
    monkeypatch.setattr(sys, "argv", ["x", str(folders[0]), str(tmp_path / "again")])
    assert main() == 1
    assert "was stopped" in capsys.readouterr().err
    assert not (tmp_path / "again").exists()
