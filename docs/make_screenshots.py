"""The pictures of the README: the window with sample micrographs that sLAVA draws itself.

    python docs/make_screenshots.py [--out DIR] [--only NAME]

Serves the window on a temporary workspace, drives a headless Chromium, and writes PNGs, those that
would be large with fewer than 256 colours. No file from outside the project appears in them.
"""

from __future__ import annotations

import argparse
import subprocess
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
from tests.ui.finetune_runs import add_steel, freeze  # noqa: E402

MICROGRAPH = "sample particles.tif"
QUERY = "sample tips.tif"
REVIEWER = "reviewer"
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
SAMPLED = DRAWN.replace("#classify img", ".ft-sample img")
TUNED = "document.querySelector('#finetune [data-ready]')?.dataset"
ASKED = "document.querySelector('#evaluate [data-ready]')?.dataset"
REVIEWED = "document.querySelector('#curate-review [data-ready]')?.dataset"
AHEAD = """(({ pictures }) => pictures && pictures.split(' ').every((id, place) =>
  document.querySelectorAll('.rv-viewer')[place]?.dataset.ready === id
))(document.querySelector('#curate-review [data-ready]')?.dataset ?? {})"""
PATIENCE_S = 600
"""A machine may be busy; a wait ends as soon as what it waits for is there."""
LARGEST_BYTES = 450_000


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
        tab = self.tab.lower().replace("-", "")
        return f"{tab}-{'dark' if self.dark else 'light'}-{self.width}.png"


SHOTS = (
    Shot("Analyse", 1440, 900, dark=True),
    Shot("Analyse", 1440, 900, dark=False),
    Shot("Analyse", 1024, 768, dark=False),
    Shot("Classify", 1440, 900, dark=True),
    Shot("Classify", 1440, 900, dark=False),
    Shot("Curate", 1440, 900, dark=True),
    Shot("Curate", 1440, 900, dark=False),
    Shot("Curate", 1024, 768, dark=False),
    Shot("Fine-tune", 1440, 900, dark=True),
    Shot("Fine-tune", 1440, 900, dark=False),
    Shot("Fine-tune", 1024, 768, dark=False),
    Shot("Evaluate", 1440, 900, dark=False),
    Shot("Evaluate", 1440, 900, dark=True),
    Shot("Evaluate", 1024, 768, dark=False),
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


def seed_curate(workspace: Path) -> None:
    """Drafts about samples, written on this machine; judged up to those about one of them."""
    from store import Judgement, PairFilter, Store
    from ui.services.samples import write_samples

    samples = workspace.with_name("samples")
    samples.mkdir()
    list(write_samples(samples))
    draft = ["app.py", "draft", str(samples), "--teacher", "local", "--compare", "all"]
    command = [sys.executable, *draft, "--workspace", str(workspace)]
    subprocess.run(command, cwd=ROOT, check=True)
    with Store.open(workspace) as store:
        names = {m.id: m.name for m in store.micrographs.list_micrographs()}
        pairs = store.pairs.list_pairs(PairFilter(), limit=500)
        shown = [names[one.pair.micrograph_ids[0]] for one in pairs].index(MICROGRAPH)
        for number, pair_id in enumerate(one.pair.id for one in pairs[:shown]):
            if number % 9 == 4:
                store.reviews.record_review(pair_id, REVIEWER, Judgement("rejected", "not_visible"))
            else:
                store.reviews.record_review(pair_id, REVIEWER, Judgement("accepted"))
        store.settings.set_setting("reviewer", REVIEWER)


def fill_curate(page: Page) -> None:
    """Nothing more than is there already."""
    turn_to(page, "Curate")
    page.wait(f"{REVIEWED}?.pair", PATIENCE_S)


def fill_finetune(page: Page) -> None:
    """Train the built-in model on drawn steel, for a few minutes."""
    turn_to(page, "Fine-tune")
    page.wait(f"{TUNED}?.planned", PATIENCE_S)
    page.click(".ft-start")
    page.wait(f"{TUNED}?.state === 'done'", 6 * PATIENCE_S)


def seed_finetune(workspace: Path) -> None:
    """A frozen snapshot of drawn steel, in a workspace of its own."""
    from store import Store

    with Store.open(workspace) as store:
        add_steel(store, workspace.with_name("steel"), kinds=6, each=10)
        freeze(store, "steel surfaces, drawn")


def seed_evaluate(workspace: Path) -> None:
    """Drawn micrographs of which everything is known, asked about with context and without, of the
    built-in model as it is and in 8 bit."""
    from slava.domain import EvaluationSpec
    from slava.evaluation.items import category_item, make_item
    from slava.packs import load_pack
    from slava.synthetic import draw_micrograph
    from store import Store
    from ui.services.evaluation_desk import EvaluationDesk

    drawings = workspace.with_name("drawings")
    drawings.mkdir()
    items = []
    with Store.open(workspace) as store:
        for seed in range(16):
            label = ("particles", "fibres", "nanowires", "powder")[seed % 4]
            drawn = draw_micrograph(40 + seed, label, width_px=512, height_px=384)
            file = drawings / f"{label} {seed}.png"
            Image.fromarray(drawn.pixels).save(file)
            at = store.micrographs.add_micrograph(file).micrograph.id
            known = {"category": label}
            items.append(category_item(at, label, load_pack().labels))
            if drawn.truth.count:
                asked, told = f"How many {label} are there?", f"{drawn.truth.count}"
                items.append(make_item(at, asked, quantity=told, topic="count", **known))
            if drawn.truth.diameter_px:
                told = f"{drawn.truth.diameter_px:.1f} px"
                asked = f"What is the mean diameter of the {label}, in pixels?"
                items.append(make_item(at, asked, quantity=told, topic="size", **known))
            defect = drawn.truth.defect != "none"
            asked = "Is there a defect?"
            items.append(make_item(at, asked, defect=defect, topic="defect", **known))
        test_set = store.test_sets.add_test_set("drawn micrographs", items, "sLAVA's drawings")
        desk = EvaluationDesk(store)
        wanted = EvaluationSpec(
            (), ("grounded", "category", "defect", "quantity", "reliance"), "", "",
            levels=("none", "moderate", "high"), max_new_tokens=64,
        )  # fmt: skip
        entries = [desk.entry("builtin"), desk.entry("builtin@int8")]
        desk.ask(desk.begin(desk.spec(entries, test_set, wanted)).id)


def fill_evaluate(page: Page) -> None:
    """Nothing more than is there already."""
    turn_to(page, "Evaluate")
    page.wait(f"Number({ASKED}?.answers) > 0", PATIENCE_S)


def show_analyse(page: Page) -> None:
    """Until everything is drawn."""
    page.wait_for_micrograph(MICROGRAPH)
    page.wait(OUTLINED, PATIENCE_S)
    page.wait("document.querySelector('#chat .bot-row')")


def show_classify(page: Page) -> None:
    """Until the query is judged."""
    page.wait(JUDGED, PATIENCE_S)
    page.wait(DRAWN, PATIENCE_S)


def show_curate(page: Page) -> None:
    """Until the pair and its micrograph are drawn."""
    page.wait(f"{REVIEWED}?.pair", PATIENCE_S)
    page.wait(AHEAD, PATIENCE_S)


def show_finetune(page: Page) -> None:
    """Until the run that was looked at last is drawn."""
    page.wait(f"{TUNED}?.points > 0 && document.querySelector('.ft-chart [data-line]')", PATIENCE_S)
    page.wait(SAMPLED, PATIENCE_S)


def show_evaluate(page: Page) -> None:
    """Until the figures are drawn."""
    page.wait(f"Number({ASKED}?.answers) > 0", PATIENCE_S)


FILL: dict[str, Callable[[Page], None]] = {
    "Analyse": fill_analyse,
    "Classify": fill_classify,
    "Curate": fill_curate,
    "Fine-tune": fill_finetune,
    "Evaluate": fill_evaluate,
}
SHOW: dict[str, Callable[[Page], None]] = {
    "Analyse": show_analyse,
    "Classify": show_classify,
    "Curate": show_curate,
    "Fine-tune": show_finetune,
    "Evaluate": show_evaluate,
}
SEED: dict[str, Callable[[Path], None]] = {
    "Curate": seed_curate,
    "Fine-tune": seed_finetune,
    "Evaluate": seed_evaluate,
}
"""Tabs that have a workspace of their own, and what fills it before the window opens."""


def tab_of(name: str) -> str:
    """The tab of a name in any letters, with its sign or without: ``finetune``."""
    plain = {tab.lower().replace("-", ""): tab for tab in FILL}
    tab = plain.get(name.lower().replace("-", ""))
    if tab is None:
        raise argparse.ArgumentTypeError(f"{name} is none of {', '.join(plain)}")
    return tab


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
    for number in (192, 128):
        if path.stat().st_size > LARGEST_BYTES:
            colours.quantize(number, dither=Image.Dither.NONE).save(path, optimize=True)
    size = path.stat().st_size
    if size > LARGEST_BYTES:
        raise SystemExit(f"{path.name} has {size} bytes; at most {LARGEST_BYTES} are meant.")
    print(f"{path} ({size // 1000} kB)")


def main() -> None:
    """Make all of them, or those of one tab."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshots")
    parser.add_argument("--only", type=tab_of, help="the pictures of one tab")
    wanted = parser.parse_args()
    wanted.out.mkdir(parents=True, exist_ok=True)
    shots = [shot for shot in SHOTS if wanted.only in (None, shot.tab)]
    own = [tab for tab in SEED if any(shot.tab == tab for shot in shots)]
    for place in ("", *own):
        part = [shot for shot in shots if (shot.tab if shot.tab in SEED else "") == place]
        if part:
            make(part, wanted.out)


def make(shots: list[Shot], out: Path) -> None:
    """The pictures of one workspace."""
    with tempfile.TemporaryDirectory() as folder:
        seed = SEED.get(shots[0].tab)
        if seed:
            seed(Path(folder, "workspace"))
        with running(Path(folder, "workspace")) as url:
            driver = open_browser(Path(folder, "profile"))
            try:
                page = Page(driver, url)
                page.resize(1440, 900)
                page.open()
                if not seed:
                    add_samples(page)
                for tab in dict.fromkeys(shot.tab for shot in shots):
                    FILL[tab](page)
                    for shot in shots:
                        if shot.tab == tab:
                            shoot(page, shot, out / shot.name)
            finally:
                driver.quit()


if __name__ == "__main__":
    main()
