"""Sizes and counts of real micrographs against an expert's, from pixels alone.

The thresholds stand a little below what is reached, so that getting worse is noticed; fibre counts
are where classical methods stop.
"""

from __future__ import annotations

import json
import statistics
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from slava.domain import Box, Measurement
from slava.imaging.measure import measure_micrograph

pytestmark = pytest.mark.real_data

BAR_NM = {
    "size/fibers": (10_000, 10_000, 100_000, 20_000, 20_000),
    "size/particles": (1000, 100, 100, 20, 20),
}
"""Lengths of the burnt-in scale bars, read by eye, of the files in order of their names."""


def bar_of(grey: np.ndarray) -> tuple[int, float]:
    """First row of the white databar, and the length of its bar between the caps' middles."""
    rows = np.nonzero((grey > 235).mean(axis=1) > 0.7)[0]
    band = grey[rows[0] + 3 : rows[-1] - 2, 3:330] < 215
    longest = 0
    for row in band:
        ends = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(int), [0]])))
        longest = max(longest, int(np.diff(ends)[::2].max(initial=0)))
    return int(rows[0]), longest - 1.5


def load(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("L"))


@cache
def sized(folder: Path, kind: str) -> dict[str, Measurement]:
    found = {}
    for path, length in zip(sorted((folder / kind).iterdir()), BAR_NM[kind], strict=True):
        grey = load(path)
        top, bar_px = bar_of(grey)
        box = Box(0, 0, grey.shape[1], top)
        found[path.name] = measure_micrograph(grey, picture=box, nm_per_px=length / bar_px)
    return found


@cache
def counted(folder: Path, kind: str) -> dict[str, Measurement]:
    found = {}
    for path in sorted((folder / kind).iterdir()):
        grey = load(path)
        box = Box(0, 0, grey.shape[1], grey.shape[0])
        found[path.name] = measure_micrograph(grey, picture=box, nm_per_px=None)
    return found


def truth(folder: Path, part: str, what: str, key: str) -> dict[str, float]:
    rows = json.loads((folder / "truth.json").read_text(encoding="utf-8"))[part]
    return {Path(r["file"]).name: r[key] for r in rows if what in r["file"]}


@pytest.mark.parametrize(("what", "kind"), [("fibers", "fibres"), ("particles", "particles")])
def test_mean_sizes_are_the_experts(real_data, what, kind):
    found = sized(real_data / "nffa", f"size/{what}")
    expert = truth(real_data / "nffa", "size", what, "expert_mean_size_um")
    assert {m.kind for m in found.values()} <= {kind, "unsure"}
    errors = [abs(found[f].mean_size_nm / 1e3 - um) / um for f, um in expert.items()]
    assert statistics.median(errors) <= 0.06
    assert max(errors) <= 0.2


def errors_of_counts(folder: Path, what: str) -> list[float]:
    found = counted(folder, f"count/{what}")
    expert = truth(folder, "count", what, "expert_count")
    return [
        abs(found[f].count - number) / number
        for f, number in expert.items()
        if found[f].count is not None
    ]


def test_particles_are_counted_as_the_expert_does(real_data):
    errors = errors_of_counts(real_data / "nffa", "particles")
    assert len(errors) >= 9
    assert statistics.median(errors) <= 0.1


def test_fibres_are_counted_less_well(real_data):
    errors = errors_of_counts(real_data / "nffa", "fibers")
    assert len(errors) >= 11
    assert statistics.median(errors) <= 0.45


def test_a_sure_kind_is_the_right_one(real_data):
    for what, kind in (("fibers", "fibres"), ("particles", "particles")):
        for name, measurement in counted(real_data / "nffa", f"count/{what}").items():
            assert measurement.kind in (kind, "unsure"), name


def test_other_microscopies_are_rarely_taken_for_particles_or_fibres(real_data):
    files = sorted((real_data / "doitpoms" / "images").iterdir())[::12]
    claims = []
    for path in files:
        grey = load(path)
        box = Box(0, 0, grey.shape[1], grey.shape[0])
        claims.append(measure_micrograph(grey, picture=box, nm_per_px=None))
    sure = [m for m in claims if m.kind in ("particles", "fibres") and m.kind_confidence > 0.9]
    assert len(sure) <= 0.15 * len(files)
