"""How fluid a large micrograph is under the hand, against a small one in the same window.

Two drawn micrographs of 16 bits with outlined particles, 4096 x 4096 and 1024 x 768 px, are opened
in turn in a headless Chromium. Each is zoomed with the wheel from the whole picture to one to one
and back, and dragged about at one to one; an event comes before every frame. ``frame`` is the time
from one frame to the next, ``work`` the time that the page's main thread computes for one, which
holds on a busy machine too. Tiles come from the server meanwhile, as they do for a user. Both are
looked at in one run and in turn, so the ratios say more than the milliseconds: without a graphics
card Chromium paints on the same cores.

    python benchmarks/viewer.py
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from store import Store  # noqa: E402
from tests.browser.page import Page, open_browser  # noqa: E402
from tests.browser.serve import serving  # noqa: E402

RESULT = Path(__file__).parent / "results" / "viewer.json"
SIZES = {"small": (768, 1024), "large": (4096, 4096)}
FRAMES = 90
MOVES = {
    # (x, y) from the middle of the stage, the wheel; of frame i
    "zoom": "wheel(middle, i < frames / 2 ? -60 : 60)",
    "pan": "move([middle[0] + 160 * Math.sin(i / 9), middle[1] + 120 * Math.cos(i / 7)])",
}
WATCH = """
const [frames, done] = [arguments[0], arguments[arguments.length - 1]];
const stage = document.querySelector('.sv-stage');
const box = stage.getBoundingClientRect();
const middle = [box.left + box.width / 2, box.top + box.height / 2];
const send = (Kind, type, [x, y], more) => stage.dispatchEvent(
  new Kind(type, { bubbles: true, cancelable: true, clientX: x, clientY: y, ...more }));
const wheel = (at, deltaY) => send(WheelEvent, 'wheel', at, { deltaY });
const move = (at) => send(PointerEvent, 'pointermove', at, { pointerId: 1 });
const press = (type) => send(PointerEvent, type, middle, { pointerId: 1, button: 0 });
const times = [];
let last = performance.now();
let i = 0;
function step(now) {
  times.push(now - last);
  last = now;
  if (i === frames) { press('pointerup'); done(times.slice(1)); return; }
  MOVE;
  i += 1;
  requestAnimationFrame(step);
}
BEGIN;
requestAnimationFrame(step);
"""


@dataclass
class Seen:
    """Of one micrograph and one movement."""

    frames_ms: list[float] = field(default_factory=list)
    work_ms: float = 0.0

    def figures(self) -> dict[str, float]:
        """Percentiles of the time between frames, and the work for one, ms."""
        shown = np.percentile(self.frames_ms, [50, 95, 99])
        names = ("frame_p50_ms", "frame_p95_ms", "frame_p99_ms")
        figures = dict(zip(names, (round(float(v), 1) for v in shown), strict=True))
        return {**figures, "work_ms": round(self.work_ms / len(self.frames_ms), 2)}


def drawn(height_px: int, width_px: int) -> NDArray[np.uint16]:
    """Bright discs, one somewhere in each square of 128 px, on a noisy ground, 16 bits."""
    rng = np.random.default_rng(0)
    rows, columns = np.ogrid[:128, :128]
    pixels = rng.normal(14_000, 1_500, (height_px, width_px)).astype(np.float32)
    for top in range(0, height_px, 128):
        for left in range(0, width_px, 128):
            radius, y, x = rng.uniform(14, 32), *rng.uniform(36, 92, 2)
            inside = (rows - y) ** 2 + (columns - x) ** 2 < radius**2
            pixels[top : top + 128, left : left + 128][inside] += 26_000
    return pixels.clip(0, 65_535).astype(np.uint16)


def fill(workspace: Path, folder: Path) -> None:
    """A workspace with both micrographs."""
    with Store.open(workspace) as store:
        for name, shape in SIZES.items():
            path = folder / f"{name}.tif"
            tifffile.imwrite(path, drawn(*shape))
            store.micrographs.add_micrograph(path)


def open_one(page: Page, name: str) -> None:
    """Open a micrograph and wait until it is measured and outlined."""
    page.click(f".lib-item[title='{name}.tif']")
    page.wait_for_micrograph(f"{name}.tif")
    page.wait("document.querySelector('#facts [data-state]').dataset.state === 'measured'", 300)
    page.wait("Number(document.querySelector('#viewer [data-objects]').dataset.objects) > 0")


def busy_ms(page: Page) -> float:
    """How long the page's main thread has worked so far."""
    metrics = page.driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return 1e3 * next(m["value"] for m in metrics if m["name"] == "TaskDuration")


def watch(page: Page, movement: str, seen: Seen) -> None:
    """Make a movement and add what was seen of it."""
    page.click("[data-act=one]" if movement == "pan" else "[data-act=fit]")
    page.wait("document.querySelector('#viewer [data-pending]').dataset.pending === '0'")
    begin = "press('pointerdown')" if movement == "pan" else ""
    script = WATCH.replace("MOVE", MOVES[movement]).replace("BEGIN", begin)
    before = busy_ms(page)
    seen.frames_ms += page.driver.execute_async_script(script, FRAMES)
    seen.work_ms += busy_ms(page) - before


def look(page: Page, rounds: int) -> dict[str, dict[str, Seen]]:
    """Both micrographs in turn, every movement, several times; a first round is left out."""
    page.open()
    page.driver.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
    seen = {name: {movement: Seen() for movement in MOVES} for name in SIZES}
    for turn in range(rounds + 1):
        for name in SIZES:
            open_one(page, name)
            for movement in MOVES:
                watch(page, movement, seen[name][movement] if turn else Seen())
    return seen


def main() -> None:
    """Measure both and write the result."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--picture", type=Path, help="where to keep a picture of the window")
    parser.add_argument("--note", default="", help="kept with the figures: what else was running")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder, "workspace"), Path(folder))
        driver = open_browser(Path(folder, "profile"))
        try:
            with serving(Path(folder, "workspace")) as url:
                seen = look(Page(driver, url), wanted.rounds)
                if wanted.picture:
                    driver.save_screenshot(str(wanted.picture))
        finally:
            driver.quit()
    result = report(seen, wanted.note)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(RESULT.read_text())


def report(seen: dict[str, dict[str, Seen]], note: str) -> dict[str, Any]:
    """Figures of both, and the large one's over the small one's."""
    figures = {name: {m: one.figures() for m, one in each.items()} for name, each in seen.items()}
    small, large = figures["small"], figures["large"]
    return {
        "px": {name: f"{width} x {height}, 16 bit" for name, (height, width) in SIZES.items()},
        "frames": {m: len(one.frames_ms) for m, one in seen["large"].items()},
        "ratios": {
            m: {
                key.removesuffix("_ms"): round(large[m][key] / small[m][key], 2) for key in small[m]
            }
            for m in MOVES
        },
        **figures,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, no GPU",
        "note": note,
    }


if __name__ == "__main__":
    main()
