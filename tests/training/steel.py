"""A small training set that the tests draw themselves: six kinds of damage to a steel surface."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from slava.domain import MicrographId, PairId, Part, QAPair
from slava.handoff.run_folder import RunFolder
from slava.handoff.snapshot import (
    SnapshotContent,
    SnapshotMicrograph,
    SnapshotPair,
    make_snapshot,
    write_snapshot,
)

SIDE_PX = 128
SIGNS = {
    "crazing": "fine dark lines that form a net",
    "inclusion": "dark elongated spots along one direction",
    "patches": "large smooth areas that are brighter",
    "pitted_surface": "many small round pits",
    "rolled_in_scale": "ragged dark flakes all over",
    "scratches": "long straight bright lines",
}
QUESTION = "Which kind of surface defect is visible, and what shows it?"
PARAPHRASES = (
    "What kind of defect does the surface have?",
    "Name the surface defect and its signs.",
)


def draw(kind: str, seed: int, side_px: int = SIDE_PX) -> NDArray[np.uint8]:
    """Grey levels (side, side) of one damaged surface."""
    rng = np.random.default_rng([seed, list(SIGNS).index(kind)])
    grain = rng.normal(0, 6, (side_px, side_px))
    sheet = Image.new("L", (side_px, side_px), 128)
    pen = ImageDraw.Draw(sheet)

    def at() -> tuple[float, float]:
        x, y = rng.uniform(0, side_px, 2)
        return float(x), float(y)

    if kind == "crazing":
        for _ in range(46):
            (x, y), a = at(), rng.uniform(0, np.pi)
            step = rng.uniform(8, 20)
            pen.line((x, y, x + step * np.cos(a), y + step * np.sin(a)), fill=70, width=1)
    elif kind == "inclusion":
        for _ in range(6):
            x, y = at()
            pen.ellipse((x - 3, y - rng.uniform(10, 24), x + 3, y + rng.uniform(10, 24)), fill=50)
    elif kind == "patches":
        for _ in range(4):
            (x, y), r = at(), rng.uniform(18, 34)
            pen.ellipse((x - r, y - 0.7 * r, x + r, y + 0.7 * r), fill=205)
        sheet = sheet.filter(ImageFilter.GaussianBlur(4))
    elif kind == "pitted_surface":
        for _ in range(70):
            (x, y), r = at(), rng.uniform(1.2, 2.6)
            pen.ellipse((x - r, y - r, x + r, y + r), fill=45)
    elif kind == "rolled_in_scale":
        for _ in range(40):
            x, y = at()
            corners = rng.uniform(-9, 9, (5, 2)) + np.array([x, y])
            pen.polygon([tuple(p) for p in corners.tolist()], fill=int(rng.integers(70, 100)))
    else:
        for _ in range(3):
            (x, y), a = at(), rng.uniform(-0.3, 0.3)
            pen.line(
                (x - 200 * np.sin(a), y - 200, x + 200 * np.sin(a), y + 200), fill=235, width=2
            )
    return np.clip(np.asarray(sheet, np.float64) + grain, 0, 255).astype(np.uint8)


def answers(kind: str) -> tuple[str, str]:
    """The concise and the detailed answer."""
    title = kind.replace("_", " ")
    concise = f"The surface shows {title}."
    return concise, f"{concise} It is told by {SIGNS[kind]}. The rest of the surface is even."


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where the drawn micrographs lie, and the snapshot of pairs about them."""

    root: Path
    content: SnapshotContent

    def run(self, name: str, config: Mapping[str, object]) -> RunFolder:
        """A run's folder, ready to be started."""
        folder = RunFolder(self.root / "runs" / name)
        folder.create()
        write_snapshot(folder.snapshot, self.content)
        folder.write_config(config)
        return folder


def make_workspace(root: Path, counts: Mapping[Part, int], kinds: int = len(SIGNS)) -> Workspace:
    """Draw ``counts`` micrographs of every kind for each part, one pair about each."""
    (root / "micrographs").mkdir(parents=True)
    pairs, micrographs, seed = [], [], 0
    for part, count in counts.items():
        for kind in list(SIGNS)[:kinds]:
            for _ in range(count):
                seed += 1
                micrograph = _micrograph(root, kind, seed)
                micrographs.append(micrograph)
                concise, detailed = answers(kind)
                pair = QAPair(
                    id=PairId(micrograph.id[:32]),
                    micrograph_ids=(micrograph.id,),
                    question=QUESTION,
                    answer=concise,
                    detailed=detailed,
                    paraphrases=PARAPHRASES,
                    category=kind,
                )
                pairs.append(SnapshotPair(pair, part))
    fractions: dict[Part, float] = {"train": 0.8, "validation": 0.1, "test": 0.1}
    content = make_snapshot(
        "drawn steel", pairs, micrographs, created_at="2026-01-01T00:00:00+00:00", seed=0,
        fractions=fractions,
    )  # fmt: skip
    return Workspace(root, content)


def _micrograph(root: Path, kind: str, seed: int) -> SnapshotMicrograph:
    buffer = io.BytesIO()
    Image.fromarray(draw(kind, seed)).save(buffer, "PNG")
    digest = hashlib.sha256(buffer.getvalue()).hexdigest()
    path = f"micrographs/{digest}.png"
    (root / path).write_bytes(buffer.getvalue())
    return SnapshotMicrograph(
        id=MicrographId(digest), path=path, width_px=SIDE_PX, height_px=SIDE_PX, label=kind
    )
