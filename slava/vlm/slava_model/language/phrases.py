"""How each trait is put: the phrase book from which sentences are made.

``a|b`` in a phrase is the plural and the singular form of a verb; most features are plural, a tip
is not. This module must not know questions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CategoryWords:
    """The words that belong to one category."""

    shows: str
    """What the micrograph shows, with its article."""
    feature: str
    """The noun of what is described."""
    label: str
    """The category's name in a sentence."""
    why: str
    """What in a picture speaks for it."""
    functional: str
    used_in: str
    example: str
    plural: bool = True


CATEGORY = {
    "biological": CategoryWords(
        "a biological specimen",
        "cells",
        "biological",
        "rounded organic outlines with fine natural relief are seen",
        "the cell bodies and the outer envelope around them",
        "biology, medicine and the study of biomaterials",
        "to see how cells grow on an implant",
    ),
    "fibres": CategoryWords(
        "fibres",
        "fibres",
        "fibres",
        "long bodies with parallel edges cross the whole field",
        "the fibre surfaces and the places where they cross",
        "filters, textiles, scaffolds and composites",
        "as a mat that holds back fine dust",
    ),
    "films_and_coated_surfaces": CategoryWords(
        "a film or coated surface",
        "film grains",
        "films and coated surfaces",
        "one layer with a fine and even relief fills the field",
        "the closed layer, which acts as a barrier or as an active coating",
        "protective coatings, electronics and optics",
        "as a hard coat on a tool",
    ),
    "mems_devices_and_electrodes": CategoryWords(
        "a MEMS device or electrode structure",
        "device elements",
        "MEMS devices and electrodes",
        "straight man-made edges outline separate parts of a layout",
        "the conductors and the suspended or movable parts",
        "sensors, actuators and microelectronics",
        "as an accelerometer or a micro-switch",
    ),
    "nanowires": CategoryWords(
        "nanowires",
        "nanowires",
        "nanowires",
        "many thin and short threads, much longer than wide, lie close together",
        "the wire bodies and their free ends",
        "nanoelectronics, sensing and energy conversion",
        "as the channel of a chemical sensor",
    ),
    "particles": CategoryWords(
        "particles on a substrate",
        "particles",
        "particles",
        "separate compact bodies lie on an even ground",
        "the exposed particle surfaces",
        "catalysis, pigments and drug delivery",
        "as a catalyst spread over a support",
    ),
    "patterned_surfaces": CategoryWords(
        "a patterned surface",
        "pattern elements",
        "patterned surfaces",
        "one and the same element repeats at equal distances",
        "the element that repeats, with its size and spacing",
        "photonics, lithography and the control of wetting",
        "as a grating that splits light",
    ),
    "porous_sponge": CategoryWords(
        "a porous, sponge-like network",
        "pores",
        "porous sponge",
        "dark openings between connected walls fill the field",
        "the open channels and the inner surface around them",
        "filtration, catalyst supports and tissue scaffolds",
        "as a carrier through which a liquid flows",
    ),
    "powder": CategoryWords(
        "powder",
        "powder grains",
        "powder",
        "loose grains lie over each other without any ground between them",
        "the grain surfaces and the contacts between grains",
        "sintering, ceramics and additive manufacturing",
        "as the feedstock of a printed metal part",
    ),
    "tips": CategoryWords(
        "a sharp tip",
        "tip",
        "tips",
        "a single body narrows towards an apex in front of an empty background",
        "the apex, where a probe touches or a field is strongest",
        "scanning probe microscopy and field emission",
        "as the probe of a force microscope",
        plural=False,
    ),
}

UNSURE = CategoryWords(
    "structures that I cannot place with confidence",
    "structures",
    "uncertain",
    "no single category stands out",
    "whatever is exposed, but which part that is depends on the kind of material",
    "fields that depend on what it turns out to be",
    "in more than one way, depending on what it is",
)

SHAPE = {
    "rod-shaped": "rod-shaped",
    "disc-shaped": "disc-shaped",
    "spiny": "spiny",
    "round": "round",
    "branching": "branched",
    "spread flat": "spread out flat",
    "compartmented": "divided into compartments",
    "smooth cylindrical": "cylindrical with smooth sides",
    "striated": "marked by fine lengthwise lines",
    "ribbon-like": "flat like ribbons",
    "beaded": "beaded along their length",
    "woven": "interlaced yarns",
    "granular": "grainy",
    "nodular": "nodular",
    "smooth": "barely visible in an even layer",
    "layered cross-section": "stacked layers in cross-section",
    "columnar cross-section": "columns in cross-section",
    "island-like": "separate islands",
    "wrinkled": "folded into wrinkles",
    "comb fingers": "interlocking comb fingers",
    "cantilever beams": "cantilever beams",
    "electrode pads with tracks": "electrode pads with tracks",
    "spiral coil": "turns of a spiral coil",
    "gear-like disc": "parts of a gear-like disc",
    "suspended membrane": "parts of a suspended membrane",
    "crossing electrodes": "crossing electrodes",
    "straight wires": "straight",
    "tapered wires": "tapered towards one end",
    "curly wires": "curly",
    "upright wires": "standing upright",
    "bundled rods": "rods gathered in bundles",
    "spherical": "spherical",
    "faceted": "faceted",
    "cubic": "cubic",
    "rod-like": "rod-like",
    "irregular": "irregular in outline",
    "plate-like": "plate-like",
    "parallel lines": "parallel lines",
    "array of dots": "dots in an array",
    "array of holes": "round openings in an array",
    "array of pillars": "pillars in an array",
    "grid of squares": "squares on a grid",
    "open-cell network": "open cells of a network",
    "round pores": "round openings",
    "foam cells": "cells of a foam",
    "fused grains": "gaps between fused grains",
    "angular": "angular",
    "rounded": "rounded",
    "flaky": "flaky",
    "fine clumps": "fine and clumped",
    "sharp cone": "a sharp cone",
    "pyramid on a cantilever": "a pyramid on a cantilever",
    "etched needle": "an etched needle",
    "blunt tip": "blunt at its end",
}
"""The complement of "The FEATURE are ...", per morphology word."""

ARRANGED = {
    "isolated": "stand|stands apart from everything else",
    "partly aggregated": "touch|touches in places and otherwise stand|stands apart",
    "strongly aggregated": "crowd|crowds together in dense clusters",
    "overlapping": "lie|lies across one another",
    "entangled": "are|is tangled together",
    "bundled": "run|runs side by side in bundles",
    "woven": "are|is woven over and under each other",
    "close-packed": "are|is packed closely side by side",
    "continuous": "merge|merges into one continuous body",
    "interconnected": "are|is joined into one connected network",
    "regularly spaced": "keep|keeps an even spacing",
}

TOUCHING = {
    "isolated": "do|does not touch others, and the outlines are clear all around",
    "partly aggregated": "touch|touches in some places, where outlines run together",
    "strongly aggregated": "touch|touches and hide|hides each other, so that outlines are lost",
    "overlapping": "cross|crosses over others, and the outlines below are interrupted",
    "entangled": "meet|meets at many crossings, which makes single outlines hard to follow",
    "bundled": "lie|lies in contact along the whole length",
    "woven": "press|presses on each other at every crossing",
    "close-packed": "share|shares boundaries with neighbours on all sides",
    "continuous": "pass|passes into each other without a clear boundary",
    "interconnected": "are|is joined by solid bridges",
    "regularly spaced": "do|does not touch, and sharp edges separate them from the ground",
}

ORIENTED = {
    "random": "point|points in no preferred direction",
    "partly aligned": "are|is only partly aligned",
    "aligned": "run|runs along one common direction",
    "upright": "stand|stands upright on the ground",
    "periodic": "follow|follows a regular array",
    "single": "form|forms a single feature, for which alignment has no meaning",
}

COVERING = {
    "low": "a small part of the field",
    "moderate": "about a third of the field",
    "high": "most of the field",
}

GROUND = {
    "low": "a wide empty background is seen",
    "moderate": "the background shows in the gaps",
    "high": "hardly any background is left free",
}

TEXTURED = {
    "smooth": "smooth",
    "rough": "rough",
    "striated": "finely lined",
    "granular": "grainy",
    "layered": "layered",
}

SPREADING = {"narrow": "much alike in size", "broad": "of widely different sizes"}

DEFECTIVE = {
    "crack": "a crack runs through the surface",
    "holes": "dark holes break the surface",
    "debris": "foreign debris lies on the surface",
    "scratch": "a scratch crosses the surface",
}
DEFECT_NOUN = {
    "crack": "a crack",
    "holes": "dark holes",
    "debris": "debris",
    "scratch": "a scratch",
}

CLAIMS: dict[str, dict[str, tuple[str, ...]]] = {
    "category": {
        "biological": ("biological", "the cells"),
        "fibres": ("fibres",),
        "films_and_coated_surfaces": ("film", "films", "coated"),
        "mems_devices_and_electrodes": ("MEMS", "device elements"),
        "nanowires": ("nanowires",),
        "particles": ("particles",),
        "patterned_surfaces": ("patterned", "pattern elements"),
        "porous_sponge": ("porous sponge", "sponge-like", "the pores"),
        "powder": ("powder",),
        "tips": ("sharp tip", "the tip", "tips"),
    },
    "defect": {
        "none": ("no defect",),
        "crack": ("a crack",),
        "holes": ("dark holes",),
        "debris": ("debris",),
        "scratch": ("a scratch",),
    },
}
"""Phrases that commit an answer to one value of a trait: no other value's may be in it."""

_FORMS = re.compile(r"([^\s|]+)\|([^\s|]+)")


def agree(phrase: str, plural: bool) -> str:
    """Choose the plural or singular form of every ``a|b`` in ``phrase``."""
    return _FORMS.sub(r"\1" if plural else r"\2", phrase)
