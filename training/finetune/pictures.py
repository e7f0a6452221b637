"""Micrographs of a snapshot as backbones are shown them in the app: same pixels, same facts.

What is told of a micrograph stands in the snapshot as the lines of its context; the facts in them
are read back, so that the built-in model's slots are filled as in the app.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path

from slava.domain import Box, Calibration, Fact, Micrograph, MicrographId
from slava.domain.conversation import ContextLevel
from slava.handoff.snapshot import SnapshotMicrograph
from slava.imaging.display import stretch
from slava.imaging.read import grey, read_frame
from slava.vlm.backbone import View

MOST_KEPT_BYTES = 256 << 20
"""Of pixels that are held in memory; others are read again."""

_LINE = re.compile(r"^- (?P<label>[^:]+): (?P<told>.+)$")
_METHOD = re.compile(r" \([^()]*(?:\([^()]*\)[^()]*)*\)$")
NAME_OF_LABEL: Mapping[str, str] = {
    "Pixel size": "pixel_size",
    "Field width": "field_width",
    "Field height": "field_height",
    "Magnification": "magnification",
    "Accelerating voltage": "accelerating_voltage",
    "Working distance": "working_distance",
    "Detector": "detector",
    "Instrument": "instrument",
    "Mean diameter": "particle_diameter_mean",
    "Fibre diameter": "fibre_diameter_mean",
    "Spread of diameters": "particle_diameter_std",
    "Particles": "particle_count",
    "Fibres": "fibre_count",
    "Area covered": "coverage",
    "Area of the brighter phase": "coverage",
    "Mean direction, counterclockwise from horizontal": "orientation",
    "Period": "period",
    "Area fraction of pores": "porosity",
}
"""Labels of facts whose names matter to the built-in model's slots; a test measures that they are
still called so. Fibres' spread has the label of particles': both fill the same slot."""


class Pictures:
    """Views of the micrographs of one snapshot, read when they are asked for."""

    def __init__(
        self,
        micrographs: Mapping[MicrographId, SnapshotMicrograph],
        workspace: Path,
        level: ContextLevel,
    ) -> None:
        self._micrographs, self._workspace, self._level = micrographs, workspace, level
        self._kept: OrderedDict[MicrographId, View] = OrderedDict()
        self._kept_bytes = 0

    def context(self, micrograph_id: MicrographId) -> str:
        """What a model is told of it, as the app words it."""
        if self._level == "none":
            return ""
        return "\n".join(self._micrographs[micrograph_id].context.get(self._level, ()))

    def view(self, micrograph_id: MicrographId) -> View:
        """Its pixels, cropped and stretched as in the app, and what may be known.

        Raises
        ------
        UnreadableMicrograph
            If the file cannot be read any more.
        """
        if micrograph_id in self._kept:
            self._kept.move_to_end(micrograph_id)
            return self._kept[micrograph_id]
        view = self._read(micrograph_id)
        self._kept[micrograph_id] = view
        self._kept_bytes += view.pixels.nbytes
        while self._kept_bytes > MOST_KEPT_BYTES and len(self._kept) > 1:
            self._kept_bytes -= self._kept.popitem(last=False)[1].pixels.nbytes
        return view

    def _read(self, micrograph_id: MicrographId) -> View:
        m = self._micrographs[micrograph_id]
        values = grey(read_frame(m.file(self._workspace)))
        box = _picture(m, values.shape)
        pixels = stretch(values[box.top : box.bottom, box.left : box.right])
        if self._level == "none":
            return View(pixels, box)
        return View(pixels, box, calibration_of(m), facts_of(self.context(micrograph_id)))


def calibration_of(m: SnapshotMicrograph) -> Calibration | None:
    """Its calibration, ``None`` where there is none."""
    if m.nm_per_px is None or m.calibration_source is None:
        return None
    return Calibration(m.nm_per_px, m.calibration_source)


def facts_of(context: str) -> tuple[Fact, ...]:
    """The facts whose lines stand in ``context``; their values stay the text that was told."""
    found = []
    for line in context.split("\n"):
        matched = _LINE.match(line)
        if matched and (name := NAME_OF_LABEL.get(matched["label"])):
            text = _METHOD.sub("", matched["told"])
            found.append(Fact(name, matched["label"], text))
    return tuple(found)


def _picture(m: SnapshotMicrograph, shape: Sequence[int]) -> Box:
    """The specimen without the databar, as :class:`~slava.domain.Micrograph` has it."""
    height, width = shape[:2]
    whole = Micrograph(m.id, "", "", width, height, 8, 0, databar=m.databar)
    return whole.picture
