"""How fluid the window stays with a thousand micrographs, against the same window with ten.

Two workspaces of small drawn micrographs are filled through the store and looked at in a headless
Chromium: the first page, the list, a search, scrolling, opening one. Both are timed in one run,
the median of several rounds each, so the ratios say more than the milliseconds.

    python benchmarks/library.py
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from store import Store  # noqa: E402
from store.ingest import ingest_folder  # noqa: E402
from tests.browser.page import Page, open_browser  # noqa: E402
from tests.browser.serve import serving  # noqa: E402

RESULT = Path(__file__).parent / "results" / "library.json"
LISTED = "Number(document.querySelector('#library [data-items]')?.dataset.items) > 0"
SEARCH = """
const search = document.querySelector('.lib-search');
const list = document.querySelector('.lib-list');
const begin = performance.now();
for (const words of ['film 0007', '']) {
  search.value = words;
  search.dispatchEvent(new Event('input'));
  list.offsetHeight;
}
return performance.now() - begin;
"""
SCROLL = """
const done = arguments[0];
const list = document.querySelector('.lib-list');
const frames = [];
let last = performance.now();
function step() {
  const now = performance.now();
  frames.push(now - last);
  last = now;
  list.scrollTop += 120;
  if (frames.length < 60) requestAnimationFrame(step);
  else { list.scrollTop = 0; frames.sort((a, b) => a - b); done(frames[30]); }
}
step();
"""


def fill(workspace: Path, count: int) -> None:
    """Add ``count`` micrographs of noise, 128 x 96 px."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder, Store.open(workspace) as store:
        for number in range(count):
            pixels = rng.integers(0, 256, (96, 128), np.uint8)
            Image.fromarray(pixels).save(Path(folder, f"film {number:04d}.png"))
        ingest_folder(store, Path(folder))


def timed(work: Callable[[], Any]) -> float:
    """Milliseconds on the clock."""
    begin = time.perf_counter()
    work()
    return (time.perf_counter() - begin) * 1e3


def open_page(page: Page) -> None:
    """Until the list is there."""
    page.open()
    page.wait(LISTED)


def open_next(page: Page, place: int) -> None:
    """Open a micrograph that is not open, until it is drawn."""
    name = page.js("return document.querySelectorAll('.lib-item')[arguments[0]].title", place)
    page.click(f".lib-item[title='{name}']")
    page.wait_for_micrograph(name)


def look(page: Page, rounds: int) -> dict[str, float]:
    """Medians in ms of everything that is looked at."""
    open_page(page)
    first = [timed(lambda: open_page(page)) for _ in range(rounds)]
    search = [float(page.js(SEARCH)) for _ in range(rounds)]
    scroll = [float(page.driver.execute_async_script(SCROLL)) for _ in range(rounds)]
    opened = [timed(lambda place=place: open_next(page, place)) for place in range(rounds)]
    return {
        "first_page_ms": statistics.median(first),
        "search_ms": statistics.median(search),
        "scroll_frame_ms": statistics.median(scroll),
        "open_one_ms": statistics.median(opened),
    }


def measure(count: int, rounds: int) -> dict[str, float]:
    """The same look at a workspace of ``count`` micrographs."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder, "workspace")
        fill(workspace, count)
        driver = open_browser(Path(folder, "profile"))
        try:
            with serving(workspace) as url:
                return look(Page(driver, url), rounds)
        finally:
            driver.quit()


def main() -> None:
    """Measure both and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--many", type=int, default=1000)
    parser.add_argument("--few", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    few, many = (measure(count, wanted.rounds) for count in (wanted.few, wanted.many))
    result = {
        "few": wanted.few,
        "many": wanted.many,
        "ratios": {name.removesuffix("_ms"): round(many[name] / few[name], 2) for name in few},
        "few_ms": {name: round(value, 1) for name, value in few.items()},
        "many_ms": {name: round(value, 1) for name, value in many.items()},
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
