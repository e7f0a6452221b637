"""Measure the built-in model against its bars, by what it answers, and write the report.

    python -m training.builtin.evaluate [--real DIR] [--weights DIR]

Drawings and real micrographs stand apart. Teacher-forced losses are not reported.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from slava.vlm.slava_model.load import WEIGHTS
from training.builtin.dataset import DatasetConfig, build_dataset
from training.builtin.on_drawings import evaluate_synthetic
from training.builtin.on_real import evaluate_real
from training.builtin.report import report_text

EXAMINATION_SEED = 20_000_000
"""First seed of the drawings that are only ever examined."""
DRAWING_PX = 256


def main(argv: Sequence[str] | None = None) -> None:
    """Evaluate, print, and write the report beside its figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--drawings", type=int, default=600, help="how many are drawn for it")
    parser.add_argument("--real", type=Path, help="folder of real micrographs, with nffa/")
    parser.add_argument("--out", type=Path, default=Path("docs/model-report.md"))
    parser.add_argument("--examined", type=int, default=400)
    chosen = parser.parse_args(argv)
    with TemporaryDirectory() as folder:
        wanted = DatasetConfig(chosen.drawings, DRAWING_PX, EXAMINATION_SEED)
        build_dataset(Path(folder), wanted)
        synthetic = evaluate_synthetic(
            chosen.weights, Path(folder), range(chosen.drawings), chosen.examined
        )
    real = evaluate_real(chosen.weights, chosen.real) if chosen.real else None
    command = "python -m training.builtin.evaluate --real DIR"
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(report_text(synthetic, real, command), encoding="utf-8")
    told: dict[str, Any] = {"synthetic": synthetic, "real": real}
    chosen.out.with_suffix(".json").write_text(json.dumps(told, indent=1), encoding="utf-8")
    print(chosen.out.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
