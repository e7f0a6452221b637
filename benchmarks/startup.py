"""Time to the first page: sLAVA's window against a bare Gradio page, each in fresh processes.

    python benchmarks/startup.py [--runs N]

A run is: start the process, read its address, fetch the page. The two kinds alternate, so that a
busy machine slows both. The goal is a ratio of at most 1.5, with torch not loaded.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import psutil

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "startup.json"
GOAL = 1.5

BARE = """
import os
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
import gradio as gr
with gr.Blocks() as page:
    gr.Markdown("A page.")
_, url, _ = page.launch(
    server_name="127.0.0.1", share=False, ssr_mode=False, quiet=True, prevent_thread_lock=True
)
print(url, flush=True)
page.block_thread()
"""


@dataclass(frozen=True)
class Start:
    """One start of one kind."""

    wall_s: float
    cpu_s: float
    torch_loaded: bool


def bare_command(_folder: Path) -> list[str]:
    """A page of Gradio's own with one sentence."""
    return [sys.executable, "-c", BARE]


def window_command(folder: Path) -> list[str]:
    """The window on a new workspace."""
    app = str(ROOT / "app.py")
    return [
        sys.executable,
        app,
        "app",
        "--json",
        "--no-browser",
        "--port",
        "0",
        "--workspace",
        str(folder),
    ]


def address(line: str) -> str:
    """The address in what a process printed."""
    return json.loads(line)["url"] if line.startswith("{") else line.strip()


def start(command: Callable[[Path], list[str]]) -> Start:
    """Start a process, fetch its page, end it."""
    opener = build_opener(ProxyHandler({}))
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        process = subprocess.Popen(
            command(Path(folder)), cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        try:
            page = opener.open(address(process.stdout.readline())).read()
            wall = time.perf_counter() - began
            assert b"gradio" in page
            seen = psutil.Process(process.pid)
            times = seen.cpu_times()
            loaded = any("libtorch" in item.path for item in seen.memory_maps())
            return Start(wall, times.user + times.system, loaded)
        finally:
            process.terminate()
            process.wait(20)
            process.stdout.close()


def summary(starts: list[Start]) -> dict[str, float]:
    """Medians of wall and processor time."""
    return {
        "wall_s": round(statistics.median(s.wall_s for s in starts), 3),
        "cpu_s": round(statistics.median(s.cpu_s for s in starts), 3),
    }


def measure(runs: int) -> dict[str, object]:
    """Alternate the two kinds; the first pair warms the disk and is not counted."""
    bare: list[Start] = []
    window: list[Start] = []
    for run in range(runs + 1):
        pair = start(bare_command), start(window_command)
        if run:
            bare.append(pair[0])
            window.append(pair[1])
        print(f"{run}: bare {pair[0].wall_s:.2f} s, window {pair[1].wall_s:.2f} s", file=sys.stderr)
    ratios = [w.wall_s / b.wall_s for b, w in zip(bare, window, strict=True)]
    return {
        "what": "time from process start to the first page",
        "runs": runs,
        "bare_gradio": summary(bare),
        "slava": summary(window),
        "ratio_wall": round(statistics.median(ratios), 3),
        "ratio_cpu": round(summary(window)["cpu_s"] / summary(bare)["cpu_s"], 3),
        "goal": GOAL,
        "torch_loaded": any(w.torch_loaded for w in window),
        "machine": f"{platform.system()} {platform.machine()}, {psutil.cpu_count()} cores",
        "python": platform.python_version(),
    }


def main() -> int:
    """Measure, write the result, say whether the goal is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    result = measure(parser.parse_args().runs)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))
    return 0 if result["ratio_wall"] <= GOAL and not result["torch_loaded"] else 1  # type: ignore[operator]


if __name__ == "__main__":
    sys.exit(main())
