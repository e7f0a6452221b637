"""The pictures of ``docs/measures.md``: drawings with what was measured on them.

    python docs/make_measure_pictures.py [--out DIR]

Every picture is drawn here, so nothing from outside the project appears in it.
"""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from slava.domain import Box  # noqa: E402
from slava.domain.fact import Kind  # noqa: E402
from slava.imaging.measure import measure_micrograph  # noqa: E402
from slava.imaging.measure.export import overlay  # noqa: E402
from tests.measure.drawings import as_bytes, blurred, discs, fibres, noisy  # noqa: E402
from tests.measure.drawings_of_grains import grains, lattice, mosaic  # noqa: E402

SHAPE = (240, 320)
NOISE = 0.012
RED = (230, 60, 60)
Pixels = NDArray[np.uint8]


def clump() -> Pixels:
    """Discs of three sizes, some touching."""
    centres = [(60, 70), (98, 62), (86, 104), (190, 60), (228, 74), (150, 170), (250, 180)]
    radii = [22.0, 17.0, 20.0, 20.0, 19.0, 34.0, 26.0]
    return as_bytes(noisy(blurred(discs(SHAPE, centres, radii), 1), NOISE))


def pores() -> Pixels:
    """Dark discs in a bright ground."""
    rng = np.random.default_rng(4)
    centres = [(x + rng.uniform(-8, 8), y) for x in range(30, 320, 52) for y in range(30, 240, 60)]
    return as_bytes(noisy(blurred(1 - discs(SHAPE, centres, [15.0] * len(centres)), 1), NOISE))


def scratched() -> Pixels:
    """An even surface with a scratch, a hole and a grain of dust."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    drawn = np.full(SHAPE, 0.55)
    drawn -= 0.3 * (np.abs(0.5 * (x - 40) - (y - 60)) < 2) * (x > 40) * (x < 200)
    drawn -= 0.35 * (np.hypot(x - 250, y - 60) < 9)
    drawn += 0.35 * (np.hypot(x - 90, y - 190) < 8)
    return as_bytes(noisy(blurred(drawn, 1), NOISE))


def pictures() -> dict[str, tuple[Pixels, Kind]]:
    """What is drawn, and as what it is measured."""
    labels, gap = mosaic(SHAPE, 40, 3)
    return {
        "particles": (clump(), "particles"),
        "fibres": (as_bytes(noisy(fibres(SHAPE, 34, 25, 66), NOISE)), "fibres"),
        "pores": (pores(), "pores"),
        "pattern": (as_bytes(lattice(SHAPE, (30, 30), 60, 8, 9, noise=NOISE)), "pattern"),
        "grains": (as_bytes(grains(labels, gap, "dark lines", NOISE)), "grains"),
        "defects": (scratched(), "other"),
    }


def shown(pixels: Pixels, kind: Kind) -> Image.Image:
    """The drawing beside what was measured on it."""
    whole = Box(0, 0, pixels.shape[1], pixels.shape[0])
    found = measure_micrograph(pixels, picture=whole, nm_per_px=None, kind=kind)
    with Image.open(io.BytesIO(overlay(pixels, found, whole))) as opened:
        outlined = np.array(opened)
    for one in found.defects:
        frame(outlined, one.box)
    plain = np.repeat(pixels[..., None], 3, axis=2)
    gap = np.full((pixels.shape[0], 8, 3), 255, np.uint8)
    return Image.fromarray(np.concatenate([plain, gap, outlined], axis=1))


def frame(picture: NDArray[np.uint8], box: Box) -> None:
    """Draw a rectangle around ``box``, three pixels away from it."""
    top, left = max(0, box.top - 3), max(0, box.left - 3)
    bottom = min(picture.shape[0] - 1, box.bottom + 3)
    right = min(picture.shape[1] - 1, box.right + 3)
    picture[[top, bottom], left : right + 1] = RED
    picture[top : bottom + 1, [left, right]] = RED


def main() -> None:
    """Draw, measure and write them all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "measures")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for name, (pixels, kind) in pictures().items():
        reduced = shown(pixels, kind).quantize(64)
        reduced.save(out / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
