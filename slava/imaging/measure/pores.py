"""Pores: the dark parts, how much of the area they take, and how large each of them is.

A pore and a dark particle look alike; which it is, people know. This module must not know how the
threshold was found.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from slava.domain import Fact, MeasureSettings
from slava.imaging.measure.facts import Ruler
from slava.imaging.measure.foreground import (
    Foreground,
    Labels,
    keep_larger,
    least_area,
    object_mask,
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
from slava.imaging.measure.shapes import describe
from slava.imaging.measure.splitting import waists
from slava.imaging.measure.view import View

WAIST = 0.2
"""Pores that run together are parted at waists of this relative depth."""

METHOD = "Otsu threshold, dark parts, parted at waists"


def label_pores(view: View, foreground: Foreground) -> Labels:
    """Pixels to pores: (height, width) int32 of the view, pores from 1; walls inside stay."""
    return waists(object_mask(view, foreground, holes=True), WAIST)


def measure_pores(prepared: Prepared, settings: MeasureSettings, ruler: Ruler) -> Found:
    """Area fraction, number, sizes and shapes of the pores."""
    polarity = "dark" if settings.polarity == "auto" else settings.polarity
    foreground = prepared.foreground_with(settings.threshold, polarity)
    labels = label_pores(prepared.view, foreground)
    least = float(np.sqrt(4 * least_area(labels.shape) / np.pi))
    if settings.min_size_px is not None:
        least = settings.min_size_px / ruler.step
    labels = without(keep_larger(labels, least), prepared, settings.excluded)
    used = resolved(settings, prepared, foreground, least)
    parameters: Parameters = {
        "threshold": round(used.threshold or 0.0, 4),
        "pores": used.polarity,
        "min_size_px": round(used.min_size_px or 0.0, 2),
        "reduced_by": ruler.step,
    }
    seen = ~prepared.hidden
    open_ = 100 * float((labels[seen] > 0).mean())
    fraction = Fact(
        "porosity", "Area fraction of pores", open_, "%", None, f"{METHOD}; pixels", parameters
    )
    shapes = describe(labels, prepared.view.grey)
    count = Fact("pore_count", "Pores", len(shapes), method=METHOD, parameters=parameters)
    sizes = sizes_of(shapes.diameter, shapes, ruler)
    found = Found(METHOD, used, (count, fraction), len(shapes))
    if sizes is None:
        return replace(found, warnings=("No pores were found.",))
    how = f"{METHOD}; circle of equal area, pores cut by the border left out"
    facts = (
        count,
        fraction,
        *size_facts(sizes, ("pore", "pore "), ruler.nm_per_px, how, parameters),
        mean_fact(
            "pore_circularity",
            "Circularity of pores",
            shapes.circularity[shapes.sized],
            "4π area / perimeter²",
        ),
    )
    return replace(
        found,
        facts=facts,
        mean_size_px=sizes.mean_px,
        labels=labels,
        shapes=shapes,
        sizes=shapes.diameter,
        distribution=sizes,
    )
