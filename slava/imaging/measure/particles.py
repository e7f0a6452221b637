"""Particles: found, told apart where they touch, and what they are together.

Sizes are those of whole particles: one cut by the border is counted, because it is seen, but not
averaged. :func:`_particles` is the only place where pixels become particles; everything after
it works on a label image, whoever made it.
"""

from __future__ import annotations

from dataclasses import replace

from slava.domain import Fact, MeasureSettings, Sizes
from slava.domain.fact import Outline
from slava.imaging.measure.facts import Ruler
from slava.imaging.measure.foreground import (
    SPECK,
    Foreground,
    Labels,
    keep_larger,
    least_area,
    object_mask,
    speck_limit,
)
from slava.imaging.measure.found import (
    Found,
    Parameters,
    mean_fact,
    resolved,
    size_facts,
    sizes_of,
    without,
)
from slava.imaging.measure.prepared import Prepared
from slava.imaging.measure.regions import count_same
from slava.imaging.measure.shapes import Shapes, describe
from slava.imaging.measure.splitting import split
from slava.imaging.measure.view import View

METHODS: dict[Outline, str] = {
    "threshold": "Otsu threshold, holes filled, touching particles parted by waists, edges and "
    "convexity",
    "network": "outline network at the scale where it is surest, parted by a watershed on depth",
}


SAME = 0.72
"""Two ways find the same if so many objects of one overlap one of the other by more than half."""


def label_particles(view: View, foreground: Foreground) -> Labels:
    """Pixels to particles.

    Returns
    -------
    (height, width) int32 of the view, particles from 1, specks among them.
    """
    return split(object_mask(view, foreground), view.smooth, view.sigma)


def measure_particles(prepared: Prepared, settings: MeasureSettings, ruler: Ruler) -> Found:
    """Particles with their sizes and shapes."""
    foreground = prepared.foreground_with(settings.threshold, settings.polarity)
    outline, labels = _particles(prepared, settings, foreground)
    covered = 100 * float((labels > 0).mean())
    coverage = Fact("coverage", "Area covered", covered, "%", None, "particle pixels")
    least = _least_size(labels, settings, ruler)
    labels = without(keep_larger(labels, least), prepared, settings.excluded)
    shapes = describe(labels, prepared.view.grey)
    used = replace(resolved(settings, prepared, foreground, least), outline=outline)
    sizes = sizes_of(shapes.diameter, shapes, ruler)
    facts = _facts(shapes, sizes, ruler, used)
    found = Found(METHODS[outline], used, (*facts, coverage), len(shapes))
    if sizes is None:
        return replace(found, warnings=("No particles were found.",))
    cut = () if shapes.whole.any() else ("All particles are cut by the border: sizes are low.",)
    return replace(
        found,
        mean_size_px=sizes.mean_px,
        labels=labels,
        shapes=shapes,
        sizes=shapes.diameter,
        distribution=sizes,
        warnings=cut,
    )


def _particles(
    prepared: Prepared, settings: MeasureSettings, foreground: Foreground
) -> tuple[Outline, Labels]:
    """What tells particles from the ground, and the particles, specks among them.

    A threshold draws the finer outline, the network tells better what is one particle. Left to
    choose, both look: where they find the same, the threshold's outlines are taken, otherwise the
    network's. A threshold or a polarity that somebody has set by hand is taken at its word.
    """
    by_hand = settings.threshold is not None or settings.polarity != "auto"
    if settings.outline == "threshold" or (settings.outline == "auto" and by_hand):
        return "threshold", label_particles(prepared.view, foreground)
    bodies = prepared.bodies[0]
    if settings.outline == "auto":
        labels = label_particles(prepared.view, foreground)
        if _agree(labels, bodies):
            return "threshold", labels
    return "network", bodies


def _agree(one: Labels, other: Labels) -> bool:
    """Whether most objects of both are the same ones, specks left out."""
    first, second = (
        keep_larger(labels, speck_limit(labels, least_area(labels.shape)))
        for labels in (one, other)
    )
    return 2 * count_same(first, second) > SAME * (int(first.max()) + int(second.max()))


def _least_size(labels: Labels, settings: MeasureSettings, ruler: Ruler) -> float:
    """Smaller particles are left out; view pixels."""
    if settings.min_size_px is not None:
        return settings.min_size_px / ruler.step
    return speck_limit(labels, least_area(labels.shape))


def _facts(shapes: Shapes, sizes: Sizes | None, ruler: Ruler, used: MeasureSettings) -> list[Fact]:
    """Count, sizes and shapes, in this order; no sizes when there are no particles."""
    method = METHODS[used.outline]
    told: Parameters = {"threshold": round(used.threshold or 0.0, 4), "objects": used.polarity}
    parameters: Parameters = {
        **(told if used.outline == "threshold" else {}),
        "speck_share": SPECK,
        "min_size_px": round(used.min_size_px or 0.0, 2),
        "touching_border": int((~shapes.whole).sum()),
        "measured": int(shapes.sized.sum()),
        "reduced_by": ruler.step,
    }
    count = Fact(
        "particle_count",
        "Particles",
        len(shapes),
        method=f"{method}; those cut by the border are counted",
        parameters=parameters,
    )
    if sizes is None:
        return [count]
    how = f"{method}; circle of equal area, particles cut by the border left out"
    sized = shapes.sized
    return [
        count,
        *size_facts(sizes, ("particle", ""), ruler.nm_per_px, how, parameters),
        mean_fact(
            "particle_aspect_ratio",
            "Aspect ratio",
            shapes.aspect_ratio[sized],
            "ellipse of equal moments",
        ),
        mean_fact(
            "particle_circularity",
            "Circularity",
            shapes.circularity[sized],
            "4π area / perimeter²",
        ),
        mean_fact(
            "particle_solidity", "Solidity", shapes.solidity[sized], "area / area of convex hull"
        ),
    ]
