"""How fast a labelled folder is taken in, as a share of the rate at which Pillow decodes its files.

Class folders of PNG, TIFF and JPEG drawn here go the way of the window: listed, kept, looked at,
labelled, told of. Time on all cores counts beside the clock, because machines are busy.

    python benchmarks/ingest_labelled.py --files 1000
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.ingest import FORMATS, cost_of_decoding, draw_micrograph, timed  # noqa: E402
from store import Store  # noqa: E402
from ui.services.importing import Importing  # noqa: E402
from ui.services.news import News  # noqa: E402

RESULT = Path(__file__).parent / "results" / "ingest_labelled.json"
CLASSES, DRAWN, PATIENCE_S = 6, 24, 3600


def draw_classes(folder: Path, files: int, width_px: int, height_px: int) -> list[Path]:
    """Write ``files`` different micrographs into class folders; few are drawn, each is marked."""
    drawn = [draw_micrograph(seed, width_px, height_px) for seed in range(DRAWN)]
    folders = [folder / f"class {number}" for number in range(CLASSES)]
    for each in folders:
        each.mkdir()
    for number in range(files):
        pixels = np.array(drawn[number % DRAWN])
        bits = np.unpackbits(np.frombuffer(np.uint16(number).tobytes(), np.uint8))
        pixels[:16, :256] = np.kron(bits * 255, np.ones((16, 16), np.uint8))  # survives JPEG
        name = f"{number:05d}.{FORMATS[number % len(FORMATS)]}"
        Image.fromarray(pixels).save(folders[number % CLASSES] / name)
    return folders


def take_in(folder: Path, workspace: Path, files: int) -> None:
    """Take the folder into a new workspace as the window does."""
    uploads = workspace.with_name(f"{workspace.name}-uploads")
    uploads.mkdir()
    with Store.open(workspace) as store:
        importing = Importing(store, uploads, News(), lambda: None)
        importing.add_labelled(folder)
        importing.job.wait(PATIENCE_S)
        done = importing.job.now
        labelled = sum(store.labels.count_labels().values())
        if done is None or done.state != "done" or labelled != files:
            raise SystemExit(f"{labelled} of {files} were labelled: {done}")


def measure(files: int, width_px: int, height_px: int) -> dict[str, object]:
    """Both costs and their ratio."""
    with tempfile.TemporaryDirectory(prefix="slava-labelled-") as at:
        source = Path(at) / "in"
        source.mkdir()
        folders = draw_classes(source, files, width_px, height_px)
        decoding = [cost_of_decoding(folder) for folder in folders]
        began = time.perf_counter()
        taking, _ = timed(lambda: take_in(source, Path(at) / "workspace", files))
        seconds = sum(cost.seconds for cost in decoding)
        cpu_seconds = sum(cost.cpu_seconds for cost in decoding)
    return {
        "files": files,
        "width_px": width_px,
        "height_px": height_px,
        "pillow_files_per_second": round(files / seconds, 1),
        "labelled_files_per_second": round(files / (time.perf_counter() - began), 1),
        "ratio": round(seconds / taking.seconds, 3),
        "pillow_cpu_ms_per_file": round(cpu_seconds / files * 1e3, 2),
        "labelled_cpu_ms_per_file": round(taking.cpu_seconds / files * 1e3, 2),
        "cpu_ratio": round(cpu_seconds / taking.cpu_seconds, 3),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
    }


def main() -> None:
    """Measure, print and write the result."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--files", type=int, default=1000)
    ask.add_argument("--width", type=int, default=1024)
    ask.add_argument("--height", type=int, default=768)
    ask.add_argument("--out", type=Path, default=RESULT)
    told = ask.parse_args()
    result = measure(told.files, told.width, told.height)
    told.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
