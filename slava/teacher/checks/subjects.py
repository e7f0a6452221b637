"""Of what a quantity in a sentence is claimed, and which facts speak of the same.

It must not know how facts are compared.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from slava.domain import Fact
from slava.teacher.checks.quantities import Quantity
from slava.teacher.checks.units import Dimension


@dataclass(frozen=True, slots=True)
class Subject:
    """What is claimed (``size``, ``field``, ...; empty is unknown) and of which kind of object."""

    name: str = ""
    objects: str = ""
    """``particle``, ``fibre``, ``pore``, ``grain``; ``any`` for words such as structures."""


_LENGTHS: tuple[tuple[str, str], ...] = (
    ("bar", r"scale[- ]?bar|\bbar\b|\bmarker\b"),
    ("working_distance", r"working distance|\bWD\b"),
    ("elsewhere", r"\bstage\b|wavelength|\bbeam\b|\bprobe\b|\btilt"),
    ("pixel_size", r"pixel size|(?:per|each|one|a|every) pixel|pixel (?:width|pitch|spacing)|/px"),
    ("correlation", r"correlation length"),
    ("spread", r"standard deviation|spread|scatter|\bs\.?d\b|\bstd\b"),
    ("median", r"median|\bD50\b"),
    ("d10", r"\bD10\b|10 ?% (?:are|of \w+ are) (?:smaller|finer|below)"),
    ("d90", r"\bD90\b|90 ?% (?:are|of \w+ are) (?:smaller|finer|below)"),
    (
        "extreme",
        r"smallest|largest|biggest|longest|shortest|widest|minimum|maximum|thinnest|thickest",
    ),
    ("spacing", r"spacing|\bperiod|pitch|\brepeat|\blattice\b|\bapart\b|cent(?:re|er)[- ]to[- ]"),
    ("intercept", r"intercept"),
    (
        "other",
        r"\bradi(?:us|i)\b|\bheight\b|\bdeep\b|\bdepth\b|\btall\b|\bgaps?\b|\bwalls?\b|\blayers?\b|"
        r"\bfilms?\b|\bcoating|\bcracks?\b|\bscratch|\bsteps?\b|\btrench|\blengths?\b|\blong\b|"
        r"\bclusters?\b|\bagglomerat|\baggregat|resolution|focus|distance",
    ),
    (
        "field_width",
        r"\b(?:field|picture|image|micrograph|frame|view)\b.{0,30}\bwide\b|field width|\bspans\b|"
        r"\bHFW\b|scan width",
    ),
    ("field_height", r"field height|\b(?:field|picture|image|view)\b.{0,30}\bhigh\b"),
    (
        "field",
        r"\bfield\b|\bFOV\b|imaged area|"
        r"(?:picture|image|micrograph|frame|view) (?:is|spans|covers|measures|has)|"
        r"\bspans\b|\brecorded with\b",
    ),
    (
        "size",
        r"diamet|\bsiz|\bacross\b|\bwide\b|\bwidths?\b|\bmeasure|\bthick|\blarge\b|\bdimension|"
        r"\baverage|\bmean\b|\bbig\b|\bin the range\b|\brang(?:e|es|ing)\b",
    ),
)
_OTHERS: dict[Dimension, tuple[tuple[str, str], ...]] = {
    "percent": (
        ("porosity", r"poro|\bpores?\b|\bvoid"),
        ("noise", r"\bnois"),
        ("clipped", r"clipp|saturat"),
        ("streaks", r"line-to-line|scan lines?|streak"),
        ("roughness", r"rough"),
        ("confidence", r"confiden|probab|certain|likel|sure"),
        ("coverage", r"cover|area|field|phase|occup"),
    ),
    "angle": (
        (
            "lattice_angle",
            r"between (?:the )?(?:\w+ )?(?:spacings|directions|rows|axes)|lattice angle",
        ),
        ("lattice_direction", r"repet|repeat|lattice"),
        ("orientation", r"direction|orient|align|horizontal|tilted"),
    ),
    "number": (
        ("particle_aspect_ratio", r"aspect ratio"),
        ("circularity", r"circularity"),
        ("particle_solidity", r"solidity"),
        ("order_parameter", r"order parameter"),
        ("quality_sharpness", r"sharpness"),
        ("grain_size_number", r"grain[- ]size number|\bASTM\b"),
        ("magnification", r"magnification"),
    ),
}
_OBJECTS: tuple[tuple[str, str], ...] = (
    ("pore", r"\b(?:pores?|voids?|openings?|holes?|cavit(?:y|ies))\b"),
    ("fibre", r"(?:fib(?:re|er)s?|wires?|threads?|filaments?|strands?|rods?|tubes?)\b"),
    ("grain", r"\b(?:grains?|crystallites?)\b"),
    ("particle", r"(?:particles?|spheres?|beads?|droplets?|nodules?|precipitates?|powder)\b"),
    (
        "any",
        r"\b(?:objects?|structures?|features?|elements?|cells?|bodies|crystals?|they|them|it|"
        r"units?|pieces?|dots?|islands?|pillars?|flakes?|plates?|cubes?)\b",
    ),
)
FACTS: dict[str, tuple[str, ...]] = {
    "bar": ("scale_bar",),
    "working_distance": ("working_distance",),
    "pixel_size": ("pixel_size",),
    "correlation": ("texture_correlation_length",),
    "spread": ("_diameter_std",),
    "median": ("_diameter_median", "_diameter_d50"),
    "d10": ("_diameter_d10",),
    "d90": ("_diameter_d90",),
    "spacing": ("lattice_spacing", "lattice_spacing_second", "period"),
    "intercept": ("grain_intercept_mean",),
    "field_width": ("field_width", "file_width"),
    "field_height": ("field_height", "file_height"),
    "field": ("field_width", "field_height", "file_width", "file_height"),
    "size": ("_diameter_mean", "_diameter_median", "grain_intercept_mean"),
    "porosity": ("porosity", "pore_fraction"),
    "coverage": ("coverage", "porosity"),
    "noise": ("quality_noise",),
    "clipped": ("quality_clipped",),
    "streaks": ("quality_streaks",),
    "roughness": ("texture_roughness",),
    "lattice_angle": ("lattice_angle",),
    "lattice_direction": ("lattice_direction", "orientation"),
    "orientation": ("orientation", "lattice_direction"),
    "circularity": ("particle_circularity", "pore_circularity"),
    "count": ("_count",),
    "voltage": ("accelerating_voltage",),
}
"""Subjects to facts; ``_...`` stands for the facts of every kind of object."""

_CUT = re.compile(r"[,;:(]|\b(?:and|while|whereas|with|at|but)\b")
_AFTER = re.compile(r"[,;:.)]|\b(?:and|while|whereas|but|with|at)\b")


_ALONE: dict[Dimension, str] = {"voltage": "voltage", "pixel_size": "pixel_size"}
"""What is claimed by the unit alone."""


def subject_of(sentence: str, quantities: Sequence[Quantity], k: int) -> Subject:
    """Of what quantity ``k`` of ``sentence`` is claimed, as far as its words tell."""
    quantity = quantities[k]
    table = _table(quantity.dimension)
    start = quantities[k - 1].end if k else 0
    stop = quantities[k + 1].start if k + 1 < len(quantities) else len(sentence)
    before, after = sentence[start : quantity.start], sentence[quantity.end : stop]
    after = _AFTER.split(after, maxsplit=1)[0]
    clause = before[_last_cut(before) :]
    objects = _first(_OBJECTS, (after, clause, before, sentence))
    name = _first(table, (f"{clause} {after}", before, sentence[: quantity.start]))
    goes_on = k > 0 and not clause.strip() and quantities[k - 1].dimension == quantity.dimension
    if goes_on and name in ("", "size") and not _first(_OBJECTS, (after,)):
        return subject_of(sentence, quantities, k - 1)
    if not name and quantity.dimension in ("length", "pixels") and objects:
        name = "size"
    return Subject(name or _ALONE.get(quantity.dimension, ""), objects)


def _table(dimension: Dimension) -> tuple[tuple[str, str], ...]:
    if dimension in ("length", "pixels", "pixel_size"):
        return _LENGTHS
    return _OTHERS.get(dimension, ())


def _last_cut(text: str) -> int:
    cuts = [m.end() for m in _CUT.finditer(text)]
    return cuts[-1] if cuts else 0


def _first(table: tuple[tuple[str, str], ...], texts: Sequence[str]) -> str:
    """The first name of ``table`` whose words stand in the earliest of ``texts`` that has any."""
    for text in texts:
        for name, pattern in table:
            if re.search(pattern, text, re.IGNORECASE):
                return name
    return ""


def facts_about(subject: Subject, facts: Sequence[Fact]) -> list[Fact]:
    """The facts that speak of the same as ``subject``; of other objects only if it names none."""
    wanted = FACTS.get(subject.name, (subject.name,) if subject.name else ())
    found = [f for f in facts if any(_is(f.name, name) for name in wanted)]
    if subject.objects in ("", "any"):
        return found
    own = [f for f in found if f.name.startswith(subject.objects)]
    general = [f for f in found if f.name.split("_")[0] not in _KINDS]
    return own + general


_KINDS = frozenset({"particle", "fibre", "pore", "grain"})


def _is(fact: str, name: str) -> bool:
    return fact.endswith(name) and fact.split("_")[0] in _KINDS if name[0] == "_" else fact == name
