"""Accuracy of neighbours alone against K and against the strategy, on a labelled split.

    slava split DIR --csv split.csv
    python benchmarks/classify.py split.csv split.csv --encoder builtin
    python benchmarks/classify.py DEMONSTRATIONS QUERIES --encoder train --baseline resnet10t

``random`` is the mean of five draws. Writes ``results/classify.json`` and, with ``--report``,
``docs/classify-report.md`` with the table and plots as SVG.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from slava.retrieval import Fusion, open_encoder  # noqa: E402
from slava.retrieval.evaluate import Choice, collect_votes, figures, fit_on_library  # noqa: E402
from slava.retrieval.labelled import list_labelled  # noqa: E402
from slava.retrieval.library import read_library  # noqa: E402
from slava.retrieval.parts import held_out_rows  # noqa: E402

RESULT = Path(__file__).parent / "results" / "classify.json"
KS = range(1, 9)
STRATEGIES = ("similar", "random", "diverse", "balanced")
DRAWS = 5


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("demonstrations", type=Path)
    ask.add_argument("queries", type=Path)
    ask.add_argument("--encoder", default="builtin", help="builtin, a timm NAME, a PATH, or train")
    ask.add_argument("--no-labels", action="store_true", help="train by two views of each")
    ask.add_argument("--samples", type=int, default=0)
    ask.add_argument("--baseline", action="append", default=[], help="a timm architecture")
    ask.add_argument("--report", type=Path, help="write the report as Markdown here")
    told = ask.parse_args()
    library = read_library(list_labelled(told.demonstrations, "demonstrations").files)
    asked = read_library(list_labelled(told.queries, "queries").files, deduplicate=False)
    encoder = _encoder(told, library)
    record = getattr(encoder, "record", None)
    training = dict(record.training) if record is not None else {}
    small = [e.small for e in library.entries]
    index = library.index(encoder.key, encoder.encode(small))
    vectors = encoder.encode([e.small for e in asked.entries])
    sweep = _sweep(index, encoder, asked, vectors)
    groups = [e.group for e in library.entries]
    held = set(record.held_out) if record is not None else set()
    rows = np.flatnonzero([e.id in held for e in library.entries])
    if not len(rows):
        rows = held_out_rows(library.labels, groups, 0.1)
    fusion = fit_on_library(index, encoder, library.entries, rows, Choice())
    votes = collect_votes(index, encoder, asked.entries, vectors, Choice())
    result: dict[str, Any] = {
        "machine": platform.processor() or platform.machine(),
        "encoder": f"trained, {record.task}" if record is not None else told.encoder,
        "demonstrations": len(library.entries),
        "queries": len(asked.entries),
        "training_seconds": training.get("seconds", 0),
        "sweep": sweep,
        "k5": figures(index, asked.labels, votes, fusion),
        "similar_beats_random_for_every_k": all(
            sweep["similar"][k] > sweep["random"][k] for k in range(len(KS))
        ),
        "baselines": _baselines(told, library, asked),
    }
    print(json.dumps({**result, "k5": {n: result["k5"][n] for n in ("knn_top1", "fused_top1")}}))
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if told.report:
        from benchmarks.classify_report import write_report

        write_report(told.report, result)


def _encoder(told: argparse.Namespace, library: Any) -> Any:
    if told.encoder != "train":
        return open_encoder(told.encoder)
    from training.encoder.train import train_encoder

    with tempfile.TemporaryDirectory() as folder:
        return train_encoder(
            _training_set(library, not told.no_labels), Path(folder), _config(told), _say
        )


def _config(told: argparse.Namespace) -> Any:
    from training.encoder import EncoderConfig

    task: Any = "unsupervised" if told.no_labels else "supervised"
    return EncoderConfig(task=task, samples=told.samples or EncoderConfig().samples)


def _training_set(library: Any, labelled: bool) -> Any:
    from training.encoder.train import TrainingSet

    entries = library.entries
    return TrainingSet(
        [e.small for e in entries],
        [e.id for e in entries],
        [e.label if labelled else "" for e in entries],
        [e.group for e in entries],
    )


def _sweep(index: Any, encoder: Any, asked: Any, vectors: Any) -> dict[str, list[float]]:
    """Top-1 of the vote for every strategy and K."""
    sweep: dict[str, list[float]] = {}
    for strategy in STRATEGIES:
        row = []
        for k in KS:
            seeds = range(DRAWS) if strategy == "random" else range(1)
            right = [
                figures(
                    index,
                    asked.labels,
                    collect_votes(
                        index, encoder, asked.entries, vectors, Choice(k, strategy, seed=seed)
                    ),
                    Fusion(),
                )["knn_top1"]
                for seed in seeds
            ]
            row.append(round(float(np.mean(right)), 4))
        sweep[strategy] = row
    return sweep


def _baselines(told: argparse.Namespace, library: Any, asked: Any) -> list[dict[str, Any]]:
    if not told.baseline:
        return []
    from dataclasses import asdict

    from training.encoder.baseline import train_baseline

    small, truth = [e.small for e in asked.entries], asked.labels
    given = _training_set(library, True)
    return [
        asdict(train_baseline(name, given, small, truth, _config(told), _say))
        for name in told.baseline
    ]


def _say(progress: Any) -> None:
    print(progress.text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
