"""What a micrograph mostly shows, as far as measuring is concerned, and how sure that is.

Particles are whole, convex, not elongated, and stand out; fibres have long straight edges with
parallel partners. The two are judged apart, so that "neither" and "could be both" can be said.
The constants were set on published micrographs and on drawings; this module must not know which.
"""

from __future__ import annotations

import math

import numpy as np

from slava.domain.fact import Kind
from slava.imaging.measure.foreground import Foreground
from slava.imaging.measure.strips import Edges, Strips

SURE = 0.5
"""Below this confidence the kind is "unsure"."""

LIKELY_INDEX = 0.14
"""``parallel_index`` at which fibres are as likely as not."""

SLENDER, LEAST_THIN = 4.0, 50
"""Thin fibres have edges so many times longer than they are wide, and so many strips."""

COMMON_SURE = 0.75
"""The most that isolated but irregular objects count for."""


def choose_kind(
    foreground: Foreground, edges: Edges, strips: Strips, thin: float = 0.0
) -> tuple[Kind, float]:
    """The kind and its confidence, 0..1.

    Parameters
    ----------
    foreground : Foreground
    edges, strips : Edges, Strips
        Long edges, and the strips between them that are too wide for rims.
    thin : float
        ``thin_likeness`` of the same picture: pores between thin fibres look like particles.

    Returns
    -------
    kind : "particles", "fibres", "other" or "unsure"
        "other" only where both of the first two are unlikely and texture fills the picture.
    confidence : float
        Of that kind; for "unsure", of the better guess.
    """
    particles = particle_likeness(foreground) * (1 - thin)
    fibres = max(thin, fibre_likeness(edges, strips) * (1 - particles))
    neither = (1 - particles) * (1 - fibres) * _sigmoid((foreground.border - 0.32) / 0.03)
    kinds: list[tuple[float, Kind]] = [
        (particles, "particles"),
        (fibres, "fibres"),
        (min(0.8, neither), "other"),
    ]
    confidence, kind = max(kinds)
    return (kind, confidence) if confidence >= SURE else ("unsure", confidence)


def particle_likeness(foreground: Foreground) -> float:
    """0..1: whole compact parts that stand out, or irregular ones alone on a clear background."""
    apart = _sigmoid((foreground.separability - 0.645) / 0.015)
    compact = _sigmoid((foreground.compact - 0.40) / 0.07) * apart
    clear = _sigmoid((foreground.separability - 0.79) / 0.02)
    alone = clear * _sigmoid((0.1 - foreground.border) / 0.02)
    return max(compact, COMMON_SURE * alone)


def fibre_likeness(edges: Edges, strips: Strips) -> float:
    """0..1: how long and straight the edges are, and how many of them have a parallel partner."""
    index = parallel_index(edges, strips)
    if index <= 0:
        return 0.0
    enough = _sigmoid((edges.length_px / max(edges.labels.shape) - 1.2) / 0.2)
    return enough * _sigmoid((math.log(index) - math.log(LIKELY_INDEX)) / 0.2)


def thin_likeness(foreground: Foreground, edges: Edges, strips: Strips) -> float:
    """0..1: many narrow bright strips, each far longer than wide, before a clear background.

    Parameters
    ----------
    edges, strips : Edges, Strips
        Found with the fine smoothing.
    """
    bright = strips.bright
    if bright.sum() < LEAST_THIN:
        return 0.0
    walks = (edges.labels > 0).sum() / strips.every
    width = float(np.median(strips.width[bright]))
    evidence = (
        (foreground.separability - 0.72) / 0.015,
        (bright.mean() - 0.5) / 0.02,
        (bright.sum() / walks - 0.5) / 0.03,
        (edges.typical_px / width - SLENDER) / 0.5,
        (edges.length_px / max(edges.labels.shape) - 6) / 0.7,
    )
    return math.prod(_sigmoid(float(x)) for x in evidence)


def parallel_index(edges: Edges, strips: Strips) -> float:
    """0..1, large where nearly all edges are long, straight and have a parallel partner.

    Typical length of an edge (share of the side) x strips per walk x straightness cubed
    x root of the long edges' share of all edges.
    """
    walks = (edges.labels > 0).sum() / strips.every
    if not walks:
        return 0.0
    typical = edges.typical_px / max(edges.labels.shape)
    return float(typical * len(strips) / walks * edges.straight**3 * edges.share**0.5)


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-min(max(x, -60.0), 60.0)))
