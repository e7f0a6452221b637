"""What speaks against a kind that seemed sure: then it is measured all the same, but not as sure.

Devices have long straight edges as fibres have, a tip is compact as a particle is. Each doubt is a
look of drawn specimens of another kind that took the chooser in; none changes what is measured.
This module must not know how a kind is chosen.
"""

from __future__ import annotations

import numpy as np

from slava.imaging.measure.foreground import Foreground
from slava.imaging.measure.kind import SURE, Choice
from slava.imaging.measure.lattice import Lattice
from slava.imaging.measure.strips import Edges, Strips

DOUBTED = SURE - 0.05
"""The most that a doubted kind counts for."""

UPRIGHT = 0.6
"""``uprightness`` from which on edges follow the picture's sides, as those of devices do."""

TWO_LEVELS = 0.85
"""Separability from which on a picture has two flat levels; fibres are shaded."""

FEW_BRIGHT = 0.3
"""Of the strips between thin fibres more are bright; else they are tracks, or walls."""

EVEN, EVEN_SHARE = 0.97, 0.3
"""Lines that one spacing explains so well, and that make so much of the picture, are a pattern."""

FEW_PARTS, LONE_SHARE, LEAST_COMPACT = 3, 0.12, 0.05
"""So few bodies, so large or so little compact, may as well be a tip or a device."""


def doubted(
    choice: Choice,
    foreground: Foreground,
    edges: Edges,
    strips: Strips,
    thin: float = 0.0,
    lattice: Lattice | None = None,
) -> Choice:
    """The same choice, less sure where something speaks against it; given what it was made of."""
    against = {
        "fibres": _lines(foreground, edges, strips, thin) or _evenly(lattice),
        "particles": _lone(foreground),
        "other": True,  # that nothing was recognized does not show that nothing is there
    }
    if not against.get(choice.likeliest, False):
        return choice
    return Choice(choice.likeliest, min(choice.confidence, DOUBTED))


def uprightness(edges: Edges) -> float:
    """-1..1: 1 where all edges run along the sides of the picture, -1 along its diagonals."""
    x, y = edges.normal[:, edges.labels > 0].astype(np.float64)
    if not len(x):
        return 0.0
    return float(np.mean(np.cos(4 * np.arctan2(y, x))))


def _lines(foreground: Foreground, edges: Edges, strips: Strips, thin: float) -> bool:
    bright = float(strips.bright.mean()) if len(strips) else 1.0
    tracks = thin >= SURE and bright < FEW_BRIGHT
    levels = foreground.separability >= TWO_LEVELS
    return tracks or levels or uprightness(edges) >= UPRIGHT


def _evenly(lattice: Lattice | None) -> bool:
    if lattice is None or lattice.second is not None:
        return False
    return lattice.explained >= EVEN and lattice.share >= EVEN_SHARE


def _lone(foreground: Foreground) -> bool:
    few = foreground.parts < FEW_PARTS
    return few and (foreground.compact < LEAST_COMPACT or foreground.coverage > LONE_SHARE)
