"""Reads the databar: label, bar, and what else it says; each with how sure it is.

The strip is read first, the whole picture only where the strip gives no bar. Nothing is decided
here: whether a reading calibrates anything is the business of others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slava.domain import Box, Databar, Instrument, ScaleBar
from slava.imaging.databar.facts import Facts, read_facts
from slava.imaging.databar.lengths import Length, scale_lengths
from slava.imaging.databar.letters import Text, read_texts
from slava.imaging.databar.levels import in_256
from slava.imaging.databar.line import Line, find_lines

STRIP_WIDTH, STRIP_ZOOM = 2048, 3.0
"""A strip is read at this width, but not enlarged by more than this."""
MUCH_REDUCED = 0.6
PICTURE_SIDES, PICTURE_ZOOMS = (1024, 1600), (1.0, 1.5)
"""A picture is read at this longer side; larger where no length was found at the first."""
CLEAR = 0.6
"""Of a strip's bar: then the picture is not searched."""
_PLAIN_EVIDENCE, _PLAIN_IN_STRIP = 2.6, 2.0
"""Nats at which a bar is as likely right as wrong: in the picture, and in the strip, where little
else is a line."""
_FIELD_AGREES, _FIELD_CONTRADICTS = 0.03, 0.05
_SCREEN_MM = (60.0, 700.0)
"""Magnifications refer to a picture of such a width: outside of it something was misread."""
_WELL_READ = 0.8
"""Score of letters that are surely letters."""
_WIDEST_FIELD_NM = 2e7
"""No electron microscope sees more: nm was read as mm."""
_NM_PER_PX = (1e-3, 1e6)

Levels = NDArray[np.uint8]
ReadTexts = Callable[[Levels, float], list[Text]]


@dataclass(frozen=True, slots=True)
class DatabarReading:
    """``instrument`` holds what the letters say; ``field_width_nm`` is of the whole picture."""

    scale_bar: ScaleBar | None = None
    instrument: Instrument = field(default_factory=Instrument)
    field_width_nm: float | None = None
    texts: tuple[Text, ...] = ()

    @property
    def letters(self) -> tuple[Box, ...]:
        """Where letters stand that were read well; noise and texture are not among them."""
        return tuple(
            text.box for text in self.texts if text.score >= _WELL_READ and _is_words(text)
        )


@dataclass(frozen=True, slots=True)
class _Candidate:
    length: Length
    line: Line | None
    confidence: float

    @property
    def rank(self) -> float:
        return self.confidence if self.line else self.confidence - 1


def read_databar(
    pixels: NDArray[Any], databar: Databar | None, read: ReadTexts = read_texts
) -> DatabarReading:
    """Read the letters and measure the scale bar.

    Parameters
    ----------
    pixels : ndarray, (height_px, width_px) or (height_px, width_px, 3)
        The whole picture, any depth.
    databar : Databar, optional
        The strip, where it is known. Letters are looked for all over the picture without it.
    read : callable
        The reader of letters.

    Returns
    -------
    DatabarReading
        With a bar whose ``length_px`` is ``None`` where only its label was found, and no bar
        where there is no label.
    """
    levels = in_256(pixels)
    width = levels.shape[1]
    best, facts, texts = None, Facts(Instrument()), list[Text]()
    if databar is not None:
        strip = levels[databar.top : databar.bottom]
        texts = _lowered(read(strip, min(STRIP_ZOOM, STRIP_WIDTH / width)), databar.top)
        facts = read_facts(texts)
        best = _best(levels, texts, facts, databar)
    if best is None or best.line is None or best.confidence < CLEAR:
        everywhere = _everywhere(levels, read)
        if databar is None:
            facts = read_facts(everywhere)
        found = _best(levels, everywhere, facts, databar)
        if found and (best is None or found.rank > best.rank):
            best = found
        texts += everywhere
    bar = _scale_bar(best) if best else None
    return DatabarReading(bar, facts.instrument, facts.field_width_nm, tuple(texts))


def _everywhere(levels: Levels, read: ReadTexts) -> list[Text]:
    """The letters of the whole picture; read again in larger size when no length is among them.

    A picture without any letters is not read twice, unless it had to be much reduced.
    """
    side = max(levels.shape)
    zooms = [min(z, most / side) for z, most in zip(PICTURE_ZOOMS, PICTURE_SIDES, strict=True)]
    texts = read(levels, zooms[0])
    if scale_lengths(texts) or zooms[1] < 1.2 * zooms[0] or not (texts or zooms[0] < MUCH_REDUCED):
        return texts
    return read(levels, zooms[1])


def _lowered(texts: list[Text], rows: int) -> list[Text]:
    return [
        replace(t, box=Box(t.box.left, t.box.top + rows, t.box.right, t.box.bottom + rows))
        for t in texts
    ]


def _best(
    levels: Levels, texts: Sequence[Text], facts: Facts, databar: Databar | None
) -> _Candidate | None:
    """The label with its bar that is the surest; the bar of a label in the strip lies there too."""
    candidates = []
    for length in scale_lengths(texts):
        others = [t.box for t in texts if _is_words(t) and not _overlap(t.box, length.box)]
        rows = _rows_around(databar, length.box)
        lines = find_lines(levels, length.box, others, rows)
        candidates.append(_weighed(length, lines, facts, levels.shape[1], rows is not None))
    return max(candidates, key=lambda candidate: candidate.rank, default=None)


def _rows_around(databar: Databar | None, box: Box) -> tuple[int, int] | None:
    """The strip's rows where ``box`` is in the strip, and no bounds elsewhere."""
    inside = databar is not None and databar.top <= (box.top + box.bottom) / 2 < databar.bottom
    return (databar.top, databar.bottom) if databar and inside else None


def _weighed(
    length: Length, lines: list[Line], facts: Facts, width: int, in_strip: bool
) -> _Candidate:
    """How sure a label and its best line are together."""
    lines = [line for line in lines if _NM_PER_PX[0] < length.nm / line.length_px < _NM_PER_PX[1]]
    if not lines:
        return _Candidate(length, None, 0.3 * length.sure)
    agreeing = [line for line in lines if _agrees(length, line, facts, width)]
    line = agreeing[0] if agreeing else lines[0]
    rivals = [r for r in lines if abs(r.length_px / line.length_px - 1) > 0.03]
    margin = line.evidence - rivals[0].evidence if rivals else math.inf
    plain = _PLAIN_IN_STRIP if in_strip else _PLAIN_EVIDENCE
    confidence = length.sure * _sigmoid(line.evidence - plain)
    if agreeing:
        confidence = max(confidence, 0.95 * length.sure)
    else:
        confidence *= _sigmoid(3 * margin) * _consistency(length, line, facts, width)
    return _Candidate(length, line, min(confidence, 0.99))


def _agrees(length: Length, line: Line, facts: Facts, width: int) -> bool:
    """Whether bar and label give the field width that the databar states."""
    if facts.field_width_nm is None:
        return False
    field = length.nm / line.length_px * width
    return abs(field / facts.field_width_nm - 1) <= _FIELD_AGREES


def _consistency(length: Length, line: Line, facts: Facts, width: int) -> float:
    """A factor below one where field width or magnification contradict."""
    field = length.nm / line.length_px * width
    factor = 1.0
    if facts.field_width_nm and abs(field / facts.field_width_nm - 1) > _FIELD_CONTRADICTS:
        factor *= 0.4
    magnification = facts.instrument.magnification
    if magnification and not _SCREEN_MM[0] < field * magnification / 1e6 < _SCREEN_MM[1]:
        factor *= 0.5
    return factor if field <= _WIDEST_FIELD_NM else 0.3 * factor


def _scale_bar(found: _Candidate) -> ScaleBar:
    line, length = found.line, found.length
    confidence = round(found.confidence, 3)
    if line is None:
        return ScaleBar(length.text, length.nm, None, confidence)
    return ScaleBar(length.text, length.nm, line.length_px, confidence, line.box)


def _is_words(text: Text) -> bool:
    return sum(c.isalnum() for c in text.text) >= 2


def _overlap(first: Box, second: Box) -> bool:
    across = min(first.right, second.right) - max(first.left, second.left)
    down = min(first.bottom, second.bottom) - max(first.top, second.top)
    return across > 0 and down > 0.3 * min(first.height_px, second.height_px)


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-min(max(x, -50.0), 50.0)))
