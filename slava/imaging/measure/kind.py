"""What a micrograph mostly shows, as far as measuring is concerned, and how sure that is.

Particles are whole, convex, not elongated, and stand out; fibres have long straight edges with
parallel partners; a pattern is one lattice in the Fourier spectrum. Each is judged apart, so that
"neither" and "could be both" can be said. Pores look like dark particles: they are never sure.
Grains are chosen by people only. The constants were set on published micrographs and on drawings;
this module must not know which.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from slava.domain.fact import Kind
from slava.imaging.measure.foreground import Foreground
from slava.imaging.measure.lattice import Lattice
from slava.imaging.measure.shapes import Shapes
from slava.imaging.measure.strips import Edges, Strips

SURE = 0.8
"""Below this confidence the kind is "unsure"."""

WORTH = 0.35
"""From this confidence on the likeliest kind is measured all the same, and said to be a guess."""

LIKELY_INDEX = 0.14
"""``parallel_index`` at which fibres are as likely as not."""

LIKELY_BODIES = 0.73
"""``body_likeness`` at which particles are as likely as not."""

SLENDER, LEAST_THIN = 4.0, 50
"""Thin fibres have edges so many times longer than they are wide, and so many strips."""

COMMON_SURE = 0.75
"""The most that isolated but irregular objects count for."""

PORES_SURE, OTHER_SURE = 0.65, 0.8
"""The most that dark objects count for as pores, and that texture counts for as nothing else."""

CALM = 0.09
"""Behind dark particles on a film the background is this calm; walls between pores are not."""

LEAST_REPEATS = 10
"""Fewer parallel lines across the picture may as well be fibres."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The likeliest kind."""

    likeliest: Kind
    confidence: float
    """0..1"""

    @property
    def kind(self) -> Kind:
        """The likeliest, or "unsure"."""
        return self.likeliest if self.confidence >= SURE else "unsure"

    @property
    def measured_as(self) -> Kind:
        """The kind whose measures are taken: the likeliest, if it is likely enough for that."""
        return self.likeliest if self.confidence >= WORTH else "unsure"


def choose_kind(
    foreground: Foreground,
    edges: Edges,
    strips: Strips,
    thin: float = 0.0,
    lattice: Lattice | None = None,
) -> Choice:
    """The likeliest kind.

    Parameters
    ----------
    foreground : Foreground
    edges, strips : Edges, Strips
        Long edges, and the strips between them that are too wide for rims.
    thin : float
        ``thin_likeness`` of the same picture: pores between thin fibres look like particles.
    lattice : Lattice, optional
        What repeats in the same picture.
    """
    pattern = pattern_likeness(lattice)
    objects = particle_likeness(foreground) * (1 - thin) * (1 - pattern)
    pores = objects * pore_likeness(foreground)
    particles = objects - pores
    fibres = max(thin, fibre_likeness(edges, strips) * (1 - objects)) * (1 - pattern)
    texture = _sigmoid((foreground.border - 0.32) / 0.03)
    neither = (1 - objects) * (1 - fibres) * (1 - pattern) * texture
    kinds: list[tuple[float, Kind]] = [
        (particles, "particles"),
        (fibres, "fibres"),
        (pattern, "pattern"),
        (min(PORES_SURE, pores), "pores"),
        (min(OTHER_SURE, neither), "other"),
    ]
    confidence, kind = max(kinds)
    return Choice(kind, confidence)


def second_look(choice: Choice, outlined: float) -> Choice:
    """An unsure choice, once the outline network has looked for bodies.

    Parameters
    ----------
    choice : Choice
        From the thresholds and edges alone. Pores look like dark bodies to the network too, so
        that it cannot tell them from particles.
    outlined : float
        0..1, ``body_likeness`` of what it found.
    """
    if choice.kind != "unsure" or choice.likeliest in ("pores", "pattern"):
        return choice
    particles = _sigmoid((outlined - LIKELY_BODIES) / 0.015)
    return Choice("particles", particles) if particles > choice.confidence else choice


def body_likeness(sureness: float, shapes: Shapes) -> float:
    """0..1: how deep and how convex the outlined objects are, by area; 0 where there are none."""
    if not len(shapes):
        return 0.0
    return sureness * float(np.average(shapes.solidity, weights=shapes.area))


def pattern_likeness(lattice: Lattice | None) -> float:
    """0..1: one lattice explains the peaks, and the peaks much of the picture."""
    if lattice is None:
        return 0.0
    one = _sigmoid((lattice.explained - 0.94) / 0.015)
    much = _sigmoid((lattice.share - 0.38) / 0.03)
    often = 1.0
    if lattice.second is None:
        often = _sigmoid((lattice.repeats - LEAST_REPEATS) / 0.7)
    return one * much * often


def pore_likeness(foreground: Foreground) -> float:
    """0..1, of objects: dark, cut by the border as often as not, in an uneven surrounding."""
    if foreground.bright:
        return 0.0
    everywhere = _sigmoid((foreground.border - 0.11) / 0.03)
    return everywhere * _sigmoid((foreground.unrest - CALM) / 0.01)


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
