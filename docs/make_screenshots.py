"""The pictures of the README: the window with sample micrographs that sLAVA draws itself.

    python docs/make_screenshots.py [--out DIR] [--only NAME]

Serves the window on a temporary workspace, drives a headless Chromium, and writes PNGs, those that
would be large with fewer than 256 colours. No file from outside the project appears in them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser.page import Page, open_browser  # noqa: E402
from tests.browser.program import running  # noqa: E402

MICROGRAPH = "sample particles.tif"
QUERY = "sample tips.tif"
QUESTIONS = ("How large are the structures, and how are they distributed?",)
ANSWERED = (
    "document.querySelector('#question .submit-button') && "
    "document.querySelector('#chat .thought-group').innerText.includes(' tokens')"
)
OUTLINED = "document.querySelector('#viewer [data-objects]').dataset.objects !== ''"
LABELLED = "Number(document.querySelector('#classify [data-labelled]').dataset.labelled) >= 80"
TAB = """
return [...document.querySelectorAll('#tabs button[role=tab]')]
  .find((tab) => tab.textContent.trim() === arguments[0]);
"""
JUDGED = """(({ verdict, state, listed, mapped }) =>
  verdict && state !== 'asking' && Number(listed) > 0 && mapped
)(document.querySelector('#classify [data-verdict]')?.dataset ?? {})"""
DRAWN = """[...document.querySelectorAll('#classify img')].every((picture) =>
  picture.complete || picture.getBoundingClientRect().top > innerHeight)"""
PATIENCE_S = 600
"""A machine may be busy; a wait ends as soon as what it waits for is there."""
LARGEST_BYTES = 400_000


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: of which tab, how large in px, light or dark."""

    tab: str
    width: int
    height: int
    dark: bool

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"{self.tab.lower()}-{'dark' if self.dark else 'light'}-{self.width}.png"


SHOTS = (
    Shot("Analyse", 1440, 900, dark=True),
    Shot("Analyse", 1440, 900, dark=False),
    Shot("Analyse", 1024, 768, dark=False),
    Shot("Classify", 1440, 900, dark=True),
    Shot("Classify", 1440, 900, dark=False),
)


def add_samples(page: Page) -> None:
    """Add the micrographs that sLAVA draws."""
    page.click(".lib-none .lib-samples")
    page.wait("document.querySelector('#library [data-job]').dataset.job === 'done'", PATIENCE_S)
    page.click(".lib-dismiss")


def fill_analyse(page: Page) -> None:
    """Open a sample, ask."""
    page.choose(MICROGRAPH)
    page.wait_measured()
    for question in QUESTIONS:
        page.ask(question)
        page.wait_in_chat(question)
        page.wait(ANSWERED, PATIENCE_S)


def fill_classify(page: Page) -> None:
    """Draw a library of demonstrations; the query is the micrograph that is open."""
    page.choose(QUERY)
    turn_to(page, "Classify")
    page.click(".cl-draw")
    page.wait(LABELLED, PATIENCE_S)
    page.wait("!document.querySelector('#classify [data-embedding]').dataset.embedding", PATIENCE_S)


def show_analyse(page: Page) -> None:
    """Until everything is drawn."""
    page.wait_for_micrograph(MICROGRAPH)
    page.wait(OUTLINED, PATIENCE_S)
    page.wait("document.querySelector('#chat .bot-row')")


def show_classify(page: Page) -> None:
    """Until the query is judged."""
    page.wait(JUDGED, PATIENCE_S)
    page.wait(DRAWN, PATIENCE_S)


FILL: dict[str, Callable[[Page], None]] = {"Analyse": fill_analyse, "Classify": fill_classify}
SHOW: dict[str, Callable[[Page], None]] = {"Analyse": show_analyse, "Classify": show_classify}


def turn_to(page: Page, tab: str) -> None:
    """Open a tab."""
    page.js(TAB, tab).click()


def shoot(page: Page, shot: Shot, path: Path) -> None:
    """One picture, its colours reduced where it would be large."""
    page.resize(shot.width, shot.height)
    page.js("localStorage.setItem('slava.theme', arguments[0])", "dark" if shot.dark else "light")
    page.open()
    turn_to(page, shot.tab)
    SHOW[shot.tab](page)
    page.driver.save_screenshot(str(path))
    with Image.open(path) as picture:
        colours = picture.convert("RGB")
    colours.save(path, optimize=True)
    if path.stat().st_size > LARGEST_BYTES:
        colours.quantize(192, dither=Image.Dither.NONE).save(path, optimize=True)
    size = path.stat().st_size
    if size > LARGEST_BYTES:
        raise SystemExit(f"{path.name} has {size} bytes; at most {LARGEST_BYTES} are meant.")
    print(f"{path} ({size // 1000} kB)")


def main() -> None:
    """Make all of them, or those of one tab."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshots")
    parser.add_argument("--only", choices=tuple(FILL), help="the pictures of one tab")
    wanted = parser.parse_args()
    wanted.out.mkdir(parents=True, exist_ok=True)
    shots = [shot for shot in SHOTS if wanted.only in (None, shot.tab)]
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder, "workspace")) as url,
    ):
        driver = open_browser(Path(folder, "profile"))
        try:
            page = Page(driver, url)
            page.resize(1440, 900)
            page.open()
            add_samples(page)
            for tab in dict.fromkeys(shot.tab for shot in shots):
                FILL[tab](page)
                for shot in shots:
                    if shot.tab == tab:
                        shoot(page, shot, wanted.out / shot.name)
        finally:
            driver.quit()


if __name__ == "__main__":
    main()
