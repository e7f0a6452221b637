"""Which topics answer which aspect of a pack, and in which other words an aspect is asked about."""

from __future__ import annotations

from dataclasses import dataclass

from slava.packs import Aspect


@dataclass(frozen=True, slots=True)
class Plan:
    """How one aspect is answered."""

    topics: tuple[str, ...]
    """The answer itself, most important first."""
    more: tuple[str, ...] = ()
    """What a detailed answer adds."""
    model_first: bool = False
    """Whether what the model sees comes before what was measured."""
    ask_model: bool = True
    wordings: tuple[str, ...] = ()
    """The question in other words. None of them names a category."""
    needs: tuple[str, ...] = ()
    """Unless one of these has something to say, or the model has, there is no answer."""


PLANS: dict[str, Plan] = {
    "basics": Plan(
        ("category", "scale"),
        ("size", "count"),
        ask_model=False,
        needs=("category", "count"),
        wordings=(
            "What does this micrograph show, and at which scale was it taken?",
            "Which kind of material is seen here, and how large is the field of view?",
            "Name the material in the picture and the scale of the picture.",
            "What is the subject of this micrograph, and what is its scale?",
        ),
    ),
    "morphology": Plan(
        ("shape", "direction", "spacing"),
        ("texture", "size"),
        model_first=True,
        wordings=(
            "Describe the shape of what is seen.",
            "Which form do the structures have?",
            "How would you describe the morphology?",
            "What do the individual structures look like in shape?",
        ),
    ),
    "size": Plan(
        ("size", "count", "spacing", "scale"),
        ("coverage", "direction"),
        ask_model=False,
        needs=("size", "spacing"),
        wordings=(
            "What sizes do the structures have, and how widely do sizes vary?",
            "Give the typical size and the distribution of sizes.",
            "How big are they, and are they alike in size?",
            "Which dimensions were measured, and how do they spread?",
        ),
    ),
    "surface": Plan(
        ("texture", "defects"),
        ("quality",),
        model_first=True,
        wordings=(
            "What does the surface look like?",
            "Describe the surface and any flaws on it.",
            "Are flaws such as cracks or scratches visible on the surface?",
            "How rough does the surface appear?",
        ),
    ),
    "composition": Plan(
        ("notes", "limits"),
        ("coverage", "category"),
        ask_model=False,
        wordings=(
            "Can the elements or compounds be told from this picture?",
            "What does the micrograph tell about the chemical make-up?",
            "Which elements are present?",
            "Is it possible to name the compounds that are seen?",
        ),
    ),
    "interactions": Plan(
        (),
        ("coverage", "count", "direction"),
        model_first=True,
        wordings=(
            "How do neighbouring structures meet, and can their outlines be followed?",
            "Are the structures in contact with each other?",
            "Describe how the structures touch and where one ends.",
            "How clear are the boundaries between neighbours?",
        ),
    ),
    "environment": Plan(
        ("coverage",),
        ("scale", "quality"),
        model_first=True,
        needs=("count",),
        wordings=(
            "What is seen around the structures?",
            "Is there a substrate or anything foreign in the picture?",
            "Describe the background and anything that does not belong to the material.",
            "What else is in the field besides the material?",
        ),
    ),
    "technique": Plan(
        ("technique", "quality", "settings"),
        ("scale",),
        wordings=(
            "How was this picture taken, and is its quality good?",
            "Which kind of microscopy is this, and are sharpness and noise acceptable?",
            "What can be said about the imaging technique and the picture quality?",
            "Judge the quality of the picture and name the technique.",
        ),
    ),
    "functional": Plan(
        ("parts", "unsaid"),
        ("shape", "size"),
        ask_model=False,
        needs=("parts",),
        wordings=(
            "Which features could serve a function?",
            "Are there parts that seem to do the work of the material?",
            "Where would you look for the active parts?",
            "Which regions are likely to be functional?",
        ),
    ),
    "application": Plan(
        ("uses", "unsaid"),
        ("category", "size"),
        ask_model=False,
        needs=("uses",),
        wordings=(
            "Where would a material of this kind be used?",
            "Which applications does such a structure have?",
            "Name typical uses of such a material.",
            "For which purposes are materials like this made?",
        ),
    ),
    "general": Plan(("category", "scale"), ("size", "quality")),
    "microstructure": Plan(("spacing", "coverage", "texture"), ("size",), model_first=True),
    "phase_and_composition": Plan(("notes", "coverage", "limits"), ask_model=False),
    "defect_and_fracture": Plan(("defects", "texture"), ("quality",), model_first=True),
    "orientation": Plan(("direction",), ("texture",), model_first=True),
    "spacing": Plan(("spacing", "texture"), ("scale",), ask_model=False),
    "regularity": Plan(("spacing", "direction"), ("texture",), ask_model=False),
    "picture_quality": Plan(("quality",), ("scale",), ask_model=False),
    "extent": Plan(("coverage",), ("scale",), model_first=True),
    "number": Plan(("count",), ("size",), ask_model=False),
}
"""By the label of an aspect; one that is missing is answered by what the model sees alone."""

CAPTION = Plan(
    ("category", "shape", "size", "scale"),
    ("count", "coverage", "direction", "spacing", "quality"),
    model_first=False,
    needs=("category", "shape", "size"),
    wordings=(
        "Describe this micrograph.",
        "Write a caption for this micrograph.",
        "Give a short description of the picture.",
        "What is to be seen in this micrograph?",
        "Summarise what this micrograph shows and what was measured on it.",
    ),
)

CLASSIFY = (
    "Which of these categories fits this micrograph best: {choices}?",
    "Assign this micrograph to one of these categories: {choices}.",
    "Choose the category of this micrograph among {choices}.",
)

FILL = ("category", "scale", "size", "count", "quality")
"""What a detailed answer is filled up with where an aspect has too little to say."""

_OTHER = Plan((), (), model_first=True)


def plan_of(aspect: Aspect) -> Plan:
    """How that aspect is answered."""
    return PLANS.get(aspect.label, _OTHER)
