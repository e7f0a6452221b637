"""How fluid the window stays with a thousand micrographs, against the same window with ten.

Two workspaces of small drawn micrographs are filled through the store and looked at in a headless
Chromium: the first page with its list, a search until it is drawn, a frame of scrolling, opening
one; ``work`` is what the page's main thread does for a search and for a frame. Both are open at
once and looked at in turn, so that a busy machine slows both: the ratios of the medians say more
than the milliseconds. The few fit in the window and do not scroll: their frames cost what a frame
costs by itself.

    python benchmarks/library.py
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser.files import fill  # noqa: E402
from tests.browser.page import Page, open_browser  # noqa: E402
from tests.browser.serve import serving  # noqa: E402

RESULT = Path(__file__).parent / "results" / "library.json"
LISTED = "Number(document.querySelector('#library [data-items]')?.dataset.items) > 0"
SEARCH = """
const [words, done] = arguments;
const search = document.querySelector('.lib-search');
const begin = performance.now();
search.value = words;
search.dispatchEvent(new Event('input'));
requestAnimationFrame(() => setTimeout(() => done(performance.now() - begin)));
"""
WORDS = ("film 0007", "0003", "")
SCROLL = """
const done = arguments[0];
const list = document.querySelector('#library .lib-list');
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
FRAMES = 60


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


def busy_ms(page: Page) -> float:
    """How long the page's main thread has worked so far."""
    metrics = page.driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return 1e3 * next(m["value"] for m in metrics if m["name"] == "TaskDuration")


def working(page: Page, script: str, *arguments: Any) -> tuple[float, float]:
    """What an asynchronous script measures, and the work of the main thread meanwhile, ms."""
    before = busy_ms(page)
    measured = float(page.driver.execute_async_script(script, *arguments))
    return measured, busy_ms(page) - before


def look(page: Page) -> dict[str, list[float]]:
    """Everything but opening one, once, ms."""
    first = timed(lambda: open_page(page))
    page.driver.execute_cdp_cmd("Performance.enable", {})
    search = [working(page, SEARCH, words) for words in WORDS]
    scroll, scroll_work = working(page, SCROLL)
    return {
        "first_page_ms": [first],
        "search_ms": [shown for shown, _ in search],
        "search_work_ms": [work for _, work in search],
        "scroll_frame_ms": [scroll],
        "scroll_work_ms": [scroll_work / FRAMES],
    }


@contextmanager
def window(count: int) -> Iterator[Page]:
    """A window on a workspace of ``count`` micrographs, in a browser of its own."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder, "workspace")
        fill(workspace, count)
        driver = open_browser(Path(folder, "profile"))
        try:
            with serving(workspace) as url:
                page = Page(driver, url)
                open_page(page)
                yield page
        finally:
            driver.quit()


def measure(counts: tuple[int, int], rounds: int) -> list[dict[str, float]]:
    """Medians in ms for each number of micrographs, looked at in turn."""
    seen: list[dict[str, list[float]]] = [{"open_one_ms": []}, {"open_one_ms": []}]
    with window(counts[0]) as few, window(counts[1]) as many:
        both = list(zip((few, many), seen, strict=True))
        for _ in range(rounds):
            for page, found in both:
                for name, values in look(page).items():
                    found.setdefault(name, []).extend(values)
        for place in range(rounds):  # last, because what is opened is measured in the background
            for page, found in both:
                found["open_one_ms"].append(timed(lambda p=page, at=place: open_next(p, at)))
    return [{name: statistics.median(all_of) for name, all_of in one.items()} for one in seen]


def main() -> None:
    """Measure both and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--many", type=int, default=1000)
    parser.add_argument("--few", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--note", default="", help="kept with the figures: what else was running")
    wanted = parser.parse_args()
    few, many = measure((wanted.few, wanted.many), wanted.rounds)
    result = {
        "few": wanted.few,
        "many": wanted.many,
        "ratios": {name.removesuffix("_ms"): round(many[name] / few[name], 2) for name in few},
        "few_ms": {name: round(value, 1) for name, value in few.items()},
        "many_ms": {name: round(value, 1) for name, value in many.items()},
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "note": wanted.note,
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
