"""The pictures of the README: the window with sample micrographs that sLAVA draws itself.

    python docs/make_screenshots.py [--out DIR]

Serves the window on a temporary workspace, drives a headless Chromium, and writes PNGs of fewer
than 256 colours, so that they stay small. No file from outside the project appears in them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser.page import Page, open_browser  # noqa: E402

SHOTS = (
    ("analyse-dark-1440.png", 1440, 900, True),
    ("analyse-light-1440.png", 1440, 900, False),
    ("analyse-light-1024.png", 1024, 768, False),
)
MICROGRAPH = "sample particles.tif"
QUESTIONS = ("How large are the structures, and how are they distributed?",)
ANSWERED = (
    "document.querySelector('#question .submit-button') && "
    "document.querySelector('#chat .thought-group').innerText.includes(' tokens')"
)
OUTLINED = "document.querySelector('#viewer [data-objects]').dataset.objects !== ''"
LARGEST_BYTES = 400_000


@contextmanager
def serving(workspace: Path) -> Iterator[str]:
    """The window itself, as its user starts it; yields its address."""
    command = [sys.executable, "app.py", "app", "--json", "--no-browser", "--port", "0"]
    command += ["--workspace", str(workspace)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["url"]
        finally:
            process.terminate()


def fill(page: Page) -> None:
    """Add the samples, open one, ask."""
    page.click(".lib-none .lib-samples")
    page.wait("document.querySelector('#library [data-job]').dataset.job === 'done'", 300)
    page.click(".lib-dismiss")
    page.click(f".lib-item[title='{MICROGRAPH}']")
    page.wait_for_micrograph(MICROGRAPH)
    page.wait_measured()
    for question in QUESTIONS:
        page.ask(question)
        page.wait_in_chat(question)
        page.wait(ANSWERED, 300)


def shoot(page: Page, path: Path, width: int, height: int, dark: bool) -> None:
    """One picture, its colours reduced until it is small."""
    page.resize(width, height)
    page.js("document.body.classList.toggle('dark', arguments[0])", dark)
    page.js("localStorage.setItem('slava.theme', arguments[0])", "dark" if dark else "light")
    page.open()
    page.wait_for_micrograph(MICROGRAPH)
    page.wait(OUTLINED, 120)
    page.wait("document.querySelector('#chat .bot-row')")
    page.driver.save_screenshot(str(path))
    with Image.open(path) as shot:
        shot.convert("RGB").quantize(192, dither=Image.Dither.NONE).save(path, optimize=True)
    size = path.stat().st_size
    if size > LARGEST_BYTES:
        raise SystemExit(f"{path.name} has {size} bytes; at most {LARGEST_BYTES} are meant.")
    print(f"{path} ({size // 1000} kB)")


def main() -> None:
    """Make all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshots")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder, "workspace")) as url:
        driver = open_browser(Path(folder, "profile"))
        try:
            page = Page(driver, url)
            page.resize(1440, 900)
            page.open()
            fill(page)
            for name, width, height, dark in SHOTS:
                shoot(page, out / name, width, height, dark)
        finally:
            driver.quit()


if __name__ == "__main__":
    main()
