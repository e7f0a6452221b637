"""What was measured of the objects, in sentences: facts in, sentences out, topic by topic.

Numbers are copied from facts as they stand. A topic without facts says nothing. It must not know
questions.
"""

from __future__ import annotations

from slava.teacher.local.told import Says, Told

ALIKE, VARIED = 0.25, 0.6
"""Standard deviation over mean: below much alike, above of widely different sizes."""
PARALLEL, UNORDERED = 0.6, 0.2
"""Order parameter: above mostly parallel, below without a preferred direction."""
ROUND, ELONGATED = 1.35, 2.0
"""Mean aspect ratio: below nearly as wide as long, above elongated."""


def size(told: Told) -> Says:
    """Mean, percentiles and spread of what was measured."""
    noun, mean = told.noun, told.text("_diameter_mean")
    said: Says = []
    if told.number("_count") == 1:  # one has no mean and no spread
        across = told.text("_diameter_median")
        return [f"The only object that was measured is {across} across."] if across else []
    if mean:
        said.append(
            told.pick(
                "size",
                (
                    f"The mean diameter of the {noun} is {mean}.",
                    f"On average the {noun} measure {mean} across.",
                    f"By measurement the {noun} have a mean diameter of {mean}.",
                    f"The {noun} are {mean} across on average.",
                ),
            )
        )
    d10, d90, median = (told.text(f"_diameter_{key}") for key in ("d10", "d90", "median"))
    mean_value, d10_value, d90_value = (
        told.number(f"_diameter_{key}") for key in ("mean", "d10", "d90")
    )
    if median:
        said.append(
            told.pick(
                "median",
                (
                    f"Their median diameter is {median}.",
                    f"The median of their diameters is {median}.",
                ),
            )
        )
    if d10 and d90 and mean_value and d10_value and d90_value:
        said.append(
            told.pick(
                "range",
                (
                    f"One tenth of them are smaller than the D10 value of {d10}, and one tenth "
                    f"are larger than the D90 value of {d90}.",
                    f"The size distribution has a D10 value of {d10} and a D90 value of {d90}.",
                ),
            )
        )
    return [*said, *uniformity(told), *intercept(told)]


def uniformity(told: Told) -> Says:
    """In words how much sizes vary, and the measured spread."""
    mean, std = told.number("_diameter_mean"), told.number("_diameter_std")
    if not mean or std is None:
        return []
    share, spread = std / mean, told.text("_diameter_std")
    if (
        told.facts[f"{told.kind}_diameter_std"].unit
        != told.facts[f"{told.kind}_diameter_mean"].unit
    ):
        return [f"The spread of their diameters is {spread}."]
    how = "much alike in size" if share < ALIKE else "of moderately different sizes"
    how = "of widely different sizes" if share > VARIED else how
    return [
        told.pick(
            "spread",
            (
                f"They are {how}: the spread of their diameters is {spread}.",
                f"With a standard deviation of {spread}, they are {how}.",
            ),
        )
    ]


def intercept(told: Told) -> Says:
    """Mean intercept and size number of grains."""
    mean, number = told.text("grain_intercept_mean"), told.text("grain_size_number")
    said = [f"The mean intercept of the grains is {mean}."] if mean else []
    return said + ([f"This corresponds to a grain size number of {number}."] if number else [])


def count(told: Told) -> Says:
    """How many were counted."""
    found = told.number("_count")
    if not found:
        return []
    n = int(found)
    if n == 1:
        return ["A single object was found and measured in the field."]
    return [
        told.pick(
            "count",
            (
                f"In total {n} {told.noun} were counted in the field.",
                f"There are {n} {told.noun} in the field, as counted.",
                f"A count of the {told.noun} gives {n}.",
            ),
        )
    ]


def coverage(told: Told) -> Says:
    """Which share of the field they take."""
    fact, porosity = told.fact("coverage"), told.text("porosity")
    said: Says = []
    if fact is not None and "phase" in fact.label:
        said.append(f"The brighter phase takes {fact.text} of the area.")
    elif fact is not None:
        said.append(
            told.pick(
                "coverage",
                (
                    f"The {told.noun} cover {fact.text} of the field.",
                    f"Of the field, {fact.text} is covered by the {told.noun}.",
                ),
            )
        )
    if porosity:
        said.append(
            told.pick(
                "porosity",
                (
                    f"Pores take {porosity} of the area.",
                    f"The area fraction of the pores is {porosity}.",
                ),
            )
        )
    return said


def shape(told: Told) -> Says:
    """Aspect ratio, circularity, solidity in words and numbers."""
    ratio, circularity = told.number("_aspect_ratio"), told.text("_circularity")
    said: Says = []
    if ratio is not None:
        text = told.text("_aspect_ratio")
        if ratio < ROUND:
            said.append(
                f"The {told.noun} are nearly as wide as long, with a mean aspect ratio of {text}."
            )
        elif ratio > ELONGATED:
            said.append(
                f"The {told.noun} are clearly elongated, with a mean aspect ratio of {text}."
            )
        else:
            said.append(
                f"The {told.noun} are somewhat longer than wide: the mean aspect ratio is {text}."
            )
    if circularity:
        said.append(
            told.pick(
                "circularity",
                (
                    f"Their mean circularity is {circularity}; that of a circle is highest.",
                    f"The outlines have a mean circularity of {circularity}.",
                ),
            )
        )
    return said


def direction(told: Told) -> Says:
    """Whether there is a common direction, and which."""
    order = told.number("order_parameter")
    if order is None:
        return []
    text, angle = told.text("order_parameter"), told.text("orientation")
    if order < UNORDERED or not angle:
        return [
            told.pick(
                "no direction",
                (
                    f"No direction is clearly preferred: the order parameter is {text}.",
                    f"With an order parameter of {text}, there is no clearly preferred direction.",
                ),
            )
        ]
    how = "mostly parallel" if order > PARALLEL else "partly aligned"
    return [
        f"The structures are {how}, with an order parameter of {text}.",
        f"Their mean direction is {angle}, counterclockwise from the horizontal.",
    ]


def spacing(told: Told) -> Says:
    """The lattice or the period of what repeats."""
    first, second = told.text("lattice_spacing"), told.text("lattice_spacing_second")
    said: Says = []
    if first:
        said.append(f"The structure repeats with a spacing of {first}.")
        if second:
            said.append(f"In the other direction the spacing is {second}.")
    elif told.text("period"):
        said.append(f"A repetition with a period of {told.text('period')} was found.")
    return said


def texture(told: Told) -> Says:
    """Roughness of the grey values: of the picture, not of heights."""
    rough, length = told.text("texture_roughness"), told.text("texture_correlation_length")
    said: Says = []
    if rough:
        said.append(f"The grey values vary with a roughness of {rough} of the contrast.")
    if length:
        said.append(f"The correlation length of the texture is {length}.")
    return said


def defects(told: Told) -> Says:
    """Candidates that a person has to look at."""
    said: Says = []
    for kind, plural in (("crack", "cracks"), ("scratch", "scratches"), ("hole", "holes")):
        n = told.number(f"defect_{kind}_candidates")
        if n:
            places = "one place" if n == 1 else f"{int(n)} places"
            said.append(f"Measuring marks {places} that may be {plural}, for a person to confirm.")
    return said
