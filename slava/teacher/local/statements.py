"""Every topic by its name: a function each, from what may be said to sentences."""

from __future__ import annotations

from collections.abc import Callable

from slava.teacher.local import around, measured
from slava.teacher.local.told import Says, Told

TOPICS: dict[str, Callable[[Told], Says]] = {
    f.__name__: f
    for f in (
        around.category,
        around.scale,
        measured.size,
        measured.uniformity,
        measured.count,
        measured.coverage,
        measured.shape,
        measured.direction,
        measured.spacing,
        measured.texture,
        measured.defects,
        around.quality,
        around.settings,
        around.technique,
        around.notes,
        around.limits,
        around.unsaid,
        around.uses,
        around.parts,
    )
}
