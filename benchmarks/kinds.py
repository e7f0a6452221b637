"""How often the kind that is chosen from the pixels is the right one, on drawings and real files.

    python benchmarks/kinds.py --drawings 300
    SLAVA_REAL_DATA=... python benchmarks/kinds.py --drawings 0

Drawings of every category, from seeds that no training and no test uses, and published micrographs
whose kind is known. A choice is *sure* where it names a kind and not "unsure"; the goal is 95 %
right of those. ``RIGHT`` says which kinds are right for what was drawn: the first is the one to
measure, the others tell as much (a few dots in a lattice are particles and a pattern).
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from slava.domain import Box  # noqa: E402
from slava.imaging.measure import prepare  # noqa: E402
from slava.imaging.measure.micrograph import choose  # noqa: E402
from slava.synthetic import CATEGORIES, draw_micrograph  # noqa: E402
from slava.synthetic.truth import Truth  # noqa: E402

RESULT = ROOT / "benchmarks" / "results" / "kinds.json"
FIRST_SEED = 61_000_000
GOAL = 0.95
SIDE_PX = 512
RIGHT: dict[str, tuple[str, ...]] = {
    "biological": ("other", "particles"),
    "fibres": ("fibres",),
    "films_and_coated_surfaces": ("other", "grains"),
    "mems_devices_and_electrodes": ("other", "pattern"),
    "nanowires": ("fibres",),
    "particles": ("particles",),
    "patterned_surfaces": ("pattern",),
    "porous_sponge": ("pores",),
    "powder": ("particles",),
    "tips": ("other",),
    "woven": ("fibres", "pattern"),
    "upright wires": ("fibres", "particles"),
    "granular": ("grains",),
    "nodular": ("grains", "other"),
    "columnar cross-section": ("other", "grains", "fibres"),
    "island-like": ("particles", "other"),
    "array of dots": ("pattern", "particles"),
    "array of pillars": ("pattern", "particles"),
    "array of holes": ("pattern", "pores"),
    "layered cross-section": ("other",),
}
"""By the morphology, else by the category."""

Pixels = NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen for one picture."""

    group: str
    right: tuple[str, ...]
    kind: str
    likeliest: str
    confidence: float

    @property
    def sure(self) -> bool:
        return self.kind != "unsure"


def right_for(truth: Truth) -> tuple[str, ...]:
    """The kinds that are right for a drawing."""
    return RIGHT.get(truth.morphology, RIGHT[truth.category])


def drawings(number: int) -> Iterator[tuple[str, tuple[str, ...], Pixels]]:
    """Group, right kinds and pixels of drawings, every category in turn."""
    for place in range(number):
        category = CATEGORIES[place % len(CATEGORIES)]
        drawn = draw_micrograph(
            FIRST_SEED + place, category, width_px=SIDE_PX, height_px=SIDE_PX, databar_share=0
        )
        granular = drawn.truth.morphology == "granular"
        yield "granular film" if granular else category, right_for(drawn.truth), drawn.pixels


def real_files(data: Path) -> Iterator[tuple[str, tuple[str, ...], Path]]:
    """Group, right kinds and file of published micrographs whose kind is known."""
    for part in ("count", "size"):
        for folder, kind in (("fibers", "fibres"), ("particles", "particles")):
            for path in _pictures(data / "nffa" / part / folder):
                yield f"nffa {part} {kind}", (kind,), path
    for path in _pictures(data / "tio2_masks" / "sem"):
        yield "tio2 particles", ("particles",), path
    for path in _pictures(data / "emps" / "images"):
        yield "emps particles", ("particles",), path
    for path in _pictures(data / "ampis_powder"):
        yield "ampis powder", ("particles",), path
    for place in sorted(p for p in (data / "neu_sdd").glob("*") if p.is_dir()):
        for path in _pictures(place)[::24]:
            yield "neu steel surfaces", ("other",), path


def _pictures(folder: Path) -> list[Path]:
    endings = {".png", ".jpg", ".jpeg", ".tif", ".tiff"}
    found = (p for p in folder.rglob("*") if p.suffix.lower() in endings)
    return sorted(found, key=lambda p: p.as_posix())


def choice_of(group: str, right: tuple[str, ...], pixels: Pixels) -> Chosen:
    height, width = pixels.shape
    prepared = prepare(pixels, picture=Box(0, 0, width, height))
    if prepared.reason:
        return Chosen(group, right, "unsure", "unsure", 0.0)
    choice = choose(prepared)
    return Chosen(group, right, choice.kind, choice.likeliest, choice.confidence)


def of_file(group: str, right: tuple[str, ...], path: Path) -> Chosen:
    """The picture of a real file: without its databar, where it has one."""
    from slava.imaging.inspect import inspect_micrograph

    inspected = inspect_micrograph(path)
    box = inspected.micrograph.picture
    return choice_of(group, right, inspected.grey[box.top : box.bottom, box.left : box.right])


def figures(chosen: list[Chosen]) -> dict[str, Any]:
    """Share sure, share right of those, the same per group, and what was taken for what."""
    sure = [c for c in chosen if c.sure]
    wrong = Counter(f"{c.group} as {c.kind}" for c in sure if c.kind not in c.right)
    groups: dict[str, Any] = {}
    for group in sorted({c.group for c in chosen}):
        these = [c for c in chosen if c.group == group]
        groups[group] = {"pictures": len(these), "chosen": dict(Counter(c.kind for c in these))}
    by_kind = {
        kind: f"{sum(kind in c.right for c in sure if c.kind == kind)} of {number}"
        for kind, number in sorted(Counter(c.kind for c in sure).items())
    }
    return {
        "pictures": len(chosen),
        "sure": round(len(sure) / max(1, len(chosen)), 3),
        "right_when_sure": round(sum(c.kind in c.right for c in sure) / max(1, len(sure)), 3),
        "right_when_sure_by_kind": by_kind,
        "guess_right": round(sum(c.likeliest in c.right for c in chosen) / max(1, len(chosen)), 3),
        "wrong": dict(wrong.most_common()),
        "groups": groups,
    }


def main() -> None:
    """Choose, count and write the result; without real data only drawings are looked at."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--drawings", type=int, default=300)
    ask.add_argument("--out", type=Path, default=RESULT)
    told = ask.parse_args()
    data = os.environ.get("SLAVA_REAL_DATA")
    result: dict[str, Any] = {"goal": GOAL, "side_px": SIDE_PX, "first_seed": FIRST_SEED}
    if told.drawings:
        drawn = [choice_of(*each) for each in drawings(told.drawings)]
        result["drawings"] = figures(drawn)
    if data:
        result["published"] = figures([of_file(*each) for each in real_files(Path(data))])
    told.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
