"""What looking at a file costs: inspecting it without letters, and reading its databar.

    python benchmarks/databar.py [--runs N]

CPU time of one thread, median of the runs, on drawn 1024 x 768 micrographs with a databar, as PNG
and TIFF without metadata: the strip has to be looked for. Goals: inspecting takes at most 1.5 times
what Pillow takes to decode the file, and 20 ms; reading the letters at most 2 s.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

from PIL import Image

from slava.imaging.inspect import inspect_databar, inspect_micrograph
from slava.synthetic import draw_micrograph

RESULT = Path(__file__).resolve().parent / "results" / "databar.json"
CATEGORY, SEED = "particles", 7


def cpu_s(work: Callable[[], object], runs: int) -> float:
    """Median CPU time of some work that has been done once before."""
    work()
    times = []
    for _ in range(runs):
        before = time.process_time()
        work()
        times.append(time.process_time() - before)
    return statistics.median(times)


def decode(path: Path) -> None:
    """What Pillow alone does."""
    with Image.open(path) as opened:
        opened.load()


def inspecting(folder: Path, ending: str, runs: int) -> dict[str, object]:
    """Decoding and inspecting one drawn file."""
    path = folder / f"drawn.{ending}"
    drawing = draw_micrograph(SEED, CATEGORY, width_px=1024, height_px=768, databar_share=1.0)
    Image.fromarray(drawing.pixels).save(path)
    pillow = cpu_s(lambda: decode(path), runs)
    ours = cpu_s(lambda: inspect_micrograph(path), runs)
    goal = 1.5 * pillow + 0.020
    return {"pillow_s": pillow, "inspect_s": ours, "goal_s": goal, "ok": ours <= goal}


def reading(folder: Path, runs: int) -> dict[str, object]:
    """Letters and scale bar of the same file, the reader being loaded already."""
    inspected = inspect_micrograph(folder / "drawn.png")
    seconds = cpu_s(lambda: inspect_databar(inspected), max(1, runs // 4))
    return {"read_s": seconds, "goal_s": 2.0, "ok": seconds <= 2.0}


def main() -> None:
    """Measure, show and keep the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=20)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        result = {
            "what": "CPU time on a drawn 1024 x 768 micrograph with a databar",
            "runs": runs,
            "png": inspecting(folder, "png", runs),
            "tiff": inspecting(folder, "tif", runs),
            "letters": reading(folder, runs),
            "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
            "python": platform.python_version(),
        }
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
