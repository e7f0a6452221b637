"""What all measures of one micrograph share: the view, the foreground, the edges; each made once.

A window keeps one of these while somebody moves a threshold. This module must not know of kinds
or of facts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from slava.domain import Box
from slava.domain.fact import Polarity
from slava.imaging.measure.foreground import Foreground, Labels, Mask, find_foreground
from slava.imaging.measure.kind import thin_likeness
from slava.imaging.measure.lattice import Lattice, lattice_of
from slava.imaging.measure.strips import (
    FINE_EDGE_LENGTH,
    FINE_SIGMA_SHARE,
    Edges,
    Strips,
    find_edges,
    find_strips,
)
from slava.imaging.measure.view import (
    MIN_SIDE_PX,
    View,
    crop,
    is_flat,
    painted_over,
    reduce_by,
    reduce_to,
)
from slava.imaging.measure.view import view_of as make_view
from slava.imaging.outline import join_pieces, outline_objects, without_scraps

EDGE_SIDE_PX = 1024
"""Edges are sought on a copy of at most this long side."""

TWO_PHASES = 0.7
"""Separability from which on a picture has a bright and a dark phase (one hump has 0.64)."""


THIN = 0.5
"""From this likeness on fibres are measured as thin ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """Long edges and the strips between them."""

    edges: Edges
    strips: Strips
    thin: float
    """0..1, how much it looks like thin fibres; from a half on, edges and strips are fine ones."""
    step: int
    """View pixels per pixel of the copy that edges were sought on."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A part of a micrograph, ready to be measured; made by :func:`prepare`."""

    pixels: NDArray[np.float32]
    """(height, width) of the part, burnt-in marks painted over."""
    box: Box
    """Where the part lies in the file."""
    shape: tuple[int, int]
    """(height_px, width_px) of the file."""
    marks: Mask | None = field(default=None, repr=False)
    """(height, width) of the part, where burnt-in marks were."""

    @property
    def reason(self) -> str | None:
        """Why nothing can be measured on it, if so."""
        height, width = self.pixels.shape
        if min(height, width) < MIN_SIDE_PX:
            return (
                f"Too small to measure: {width} x {height} px; at least {MIN_SIDE_PX} are needed."
            )
        if is_flat(self.pixels):
            return "Nothing to measure: all pixels have the same value."
        return None

    @cached_property
    def view(self) -> View:
        """Stretched, reduced and smoothed."""
        return make_view(self.pixels)

    @cached_property
    def foreground(self) -> Foreground:
        """With the threshold and the polarity that the pixels suggest."""
        return find_foreground(self.view)

    @cached_property
    def sides(self) -> Sides:
        """Coarse or fine, whichever suits."""
        if self._may_be_thin() and self.fine_sides.thin >= THIN:
            return self.fine_sides
        small, step = reduce_to(self.view.grey, EDGE_SIDE_PX)
        edges = find_edges(small)
        thin = self.fine_sides.thin if self._may_be_thin() else 0.0
        return Sides(edges, find_strips(edges), thin, step)

    @cached_property
    def fine_sides(self) -> Sides:
        """With the smoothing that thin fibres need."""
        small, step = reduce_to(self.view.grey, EDGE_SIDE_PX)
        edges = find_edges(small, FINE_SIGMA_SHARE, FINE_EDGE_LENGTH)
        strips = find_strips(edges, every=4)
        return Sides(edges, strips, thin_likeness(self.foreground, edges, strips), step)

    @cached_property
    def lattice(self) -> tuple[Lattice | None, int]:
        """What repeats, if anything, and view pixels per pixel of the copy it was sought on."""
        small, step = reduce_to(self.view.grey, EDGE_SIDE_PX)
        return lattice_of(small), step

    @cached_property
    def bodies(self) -> tuple[Labels, float]:
        """Particles by the outline network, and how sure it is of them, 0..1."""
        return outline_objects(self.view.grey)

    @cached_property
    def strands(self) -> tuple[Labels, float]:
        """Fibres by the outline network, those that are crossed in one; how sure it is, 0..1."""
        pieces, sureness = outline_objects(self.view.grey, "fibres")
        return without_scraps(join_pieces(pieces)), sureness

    @cached_property
    def hidden(self) -> Mask:
        """(height, width) of the view: where burnt-in marks were."""
        if self.marks is None:
            return np.zeros(self.view.grey.shape, bool)
        return reduce_by(self.marks.astype(np.float32), self.view.step) > 0

    def foreground_with(self, threshold: float | None, polarity: Polarity) -> Foreground:
        """With a threshold in grey values of the file, and a polarity, where they are given.

        The polarity that the pixels suggest stays the same whatever the threshold.
        """
        if threshold is None and polarity == "auto":
            return self.foreground
        if polarity == "auto":
            polarity = "bright" if self.foreground.bright else "dark"
        wanted = None if threshold is None else self.view.stretched(threshold)
        return find_foreground(self.view, wanted, polarity)

    def in_file(self, labels: Labels) -> Labels:
        """Labels of the view as labels of the whole file."""
        whole = np.zeros(self.shape, np.int32)
        size = (self.box.height_px, self.box.width_px)
        part = enlarge(labels, self.view.step, size)
        whole[self.box.top : self.box.bottom, self.box.left : self.box.right] = part
        return whole

    def _may_be_thin(self) -> bool:
        """Whether it is worth looking for thin fibres: two phases, neither of them rare."""
        found = self.foreground
        return found.separability >= TWO_PHASES and 0.1 <= found.coverage <= 0.9


def prepare(
    grey: NDArray[np.generic],
    *,
    picture: Box,
    region: Box | None = None,
    marks: NDArray[np.bool_] | None = None,
) -> Prepared:
    """The part of a file that is to be measured.

    Parameters
    ----------
    grey : (height_px, width_px)
        The whole file's grey values, any integer or float type. Not-a-numbers are filled in.
    picture : Box
        The part without databar; what lies outside of the file is ignored.
    region : Box, optional
        Only this part of ``picture``.
    marks : (height_px, width_px) bool, optional
        Burnt-in letters and bars: they are painted over with what lies around them.

    Raises
    ------
    ValueError
        If ``grey`` has not two dimensions.
    """
    if np.ndim(grey) != 2:
        raise ValueError(f"grey must be (height, width), got shape {np.shape(grey)}")
    height, width = np.shape(grey)
    box = _overlap(picture, Box(0, 0, width, height))
    if region is not None:
        box = _overlap(region, box)
    pixels, hidden = crop(grey, box), None
    if marks is not None and pixels.size:
        hidden = marks[box.top : box.bottom, box.left : box.right]
        if hidden.any() and not hidden.all():
            pixels = painted_over(pixels, hidden)
        else:
            hidden = None
    return Prepared(pixels, box, (height, width), hidden)


def enlarge(labels: Labels, step: int, shape: tuple[int, ...]) -> Labels:
    """Repeat pixels by ``step``; what a reduction dropped at right and bottom stays background."""
    whole = np.zeros(shape, np.int32)
    large = labels.repeat(step, axis=0).repeat(step, axis=1)[: shape[0], : shape[1]]
    whole[: large.shape[0], : large.shape[1]] = large
    return whole


def _overlap(one: Box, other: Box) -> Box:
    left, top = max(one.left, other.left), max(one.top, other.top)
    return Box(
        left, top, max(left, min(one.right, other.right)), max(top, min(one.bottom, other.bottom))
    )
