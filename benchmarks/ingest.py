"""How fast a folder is taken in, against merely decoding the same files with Pillow.

Decoding is the least that any program must do to show a micrograph; the ingest also reads the
metadata, hashes, copies, syncs to the disk and commits each file on its own. Both are timed in the
same run on files that this script draws; the ratio of the CPU times holds on a busy machine too.

    python benchmarks/ingest.py --files 200
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from store import Store
from store.ingest import ingest_folder
from store.verify import verify_workspace

RESULT = Path(__file__).parent / "results" / "ingest.json"
FORMATS = ("tif", "png", "jpg", "tif")
"""Cycled through: microscopes mostly write TIFF."""


def draw_micrograph(seed: int, width_px: int, height_px: int) -> NDArray[np.uint8]:
    """Bright discs on a noisy ground, (height_px, width_px), 0..255."""
    rng = np.random.default_rng(seed)
    pixels = rng.normal(90, 12, (height_px, width_px))
    rows, columns = np.ogrid[:height_px, :width_px]
    for _ in range(25):
        radius = rng.uniform(8, 40)
        distance = np.hypot(rows - rng.uniform(0, height_px), columns - rng.uniform(0, width_px))
        pixels[distance < radius] += 70
    return np.clip(pixels, 0, 255).astype(np.uint8)


def draw_folder(folder: Path, count: int, width_px: int, height_px: int) -> None:
    """Write ``count`` different micrographs."""
    for seed in range(count):
        suffix = FORMATS[seed % len(FORMATS)]
        picture = Image.fromarray(draw_micrograph(seed, width_px, height_px))
        picture.save(folder / f"{seed:04d}.{suffix}")


@dataclass(frozen=True, order=True)
class Cost:
    """Seconds on the clock, and of all cores together."""

    seconds: float
    cpu_seconds: float


def timed(work: Callable[[], Any]) -> tuple[Cost, Any]:
    """What a piece of work costs, and what it gives."""
    began, cpu = time.perf_counter(), time.process_time()
    result = work()
    return Cost(time.perf_counter() - began, time.process_time() - cpu), result


def cost_of_decoding(folder: Path) -> Cost:
    """Decode every file with Pillow, one after the other."""

    def decode() -> None:
        for path in sorted(folder.iterdir()):
            with Image.open(path) as opened:
                opened.load()

    return timed(decode)[0]


def cost_of_ingest(folder: Path, workspace: Path) -> Cost:
    """Take the folder into a new workspace, and see that all of it arrived."""
    with Store.open(workspace) as store:
        cost, report = timed(lambda: ingest_folder(store, folder))
        if report.failed or len(report.added) != report.total or not verify_workspace(store).ok:
            raise SystemExit(f"the ingest went wrong: {report.summary}")
    return cost


def measure(files: int, width_px: int, height_px: int) -> dict[str, object]:
    """Both rates and their ratio; each is timed twice and the better one counts."""
    with tempfile.TemporaryDirectory(prefix="slava-ingest-") as at:
        folder = Path(at) / "in"
        folder.mkdir()
        draw_folder(folder, files, width_px, height_px)
        decoding = min(cost_of_decoding(folder) for _ in range(2))
        ingesting = min(cost_of_ingest(folder, Path(at) / f"w{n}") for n in range(2))
    return {
        "files": files,
        "width_px": width_px,
        "height_px": height_px,
        "pillow_files_per_second": round(files / decoding.seconds, 1),
        "ingest_files_per_second": round(files / ingesting.seconds, 1),
        "ratio": round(decoding.seconds / ingesting.seconds, 3),
        "pillow_cpu_ms_per_file": round(decoding.cpu_seconds / files * 1e3, 2),
        "ingest_cpu_ms_per_file": round(ingesting.cpu_seconds / files * 1e3, 2),
        "cpu_ratio": round(decoding.cpu_seconds / ingesting.cpu_seconds, 3),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
    }


def main() -> None:
    """Measure, print and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--height", type=int, default=768)
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args()
    result = measure(given.files, given.width, given.height)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
