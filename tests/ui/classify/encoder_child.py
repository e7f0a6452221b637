"""A child that speaks as ``training.encoder`` does and learns nothing: it needs no torch."""

from __future__ import annotations

import csv
import json
import sys
import time
from pathlib import Path

from slava.retrieval.encoder_folder import EncoderRecord, write_record

STEPS = 4
LONG = 40_000


def main(listed: Path, output: Path, options: list[str]) -> int:
    """Tell of a few steps and write a folder; with many samples wait for the stop file."""
    with listed.open(encoding="utf-8") as opened:
        rows = list(csv.DictReader(opened))
    if not all(Path(row["file"]).stat().st_size > 100 for row in rows):
        print("a warning", "slava: none of them could be read.", sep="\n", file=sys.stderr)
        return 2
    labels = "--no-labels" not in options
    for step in range(1, STEPS + 1):
        told = {"step": step, "steps": STEPS, "loss": 1 / step, "seconds": float(step)}
        print(json.dumps({**told, "validation": 0.75 if labels else None}), flush=True)
        while f"--samples={LONG}" in options:
            if output.with_name(f"{output.name}.stop").exists():
                print("slava: the training of the encoder was stopped.", file=sys.stderr)
                return 1
            time.sleep(0.05)
    output.mkdir(parents=True)
    names = tuple(sorted({row["label"] for row in rows}))
    write_record(output, EncoderRecord("supervised", {"size_px": 128}, names))
    print(json.dumps({"encoder": str(output)}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
