"""``slava measure`` from outside: what it prints and what it writes."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from tests.measure.drawings import as_bytes, grid_of_discs

ROOT = Path(__file__).resolve().parents[2]


def slava(*arguments: object) -> subprocess.CompletedProcess[str]:
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import app; app.main()"
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, encoding="utf-8")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("micrographs") / "discs.tif"
    tifffile.imwrite(path, as_bytes(grid_of_discs((300, 400), 60, 16)[0]))
    return path


def test_everything_that_can_be_taken_away_is_written(file: Path, tmp_path: Path) -> None:
    labels, table, picture = (tmp_path / name for name in ("l.tif", "t.csv", "o.png"))
    done = slava(
        *("measure", file, "--kind", "particles", "--nm-per-px", 5, "--json"),
        *("--labels", labels, "--csv", table, "--overlay", picture),
    )
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["kind"] == "particles"
    assert record["mean_size_nm"] == pytest.approx(160, rel=0.03)
    assert record["d10_nm"] <= record["median_size_nm"] <= record["d90_nm"]
    found = tifffile.imread(labels)
    assert (found.shape, found.dtype) == ((300, 400), np.uint16)
    assert found.max() == record["count"] == len(record["objects"])
    with table.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == record["count"]
    assert {row["Unit"] for row in rows} == {"nm"}
    with Image.open(picture) as opened:
        assert opened.size == (400, 300)


def test_a_place_that_cannot_be_written_is_told(file: Path, tmp_path: Path) -> None:
    done = slava("measure", file, "--kind", "particles", "--csv", tmp_path / "no" / "t.csv")
    assert done.returncode == 2
    assert "--csv" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_network_outlines_where_it_is_asked_for(file: Path) -> None:
    done = slava("measure", file, "--kind", "particles", "--outline", "network", "--json")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["method"].startswith("outline network")
    assert record["mean_size_px"] == pytest.approx(32, rel=0.15)


def test_an_outline_that_there_is_not_is_told(file: Path) -> None:
    done = slava("measure", file, "--outline", "magic")
    assert done.returncode == 2
    assert "--outline 'magic' is none of auto, threshold, network" in done.stderr
