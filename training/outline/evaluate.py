"""How well objects are outlined: F1 at IoU 0.5 and the error of the mean diameter.

    python -m training.outline.evaluate [--drawings N] [--report FILE.json]

On drawings that were never trained on. Real micrographs are examined by the tests.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from slava.imaging.measure.regions import count_same
from slava.imaging.outline import Subject, outline_objects
from training.outline.scenes import draw_outlined

FIRST_SEED = 30_000_000
"""First seed of the drawings that are only ever examined."""

Labels = NDArray[np.int32]


def match(found: Labels, truth: Labels) -> tuple[float, float]:
    """F1 at IoU 0.5 over all objects, and the relative error of the mean equal-circle diameter.

    Nothing where there is nothing counts as right.
    """
    areas_found, areas_truth = np.bincount(found.ravel()), np.bincount(truth.ravel())
    n_found, n_truth = (int((a[1:] > 0).sum()) for a in (areas_found, areas_truth))
    if not n_found or not n_truth:
        return float(n_found == n_truth), float(n_found != n_truth)
    said, true = (
        float(np.mean(2 * np.sqrt(a[1:][a[1:] > 0] / np.pi))) for a in (areas_found, areas_truth)
    )
    return 2 * count_same(found, truth) / (n_found + n_truth), abs(said / true - 1)


def evaluate_outlines(drawings: int = 100, subject: Subject = "bodies") -> dict[str, float]:
    """Figures on held-out drawings."""
    rows = []
    for seed in range(FIRST_SEED, FIRST_SEED + drawings):
        drawn = draw_outlined(seed, subject=subject)
        rows.append(match(outline_objects(drawn.pixels, subject)[0], drawn.objects))
    f1, error = np.array(rows).T
    return {
        "drawings": drawings,
        "object_f1": round(float(f1.mean()), 4),
        "diameter_error_median": round(float(np.median(error)), 4),
    }


def main() -> None:
    """The command line."""
    ask = argparse.ArgumentParser(description="Measure the outline network on drawings.")
    ask.add_argument("--drawings", type=int, default=100)
    ask.add_argument("--report", type=Path)
    told = ask.parse_args()
    figures = {s: evaluate_outlines(told.drawings, s) for s in get_args(Subject)}
    if told.report:
        told.report.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(figures)


if __name__ == "__main__":
    main()
