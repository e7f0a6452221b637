"""Train an encoder from the command line, or as a child whose lines a parent reads.

    python -m training.encoder SOURCE OUT [--no-labels] [--architecture patches] [--json]

SOURCE is a labelled folder or CSV. With ``--json`` every line is an object: a progress, and at
last the folder. A file ``OUT.stop`` beside OUT ends the training within one step.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
from dataclasses import asdict
from pathlib import Path

from slava.errors import BadInput, SlavaError
from slava.retrieval.labelled import list_labelled
from slava.retrieval.library import read_library
from training.encoder.config import EncoderConfig, EncoderProgress, Report

_LOOK_EVERY_S = 0.5


def main() -> int:
    """The command line; the exit code is 0 done, 1 failed, 2 bad input."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    ask.add_argument("source", type=Path)
    ask.add_argument("output", type=Path)
    ask.add_argument("--no-labels", action="store_true")
    ask.add_argument("--architecture", choices=("texture", "patches"), default="texture")
    ask.add_argument("--schedule", choices=("cycle", "plateau"), default="cycle")
    ask.add_argument("--samples", type=int, default=EncoderConfig().samples)
    ask.add_argument("--size-px", type=int, default=EncoderConfig().size_px)
    ask.add_argument("--seed", type=int, default=0)
    ask.add_argument("--json", action="store_true")
    told = ask.parse_args()

    def report(progress: EncoderProgress) -> None:
        print(json.dumps(asdict(progress)) if told.json else progress.text, flush=True)

    stop, over = threading.Event(), threading.Event()
    watcher = threading.Thread(target=_watch, args=(told.output, stop, over), daemon=True)
    watcher.start()
    try:
        config = EncoderConfig(
            task="unsupervised" if told.no_labels else "supervised",
            architecture=told.architecture,
            schedule=told.schedule,
            samples=told.samples,
            size_px=told.size_px,
            seed=told.seed,
        )
        _train(told.source, told.output, config, report, stop)
    except SlavaError as error:
        print(f"slava: {error}", file=sys.stderr)
        return 2 if isinstance(error, BadInput) else 1
    finally:
        over.set()
        watcher.join()
    print(json.dumps({"encoder": str(told.output)}) if told.json else told.output, flush=True)
    return 0


def _train(
    source: Path, output: Path, config: EncoderConfig, report: Report, stop: threading.Event
) -> None:
    from training.encoder.train import TrainingSet, train_encoder

    library = read_library(list_labelled(source).files)
    for warning in library.warnings:
        print(f"slava: {warning}", file=sys.stderr)
    entries, labelled = library.entries, config.task == "supervised"
    given = TrainingSet(
        [e.small for e in entries],
        [e.id for e in entries],
        [e.label if labelled else "" for e in entries],
        [e.group for e in entries],
    )
    train_encoder(given, output, config, report, stop)


def _watch(output: Path, stop: threading.Event, over: threading.Event) -> None:
    asked = output.with_name(output.name + ".stop")
    while not over.wait(_LOOK_EVERY_S):
        if asked.exists():
            stop.set()
            return


if __name__ == "__main__":
    sys.exit(main())
