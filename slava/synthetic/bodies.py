"""Solid bodies and strands that scenes put on a canvas.

Each function raises one object out of the height field. It must not know what the object stands
for: a capsule is a bacterium in one scene and a rod-like particle in another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from slava.synthetic.canvas import Array, Canvas, Points, noise

Solid = Callable[[np.random.Generator, Array, Array, float], tuple[Array, NDArray[np.bool_]]]
"""(rng, u, v, radius) -> height above the lift and what is inside; u, v in px from the middle."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a body stands: middle in px, turned by ``angle``, ``lift`` px above the ground."""

    x: float
    y: float
    angle: float = 0.0
    lift: float = 0.0


def ellipsoid(aspect: float = 1.0) -> Solid:
    """A ball, or an egg ``aspect`` times longer than wide."""

    def solid(_rng: np.random.Generator, u: Array, v: Array, r: float) -> tuple[Array, NDArray]:
        q = (u / aspect) ** 2 + v**2
        return np.sqrt(np.clip(r * r - q, 0, None)), q < r * r

    return solid


def capsule(aspect: float, waist: float = 0.0) -> Solid:
    """A rod with round ends; ``waist`` > 0 pinches its middle, as of a dividing cell."""

    def solid(_rng: np.random.Generator, u: Array, v: Array, r: float) -> tuple[Array, NDArray]:
        half = r * (aspect - 1)
        narrow = r * (1 - waist * np.exp(-((u / (0.35 * r)) ** 2)))
        q = np.clip(np.abs(u) - half, 0, None) ** 2 + v**2
        inside = q < narrow**2
        return np.sqrt(np.clip(narrow**2 - q, 0, None)), inside

    return solid


def rod(aspect: float, facets: bool = False) -> Solid:
    """A rod with flat ends, round across or, with ``facets``, a prism on its side."""

    def solid(_rng: np.random.Generator, u: Array, v: Array, r: float) -> tuple[Array, NDArray]:
        across = np.clip(np.abs(v) / r, 0, 1)
        section = np.minimum(0.85, 1.7 * (1 - across)) if facets else np.sqrt(1 - across**2)
        inside = (np.abs(u) < r * aspect) & (np.abs(v) < r)
        return (r * section).astype(np.float32), inside

    return solid


def dished(aspect: float, depth: float) -> Solid:
    """A disc with a hollow in its middle, as a red blood cell."""

    def solid(_rng: np.random.Generator, u: Array, v: Array, r: float) -> tuple[Array, NDArray]:
        t = ((u / aspect) ** 2 + v**2) / (r * r)
        rim = np.sqrt(np.clip(1 - t, 0, None))
        return 0.6 * r * rim * (1 - depth + 1.5 * depth * t), t < 1

    return solid


def polyhedron(faces: int, aspect: float = 1.0, flat: float = 0.5) -> Solid:
    """A convex crystal: the least of ``faces`` random planes, cut by a lid at ``flat`` radii."""

    def solid(rng: np.random.Generator, u: Array, v: Array, r: float) -> tuple[Array, NDArray]:
        start = rng.uniform(0, 2 * np.pi)
        surface = np.full(u.shape, flat * r, np.float32)
        tilt = rng.uniform(-0.35, 0.35, 2)
        surface += tilt[0] * u + tilt[1] * v
        inside = np.ones(u.shape, bool)
        for k in range(faces):
            angle = start + 2 * np.pi * (k + rng.uniform(-0.3, 0.3)) / faces
            gap = r * rng.uniform(0.75, 1.0) - (u / aspect * np.cos(angle) + v * np.sin(angle))
            surface = np.minimum(surface, gap * rng.uniform(0.4, 3.0))
            inside &= gap > 0
        return np.clip(surface, 0, None).astype(np.float32), inside

    return solid


def box(aspect: float = 1.0) -> Solid:
    """A cube or brick seen at a slant: three faces of different slope."""

    def solid(rng: np.random.Generator, u: Array, v: Array, r: float) -> tuple[Array, NDArray]:
        a, b = rng.uniform(-0.5, 0.5, 2)
        gap = np.minimum(0.85 * r * aspect - np.abs(u), 0.85 * r - np.abs(v))
        lid = r * 1.1 + a * u + b * v
        return np.minimum(lid, 6 * np.clip(gap, 0, None)).astype(np.float32), gap > 0

    return solid


def lump(rough: float, lobes: int = 6) -> Solid:
    """An irregular round lump: a sphere whose radius wavers by ``rough`` with direction."""

    def solid(rng: np.random.Generator, u: Array, v: Array, r: float) -> tuple[Array, NDArray]:
        angle, reach = np.arctan2(v, u), np.full(u.shape, r, np.float32)
        for k in range(2, 2 + lobes):
            swing = rough * r * rng.uniform(-1, 1) / np.sqrt(k - 1)
            reach += (swing * np.cos(k * angle + rng.uniform(0, 2 * np.pi))).astype(np.float32)
        q = (u * u + v * v) / np.maximum(reach, 0.2 * r) ** 2
        surface = r * np.sqrt(np.clip(1 - q, 0, None))
        surface += rough * 0.5 * r * noise(rng, u.shape, max(1.0, r / 3)) * (q < 1)
        return np.clip(surface, 0, None).astype(np.float32), q < 1

    return solid


def spiny(spines: int, length: float) -> Solid:
    """A ball covered with spines, as pollen."""

    def solid(_rng: np.random.Generator, u: Array, v: Array, r: float) -> tuple[Array, NDArray]:
        distance, angle = np.hypot(u, v), np.arctan2(v, u)
        core = r / (1 + length)
        reach = core * (1 + length * np.abs(np.cos(spines * angle / 2)) ** 3)
        inside = distance < reach
        lift = np.arcsin(np.clip(distance / r, 0, 1))
        bumps = np.cos(spines * angle / 2) * np.cos(spines * lift / 2)
        surface = np.sqrt(np.clip(reach**2 - distance**2, 0, None)) + 0.5 * length * core * bumps
        return np.clip(surface, 0, None).astype(np.float32), inside

    return solid


def plate(sides: int, aspect: float, thickness: float) -> Solid:
    """A thin flake, tilted."""

    def solid(rng: np.random.Generator, u: Array, v: Array, r: float) -> tuple[Array, NDArray]:
        start, slope = rng.uniform(0, 2 * np.pi), rng.uniform(-0.8, 0.8, 2)
        gap = np.full(u.shape, np.inf, np.float32)
        for k in range(sides):
            angle = start + 2 * np.pi * (k + rng.uniform(-0.25, 0.25)) / sides
            edge = r * rng.uniform(0.8, 1.0)
            gap = np.minimum(gap, edge - (u / aspect * np.cos(angle) + v * np.sin(angle)))
        surface = r * (0.5 + thickness) + slope[0] * u + slope[1] * v
        return np.clip(surface, 0.05 * r, None).astype(np.float32), gap > 0

    return solid


def broken(solid_: Solid) -> Solid:
    """The same body with a piece struck off by a rough plane."""

    def solid(rng: np.random.Generator, u: Array, v: Array, r: float) -> tuple[Array, NDArray]:
        surface, inside = solid_(rng, u, v, r)
        angle = rng.uniform(0, 2 * np.pi)
        cut = r * rng.uniform(0.2, 0.6) - (u * np.cos(angle) + v * np.sin(angle))
        cut += 0.08 * r * noise(rng, u.shape, max(1.0, r / 3))
        return np.minimum(surface, np.clip(0.9 * cut, 0, None)).astype(np.float32), inside

    return solid


def place(canvas: Canvas, solid: Solid, radius: float, pose: Pose, reach: float = 1.3) -> int:
    """Raise one body of ``radius`` px; ``reach`` radii bound its footprint. Its number."""
    half = int(np.ceil(radius * reach)) + 1
    left, top = int(pose.x) - half, int(pose.y) - half
    span = np.arange(2 * half + 1, dtype=np.float32)
    dx, dy = np.meshgrid(span + left - pose.x, span + top - pose.y)
    cos, sin = np.cos(pose.angle), np.sin(pose.angle)
    u, v = (cos * dx + sin * dy), (-sin * dx + cos * dy)
    surface, inside = solid(canvas.rng, u.astype(np.float32), v.astype(np.float32), radius)
    number = canvas.new_object()
    canvas.raise_patch(top, left, surface + np.float32(pose.lift), inside, number)
    return number


def curve(
    canvas: Canvas, middle: Points, angle: float, length: float, wiggle: float, knots: int = 10
) -> Points:
    """A smooth random line through ``middle``, shape (n, 2).

    ``wiggle`` is the deviation in radians of the direction from knot to knot.
    """
    from scipy.ndimage import gaussian_filter1d

    turns = np.cumsum(canvas.rng.normal(0, wiggle, knots))
    heading = angle + turns - turns[knots // 2]
    fine = gaussian_filter1d(
        np.interp(np.linspace(0, knots - 1, 6 * knots), np.arange(knots), heading), 3
    )
    step = length / len(fine)
    path = np.cumsum(np.stack([np.cos(fine), np.sin(fine)], 1), 0) * step
    return path - path[len(path) // 2] + middle


def resample(path: Points, step: float) -> tuple[Points, Points]:
    """Points every ``step`` px along ``path``, and their arc lengths."""
    legs = np.hypot(*np.diff(path, axis=0).T)
    arc = np.concatenate([[0.0], np.cumsum(legs)])
    at = np.arange(0.0, max(arc[-1], step * 2), step)
    return np.stack([np.interp(at, arc, path[:, 0]), np.interp(at, arc, path[:, 1])], 1), at


def strand(
    canvas: Canvas,
    path: Points,
    radius: float | Points,
    lift: float | Points = 0.0,
    flat: float = 1.0,
    square: bool = False,
) -> int:
    """Raise a strand of circular (or, with ``square``, box-like) section along ``path``.

    ``radius`` and ``lift`` are px, one value or one per point of ``path``; ``flat`` scales the
    height of the section. Fills ``along``, ``across`` and ``widths`` of the canvas. Its number.
    """
    points, at = resample(path, 0.6)
    share = np.linspace(0, 1, len(points))
    knots = np.linspace(0, 1, len(path))
    r = np.interp(share, knots, np.broadcast_to(radius, len(path)))
    z = np.interp(share, knots, np.broadcast_to(lift, len(path)))
    keep = _near(canvas, points, float(r.max()))
    number = canvas.new_object()
    if keep.sum() < 2:
        return number
    tangent = np.gradient(points, axis=0)
    tangent /= np.maximum(np.hypot(*tangent.T), 1e-6)[:, None]
    points, at, r, z, tangent = points[keep], at[keep], r[keep], z[keep], tangent[keep]
    canvas.widths[number] = 2 * float(r.mean())
    t = np.linspace(-1, 1, 2 * int(np.ceil(float(r.max()) / 0.6)) + 1)
    x = points[:, :1] - tangent[:, 1:] * t * r[:, None]
    y = points[:, 1:] + tangent[:, :1] * t * r[:, None]
    section = np.clip(6 * (1 - np.abs(t)), 0, 1) if square else np.sqrt(np.clip(1 - t * t, 0, None))
    surface = z[:, None] + flat * r[:, None] * section
    _scatter(
        canvas,
        number,
        x,
        y,
        surface,
        np.broadcast_to(at[:, None], x.shape),
        np.broadcast_to(t, x.shape),
    )
    return number


def _near(canvas: Canvas, points: Points, reach: float) -> NDArray[np.bool_]:
    x, y = points.T
    inside = (x > -reach) & (x < canvas.width_px + reach)
    return inside & (y > -reach) & (y < canvas.height_px + reach)


def _scatter(
    canvas: Canvas, number: int, x: Points, y: Points, surface: Points, at: Points, t: Points
) -> None:
    column, row = np.round(x).astype(np.int32), np.round(y).astype(np.int32)
    ok = (column >= 0) & (column < canvas.width_px) & (row >= 0) & (row < canvas.height_px)
    flat_index = row[ok] * canvas.width_px + column[ok]
    own = np.zeros(canvas.width_px * canvas.height_px, bool)
    own[flat_index] = True
    canvas.areas[number - 1] += int(own.sum())
    heights = surface[ok].astype(np.float32)
    above = heights > canvas.height.ravel()[flat_index]
    flat_index, heights = flat_index[above], heights[above]
    canvas.height.ravel()[flat_index] = heights
    canvas.owner.ravel()[flat_index] = number
    canvas.along.ravel()[flat_index] = at[ok][above]
    canvas.across.ravel()[flat_index] = t[ok][above]
