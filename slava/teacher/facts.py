"""What a teacher is told of a micrograph, as sentences: first its calibration, then the rest.

Measured facts, its category, composition data, and the words of its paper.

File names, the instrument, dates and the user's notes are left out: they are not needed to describe
a picture, and they say where it was made. It must not know what is asked.
"""

from __future__ import annotations

from slava.domain import Box, Fact
from slava.teacher.picture import sent_size
from slava.teacher.subject import Subject
from slava.vlm.context import BASIC, UNCALIBRATED

WITHHELD = frozenset({"instrument", "pixel_size", "field_width", "field_height"})
"""Facts that say where a micrograph was made, or that are told here in other words: how a pixel
size was found may name a file."""


def told_facts(subject: Subject, crop: Box, longest_px: int) -> list[str]:
    """The sentences, most important first.

    Parameters
    ----------
    crop
        What is sent of it, in pixels of the file.
    longest_px
        No side of the picture is sent longer than this.
    """
    micrograph = subject.micrograph
    width, height = sent_size(crop, longest_px)
    step = crop.width_px / width
    sentences = []
    calibration = micrograph.calibration
    if calibration is None:
        sentences.append(UNCALIBRATED)
    else:
        field_um = crop.width_px * calibration.nm_per_px / 1e3
        sentences.append(
            f"Calibration: {calibration.nm_per_px:.4g} nm per pixel of the file "
            f"(source: {calibration.source}); what is shown is {field_um:.4g} µm wide."
        )
    if step > 1.001:
        pixel = f" = {calibration.nm_per_px * step:.4g} nm" if calibration else ""
        sentences.append(
            f"The picture is reduced to {width} × {height} px; one of its pixels is "
            f"{step:.4g} pixels of the file{pixel}."
        )
    sentences += [_sentence(f) for f in subject.facts if f.name not in WITHHELD]
    if subject.category:
        sentences.append(f"Category given by a person: {subject.category.replace('_', ' ')}.")
    if subject.composition:
        sentences.append(f"Composition data given by a person: {subject.composition.sentence}")
    if subject.paper.caption:
        sentences.append(f"Caption of the figure in the paper: {_line(subject.paper.caption)}")
    sentences += [f"The paper says: {_line(p)}" for p in subject.paper.passages]
    return sentences


def _line(text: str) -> str:
    return " ".join(text.split())


def _sentence(fact: Fact) -> str:
    """``Mean diameter: 452 ± 31 nm (measured: watershed).``; what a file says has no method."""
    method = f" (measured: {fact.method})" if fact.method and fact.name not in BASIC else ""
    return f"{fact.label}: {fact.text}{method}."
