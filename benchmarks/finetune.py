"""Fine-tuning the built-in model on 200 pairs of steel defects, and what becomes of the ten
categories that it knew.

    python benchmarks/finetune.py [--data DIR] [--drawn] [--minutes 15] [--threads 2] [--seed 0]

Micrographs are those of NEU-SDD (DIR/neu_sdd, or SLAVA_REAL_DATA), or with ``--drawn`` drawn ones.
168 pairs are learnt from and 32 validate; 120 further micrographs are the frozen test part. The
child is started as the app starts it. The old categories are asked for in words before and after,
on drawings that no training has seen and on real micrographs where there are some. Figures are
written to docs/finetune-benchmark.json. Nothing that is trained here is kept.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from slava.domain import Box, MicrographId, PairId, Part, QAPair
from slava.handoff.events import EventReader, StepEvent
from slava.handoff.run_folder import RunFolder
from slava.handoff.snapshot import (
    SnapshotContent,
    SnapshotMicrograph,
    SnapshotPair,
    make_snapshot,
    write_snapshot,
)
from tests.training.steel import PARAPHRASES, QUESTION, SIGNS, answers, draw
from training.finetune.config import make_config

COUNTS: dict[Part, int] = {"train": 28, "validation": 5, "test": 20}
"""Of each of six categories; two more validation pairs make 200 that are not of the test part."""
EXTRA_VALIDATION = 2
OLD_QUESTION = "Which category does this micrograph belong to?"
FIRST_SEED, DRAWINGS = 50_000_000, 200


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    ask.add_argument("--data", type=Path, default=Path(os.environ.get("SLAVA_REAL_DATA", default)))
    ask.add_argument("--drawn", action="store_true")
    ask.add_argument("--minutes", type=float, default=15.0)
    ask.add_argument("--threads", type=int, default=2)
    ask.add_argument("--seed", type=int, default=0)
    ask.add_argument("--method", default="dya_moqpe")
    ask.add_argument("--epochs", type=int)
    ask.add_argument("--output", type=Path, default=Path("docs/finetune-benchmark.json"))
    told = ask.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), told)
    print(json.dumps(figures, indent=2))
    told.output.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def measure(root: Path, told: Any) -> dict[str, Any]:
    """Train and compare; all figures."""
    pixels = drawn_steel if told.drawn else lambda kind: real_steel(told.data / "neu_sdd", kind)
    content = make_content(root, pixels, told.seed)
    changed = {"epochs": told.epochs} if told.epochs else {}
    config = make_config(
        method=told.method, seed=told.seed, threads=told.threads, device="cpu", **changed
    )
    run = RunFolder(root / "runs" / "benchmark")
    run.create()
    write_snapshot(run.snapshot, content)
    run.write_config(config.to_json())
    began = time.monotonic()
    child = subprocess.Popen([sys.executable, "-m", "training", str(run.root)])
    limit = told.minutes * 60
    while child.poll() is None:
        time.sleep(1)
        if time.monotonic() - began > limit * 0.9 and run.wish() is None:
            run.request_stop("stop")
    wall = time.monotonic() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_seconds = used.ru_utime + used.ru_stime
    events = [logged.event for logged in EventReader(run.events).read()]
    steps = [event for event in events if isinstance(event, StepEvent)]
    metrics = json.loads((run.adapter / "metrics.json").read_text(encoding="utf-8"))
    return {
        "source": "drawn" if told.drawn else "NEU-SDD",
        "command": " ".join(["python", *sys.argv]),
        "pairs_learnt_and_validated": sum(
            content.manifest.pairs[p] for p in ("train", "validation")
        ),
        "test_micrographs": content.manifest.micrographs["test"],
        "method": told.method,
        "seed": told.seed,
        "threads": told.threads,
        "wall_seconds": round(wall, 1),
        "stopped": run.wish() == "stop",
        "cpu_seconds": round(cpu_seconds, 1),
        "steps": steps[-1].step,
        "peak_memory_mb": round((steps[-1].memory_bytes or 0) / 1e6),
        "machine_load": round(os.getloadavg()[0], 1),
        "trainable": metrics["told"]["trainable"],
        "rank": metrics["told"]["rank"],
        "test": {k: round(v, 4) for k, v in metrics["metrics"].items()},
        "old_categories": old_categories(run.adapter, told.data),
    }


def make_content(
    root: Path, pictures: Callable[[str], Iterator[bytes]], seed: int
) -> SnapshotContent:
    """Micrographs into the workspace, and the pairs about them."""
    (root / "micrographs").mkdir()
    pairs, micrographs = [], []
    for place, kind in enumerate(SIGNS):
        source = pictures(kind)
        for part, count in COUNTS.items():
            extra = int(part == "validation" and place < EXTRA_VALIDATION)
            for _ in range(count + extra):
                data = next(source)
                digest = hashlib.sha256(data).hexdigest()
                path = f"micrographs/{digest}.png"
                (root / path).write_bytes(data)
                concise, detailed = answers(kind)
                micrographs.append(
                    SnapshotMicrograph(MicrographId(digest), path, 200, 200, label=kind)
                )
                pair = QAPair(
                    id=PairId(digest[:32]),
                    micrograph_ids=(MicrographId(digest),),
                    question=QUESTION,
                    answer=concise,
                    detailed=detailed,
                    paraphrases=PARAPHRASES,
                    category=kind,
                )
                pairs.append(SnapshotPair(pair, part))
    fractions: dict[Part, float] = {"train": 0.8, "validation": 0.1, "test": 0.1}
    return make_snapshot("steel", pairs, micrographs, created_at="", seed=seed, fractions=fractions)


def real_steel(folder: Path, kind: str) -> Iterator[bytes]:
    """Photographs of one kind of defect as PNG, in a fixed order by lot."""
    named = {path.name.replace("-", "_"): path for path in folder.iterdir()}
    files = sorted(named[kind].iterdir())
    random.Random(kind).shuffle(files)
    for path in files:
        with Image.open(path) as picture:
            yield as_png(np.asarray(picture.convert("L")))


def drawn_steel(kind: str) -> Iterator[bytes]:
    """Drawings of one kind of defect as PNG."""
    for seed in range(10_000):
        yield as_png(draw(kind, seed, 200))


def as_png(pixels: np.ndarray) -> bytes:
    import io

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def old_categories(adapter: Path, data: Path) -> dict[str, float]:
    """How often the ten categories are named rightly without and with the adapter."""
    from slava.vlm.adapted_builtin import AdaptedBuiltin
    from slava.vlm.backbone import GenerationSettings, Message, View
    from slava.vlm.builtin_backbone import BuiltinBackbone
    from slava.vlm.slava_model.language.phrases import CATEGORY

    backbone = AdaptedBuiltin.load_adapter(BuiltinBackbone.load(), adapter)
    settings = GenerationSettings(max_new_tokens=60)
    question = [Message("user", OLD_QUESTION, (0,))]
    found: dict[str, float] = {}
    for name, source in (("drawings", drawings()), ("real", real_old(data))):
        shown = list(source)
        if not shown:
            continue
        right = {"before": 0, "after": 0}
        taken = 0
        for pixels, label in shown:
            view = View(pixels, Box(0, 0, pixels.shape[1], pixels.shape[0]))
            said = {"after": text(backbone.stream(question, [view], settings))}
            with backbone.plain():
                said["before"] = text(BuiltinBackbone.stream(backbone, question, [view], settings))
            for when, words in said.items():
                right[when] += CATEGORY[label].label.lower() in words.lower()
            taken += backbone.answers(OLD_QUESTION, view)
        n = len(shown)
        found |= {f"{name}_{when}": round(hits / n, 4) for when, hits in right.items()}
        found |= {f"{name}": n, f"{name}_taken_for_steel": round(taken / n, 4)}
    return found


def text(chunks: Iterator[Any]) -> str:
    return "".join(chunk.text for chunk in chunks)


def drawings() -> Iterator[tuple[np.ndarray, str]]:
    from slava.synthetic import draw_micrograph
    from slava.synthetic.truth import CATEGORIES

    for k in range(DRAWINGS):
        label = CATEGORIES[k % len(CATEGORIES)]
        drawing = draw_micrograph(FIRST_SEED + k, label, width_px=256, height_px=256)
        yield drawing.pixels, label


def real_old(data: Path) -> Iterator[tuple[np.ndarray, str]]:
    from slava.imaging.display import stretch
    from slava.imaging.inspect import inspect_micrograph
    from training.builtin.on_real import nffa_categories

    if not (data / "nffa").is_dir():
        return
    for path, label in sorted(nffa_categories(data).items()):
        inspected = inspect_micrograph(path)
        box = inspected.micrograph.picture
        yield stretch(inspected.grey[box.top : box.bottom, box.left : box.right]), label


if __name__ == "__main__":
    main()
