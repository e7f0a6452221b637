"""Answers about what the picture shows, from the traits that the model has decided."""

from __future__ import annotations

from slava.vlm.slava_model.language.answers_measured import scale, size
from slava.vlm.slava_model.language.ask import Ask, Said
from slava.vlm.slava_model.language.phrases import (
    ARRANGED,
    COVERING,
    DEFECT_NOUN,
    DEFECTIVE,
    GROUND,
    ORIENTED,
    SHAPE,
    SPREADING,
    TEXTURED,
    TOUCHING,
)
from slava.vlm.slava_model.language.sentences import (
    arranged_sentence,
    covering_sentence,
    defect_sentence,
    list_sentence,
    oriented_sentence,
    shape_sentence,
)
from slava.vlm.slava_model.language.traits import Traits

TEACH = "Teach me with five examples of each class under Classify for a firmer answer."


def category(ask: Ask) -> Said:
    """The category, or the three likeliest where the model is not sure."""
    w = ask.words
    if not ask.traits.sure:
        return list_sentence(ask), TEACH
    said = ask.pick(
        f"This micrograph belongs to the category {w.label}.",
        f"I would place it under {w.label}.",
        f"The category that fits best is {w.label}.",
        f"It looks like {w.shows}, so the category is {w.label}.",
        f"Most probably {w.label}.",
        f"My choice among the ten categories is {w.label}.",
    )
    return said, ask.pick(
        f"The reason is that {w.why}.",
        f"What speaks for it: {w.why}.",
        f"This follows from the picture, where {w.why}.",
    )


def caption(ask: Ask) -> Said:
    """The whole picture, briefly; every trait at length."""
    t, w = ask.traits, ask.words
    if not t.sure:
        short = ask.pick(
            f"A micrograph of structures that I cannot name with confidence; they "
            f"{ARRANGED[t.arrangement]}, and their surface looks {TEXTURED[t.texture]}.",
            f"The structures {ARRANGED[t.arrangement]} and have a {TEXTURED[t.texture]} surface; "
            "their category is not certain.",
        )
        return (
            short,
            f"{list_sentence(ask)} {covering_sentence(ask)} {size(ask)[0]} {defect_sentence(ask)}",
        )
    s = SHAPE[t.morphology]
    short = ask.pick(
        f"A micrograph of {w.shows}: the {w.feature} are|is {s} and "
        f"cover|covers {COVERING[t.coverage]}.",
        f"This micrograph shows {w.shows}. The {w.feature} are|is {s} and "
        f"{ARRANGED[t.arrangement]}.",
        f"We see {w.shows}, with a {TEXTURED[t.texture]} surface; the {w.feature} are|is {s}.",
        f"The picture shows {w.shows}; the {w.feature} {ARRANGED[t.arrangement]}.",
        f"Shown is {w.shows}. The {w.feature}, which are|is {s}, {ORIENTED[t.orientation]}.",
        f"An electron micrograph of {w.shows}, {s}, with {_coverage_noun(t)}.",
    )
    return short, " ".join(
        (
            arranged_sentence(ask),
            oriented_sentence(ask, ask.they),
            covering_sentence(ask, ask.they),
            f"The surface looks {TEXTURED[t.texture]}.",
            size(ask)[0],
            defect_sentence(ask),
            quality(ask)[0],
        )
    )


def _coverage_noun(traits: Traits) -> str:
    return f"{traits.coverage} coverage"


def basics(ask: Ask) -> Said:
    """What material it is, at which scale."""
    w = ask.words
    first = (
        ask.pick(
            f"This is an electron micrograph of {w.shows}.",
            f"It shows {w.shows}.",
            f"The material looks like {w.shows}.",
        )
        if ask.traits.sure
        else list_sentence(ask)
    )
    return f"{first} {scale(ask)[0]}", f"{shape_sentence(ask)} {covering_sentence(ask, ask.they)}"


def morphology(ask: Ask) -> Said:
    """Which shape."""
    t = ask.traits
    spread = f"They are {SPREADING[t.spread]}." if ask.words.plural else "There is only one."
    return shape_sentence(
        ask
    ), f"{spread} {arranged_sentence(ask)} The surface looks {TEXTURED[t.texture]}."


def arrangement(ask: Ask) -> Said:
    """How they lie to each other."""
    return arranged_sentence(ask), f"{covering_sentence(ask, ask.they)} {oriented_sentence(ask)}"


def surface(ask: Ask) -> Said:
    """How the surface looks."""
    t, f = ask.traits, ask.feature
    said = ask.pick(
        f"The surface looks {TEXTURED[t.texture]}.",
        f"The surface of the {f} looks {TEXTURED[t.texture]}.",
        f"Its texture is {TEXTURED[t.texture]}.",
    )
    return said, defect_sentence(ask)


def defect(ask: Ask) -> Said:
    """Whether there is a defect, and which."""
    kind = ask.traits.defect
    if kind == "none":
        said = ask.pick(
            "No, I see no defect, which is no inspection result.",
            "No defect stands out, but this is not an inspection.",
            "I find no defect in the picture; that does not rule one out.",
        )
        return said, f"The surface looks {TEXTURED[ask.traits.texture]} throughout."
    said = ask.pick(
        f"There seems to be a defect: {DEFECTIVE[kind]}.",
        f"I think I see {DEFECT_NOUN[kind]}: {DEFECTIVE[kind]}.",
        f"What I see may be a defect: {DEFECTIVE[kind]}.",
    )
    return said, "Check it at a higher magnification before you rely on it."


def interactions(ask: Ask) -> Said:
    """How neighbours touch."""
    how = TOUCHING[ask.traits.arrangement]
    said = ask.pick(f"The {ask.feature} {how}.", f"As far as I see, the {ask.feature} {how}.")
    return said, covering_sentence(ask, ask.they)


def environment(ask: Ask) -> Said:
    """What is around them."""
    t, f = ask.traits, ask.feature
    around = f"As to what is around the {f}: {GROUND[t.coverage]}"
    foreign = (
        "foreign debris is also seen" if t.defect == "debris" else "nothing foreign catches the eye"
    )
    said = ask.pick(f"{around}; {foreign}.", f"{around}, and {foreign}.")
    return said, f"What the ground consists of cannot be told. {arranged_sentence(ask)}"


def technique(ask: Ask) -> Said:
    """How the picture was taken."""
    said = ask.pick(
        "It looks like a scanning electron micrograph in grey levels.",
        "Most likely scanning electron microscopy, without false colour.",
        "This has the look of a scanning electron micrograph.",
    )
    return said, quality(ask)[0]


def quality(ask: Ask) -> Said:
    """What harms the picture."""
    t = ask.traits
    flaws = [
        text
        for present, text in (
            (t.noisy, "noise"),
            (t.blurred, "some blur"),
            (t.charging, "signs of charging"),
        )
        if present
    ]
    if not flaws:
        said = ask.pick(
            "The picture is sharp and has little noise.",
            "Its quality is good: sharp, with little noise.",
        )
        return said, "This is judged by eye and not measured."
    named = " and ".join(flaws)
    said = ask.pick(f"The picture shows {named}.", f"Its quality suffers from {named}.")
    return said, ask.pick(
        "A slower scan or a better focus would help.", "Small details should be read with care."
    )


def comparison(ask: Ask) -> Said:
    """What it could be taken for."""
    w = ask.words
    others = "<SECOND> or <THIRD>" if ask.has("SECOND", "THIRD") else "another category"
    if not ask.traits.sure:
        return list_sentence(ask), "Nothing that I see separates these clearly."
    said = ask.pick(
        f"Next to {w.label}, it could be taken for {others}.",
        f"The closest alternatives to {w.label} are {others}.",
        f"One might confuse it with {others}, but I prefer {w.label}.",
    )
    return said, f"What speaks for {w.label}: {w.why}."


def confidence(ask: Ask) -> Said:
    """How sure the category is."""
    w = ask.words
    if not ask.traits.sure:
        return list_sentence(ask), TEACH
    said = ask.pick(
        f"I give {w.label} <CONFIDENCE>; this is a guess from the picture.",
        f"My confidence in {w.label} is <CONFIDENCE>.",
        f"About <CONFIDENCE> for {w.label}, as far as such figures go.",
    )
    if not ask.has("CONFIDENCE"):
        said = f"I lean to {w.label}, as a guess from the picture."
    return said, f"What speaks for it: {w.why}."
