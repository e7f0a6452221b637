"""The ``slava`` command from outside: its JSON, its exit codes, its one-line complaints."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
import typer
from PIL import Image

import app
from tests.cli.command import ROOT, rows, slava

COMMANDS = (
    "app",
    "inspect",
    "measure",
    "ask",
    "classify",
    "split",
    "ingest",
    "models",
    "build-model",
    "verify",
    "draft",
    "review",
    "import",
    "snapshot",
    "export",
    "metrics",
    "train",
    "evaluate",
    "report",
    "runs",
    "adapters",
)
HIDDEN = {"adapter"}
"""Other spellings."""

INSPECT_KEYS = {
    "width_px",
    "height_px",
    "bit_depth",
    "nm_per_px",
    "calibration_source",
    "field_width_um",
    "magnification",
    "accelerating_voltage_kv",
    "working_distance_mm",
    "detector",
    "vendor",
    "modality",
    "warnings",
}


@pytest.fixture(scope="module")
def discs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A calibrated TIFF (ImageJ units, 5 nm per pixel) with twelve bright discs of 40 px."""
    y, x = np.mgrid[:480, :640]
    pixels = np.full((480, 640), 60.0)
    for cy in (90, 240, 390):
        for cx in (90, 240, 390, 540):
            pixels[(x - cx) ** 2 + (y - cy) ** 2 < 20**2] = 190
    pixels += np.random.default_rng(0).normal(0, 6, pixels.shape)
    path = tmp_path_factory.mktemp("discs") / "discs.tif"
    tifffile.imwrite(
        path,
        pixels.clip(0, 255).astype(np.uint8),
        imagej=True,
        resolution=(1 / 0.005, 1 / 0.005),
        metadata={"unit": "um"},
    )
    return path


@pytest.fixture(scope="module")
def uncalibrated(tmp_path_factory: pytest.TempPathFactory, discs: Path) -> Path:
    path = tmp_path_factory.mktemp("jpeg") / "plain.jpg"
    Image.fromarray(tifffile.imread(discs)).save(path, quality=95)
    return path


def test_every_command_has_help_and_json_and_a_line_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in COMMANDS:
        assert f"`slava {command}" in readme, command
        done = slava(command, "--help")
        assert done.returncode == 0, command
        assert "--json" in done.stdout, command


def test_the_command_has_no_command_that_is_not_tested_here() -> None:
    group = typer.main.get_command(app.build_cli())
    assert isinstance(group, typer.core.TyperGroup)
    assert set(group.commands) == {*COMMANDS, *HIDDEN}


def test_help_imports_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", str(ROOT / "app.py"), "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    imported = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
    assert "ui.commands.measure" in imported
    assert not imported & {"gradio", "torch", "numpy", "duckdb", "PIL", "httpx", "store"}


def test_inspect_gives_the_documented_keys(discs: Path) -> None:
    (row,) = rows(slava("inspect", discs, "--json"))
    assert row.keys() >= INSPECT_KEYS | {"file"}
    assert row["file"] == str(discs)
    assert row["nm_per_px"] == pytest.approx(5.0, rel=1e-6)
    assert row["calibration_source"] == "metadata"
    assert row["field_width_um"] == pytest.approx(3.2)


def test_several_files_give_one_line_each_and_one_bad_file_spoils_nothing(
    discs: Path, uncalibrated: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "text.tif"
    bad.write_text("hello\n")
    done = slava("inspect", discs, bad, uncalibrated, "--json")
    assert [Path(r["file"]).name for r in rows(done)] == ["discs.tif", "plain.jpg"]
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "text.tif" in done.stderr
    assert "Traceback" not in done.stderr


def test_uncalibrated_is_said_and_gives_no_length(uncalibrated: Path) -> None:
    (row,) = rows(slava("inspect", uncalibrated, "--json"))
    assert row["nm_per_px"] is None
    assert row["calibration_source"] is None
    assert row["field_width_um"] is None
    (row,) = rows(slava("measure", uncalibrated, "--json"))
    assert row["mean_size_nm"] is None
    assert {f["unit"] for f in row["facts"]} <= {"px", "px²", "%", "°", "", "1/px"}


def test_measure_counts_and_sizes(discs: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.tif"
    (row,) = rows(slava("measure", discs, "--kind", "particles", "--labels", labels, "--json"))
    assert row["count"] == 12
    assert row["mean_size_nm"] == pytest.approx(200, rel=0.06)
    assert len(np.unique(tifffile.imread(labels))) == 13


def test_a_manual_calibration_counts(uncalibrated: Path) -> None:
    (row,) = rows(slava("inspect", uncalibrated, "--nm-per-px", "2.5", "--json"))
    assert (row["nm_per_px"], row["calibration_source"]) == (2.5, "manual")
    done = slava("inspect", uncalibrated, "--nm-per-px", "-1", "--json")
    assert done.returncode == 2
    assert "--nm-per-px -1.0" in done.stderr


def test_ask_answers_with_what_it_stands_on(discs: Path) -> None:
    (row,) = rows(slava("ask", discs, "How large are the particles?", "--json"))
    assert row["model"] == "builtin"
    assert row["answer"]
    assert "5 nm per pixel" in row["context"]
    assert row["first_token_seconds"] <= row["seconds"]
    assert row["tokens_per_second"] > 0
    assert any(f["name"] == "field_width" for f in row["facts"])


def test_ask_without_context_tells_nothing(discs: Path) -> None:
    (row,) = rows(slava("ask", discs, "Describe it.", "--context", "none", "--json"))
    assert row["context"] == ""
    assert row["facts"] == []


def test_classify_ranks_all_ten(discs: Path) -> None:
    (row,) = rows(slava("classify", discs, "--json"))
    assert len(row["ranked"]) == 10
    assert sum(r["probability"] for r in row["ranked"]) == pytest.approx(1, abs=1e-3)
    assert isinstance(row["abstained"], bool)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["ask", "FILE", ""], "the question is empty"),
        (["ask", "FILE", "x", "--context", "all"], "context 'all' is none of"),
        (["ask", "FILE", "x", "--quantize", "q4"], "quantization 'q4' is none of"),
        (["classify", "FILE", "--pack", "moon"], "no pack 'moon'"),
        (["measure", "FILE", "--kind", "stars"], "--kind 'stars' is none of"),
        (["measure", "FILE", "FILE", "--labels", "labels.tif"], "--labels takes one FILE"),
    ],
)
def test_a_bad_option_is_one_line_and_exit_2(discs: Path, args: list[str], says: str) -> None:
    done = slava(*[str(discs) if a == "FILE" else a for a in args])
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_ingest_then_verify(discs: Path, uncalibrated: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.tif").write_bytes(discs.read_bytes())
    (folder / "b.tif").write_bytes(discs.read_bytes())
    (folder / "c.jpg").write_bytes(uncalibrated.read_bytes())
    workspace = tmp_path / "workspace"
    done = slava("ingest", folder, "--workspace", workspace, "--json")
    assert done.returncode == 0, done.stderr
    assert sorted(r["status"] for r in rows(done)) == ["added", "added", "duplicate"]
    done = slava("verify", "--workspace", workspace, "--json")
    assert done.returncode == 0, done.stderr
    original = next((workspace / "micrographs").glob("*.tif"))
    original.chmod(0o644)
    original.write_bytes(original.read_bytes()[:-1] + b"x")
    done = slava("verify", "--workspace", workspace, "--json")
    assert done.returncode == 1


def test_a_workspace_remembers_a_manual_calibration(uncalibrated: Path, tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    slava("inspect", uncalibrated, "--workspace", workspace, "--nm-per-px", "2.5")
    (row,) = rows(slava("inspect", uncalibrated, "--workspace", workspace, "--json"))
    assert (row["nm_per_px"], row["calibration_source"]) == (2.5, "manual")


def test_models_lists_the_builtin_and_others_with_licences() -> None:
    listed = rows(slava("models", "--json"))
    assert listed[0]["model"] == "builtin"
    assert len(listed) > 3
    assert all(row["licence"] for row in listed)
