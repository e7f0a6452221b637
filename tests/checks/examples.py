"""Micrographs and pairs that the tests of the checks are about; none of them exists."""

from __future__ import annotations

from typing import Any

from slava.domain import (
    Calibration,
    Drafting,
    Fact,
    Flag,
    Instrument,
    Micrograph,
    MicrographId,
    PairId,
    PaperWords,
    QAPair,
    ScaleBar,
)
from slava.packs import load_pack
from slava.teacher.checks import Known, Rules, check_pair, rules_of
from slava.teacher.pairs import with_id

PARTICLES = (
    Fact("field_width", "Field width", 3.2768, "µm"),
    Fact("field_height", "Field height", 2.4576, "µm"),
    Fact("pixel_size", "Pixel size", 3.2, "nm"),
    Fact("magnification", "Magnification", 40_000.0, "x"),
    Fact("accelerating_voltage", "Accelerating voltage", 10.0, "kV"),
    Fact("working_distance", "Working distance", 4.1, "mm"),
    Fact("detector", "Detector", "InLens"),
    Fact("particle_count", "Particles", 42),
    Fact("particle_diameter_mean", "Mean diameter", 312.4, "nm", 8.1),
    Fact("particle_diameter_std", "Spread of diameters", 52.3, "nm"),
    Fact("particle_diameter_median", "Median diameter", 305.0, "nm"),
    Fact("particle_diameter_d10", "D10, 10 % are smaller", 221.0, "nm"),
    Fact("particle_diameter_d90", "D90, 90 % are smaller", 398.0, "nm"),
    Fact("particle_aspect_ratio", "Aspect ratio", 1.21, "", 0.02),
    Fact("particle_circularity", "Circularity", 0.88, "", 0.01),
    Fact("coverage", "Area covered", 38.5, "%"),
    Fact("orientation", "Mean direction, counterclockwise from horizontal", 34.0, "°", 12.0),
    Fact("order_parameter", "Order parameter (0 none, 1 parallel)", 0.31),
    Fact("quality_noise", "Noise, of the contrast", 2.4, "%"),
    Fact("quality_sharpness", "Sharpness (0 to 1)", 0.62),
    Fact("particle_solidity", "Solidity", 0.95),
    Fact("lattice_spacing", "Spacing", 640.0, "nm", 6.0),
)
PIXELS = (
    Fact("field_width", "Field width", 1024.0, "px"),
    Fact("working_distance", "Working distance", 4.1, "mm"),
    Fact("fibre_count", "Fibres", 7),
    Fact("fibre_diameter_mean", "Mean fibre diameter", 97.6, "px", 2.5),
)
RULES: Rules = rules_of(load_pack())


def micrograph(name: str = "a", **more: Any) -> Micrograph:
    """A micrograph of 1024 x 768 px; ``name`` makes its id."""
    told = {"name": f"{name}.tif", "format": "TIFF", "width_px": 1024, "height_px": 768}
    rest = {"bit_depth": 8, "size_bytes": 1, **told, **more}
    return Micrograph(id=MicrographId(name.encode().hex().ljust(64, "0")[:64]), **rest)


def calibrated(name: str = "a", **more: Any) -> Known:
    """Particles, with everything measured and stated."""
    known = {k: more.pop(k) for k in ("facts", "label", "composition", "paper") if k in more}
    shown = micrograph(
        name,
        calibration=Calibration(3.2, "metadata"),
        instrument=Instrument(modality="SEM"),
        **more,
    )
    return Known(shown, **{"facts": PARTICLES, "label": "particles", **known})


def uncalibrated(name: str = "u", **more: Any) -> Known:
    """Fibres in pixels; the label of the scale bar was read, its length was not."""
    bar = ScaleBar("10 µm", 10_000.0, None, 0.9)
    paper = more.pop("paper", PaperWords())
    return Known(micrograph(name, scale_bar=bar, **more), PIXELS, "fibres", paper=paper)


def pair(
    answer: str,
    question: str = "What can be seen?",
    *,
    about: tuple[Known, ...] = (),
    **more: Any,
) -> QAPair:
    """A pair under its content hash."""
    ids = tuple(k.micrograph.id for k in about) or (micrograph().id,)
    return with_id(QAPair(PairId(""), ids, question, answer, drafting=Drafting("test"), **more))


def flags_of(
    answer: str, *known: Known, question: str = "What can be seen?", **more: Any
) -> tuple[Flag, ...]:
    """What all checks say of one answer about ``known``."""
    shown = known or (calibrated(),)
    draft = pair(answer, question, about=shown, **more)
    return check_pair(draft, {k.micrograph.id: k for k in shown}, rules=RULES)


def kinds_of(answer: str, *known: Known, **more: Any) -> set[str]:
    """The kinds of :func:`flags_of`."""
    return {f.kind for f in flags_of(answer, *known, **more)}
