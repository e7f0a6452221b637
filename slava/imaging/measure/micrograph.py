"""Everything measured on one micrograph in one go: choose the kind, measure it, say how.

Pure: pixels in, a ``Measurement`` out; no files, no clock, no randomness. Sizes are in nm only
where the caller gives a pixel size.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from slava.domain import Box, Fact, Measurement, MeasureSettings, Micrograph
from slava.domain.fact import Kind
from slava.imaging.databar import burnt_in_mask
from slava.imaging.measure.defects import defect_facts, find_defects
from slava.imaging.measure.doubts import doubted
from slava.imaging.measure.facts import Ruler
from slava.imaging.measure.fibre_bodies import wide_strips
from slava.imaging.measure.fibres import measure_fibres
from slava.imaging.measure.found import Found, objects_of
from slava.imaging.measure.grains import measure_grains
from slava.imaging.measure.kind import Choice, body_likeness, choose_kind, second_look
from slava.imaging.measure.particles import measure_particles
from slava.imaging.measure.pattern import measure_pattern
from slava.imaging.measure.pores import measure_pores
from slava.imaging.measure.prepared import EDGE_SIDE_PX, TWO_PHASES, Prepared, prepare
from slava.imaging.measure.quality import quality_facts
from slava.imaging.measure.shapes import describe
from slava.imaging.measure.strips import Edges
from slava.imaging.measure.texture import (
    direction_facts,
    direction_of,
    repetition_facts,
    repetition_of,
    texture_facts,
)
from slava.imaging.measure.view import reduce_to

MEASURES: dict[Kind, Callable[[Prepared, MeasureSettings, Ruler], Found]] = {
    "particles": measure_particles,
    "fibres": measure_fibres,
    "pores": measure_pores,
    "pattern": measure_pattern,
    "grains": measure_grains,
}
"""What measures each kind; the others have nothing that can be counted or sized."""

SURFACES: tuple[Kind, ...] = ("grains", "other")
"""Kinds in which a place that stands out may be a defect, rather than an object."""

GUESS = "It is not clear what this shows; measured as {}: choose another kind if that is wrong."
UNSURE = "It is not clear what there is to measure: choose a kind if it is."


def measure_micrograph(
    grey: NDArray[np.generic],
    *,
    picture: Box,
    nm_per_px: float | None,
    kind: Kind | None = None,
    settings: MeasureSettings | None = None,
    marks: NDArray[np.bool_] | None = None,
) -> Measurement:
    """Measure the specimen's part of a micrograph.

    Parameters
    ----------
    grey : (height_px, width_px)
        The whole file's grey values, any integer or float type. Not-a-numbers are filled in.
    picture : Box
        The part without databar.
    nm_per_px : float or None
        Pixel size; ``None`` (uncalibrated) yields pixels and no nanometres.
    kind : Kind, optional
        What to measure; chosen from the pixels when left out.
    settings : MeasureSettings, optional
        What somebody has set by hand.
    marks : (height_px, width_px) bool, optional
        Burnt-in letters and bars; they are not measured.

    Returns
    -------
    Measurement
        ``labels`` has the shape of ``grey``. A picture that cannot be measured gives "unsure",
        confidence 0 and a warning that says why.

    Raises
    ------
    ValueError
        If ``grey`` has not two dimensions.
    """
    wanted = settings or MeasureSettings()
    prepared = prepare(grey, picture=picture, region=wanted.region, marks=marks)
    return measure_prepared(prepared, nm_per_px=nm_per_px, kind=kind, settings=wanted)


def measure_inspected(
    micrograph: Micrograph,
    grey: NDArray[np.generic],
    *,
    kind: Kind | None = None,
    settings: MeasureSettings | None = None,
) -> Measurement:
    """The same for a micrograph that was inspected: its picture, pixel size and burnt-in marks.

    ``grey`` is (height_px, width_px) of the whole file.
    """
    return measure_micrograph(
        grey,
        picture=micrograph.picture,
        nm_per_px=micrograph.nm_per_px,
        kind=kind,
        settings=settings,
        marks=burnt_in_mask(grey, micrograph.databar, micrograph.scale_bar, micrograph.letters),
    )


def measure_prepared(
    prepared: Prepared,
    *,
    nm_per_px: float | None,
    kind: Kind | None = None,
    settings: MeasureSettings | None = None,
) -> Measurement:
    """The same, where the first steps are kept from one setting to the next.

    ``settings.region`` must be the one that ``prepared`` was made with.
    """
    wanted = settings or MeasureSettings()
    reason = prepared.reason
    if reason:
        return Measurement("unsure", 0.0, (), warnings=(reason,))
    choice = Choice(kind, 1.0) if kind else choose(prepared)
    chosen = choice.measured_as
    ruler = Ruler(prepared.view.step, nm_per_px)
    found = _find(chosen, prepared, wanted, ruler)
    doubts: tuple[str, ...] = ()
    if choice.kind != chosen:
        doubts = (UNSURE if chosen == "other" else GUESS.format(chosen),)
    common = _common_facts(chosen, prepared, nm_per_px)
    defects = find_defects(prepared) if chosen in SURFACES else ()
    quality, warnings = quality_facts(prepared.view, prepared.pixels)
    mean = found.mean_size_px
    return Measurement(
        kind=choice.kind,
        kind_confidence=choice.confidence,
        facts=(*found.facts, *common, *defect_facts(defects), *quality),
        count=found.count,
        mean_size_px=mean,
        mean_size_nm=None if mean is None or nm_per_px is None else mean * nm_per_px,
        labels=None if found.labels is None else prepared.in_file(found.labels),
        warnings=(*doubts, *found.warnings, *warnings),
        sizes=found.distribution,
        objects=objects_of(found, prepared),
        defects=defects,
        method=found.method,
        used=found.used,
    )


def choose(prepared: Prepared) -> Choice:
    """The likeliest kind of a part that can be measured."""
    sides = prepared.sides
    wide = wide_strips(sides.edges, sides.strips)
    lattice, _ = prepared.lattice
    seen = (prepared.foreground, sides.edges, wide, sides.thin, lattice)
    choice = choose_kind(*seen)
    if choice.kind == "unsure":
        labels, sureness = prepared.bodies
        likeness = body_likeness(sureness, describe(labels, prepared.view.grey))
        choice = second_look(choice, likeness)
    return doubted(choice, *seen)


def _find(kind: Kind, prepared: Prepared, settings: MeasureSettings, ruler: Ruler) -> Found:
    if kind in MEASURES:
        return MEASURES[kind](prepared, settings, ruler)
    return Found("", settings, warnings=(UNSURE,) if kind == "unsure" else ())


def _common_facts(kind: Kind, prepared: Prepared, nm_per_px: float | None) -> list[Fact]:
    """Phases, directions and repetition, which need no objects."""
    facts = []
    if kind in ("other", "unsure") and prepared.foreground.separability >= TWO_PHASES:
        bright = 100 * float((prepared.view.smooth > prepared.foreground.threshold).mean())
        facts.append(
            Fact("coverage", "Area of the brighter phase", bright, "%", None, "Otsu threshold")
        )
    if kind == "fibres":
        facts += _edge_directions(prepared.sides.edges)
    else:
        down, right = np.gradient(prepared.view.smooth)
        method = "structure tensor, weighted by contrast"
        facts += direction_facts(direction_of(np.stack([right, down])), method)
    if kind == "pattern":
        return facts
    if kind in ("grains", "other"):
        facts += texture_facts(prepared.view, Ruler(prepared.view.step, nm_per_px))
    small, step = reduce_to(prepared.view.grey, EDGE_SIDE_PX)
    ruler = Ruler(prepared.view.step * step, nm_per_px)
    return facts + repetition_facts(repetition_of(small), ruler)


def _edge_directions(edges: Edges) -> list[Fact]:
    on_edges = edges.labels > 0
    if not on_edges.any():
        return []
    normals = edges.normal[:, on_edges]
    weights = np.ones(normals.shape[1], np.float32)
    return direction_facts(direction_of(normals, weights), "directions of the long edges")
