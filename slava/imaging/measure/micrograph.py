"""Everything measured on one micrograph in one go: choose the kind, measure it, say how.

Pure: pixels in, a ``Measurement`` out; no files, no clock, no randomness. Sizes are in nm only
where the caller gives a pixel size.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from slava.domain import Box, Fact, Measurement
from slava.domain.fact import Kind
from slava.imaging.measure.facts import Ruler
from slava.imaging.measure.fibres import fibre_facts, find_fibres, paint, wide_strips
from slava.imaging.measure.foreground import Foreground, Labels, find_foreground, object_mask
from slava.imaging.measure.kind import SURE, choose_kind, thin_likeness
from slava.imaging.measure.particles import find_particles, particle_facts
from slava.imaging.measure.quality import quality_facts
from slava.imaging.measure.strips import (
    FINE_EDGE_LENGTH,
    FINE_SIGMA_SHARE,
    Edges,
    Strips,
    find_edges,
    find_strips,
)
from slava.imaging.measure.texture import (
    direction_facts,
    direction_of,
    repetition_facts,
    repetition_of,
)
from slava.imaging.measure.view import MIN_SIDE_PX, View, crop, is_flat, reduce_to, view_of

EDGE_SIDE_PX = 1024
"""Edges are sought on a copy of at most this long side."""

TWO_PHASES = 0.7
"""Separability from which on a picture has a bright and a dark phase (one hump has 0.64)."""


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """What is computed once for all measures."""

    view: View
    foreground: Foreground
    edges: Edges
    strips: Strips
    thin: float
    """0..1, how much it looks like thin fibres; from a half on, edges and strips are fine ones."""
    edge_step: int
    """View pixels per pixel of the copy that edges were sought on."""


def measure_micrograph(
    grey: NDArray[np.generic],
    *,
    picture: Box,
    nm_per_px: float | None,
    kind: Kind | None = None,
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
    kind : "particles", "fibres", "other" or "unsure", optional
        What to measure; chosen from the pixels when left out.

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
    if np.ndim(grey) != 2:
        raise ValueError(f"grey must be (height, width), got shape {np.shape(grey)}")
    pixels = crop(grey, picture)
    reason = _unmeasurable(pixels)
    if reason:
        return Measurement("unsure", 0.0, (), warnings=(reason,))
    parts = _parts_of(pixels)
    wide = wide_strips(parts.edges, parts.strips)
    chosen, confidence = (
        (kind, 1.0) if kind else choose_kind(parts.foreground, parts.edges, wide, parts.thin)
    )
    measured = _measure_kind(chosen, parts, nm_per_px)
    quality, warnings = quality_facts(parts.view, pixels)
    return replace(
        measured,
        kind_confidence=confidence,
        facts=(*measured.facts, *_common_facts(chosen, parts, nm_per_px), *quality),
        labels=_in_file(measured.labels, parts.view.step, picture, np.shape(grey)),
        warnings=(*measured.warnings, *warnings),
    )


def _unmeasurable(pixels: NDArray[np.float32]) -> str | None:
    height, width = pixels.shape
    if min(height, width) < MIN_SIDE_PX:
        return f"Too small to measure: {width} x {height} px; at least {MIN_SIDE_PX} are needed."
    if is_flat(pixels):
        return "Nothing to measure: all pixels have the same value."
    return None


def _parts_of(pixels: NDArray[np.float32]) -> _Parts:
    view = view_of(pixels)
    small, step = reduce_to(view.grey, EDGE_SIDE_PX)
    foreground = find_foreground(view)
    edges = find_edges(small)
    strips, thin = find_strips(edges), 0.0
    if _may_be_thin(foreground):
        fine = find_edges(small, FINE_SIGMA_SHARE, FINE_EDGE_LENGTH)
        fine_strips = find_strips(fine, every=4)
        thin = thin_likeness(foreground, fine, fine_strips)
        if thin >= SURE:
            edges, strips = fine, fine_strips
    return _Parts(view, foreground, edges, strips, thin, step)


def _may_be_thin(foreground: Foreground) -> bool:
    """Whether it is worth looking for thin fibres: two phases, neither of them rare."""
    return foreground.separability >= TWO_PHASES and 0.1 <= foreground.coverage <= 0.9


def _measure_kind(kind: Kind, parts: _Parts, nm_per_px: float | None) -> Measurement:
    if kind == "particles":
        return _measure_particles(parts, Ruler(parts.view.step, nm_per_px))
    if kind == "fibres":
        return _measure_fibres(parts, Ruler(parts.view.step * parts.edge_step, nm_per_px))
    if kind == "unsure":
        advice = "It is not clear what there is to measure: choose particles or fibres if it is."
        return Measurement(kind, 0.0, (), warnings=(advice,))
    return Measurement(kind, 0.0, ())


def _measure_particles(parts: _Parts, ruler: Ruler) -> Measurement:
    mask = object_mask(parts.view, parts.foreground)
    particles = find_particles(mask)
    coverage = Fact(
        "coverage", "Area covered", 100 * float(mask.mean()), "%", None, "particle pixels"
    )
    facts = (*particle_facts(particles, parts.foreground, ruler), coverage)
    if not len(particles):
        return Measurement("particles", 0.0, facts, 0, warnings=("No particles were found.",))
    mean = float(particles.diameter[particles.sized].mean())
    cut = () if particles.whole.any() else ("All particles are cut by the border: sizes are low.",)
    return Measurement(
        "particles",
        0.0,
        facts,
        len(particles),
        ruler.px(mean),
        ruler.nm(mean),
        particles.labels,
        cut,
    )


def _measure_fibres(parts: _Parts, ruler: Ruler) -> Measurement:
    fibres = find_fibres(parts.edges, parts.strips, thin=parts.thin >= SURE)
    if fibres is None or not len(fibres):
        return Measurement("fibres", 0.0, (), 0, warnings=("No fibres were found.",))
    small = paint(fibres, parts.edges.labels.shape)
    labels = _enlarge(small, parts.edge_step, parts.view.grey.shape)
    size = fibres.diameter
    return Measurement(
        "fibres",
        0.0,
        tuple(fibre_facts(fibres, ruler)),
        len(fibres),
        ruler.px(size),
        ruler.nm(size),
        labels,
    )


def _common_facts(kind: Kind, parts: _Parts, nm_per_px: float | None) -> list[Fact]:
    """Phases, directions and repetition, which need no objects."""
    facts = []
    if kind not in ("particles", "fibres") and parts.foreground.separability >= TWO_PHASES:
        bright = float((parts.view.smooth > parts.foreground.threshold).mean())
        facts.append(
            Fact(
                "coverage", "Area of the brighter phase", 100 * bright, "%", None, "Otsu threshold"
            )
        )
    on_edges = parts.edges.labels > 0
    if kind == "fibres" and on_edges.any():
        normals = parts.edges.normal[:, on_edges]
        weights = np.ones(normals.shape[1], np.float32)
        facts += direction_facts(direction_of(normals, weights), "directions of the long edges")
    else:
        method = "structure tensor, weighted by contrast"
        facts += direction_facts(direction_of(parts.edges.gradient), method)
    small, step = reduce_to(parts.view.grey, EDGE_SIDE_PX)
    return facts + repetition_facts(repetition_of(small), Ruler(parts.view.step * step, nm_per_px))


def _enlarge(labels: Labels, step: int, shape: tuple[int, ...]) -> Labels:
    """Repeat pixels by ``step``; what a reduction dropped at right and bottom stays background."""
    whole = np.zeros(shape, np.int32)
    large = labels.repeat(step, axis=0).repeat(step, axis=1)[: shape[0], : shape[1]]
    whole[: large.shape[0], : large.shape[1]] = large
    return whole


def _in_file(
    labels: Labels | None, step: int, picture: Box, shape: tuple[int, ...]
) -> Labels | None:
    if labels is None:
        return None
    top, left = max(0, picture.top), max(0, picture.left)
    whole = np.zeros(shape, np.int32)
    room = (min(picture.bottom, shape[0]) - top, min(picture.right, shape[1]) - left)
    whole[top : top + room[0], left : left + room[1]] = _enlarge(labels, step, room)
    return whole
