"""What a drawn micrograph shows: the ground truth, and every word it may be told in.

All vocabularies stand here and nowhere else, so that the drawing, the vision encoder's heads and
the sentences of the built-in model agree. This module must not know how anything is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

from slava.domain import Box, Databar

CATEGORIES = (
    "biological",
    "fibres",
    "films_and_coated_surfaces",
    "mems_devices_and_electrodes",
    "nanowires",
    "particles",
    "patterned_surfaces",
    "porous_sponge",
    "powder",
    "tips",
)
"""The labels of the nanomaterials pack (Aversa et al. 2018, doi:10.1038/sdata.2018.172)."""

FEATURES = {
    "biological": "cells",
    "fibres": "fibres",
    "films_and_coated_surfaces": "film grains",
    "mems_devices_and_electrodes": "device elements",
    "nanowires": "nanowires",
    "particles": "particles",
    "patterned_surfaces": "pattern elements",
    "porous_sponge": "pores",
    "powder": "powder grains",
    "tips": "tip apex",
}
"""What is counted and measured in each category, by its plural noun."""

MORPHOLOGIES = {
    "biological": (
        "rod-shaped",
        "disc-shaped",
        "spiny",
        "round",
        "branching",
        "spread flat",
        "compartmented",
    ),
    "fibres": ("smooth cylindrical", "striated", "ribbon-like", "beaded", "woven"),
    "films_and_coated_surfaces": (
        "granular",
        "nodular",
        "smooth",
        "layered cross-section",
        "columnar cross-section",
        "island-like",
        "wrinkled",
    ),
    "mems_devices_and_electrodes": (
        "comb fingers",
        "cantilever beams",
        "electrode pads with tracks",
        "spiral coil",
        "gear-like disc",
        "suspended membrane",
        "crossing electrodes",
    ),
    "nanowires": (
        "straight wires",
        "tapered wires",
        "curly wires",
        "upright wires",
        "bundled rods",
    ),
    "particles": ("spherical", "faceted", "cubic", "rod-like", "irregular", "plate-like"),
    "patterned_surfaces": (
        "parallel lines",
        "array of dots",
        "array of holes",
        "array of pillars",
        "grid of squares",
    ),
    "porous_sponge": ("open-cell network", "round pores", "foam cells", "fused grains"),
    "powder": ("angular", "rounded", "flaky", "fine clumps"),
    "tips": ("sharp cone", "pyramid on a cantilever", "etched needle", "blunt tip"),
}
"""The shapes each category may take."""

MORPHOLOGY_WORDS = tuple(dict.fromkeys(word for words in MORPHOLOGIES.values() for word in words))
ARRANGEMENTS = (
    "isolated",
    "partly aggregated",
    "strongly aggregated",
    "overlapping",
    "entangled",
    "bundled",
    "woven",
    "close-packed",
    "continuous",
    "interconnected",
    "regularly spaced",
)
ORIENTATIONS = ("random", "partly aligned", "aligned", "upright", "periodic", "single")
COVERAGES = ("low", "moderate", "high")
TEXTURES = ("smooth", "rough", "striated", "granular", "layered")
SPREADS = ("narrow", "broad")
DEFECTS = ("none", "crack", "holes", "debris", "scratch")


def coverage_word(fraction: float) -> str:
    """Say a covered fraction of the picture (0..1) in one of :data:`COVERAGES`."""
    return COVERAGES[0] if fraction < 0.2 else COVERAGES[1] if fraction < 0.5 else COVERAGES[2]


WORDS: dict[str, tuple[str, ...]] = {
    "category": CATEGORIES,
    "morphology": MORPHOLOGY_WORDS,
    "arrangement": ARRANGEMENTS,
    "orientation": ORIENTATIONS,
    "coverage": COVERAGES,
    "texture": TEXTURES,
    "spread": SPREADS,
    "defect": DEFECTS,
}
"""Every trait that is a word, with the words it may be."""

FLAGS = ("noisy", "blurred", "charging")
"""Every trait that is there or not."""


@dataclass(frozen=True, slots=True)
class Truth:
    """Everything known of a drawn micrograph. Lengths are pixels of the drawn picture."""

    category: str
    morphology: str
    arrangement: str
    orientation: str
    texture: str
    spread: str
    coverage_fraction: float
    """Share of the specimen's pixels that belong to the features, 0..1 (solid, for a sponge)."""
    nm_per_px: float
    defect: str = "none"
    defect_box: Box | None = None
    """Where the defect lies; ``None`` without one."""
    diameter_px: float | None = None
    """Mean diameter of the features: particles and cells as equal circles, fibres and wires
    across, pores, grains, pattern elements and device beams as their width, a tip at its apex."""
    count: int | None = None
    """Features with at least half of themselves in sight; ``None`` where counting has no sense."""
    period_px: float | None = None
    """Distance from one pattern element to the next."""
    pore_fraction: float | None = None
    """Share of the specimen's pixels that are pores, 0..1."""
    noisy: bool = False
    blurred: bool = False
    charging: bool = False
    databar: Databar | None = None

    @property
    def feature(self) -> str:
        """The plural noun of what is counted and measured."""
        return FEATURES[self.category]

    @property
    def coverage(self) -> str:
        """The covered fraction as a word."""
        return coverage_word(self.coverage_fraction)

    @property
    def diameter_nm(self) -> float | None:
        """The mean diameter in nm."""
        return None if self.diameter_px is None else self.diameter_px * self.nm_per_px
